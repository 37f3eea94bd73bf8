"""The PANNs family as ONNX graphs: over a whole stretch of sound, and step by step.

trunk    all frames at once, zeros beyond both ends
head     a clip's score from the embeddings of its pooled frames
step     the frames that are new, after what each layer has kept; gives the pooled frames that are complete
peek     as step, but as if the sound ended now, with zeros beyond its end; nothing is kept
rows     each pooled frame's own scores from embeddings
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from auricle.card import ModelCard
from auricle.models import arithmetic
from auricle.models.arithmetic import Arithmetic
from auricle.models.graph import Graph
from auricle.models.memory import states
from auricle.models.panns import AROUND, EPSILON, HIDDEN_HEADS, SILENCE, Layer, Tensors, layers, norm
from auricle.models.pooling import PoolingGraph


class _Ends(Protocol):
    """What lies before and after the frames that a layer is given."""

    def before_conv(self, graph: Graph, x: str, number: int, layer: Layer) -> tuple[str, tuple[int, int]]:
        """The input of convolution `number`, and how many zero frames go before and after it."""

    def before_pool(self, graph: Graph, x: str, number: int) -> str:
        """The input of the pooling after convolution `number`."""


class _Zeros:
    """The whole sound is there."""

    def before_conv(self, graph: Graph, x: str, number: int, layer: Layer) -> tuple[str, tuple[int, int]]:
        """Zeros at both ends."""
        return x, (layer.kernel // 2, layer.kernel // 2)

    def before_pool(self, graph: Graph, x: str, number: int) -> str:
        """Nothing more."""
        return x


class _Kept:
    """Each layer's input follows what it kept; what it keeps now is an output.

    Where the sound `ends`, each layer also has the frames that the future may still change; those are not kept.
    """

    def __init__(self, card: ModelCard, arithmetic: Arithmetic, *, ends: bool) -> None:
        self._states = {state.name: state for state in states(card.architecture, card.front_end.n_mels)}
        self._arithmetic, self._ends = arithmetic, ends

    def before_conv(self, graph: Graph, x: str, number: int, layer: Layer) -> tuple[str, tuple[int, int]]:
        """At the end of the sound zeros follow."""
        return self._joined(graph, x, f"conv{number}"), (0, layer.kernel // 2 if self._ends else 0)

    def before_pool(self, graph: Graph, x: str, number: int) -> str:
        """Frames that did not fill a pool wait for the next step."""
        return self._joined(graph, x, f"pool{number}")

    def _joined(self, graph: Graph, x: str, name: str) -> str:
        if name not in self._states:
            return x
        state, figures, axis = self._states[name], self._arithmetic, self._arithmetic.time_axis
        kept = graph.input(name, figures.shape(state, f"{name} frames"), bits=figures.bits)
        joined = graph.after(kept, x, axis=axis)
        behind = state.behind if self._ends else 0
        keep = graph.last(joined, state.kept, behind=behind, axis=axis)
        graph.output(f"{name} next", keep, figures.shape(state, f"{name} next frames"), bits=figures.bits)
        return joined


def trunk(card: ModelCard, tensors: Tensors, precision: str) -> bytes:
    """ONNX bytes: logmel (t, n_mels) → embeddings (p, dims), probabilities (p, classes); batch norms are folded."""
    graph = Graph(name=card.name)
    x = graph.input("logmel", ["frames", card.front_end.n_mels])
    x = graph.with_axis(_normalised(graph, x, tensors, card), 0)
    embeddings = graph.one(_embeddings(graph, x, card, arithmetic.of(card, tensors, precision, whole=True), _Zeros()))
    graph.output("embeddings", embeddings, ["pooled", card.architecture.channels[-1]])
    graph.output("probabilities", _framewise(graph, embeddings, tensors, card), ["pooled", len(card.labels)])
    return graph.to_bytes()


def step(card: ModelCard, tensors: Tensors, precision: str) -> bytes:
    """ONNX bytes: logmel (n, t, n_mels) of n streams and what was kept → embeddings (n, p, dims) and what is kept now."""
    return _stream(card, tensors, precision, ends=False)


def peek(card: ModelCard, tensors: Tensors, precision: str) -> bytes:
    """ONNX bytes: as `step`, t may be 0; gives the embeddings of the pooled frames that the future may still change, too."""
    return _stream(card, tensors, precision, ends=True)


def _stream(card: ModelCard, tensors: Tensors, precision: str, *, ends: bool) -> bytes:
    graph, figures = Graph(name=card.name), arithmetic.of(card, tensors, precision, whole=False)
    x = _normalised(graph, graph.input("logmel", ["streams", "frames", card.front_end.n_mels]), tensors, card)
    embeddings = _embeddings(graph, x, card, figures, _Kept(card, figures, ends=ends))
    graph.output("embeddings", embeddings, ["streams", "pooled", card.architecture.channels[-1]])
    return graph.to_bytes()


def reach(card: ModelCard, tensors: Tensors) -> bytes:
    """ONNX bytes: logmel (t, n_mels) → lowest and highest of the scaled log-mel, then the peak after each convolution."""
    graph, figures = Graph(name=f"{card.name}-reach"), arithmetic.of(card, tensors, "float32", whole=True)
    x = graph.input("logmel", ["frames", card.front_end.n_mels])
    x = graph.with_axis(_normalised(graph, x, tensors, card), 0)
    graph.output("lowest", graph.lowest(x), [])
    graph.output("highest", graph.highest(x), [])
    x = figures.image(graph, x)
    for number, layer in enumerate(layers(card.architecture)):
        x = figures.conv(graph, x, number, layer, (layer.kernel // 2, layer.kernel // 2))
        graph.output(f"peak {number}", graph.highest(x), [])
        x = figures.pool(graph, x, number, layer) if layer.pool != (1, 1) else x
    return graph.to_bytes()


def rows(card: ModelCard, tensors: Tensors) -> bytes:
    """ONNX bytes: embeddings (p, dims) → probabilities (p, classes), each pooled frame's own."""
    graph = Graph(name=f"{card.name}-rows")
    x = graph.input("embeddings", ["pooled", card.architecture.channels[-1]])
    graph.output("probabilities", _framewise(graph, x, tensors, card), ["pooled", len(card.labels)])
    return graph.to_bytes()


def _normalised(graph: Graph, x: str, tensors: Tensors, card: ModelCard) -> str:
    """Scaled, or normalised by a batch norm, as the network was trained."""
    if card.front_end.scaler_mean:
        std = np.array(card.front_end.scaler_std, np.float64)
        mean = np.array(card.front_end.scaler_mean, np.float64)
        x = graph.affine(x, (1.0 / std).astype(np.float32), (-mean / std).astype(np.float32))
    if card.architecture.input_norm:
        gain, shift = norm(tensors, "bn0", EPSILON)
        x = graph.affine(x, gain.astype(np.float32), shift.astype(np.float32))
    return x


def _embeddings(graph: Graph, x: str, card: ModelCard, figures: Arithmetic, ends: _Ends) -> str:
    """(streams, time, mel) → (streams, pooled, channels)."""
    x = figures.image(graph, x)
    for number, layer in enumerate(layers(card.architecture)):
        x, zeros = ends.before_conv(graph, x, number, layer)
        x = figures.conv(graph, x, number, layer, zeros)
        if layer.pool != (1, 1):
            x = figures.pool(graph, ends.before_pool(graph, x, number), number, layer)
    return figures.embeddings(graph, x)


def head(card: ModelCard, tensors: Tensors) -> bytes:
    """ONNX bytes: embeddings (p, dims) of a whole clip → probabilities (1, classes)."""
    graph = PoolingGraph(name=f"{card.name}-head")
    x = graph.input("embeddings", ["pooled", card.architecture.channels[-1]])
    match card.architecture.head:
        case "embedding-max":
            clip = _decide(graph, graph.max_over_time(x), tensors, card)
        case "hidden-max-mean":
            clip = _decide(graph, graph.plus(graph.max_over_time(x), graph.mean_over_time(x)), tensors, card)
        case "decision-linear-softmax":
            clip = graph.linear_softmax_over_time(_framewise(graph, x, tensors, card))
        case "decision-odds":
            weighing = card.labels[: card.architecture.weighing or None]
            sounds = np.array([label in weighing and label != SILENCE for label in card.labels])
            clip = graph.odds_over_time(_logits(graph, x, tensors, card), sounds)
        case _:
            clip = graph.max_over_time(_framewise(graph, x, tensors, card))
    graph.output("probabilities", clip, [1, len(card.labels)])
    return graph.to_bytes()


def _framewise(graph: Graph, embeddings: str, tensors: Tensors, card: ModelCard) -> str:
    """Each pooled frame's own probabilities."""
    if card.architecture.head in HIDDEN_HEADS:
        # The reference's mean counts zeros beyond the ends (torch's avg_pool1d with padding).
        means = graph.mean_around(embeddings, AROUND, zeros=True)
        embeddings = graph.plus(graph.max_around(embeddings, AROUND), means)
    return _decide(graph, embeddings, tensors, card)


def _decide(graph: Graph, embeddings: str, tensors: Tensors, card: ModelCard) -> str:
    return graph.sigmoid(_logits(graph, embeddings, tensors, card))


def _logits(graph: Graph, embeddings: str, tensors: Tensors, card: ModelCard) -> str:
    if card.architecture.head in HIDDEN_HEADS:
        embeddings = graph.relu(graph.linear(embeddings, tensors["fc1.weight"], tensors["fc1.bias"]))
    return graph.linear(embeddings, tensors["fc_audioset.weight"], tensors["fc_audioset.bias"])
