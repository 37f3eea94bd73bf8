"""Every family of networks behind one door: a card and its tensors become ONNX bytes and the figures about time."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

from numpy.typing import NDArray

from auricle.card import ModelCard
from auricle.errors import CardError
from auricle.models import arithmetic, efficientat, memory, panns, panns_graphs
from auricle.models.panns import Tensors as Tensors

FAMILIES = ("panns", "panns-vgg", "mobilenetv1", "efficientat")


@dataclass(frozen=True, eq=False)
class Blueprint:
    """A network that fits its card; each graph is built when it is asked for, since the weights are in it."""

    card: ModelCard
    tensors: Tensors
    precision: str
    """Of the convolutions: "float32", or "int8" where the card has a calibration."""

    @property
    def trunk(self) -> bytes:
        """log-mel (t, n_mels) → embeddings (p, dims), probabilities (p, classes)."""
        if self._family is efficientat:
            return efficientat.trunk(self.card, self.tensors)
        return panns_graphs.trunk(self.card, self.tensors, self.precision)

    @property
    def head(self) -> bytes:
        """Embeddings (p, dims) of a clip → probabilities (1, classes)."""
        graphs = efficientat if self._family is efficientat else panns_graphs
        return bytes(graphs.head(self.card, self.tensors))

    @property
    def pooled_frames(self) -> int:
        """Log-mel frames that one row of the trunk's outputs stands for."""
        return int(self._family.pooled_frames(self.card.architecture))

    @property
    def context(self) -> tuple[int, int]:
        """Log-mel frames before its own, and after them, that a row depends on."""
        before, after = self._family.context(self.card.architecture)
        return before, after

    @property
    def streams(self) -> bool:
        """Whether its layers look a fixed distance in time, so that it can be run step by step; what follows needs that."""
        return self.card.architecture.family != "efficientat"

    @property
    def step(self) -> bytes:
        """New frames and what was kept → embeddings that are complete, and what is kept now."""
        return panns_graphs.step(self.card, self.tensors, self.precision)

    @property
    def peek(self) -> bytes:
        """The same as if the sound ended now: the newest embeddings too."""
        return panns_graphs.peek(self.card, self.tensors, self.precision)

    @property
    def rows(self) -> bytes:
        """Embeddings (p, dims) → probabilities (p, classes), each row's own."""
        return panns_graphs.rows(self.card, self.tensors)

    def states(self, streams: int) -> dict[str, NDArray[Any]]:
        """What the layers of so many streams have kept before their first frames."""
        figures = arithmetic.of(self.card, self.tensors, self.precision, whole=False)
        kept = memory.states(self.card.architecture, self.card.front_end.n_mels)
        return {state.name: figures.first(state, streams) for state in kept}

    @property
    def unsettled(self) -> int:
        """How many of the newest rows the future may still change."""
        return memory.unsettled(self.card.architecture)

    @property
    def reach(self) -> int:
        """Rows before and after its own that a row's probabilities depend on, given the embeddings."""
        return panns.reach(self.card.architecture)

    @property
    def delay(self) -> int:
        """Log-mel frames after its own that a row's embedding depends on."""
        return panns.delay(self.card.architecture)

    @property
    def _family(self) -> ModuleType:
        return _family(self.card)


def build(card: ModelCard, tensors: Tensors, precision: str) -> Blueprint:
    """The network that `card` describes, of `tensors`. Raises CardError where they do not fit each other."""
    if card.architecture.family not in FAMILIES:
        raise CardError(
            f"{card.name}: unknown family “{card.architecture.family}”, this Auricle knows {', '.join(FAMILIES)}; "
            "update Auricle."
        )
    _family(card).check(card, tensors)
    return Blueprint(card, tensors, precision)


def rounds(card: ModelCard) -> bool:
    """Whether there is an 8-bit form of its network: not where it is run clip by clip, nor where a layer pools before its ReLU."""
    return _family(card) is panns and not any(layer.pools_first for layer in panns.layers(card.architecture))


def needed(card: ModelCard, tensors: Tensors) -> list[str]:
    """Names of the tensors that the network needs; what else a checkpoint holds may be left out."""
    return list(_family(card).shapes(card, tensors))


def multiplications(card: ModelCard) -> float | None:
    """How many a second of sound takes, heard once; None where the card does not tell."""
    return None if _family(card) is efficientat else panns.multiplications(card)


def completed(shape: dict[str, Any], tensors: Tensors) -> dict[str, Any]:
    """`shape`, as a card's file has it, with the widths of `tensors` (E-PANNs). Raises CardError."""
    return {**shape, **panns.widths(len(shape["pools"]), tensors)}


def _family(card: ModelCard) -> ModuleType:
    return efficientat if card.architecture.family == "efficientat" else panns
