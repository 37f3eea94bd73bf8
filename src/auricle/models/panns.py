"""The VGG-like PANNs family as data (Kong et al. 2020, arXiv 1912.10211): blocks of two convolutions, then a head.

A block is twice (convolution without bias, batch norm, ReLU), then an average pooling. The last block's mean over the
mel bands is the embedding of a pooled frame. Heads:

    embedding-max              linear and sigmoid on the maximum over time of the embeddings (Cnn9_GMP_64x64)
    decision-max               linear and sigmoid per pooled frame; a clip's score is the maximum over time
    decision-linear-softmax    the same; a clip's score is Σp² / Σp over time
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from auricle.card import Architecture, ModelCard
from auricle.errors import CardError
from auricle.models.graph import Array, Graph

_EPSILON = 1e-5
"""Added to a batch norm's variance, as torch does."""
HEADS = ("embedding-max", "decision-max", "decision-linear-softmax")

Tensors = Mapping[str, NDArray[np.float32]]


def check(card: ModelCard, tensors: Tensors) -> None:
    """Raises CardError where `tensors` are not those of the network that the card describes."""
    shape = card.architecture
    if shape.head not in HEADS:
        raise CardError(
            f"{card.name}: unknown head “{shape.head}”, this Auricle knows {', '.join(HEADS)}; update Auricle."
        )
    for name, wanted in _shapes(shape, len(card.labels)).items():
        if name not in tensors:
            raise CardError(
                f"{card.name}: the weights do not fit the card, {name} is missing; install the model again."
            )
        if tensors[name].shape != wanted:
            got = " × ".join(map(str, tensors[name].shape))
            raise CardError(
                f"{card.name}: the weights do not fit the card, {name} is {got} instead of "
                f"{' × '.join(map(str, wanted))}; install the model again."
            )
        if not np.isfinite(tensors[name]).all():
            raise CardError(
                f"{card.name}: the weights are damaged, {name} holds values that are no numbers; install it again."
            )


def trunk(card: ModelCard, tensors: Tensors) -> bytes:
    """ONNX bytes: logmel (t, n_mels) → embeddings (p, dims), probabilities (p, classes); batch norms are folded."""
    graph = Graph(name=card.name)
    x = graph.input("logmel", ["frames", card.front_end.n_mels])
    if card.front_end.scaler_mean:
        std = np.array(card.front_end.scaler_std, np.float64)
        mean = np.array(card.front_end.scaler_mean, np.float64)
        x = graph.affine(x, (1.0 / std).astype(np.float32), (-mean / std).astype(np.float32))
    x = graph.as_image(x)
    for number, (time, mel) in enumerate(card.architecture.pools, start=1):
        for half in (1, 2):
            weight, bias = _folded(tensors, f"conv_block{number}.conv{half}", f"conv_block{number}.bn{half}")
            x = graph.relu(graph.conv(x, weight, bias))
        if (time, mel) != (1, 1):
            x = graph.average_pool(x, time, mel)
    embeddings = graph.mean_over_mel(x)
    graph.output("embeddings", embeddings, ["pooled", card.architecture.channels[-1]])
    graph.output("probabilities", _decide(graph, embeddings, tensors), ["pooled", len(card.labels)])
    return graph.to_bytes()


def head(card: ModelCard, tensors: Tensors) -> bytes:
    """ONNX bytes: embeddings (p, dims) of a whole clip → probabilities (1, classes)."""
    graph = Graph(name=f"{card.name}-head")
    x = graph.input("embeddings", ["pooled", card.architecture.channels[-1]])
    if card.architecture.head == "embedding-max":
        clip = _decide(graph, graph.max_over_time(x), tensors)
    elif card.architecture.head == "decision-max":
        clip = graph.max_over_time(_decide(graph, x, tensors))
    else:
        clip = graph.linear_softmax_over_time(_decide(graph, x, tensors))
    graph.output("probabilities", clip, [1, len(card.labels)])
    return graph.to_bytes()


def pooled_frames(shape: Architecture) -> int:
    """How many log-mel frames one pooled frame stands for."""
    return int(np.prod([time for time, _ in shape.pools]))


def context(shape: Architecture) -> tuple[int, int]:
    """How many log-mel frames before its own, and after them, a pooled frame depends on."""
    first, last = 0, 0
    for time, _ in reversed(shape.pools):
        first, last = first * time, last * time + time - 1
        reach = 2 * (shape.kernel // 2)
        first, last = first - reach, last + reach
    return -first, last - (pooled_frames(shape) - 1)


def _decide(graph: Graph, embeddings: str, tensors: Tensors) -> str:
    return graph.sigmoid(graph.linear(embeddings, tensors["fc_audioset.weight"], tensors["fc_audioset.bias"]))


def _folded(tensors: Tensors, conv: str, norm: str) -> tuple[Array, Array]:
    """The convolution and the batch norm after it as one convolution with a bias."""
    variance = tensors[f"{norm}.running_var"].astype(np.float64)
    gain = tensors[f"{norm}.weight"] / np.sqrt(variance + _EPSILON)
    weight = tensors[f"{conv}.weight"] * gain[:, None, None, None]
    bias = tensors[f"{norm}.bias"] - tensors[f"{norm}.running_mean"] * gain
    return weight.astype(np.float32), bias.astype(np.float32)


def _shapes(shape: Architecture, classes: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    inputs = 1
    for number, outputs in enumerate(shape.channels, start=1):
        for half in (1, 2):
            shapes[f"conv_block{number}.conv{half}.weight"] = (outputs, inputs, shape.kernel, shape.kernel)
            for part in ("weight", "bias", "running_mean", "running_var"):
                shapes[f"conv_block{number}.bn{half}.{part}"] = (outputs,)
            inputs = outputs
    shapes["fc_audioset.weight"] = (classes, inputs)
    shapes["fc_audioset.bias"] = (classes,)
    return shapes
