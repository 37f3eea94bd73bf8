"""Every family of networks behind one door: a card and its tensors become ONNX bytes and the figures about time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from auricle.card import ModelCard
from auricle.errors import CardError
from auricle.models import efficientat, panns
from auricle.models.panns import Tensors as Tensors

FAMILIES = ("panns", "panns-vgg", "mobilenetv1", "efficientat")


@dataclass(frozen=True)
class Blueprint:
    """A network, ready for ONNX Runtime."""

    trunk: bytes
    head: bytes
    pooled_frames: int
    """Log-mel frames that one row of the trunk's outputs stands for."""
    context: tuple[int, int]
    """Log-mel frames before its own, and after them, that a row depends on."""


def build(card: ModelCard, tensors: Tensors) -> Blueprint:
    """The network that `card` describes, of `tensors`. Raises CardError where they do not fit each other."""
    shape = card.architecture
    if shape.family not in FAMILIES:
        raise CardError(
            f"{card.name}: unknown family “{shape.family}”, this Auricle knows {', '.join(FAMILIES)}; update Auricle."
        )
    family = efficientat if shape.family == "efficientat" else panns
    family.check(card, tensors)
    return Blueprint(
        trunk=family.trunk(card, tensors),
        head=family.head(card, tensors),
        pooled_frames=family.pooled_frames(shape),
        context=family.context(shape),
    )


def needed(card: ModelCard, tensors: Tensors) -> list[str]:
    """Names of the tensors that the network needs; what else a checkpoint holds may be left out."""
    family = efficientat if card.architecture.family == "efficientat" else panns
    return list(family.shapes(card, tensors))


def completed(shape: dict[str, Any], tensors: Tensors) -> dict[str, Any]:
    """`shape`, as a card's file has it, with the widths of `tensors` (E-PANNs, EfficientAT). Raises CardError."""
    if shape["family"] == "efficientat":
        return {**shape, **efficientat.widths(tensors)}
    return {**shape, **panns.widths(len(shape["pools"]), tensors)}
