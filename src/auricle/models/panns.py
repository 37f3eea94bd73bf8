"""The PANNs family as data (Kong et al. 2020, arXiv 1912.10211): blocks of convolutions, then a head.

Families:

    panns          VGG-like: a block is once or twice (convolution without bias, batch norm, ReLU), then an average pooling
    mobilenetv1    (Howard et al. 2017, arXiv 1704.04861): a first convolution, then blocks of a depthwise convolution
                   and a 1 × 1 convolution; the pooling follows the first convolution of a block, before its ReLU

Both have no bias before a batch norm. The last block's mean over the mel bands is the embedding of a pooled frame. Heads:

    embedding-max              linear and sigmoid on the maximum over time of the embeddings (Cnn9_GMP_64x64)
    decision-max               linear and sigmoid per pooled frame; a clip's score is the maximum over time
    decision-linear-softmax    the same; a clip's score is Σp² / Σp over time
    decision-odds              the same; a clip's odds are the geometric mean of those of Σp² / Σp and those of the mean logit, in
                               which a frame weighs as much as all sounds heard in it (of the `weighing` labels but Silence)
    hidden-max-mean            maximum plus mean over time, linear, ReLU, linear, sigmoid (Cnn6, Cnn10, Cnn14, MobileNetV1)
    hidden-decision-max        the same over each pooled frame and its two neighbours; a clip's score is the maximum over
                               time (Cnn14_DecisionLevelMax)

Under hidden-max-mean a pooled frame's own score is that of the three frames around it, as under hidden-decision-max.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auricle.card import Architecture, ModelCard
from auricle.errors import CardError
from auricle.models.graph import Array

EPSILON = 1e-5
"""Added to a batch norm's variance, as torch does."""
HEADS = ("embedding-max", "decision-max", "decision-linear-softmax", "decision-odds")
HIDDEN_HEADS = ("hidden-max-mean", "hidden-decision-max")
"""Those with a hidden layer, fc1."""
AROUND = 3
"""Pooled frames that a decision of a hidden head looks at."""
SILENCE = "Silence"
"""The one class that is no sound."""

Tensors = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Layer:
    """A convolution with its batch norm, and the pooling and ReLU after it."""

    conv: str
    norm: str
    inputs: int
    outputs: int
    kernel: int
    depthwise: bool
    pool: tuple[int, int]
    """(time, mel)."""
    pools_first: bool
    """The pooling comes before the ReLU."""


def layers(shape: Architecture) -> list[Layer]:
    """The network, convolution by convolution."""
    found: list[Layer] = []
    inputs = 1
    for number, (outputs, pool) in enumerate(zip(shape.channels, shape.pools, strict=True)):
        if shape.family == "mobilenetv1":
            found += _mobile_block(number, inputs, outputs, shape.kernel, pool)
        else:
            found += _block(number + 1, inputs, outputs, shape, pool)
        inputs = outputs
    return found


def _block(number: int, inputs: int, outputs: int, shape: Architecture, pool: tuple[int, int]) -> list[Layer]:
    between = [shape.inner[number - 1] if shape.inner else outputs] * (shape.convolutions - 1)
    widths = [inputs, *between, outputs]
    return [
        Layer(
            conv=f"conv_block{number}.conv{k}",
            norm=f"conv_block{number}.bn{k}",
            inputs=widths[k - 1],
            outputs=widths[k],
            kernel=shape.kernel,
            depthwise=False,
            pool=pool if k == shape.convolutions else (1, 1),
            pools_first=False,
        )
        for k in range(1, shape.convolutions + 1)
    ]


def _mobile_block(number: int, inputs: int, outputs: int, kernel: int, pool: tuple[int, int]) -> list[Layer]:
    name = f"features.{number}"
    if number == 0:
        return [Layer(f"{name}.0", f"{name}.2", inputs, outputs, kernel, depthwise=False, pool=pool, pools_first=True)]
    return [
        Layer(f"{name}.0", f"{name}.2", inputs, inputs, kernel, depthwise=True, pool=pool, pools_first=True),
        Layer(f"{name}.4", f"{name}.5", inputs, outputs, 1, depthwise=False, pool=(1, 1), pools_first=False),
    ]


def shapes(card: ModelCard, tensors: Tensors) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the tensors that the network needs; the hidden layer's width is that of its own tensor."""
    shape = card.architecture
    found: dict[str, tuple[int, ...]] = {}
    if shape.input_norm:
        found |= _norm_shapes("bn0", card.front_end.n_mels)
    for layer in layers(shape):
        found[f"{layer.conv}.weight"] = (layer.outputs, 1 if layer.depthwise else layer.inputs, *[layer.kernel] * 2)
        found |= _norm_shapes(layer.norm, layer.outputs)
    width = shape.channels[-1]
    if shape.head in HIDDEN_HEADS:
        hidden = len(tensors["fc1.bias"]) if tensors.get("fc1.bias", np.zeros(())).ndim == 1 else width
        found |= {"fc1.weight": (hidden, width), "fc1.bias": (hidden,)}
        width = hidden
    return {**found, "fc_audioset.weight": (len(card.labels), width), "fc_audioset.bias": (len(card.labels),)}


def _norm_shapes(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.{part}": (width,) for part in ("weight", "bias", "running_mean", "running_var")}


def check(card: ModelCard, tensors: Tensors) -> None:
    """Raises CardError where `tensors` are not those of the network that the card describes."""
    known = (*HEADS, *HIDDEN_HEADS)
    if card.architecture.head not in known:
        raise CardError(
            f"{card.name}: unknown head “{card.architecture.head}”, this Auricle knows {', '.join(known)}; update Auricle."
        )
    check_shapes(card.name, shapes(card, tensors), tensors)


def check_shapes(name: str, wanted: Mapping[str, tuple[int, ...]], tensors: Tensors) -> None:
    """Raises CardError where a tensor is missing, has another shape than `wanted`, or holds values that are no numbers."""
    missing = [tensor for tensor in wanted if tensor not in tensors]
    if missing:
        more = f" and so are {len(missing) - 1} more" if len(missing) > 1 else ""
        raise CardError(
            f"{name}: the weights do not fit the card, {missing[0]} is missing{more}; install the model again."
        )
    for tensor, shape in wanted.items():
        if tensors[tensor].shape != shape:
            got, right = (" × ".join(map(str, figures)) or "one number" for figures in (tensors[tensor].shape, shape))
            raise CardError(
                f"{name}: the weights do not fit the card, {tensor} is {got} instead of {right}; install the model again."
            )
        if not np.isfinite(tensors[tensor]).all():
            raise CardError(
                f"{name}: the weights are damaged, {tensor} holds values that are no numbers; install it again."
            )


def widths(blocks: int, tensors: Tensors) -> dict[str, list[int]]:
    """`channels` and `inner` of a card, read off weights whose filters are pruned one by one. Raises CardError."""
    names = [f"conv_block{number}.conv{{}}.weight" for number in range(1, blocks + 1)]
    missing = [name.format(k) for name in names for k in (1, 2) if tensors.get(name.format(k), np.zeros(0)).ndim != 4]
    if missing:
        raise CardError(f"These weights are of another network: {missing[0]} is missing; name the right model.")
    return {
        "channels": [len(tensors[name.format(2)]) for name in names],
        "inner": [len(tensors[name.format(1)]) for name in names],
    }


def bands(shape: Architecture, n_mels: int) -> list[int]:
    """Mel bands of each layer's input."""
    pooled = np.cumprod([1, *(layer.pool[1] for layer in layers(shape))])
    return [n_mels // int(by) for by in pooled[:-1]]


def pooled_frames(shape: Architecture) -> int:
    """How many log-mel frames one pooled frame stands for."""
    return int(np.prod([time for time, _ in shape.pools]))


def context(shape: Architecture) -> tuple[int, int]:
    """How many log-mel frames before its own, and after them, a pooled frame's score depends on."""
    return _context(shape, reach(shape))


def delay(shape: Architecture) -> int:
    """How many log-mel frames after its own a pooled frame's embedding depends on."""
    return _context(shape, 0)[1]


def _context(shape: Architecture, rows: int) -> tuple[int, int]:
    first, last = -rows, rows
    for layer in reversed(layers(shape)):
        time = layer.pool[0]
        first, last = first * time, last * time + time - 1
        first, last = first - layer.kernel // 2, last + layer.kernel // 2
    return -first, last - (pooled_frames(shape) - 1)


def multiplications(card: ModelCard) -> float:
    """How many a second of sound takes, heard once."""
    shape, sound = card.architecture, card.front_end
    total, time = 0.0, 1
    for layer, mel in zip(layers(shape), bands(shape, sound.n_mels), strict=True):
        total += layer.kernel**2 * (1 if layer.depthwise else layer.inputs) * layer.outputs * mel / time
        time *= layer.pool[0]
    width = shape.channels[-1]
    hidden = width**2 if shape.head in HIDDEN_HEADS else 0
    return (total + (hidden + width * len(card.labels)) / time) * sound.rate / sound.hop


def reach(shape: Architecture) -> int:
    """Pooled frames before and after its own that a pooled frame's score depends on, given their embeddings."""
    return AROUND // 2 if shape.head in HIDDEN_HEADS else 0


def norm(tensors: Tensors, name: str, epsilon: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A batch norm as a factor and a shift for each channel."""
    gain = tensors[f"{name}.weight"] / np.sqrt(tensors[f"{name}.running_var"].astype(np.float64) + epsilon)
    return gain, tensors[f"{name}.bias"] - tensors[f"{name}.running_mean"] * gain


def folded(tensors: Tensors, conv: str, batch_norm: str, epsilon: float) -> tuple[Array, Array]:
    """The convolution and the batch norm after it as one convolution with a bias."""
    gain, shift = norm(tensors, batch_norm, epsilon)
    weight = tensors[f"{conv}.weight"] * gain[:, None, None, None].astype(np.float32)
    return weight, shift.astype(np.float32)
