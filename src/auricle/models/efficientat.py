"""EfficientAT as data: MobileNetV3 for sound, from MobileNetV3's table with the widths that the card has.

Schmid, Koutini & Widmer 2023, arXiv 2211.04772; Howard et al. 2019, arXiv 1905.02244, table 1. In the card, `channels`
are the widths after the first convolution, each block and the last convolution, and `pools` their strides.

The published network takes the mean of its last layer over mel bands and time as a clip's embedding. Here the mean over
mel bands alone is a row of embeddings, so that a clip's embedding is exactly the mean of its rows. Rows are no scores of
their own: squeeze-and-excitation mixes everything that the network sees, and so the network is run clip by clip.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from auricle.card import Architecture, ModelCard
from auricle.errors import CardError
from auricle.models.graph import Graph
from auricle.models.panns import Tensors, check_shapes, folded

_EPSILON = 1e-3
"""Added to a batch norm's variance."""
_KERNELS = (3, 3, 3, 5, 5, 5, 3, 3, 3, 3, 3, 3, 5, 5, 5)
"""Of each block's depthwise convolution."""
_STRIDES = (1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1)
_EXCITED = (4, 5, 6, 11, 12, 13, 14, 15)
"""Blocks, counted from 1, with squeeze-and-excitation."""
_HARD_SWISH_FROM = 7
"""The block from which on the nonlinearity is a hard swish; before, it is a ReLU."""
_LAST = f"features.{len(_STRIDES) + 1}"
_HEAD = "mean"


@dataclass(frozen=True)
class Block:
    """An inverted residual: widen, depthwise convolution, squeeze-and-excitation, narrow, and add the input."""

    widen: str
    """Name of the 1 × 1 convolution and its batch norm; empty: there is none. So for the others."""
    depthwise: str
    excite: str
    narrow: str
    kernel: int
    stride: int
    hard: bool


def blocks(tensors: Tensors) -> list[Block]:
    """The network's blocks; only the first of them does not widen."""
    found = []
    for number, (kernel, stride) in enumerate(zip(_KERNELS, _STRIDES, strict=True), start=1):
        prefix = f"features.{number}.block."
        names = ["widen"] * (f"{prefix}2.0.weight" in tensors or number > 1) + ["depthwise"]
        names += ["excite"] * (number in _EXCITED) + ["narrow"]
        places = {name: f"{prefix}{place}" for place, name in enumerate(names)}
        found.append(
            Block(
                widen=places.get("widen", ""),
                depthwise=places["depthwise"],
                excite=f"{places['excite']}.conc_se_layers.0" if "excite" in places else "",
                narrow=places["narrow"],
                kernel=kernel,
                stride=stride,
                hard=number >= _HARD_SWISH_FROM,
            )
        )
    return found


def shapes(card: ModelCard, tensors: Tensors) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the tensors that the network needs; inner widths are those of the tensors themselves."""
    widths = card.architecture.channels
    found = _conv_shapes("features.0", widths[0], 1, 3)
    for block, inputs, outputs in zip(blocks(tensors), widths, widths[1:], strict=False):
        middle = _width(tensors, f"{block.depthwise}.0.weight", inputs)
        if block.widen:
            found |= _conv_shapes(block.widen, middle, inputs, 1)
        found |= _conv_shapes(block.depthwise, middle, 1, block.kernel)
        if block.excite:
            squeezed = _width(tensors, f"{block.excite}.fc1.weight", middle)
            found |= _linear_shapes(f"{block.excite}.fc1", squeezed, middle)
            found |= _linear_shapes(f"{block.excite}.fc2", middle, squeezed)
        found |= _conv_shapes(block.narrow, outputs, middle, 1)
    hidden = _width(tensors, "classifier.2.weight", widths[-1])
    found |= _conv_shapes(_LAST, widths[-1], widths[-2], 1)
    found |= _linear_shapes("classifier.2", hidden, widths[-1])
    return found | _linear_shapes("classifier.5", len(card.labels), hidden)


def check(card: ModelCard, tensors: Tensors) -> None:
    """Raises CardError where `tensors` are not those of the network that the card describes."""
    strides = (2, *_STRIDES, 1)
    if card.architecture.head != _HEAD or card.architecture.pools != tuple(zip(strides, strides, strict=True)):
        raise CardError(
            f"{card.name}: not a network of the EfficientAT family that this Auricle knows; update Auricle."
        )
    check_shapes(card.name, shapes(card, tensors), tensors)


def trunk(card: ModelCard, tensors: Tensors) -> bytes:
    """ONNX bytes: logmel (t, n_mels) → embeddings (p, dims), probabilities (p, classes); batch norms are folded."""
    graph = Graph(name=card.name)
    x = graph.as_image(graph.input("logmel", ["frames", card.front_end.n_mels]))
    x = graph.hard_swish(_conv(graph, x, tensors, "features.0", stride=2))
    for block in blocks(tensors):
        x = _block(graph, x, tensors, block)
    embeddings = graph.one(graph.mean_over_mel(graph.hard_swish(_conv(graph, x, tensors, _LAST))))
    graph.output("embeddings", embeddings, ["pooled", card.architecture.channels[-1]])
    graph.output("probabilities", _decide(graph, embeddings, tensors), ["pooled", len(card.labels)])
    return graph.to_bytes()


def head(card: ModelCard, tensors: Tensors) -> bytes:
    """ONNX bytes: embeddings (p, dims) of a whole clip → probabilities (1, classes)."""
    graph = Graph(name=f"{card.name}-head")
    x = graph.input("embeddings", ["pooled", card.architecture.channels[-1]])
    graph.output("probabilities", _decide(graph, graph.mean_over_time(x), tensors), [1, len(card.labels)])
    return graph.to_bytes()


def pooled_frames(shape: Architecture) -> int:
    """How many log-mel frames one row stands for."""
    return int(np.prod([time for time, _ in shape.pools]))


def context(_shape: Architecture) -> tuple[int, int]:
    """None: a row depends on everything that is given, by design, and there is nothing beyond."""
    return 0, 0


def _block(graph: Graph, x: str, tensors: Tensors, block: Block) -> str:
    nonlinear, y = graph.hard_swish if block.hard else graph.relu, x
    if block.widen:
        y = nonlinear(_conv(graph, y, tensors, block.widen))
    depth = len(tensors[f"{block.depthwise}.0.weight"])
    y = nonlinear(_conv(graph, y, tensors, block.depthwise, stride=block.stride, groups=depth))
    if block.excite:
        y = _excite(graph, y, tensors, block.excite)
    y = _conv(graph, y, tensors, block.narrow)
    inputs = tensors[f"{block.widen}.0.weight"].shape[1] if block.widen else depth
    return graph.plus(x, y) if block.stride == 1 and inputs == len(tensors[f"{block.narrow}.0.weight"]) else y


def _excite(graph: Graph, x: str, tensors: Tensors, name: str) -> str:
    """Squeeze-and-excitation: each channel is weighed by what a small network makes of all channels' means."""
    y = graph.squeeze(x)
    y = graph.relu(graph.conv(y, tensors[f"{name}.fc1.weight"][:, :, None, None], tensors[f"{name}.fc1.bias"]))
    y = graph.conv(y, tensors[f"{name}.fc2.weight"][:, :, None, None], tensors[f"{name}.fc2.bias"])
    return graph.times(x, graph.sigmoid(y))


def _conv(graph: Graph, x: str, tensors: Tensors, name: str, *, stride: int = 1, groups: int = 1) -> str:
    """A convolution with its batch norm folded in; the published kernels have mel first, then time."""
    weight, bias = folded(tensors, f"{name}.0", f"{name}.1", _EPSILON)
    return graph.conv(x, weight.swapaxes(2, 3), bias, stride=(stride, stride), groups=groups)


def _decide(graph: Graph, embeddings: str, tensors: Tensors) -> str:
    x = graph.hard_swish(graph.linear(embeddings, tensors["classifier.2.weight"], tensors["classifier.2.bias"]))
    return graph.sigmoid(graph.linear(x, tensors["classifier.5.weight"], tensors["classifier.5.bias"]))


def _conv_shapes(name: str, outputs: int, inputs: int, kernel: int) -> dict[str, tuple[int, ...]]:
    norm: dict[str, tuple[int, ...]] = {
        f"{name}.1.{part}": (outputs,) for part in ("weight", "bias", "running_mean", "running_var")
    }
    return {f"{name}.0.weight": (outputs, inputs, kernel, kernel), **norm}


def _linear_shapes(name: str, outputs: int, inputs: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _width(tensors: Tensors, name: str, otherwise: int) -> int:
    """The first dimension of a tensor that is there; else a figure that makes `check` name what is wrong."""
    return len(tensors[name]) if name in tensors and tensors[name].ndim else otherwise
