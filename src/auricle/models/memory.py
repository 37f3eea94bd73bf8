"""What the layers of the PANNs family keep of the past between two steps, and what the future may still change."""

from __future__ import annotations

from dataclasses import dataclass

from auricle.card import Architecture
from auricle.models.panns import layers


@dataclass(frozen=True)
class State:
    """Frames that a layer keeps of its input: (streams, channels, first or kept, mel)."""

    name: str
    channels: int
    mel: int
    first: int
    """How many zero frames it begins with."""
    kept: int
    """How many it keeps after each step."""
    behind: int
    """How many follow those in a peek: frames that the future may still change."""


def states(shape: Architecture, n_mels: int) -> list[State]:
    """What the layers keep between two steps of whole pooled frames, in their order; a layer without memory has none."""
    found: list[State] = []
    mel, inputs, delay = n_mels, 1, 0  # delay: frames, at this depth, that are not complete yet
    for number, layer in enumerate(layers(shape)):
        if layer.kernel > 1:
            found.append(State(f"conv{number}", inputs, mel, layer.kernel // 2, layer.kernel - 1, delay))
        delay += layer.kernel // 2
        if waiting := -delay % layer.pool[0]:
            found.append(State(f"pool{number}", layer.outputs, mel, 0, waiting, delay))
        inputs, mel, delay = layer.outputs, mel // layer.pool[1], -(-delay // layer.pool[0])
    return found


def unsettled(shape: Architecture) -> int:
    """How many of the newest pooled frames have embeddings that the future may still change, after whole pooled frames."""
    rows = 0
    for layer in layers(shape):
        rows = -(-(rows + layer.kernel // 2) // layer.pool[0])
    return rows
