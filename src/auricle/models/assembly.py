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


def read(name: str, *, path: str, labels: Sequence[str]) -> tuple[ModelCard, networks.Tensors]:
    """The card and weights of the model in `path`, or, where that is empty, of the one called `name`.

    A path is a folder with a card, or a bare file of weights (.pth, .pt, .safetensors). Such a file holds a published
    network: the one that the catalogue calls `name`, or, where there is none of that name, the first that it fits. A name
    may be a path as well. `labels` are AudioSet's. Raises ModelError.
    """
    where = Path(path or name)
    if where.suffix.lower() in convert.SUFFIXES and where.is_file() and not (where.parent / store.CARD_FILE).is_file():
        model = name if path and name in catalogue.entries() else ""
        return convert.adopt(where, model=model, labels=labels)
    installed = store.look(where.parent if where.is_file() else where) if path else store.find(name)
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
