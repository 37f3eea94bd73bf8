"""What the convolutions of the PANNs family compute with: single precision, or 8 bits.

8 bits: an image's figures are unsigned, with one step for each image, from what was seen when the network was calibrated; a
filter's are signed, with a step of its own; sums are integers of 32 bits (Jacob et al. 2018, arXiv 1712.05877, section 2).
The ReLU costs nothing: an image begins at zero, and what is below is cut off.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from auricle.card import Int8Facts, ModelCard
from auricle.models import winograd
from auricle.models.graph import Graph, Step
from auricle.models.memory import State
from auricle.models.panns import EPSILON, Layer, Tensors, bands, folded

_STEPS = 255
_T = TypeVar("_T")


class Arithmetic(Protocol):
    """How images lie and are computed."""

    @property
    def bits(self) -> int:
        """Of a figure."""

    @property
    def time_axis(self) -> int:
        """Of an image."""

    def shape(self, state: State, frames: str) -> list[int | str]:
        """Of what a layer keeps."""

    def first(self, state: State, streams: int) -> NDArray[np.float32] | NDArray[np.uint8]:
        """What a layer has kept before the first frame: zeros."""

    def image(self, graph: Graph, x: str) -> str:
        """Log-mel (streams, time, mel) → an image."""

    def conv(self, graph: Graph, x: str, number: int, layer: Layer, zeros: tuple[int, int]) -> str:
        """The convolution, with its batch norm, and the ReLU unless a pooling comes first; `zeros` before, after."""

    def pool(self, graph: Graph, x: str, number: int, layer: Layer) -> str:
        """The pooling, and the ReLU that comes after it."""

    def embeddings(self, graph: Graph, x: str) -> str:
        """The last image → (streams, time, channels)."""


class Float32:
    """Single precision; images are (streams, channels, time, mel), or (streams, channels, mel, time) of long stretches of sound.

    A convolution's innermost loop runs along the last axis, so that steps of a few frames want their bands there, and long
    stretches their time, which takes a sixth less.
    """

    bits = 32

    def __init__(self, *, tensors: Tensors, bands: Sequence[int]) -> None:
        """`tensors`: the network's; `bands`: of each layer's input, for long stretches; none for steps."""
        self._tensors, self._bands, self._last = tensors, bands, bool(bands)
        self.time_axis = 3 if bands else 2

    def shape(self, state: State, frames: str) -> list[int | str]:
        """Of what a layer keeps."""
        image: tuple[int | str, int | str] = self._laid(frames, state.mel)
        return ["streams", state.channels, *image]

    def first(self, state: State, streams: int) -> NDArray[np.float32]:
        """Zeros."""
        return np.zeros((streams, state.channels, *self._laid(state.first, state.mel)), np.float32)

    def image(self, graph: Graph, x: str) -> str:
        """Of one channel."""
        return graph.with_axis(graph.turned(x) if self._last else x, 1)

    def conv(self, graph: Graph, x: str, number: int, layer: Layer, zeros: tuple[int, int]) -> str:
        """One operation, and another for the ReLU."""
        weight, bias = folded(self._tensors, layer.conv, layer.norm, EPSILON)
        weight = weight.swapaxes(2, 3) if self._last else weight
        if self._last and winograd.pays(layer, self._bands[number]):
            return graph.relu(winograd.conv(graph, x, weight, bias, self._bands[number]))
        pads = self._laid(zeros, (layer.kernel // 2, layer.kernel // 2))
        x = graph.conv(x, weight, bias, groups=layer.outputs if layer.depthwise else 1, zeros=pads)
        return x if layer.pools_first and layer.pool != (1, 1) else graph.relu(x)

    def pool(self, graph: Graph, x: str, number: int, layer: Layer) -> str:
        """Means."""
        x = graph.average_pool(x, self._laid(*layer.pool))
        return graph.relu(x) if layer.pools_first else x

    def embeddings(self, graph: Graph, x: str) -> str:
        """Means over mel."""
        return graph.turned(graph.mean_over(x, 2 if self._last else 3))

    def _laid(self, time: _T, mel: _T) -> tuple[_T, _T]:
        return (mel, time) if self._last else (time, mel)


class Int8:
    """Integers of 8 bits, where no layer pools before its ReLU; images are (streams, time, mel, channels)."""

    bits = 8
    time_axis = 1

    def __init__(self, *, tensors: Tensors, facts: Int8Facts) -> None:
        """`tensors`: the network's; `facts`: what it was calibrated to."""
        self._tensors = tensors
        low, high = min(0.0, facts.lowest), max(0.0, facts.highest)  # zero lies within, since zeros lie around
        size = (high - low) / _STEPS
        self._into = Step(size, round(-low / size))
        self._out = [Step(peak / _STEPS, 0) for peak in facts.peaks]

    def shape(self, state: State, frames: str) -> list[int | str]:
        """Of what a layer keeps."""
        return ["streams", frames, state.mel, state.channels]

    def first(self, state: State, streams: int) -> NDArray[np.uint8]:
        """The figure that stands for zero."""
        zero = self._into.zero if state.name == "conv0" else 0
        return np.full((streams, state.first, state.mel, state.channels), zero, np.uint8)

    def image(self, graph: Graph, x: str) -> str:
        """Rounded, of one channel."""
        return graph.with_axis(graph.quantised(x, self._into), 3)

    def conv(self, graph: Graph, x: str, number: int, layer: Layer, zeros: tuple[int, int]) -> str:
        """One operation."""
        weight, bias = folded(self._tensors, layer.conv, layer.norm, EPSILON)
        into = self._out[number - 1] if number else self._into
        return graph.conv_relu_8bit(x, weight, bias, steps=(into, self._out[number]), zeros=zeros)

    def pool(self, graph: Graph, x: str, number: int, layer: Layer) -> str:
        """Means, rounded."""
        return graph.average_pool_8bit(x, *layer.pool, layer.outputs, self._out[number])

    def embeddings(self, graph: Graph, x: str) -> str:
        """Means over mel, in single precision."""
        return graph.mean_over(graph.dequantised(x, self._out[-1]), 2)


def of(card: ModelCard, tensors: Tensors, precision: str, *, whole: bool) -> Arithmetic:
    """`precision`: "float32", or "int8", which needs the card's calibration; `whole`: for long stretches of sound."""
    if precision == "float32":
        return Float32(tensors=tensors, bands=bands(card.architecture, card.front_end.n_mels) if whole else ())
    assert card.int8 is not None  # noqa: S101  (for the type checker: models/assembly.py has seen it)
    return Int8(tensors=tensors, facts=card.int8)
