"""Convolutions of 3 × 3 with half the multiplications, for long stretches of sound.

Four neighbouring outputs of a filter with three taps take six products instead of twelve, if filter and input are seen as
polynomials that are multiplied at the points 0, ±1, ±2 and ∞ (Winograd 1980; F(4, 3) of Lavin & Gray 2016, arXiv 1509.09308,
section 4.3). Here the four outputs are neighbouring mel bands; in time the filter stays as it is.
"""

from __future__ import annotations

import numpy as np

from auricle.models.graph import Array, Graph
from auricle.models.panns import Layer

_OUTPUTS, _POINTS = 4, 6
_WIDE = 256
"""Input channels from which on what is saved is more than what bringing the input there and the output back takes."""

_INPUT = np.array(
    [[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0], [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]]
)  # fmt: skip
_FILTER = np.array([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]) / 24
_OUTPUT = np.array([[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]])
_ONE = 1
"""The point 1, at which a constant is that constant: where the bias is added."""


def pays(layer: Layer, bands: int) -> bool:
    """Whether `conv` can do the layer, and is quicker."""
    return layer.kernel == 3 and not layer.depthwise and layer.inputs >= _WIDE and bands % _OUTPUTS == 0


def conv(graph: Graph, x: str, weight: Array, bias: Array, bands: int) -> str:
    """`graph.conv` of an image (streams, channels, bands, time), with zeros around; `weight` (out, in, 3, 3)."""
    products = []
    for point in range(_POINTS):
        seen = np.broadcast_to(_INPUT[point].astype(np.float32)[:, None], (weight.shape[1], 1, _POINTS, 1))
        inputs = graph.conv(x, seen, None, stride=(_OUTPUTS, 1), groups=weight.shape[1], zeros=((1, 1), (0, 0)))
        filters = np.tensordot(weight.astype(np.float64), _FILTER[point], axes=(2, 0))[:, :, None]
        products.append(graph.conv(inputs, filters.astype(np.float32), bias if point == _ONE else None))
    return graph.product(_back(bands), graph.joined(products, axis=2))


def _back(bands: int) -> Array:
    """(bands, products): from six products for each four bands to those."""
    groups = bands // _OUTPUTS
    back = np.zeros((groups, _OUTPUTS, _POINTS, groups), np.float32)
    for group in range(groups):
        back[group, :, :, group] = _OUTPUT
    return back.reshape(bands, _POINTS * groups)
