"""The room's own front door: a name or a path becomes a model that runs, with the tagger that suits it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from auricle.card import ModelCard
from auricle.models import catalogue, convert, networks, store
from auricle.models.clip import ClipTagger
from auricle.models.runtime import OnnxNetwork
from auricle.models.window import WindowTagger
from auricle.stages import Network, Tagger


@dataclass(frozen=True, eq=False)
class Loaded:
    """A model that runs. One thread at a time."""

    card: ModelCard
    network: Network
    pooled_frames: int
    """Log-mel frames that one row of the network's output stands for."""
    context: tuple[int, int]
    """Log-mel frames before its own, and after them, that a row depends on."""

    @property
    def score_s(self) -> float:
        """Seconds that one score of a tagger speaks of."""
        if self.card.clip is not None:
            return round(self.card.clip.step_s / self._frame_s) * self._frame_s
        return self.pooled_frames * self._frame_s

    def tagger(self, *, step_s: float, window_s: float | None, provisional: bool) -> Tagger:
        """A fresh tagger: row by row, or clip by clip where the card says so.

        `step_s` and `window_s` (None: the card's) count for the former only: clip by clip, scores depend on both, and so
        both are the card's, in recordings as live. `provisional`: scores that the future may still change are given too.
        """
        clip = self.card.clip
        if clip is not None:
            return ClipTagger(
                network=self.network,
                frame_s=self._frame_s,
                step_frames=round(clip.step_s / self._frame_s),
                window_frames=[round(seconds / self._frame_s) for seconds in clip.windows_s],
                delay_frames=round(clip.delay_s / self._frame_s),
                provisional=provisional,
            )
        return WindowTagger(
            network=self.network,
            frame_s=self._frame_s,
            pooled_frames=self.pooled_frames,
            context=self.context,
            step_frames=round(step_s / self._frame_s),
            window_frames=round((self.card.window_s if window_s is None else window_s) / self._frame_s),
            provisional=provisional,
        )

    @property
    def _frame_s(self) -> float:
        return self.card.front_end.hop / self.card.front_end.rate


def read(where: str, *, model: str, labels: Sequence[str]) -> tuple[ModelCard, networks.Tensors]:
    """The card and weights of an installed model's name, of a folder that has both, or of a bare file of weights.

    A bare file (.pth, .pt, .safetensors) holds a published network: the one that the catalogue calls `model`, or, where
    there is none of that name, the first that it fits; `labels` are AudioSet's. Raises ModelError.
    """
    path = Path(where)
    if path.suffix.lower() in convert.SUFFIXES and path.is_file() and not (path.parent / store.CARD_FILE).is_file():
        return convert.adopt(path, model=model if model in catalogue.entries() else "", labels=labels)
    is_path = path.name != where
    installed = store.look(path.parent if path.is_file() else path) if is_path else store.find(where)
    return installed.card, store.read_weights(installed)


def load(card: ModelCard, tensors: networks.Tensors, *, threads: int) -> Loaded:
    """The model that `card` and `tensors` make, on so many cores at most. Raises CardError where they do not fit."""
    blueprint = networks.build(card, tensors)
    return Loaded(
        card=card,
        network=OnnxNetwork(trunk=blueprint.trunk, head=blueprint.head, threads=threads),
        pooled_frames=blueprint.pooled_frames,
        context=blueprint.context,
    )
