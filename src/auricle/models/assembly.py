"""The room's own front door: a name or a path becomes a model that runs, with the tagger that suits it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from auricle.card import ModelCard
from auricle.models import catalogue, convert, networks, store
from auricle.models.clip import ClipTagger
from auricle.models.onset import OnsetWatch
from auricle.models.precision import chosen
from auricle.models.runtime import OnnxNetwork, OnnxSteps, OnnxStream
from auricle.models.stream import LockstepTagger, StreamTagger
from auricle.models.window import WindowTagger
from auricle.stages import Network, Tagger

LiveTagger: TypeAlias = ClipTagger | WindowTagger | StreamTagger

CHANGE_DB = 6.0
"""What OnsetWatch takes for a change: twice the amplitude in a band."""
HALF_FORGOTTEN_S = 0.4
"""In which OnsetWatch forgets half of the past."""


@dataclass(frozen=True, eq=False)
class Loaded:
    """A model that runs. One thread at a time; what a use does not need is not built."""

    blueprint: networks.Blueprint
    threads: int

    @property
    def card(self) -> ModelCard:
        """The model's."""
        return self.blueprint.card

    @cached_property
    def network(self) -> Network:
        """For stretches of sound."""
        return OnnxNetwork(trunk=self.blueprint.trunk, head=self.blueprint.head, threads=self.threads)

    @cached_property
    def steps(self) -> OnnxSteps:
        """For sound that goes on, where `blueprint.streams`."""
        return OnnxSteps(
            step=lambda: self.blueprint.step,
            peek=lambda: self.blueprint.peek,
            rows=self.blueprint.rows,
            head=self.blueprint.head,
            threads=self.threads,
        )

    @property
    def pooled_frames(self) -> int:
        """Log-mel frames that one row of the network's output stands for."""
        return self.blueprint.pooled_frames

    @property
    def context(self) -> tuple[int, int]:
        """Log-mel frames before its own, and after them, that a row depends on."""
        return self.blueprint.context

    @property
    def score_s(self) -> float:
        """Seconds that one score of a tagger speaks of."""
        if self.card.clip is not None:
            return round(self.card.clip.step_s / self._frame_s) * self._frame_s
        return self.pooled_frames * self._frame_s

    def recordings(self, *, step_s: float) -> Tagger:
        """A fresh tagger for sound that need not be waited for: final scores only, in long steps."""
        return self._clips(provisional=False) if self.card.clip else self._windows(step_s, None, provisional=False)

    def live(self, *, step_s: float, window_s: float | None, peek: str) -> LiveTagger:
        """A fresh tagger for sound as it comes, ready to run, which gives provisional scores too where it peeks.

        Step by step where the network can; window by window with `window_s`, or where it cannot; clip by clip where the
        card says so: then scores depend on the card's steps and windows, and the arguments count for nothing.
        """
        if self.card.clip is not None:
            return self._clips(provisional=True)
        if window_s is not None or not self.blueprint.streams:
            return self._windows(step_s, window_s, provisional=True)
        return StreamTagger(lockstep=self.lockstep(streams=1, step_s=step_s, peek=peek))

    def lockstep(self, *, streams: int, step_s: float, peek: str) -> LockstepTagger:
        """A fresh tagger for streams side by side, where `blueprint.streams`.

        `peek`: "always", "never", or "auto" (where the sound changes).
        """
        self.steps.prepare(step=peek != "always")
        pooled = self.pooled_frames
        step = max(1, round(step_s / self._frame_s / pooled)) * pooled
        # A change is looked at until everything that it touches is final.
        watch = OnsetWatch(
            change_db=CHANGE_DB,
            memory=0.5 ** (step * self._frame_s / HALF_FORGOTTEN_S),
            hold=-(-self.context[1] // step) + 1,
        )
        return LockstepTagger(
            network=OnnxStream(
                steps=self.steps,
                states=self.blueprint.states,
                pooled_frames=pooled,
                unsettled=self.blueprint.unsettled,
            ),
            streams=streams,
            frame_s=self._frame_s,
            pooled_frames=pooled,
            after=self.blueprint.delay,
            reach=self.blueprint.reach,
            step_frames=step,
            window_frames=round(self.card.window_s / self._frame_s),
            watch=watch if peek == "auto" else None,
            provisional=peek != "never",
        )

    def _clips(self, *, provisional: bool) -> ClipTagger:
        clip = self.card.clip
        assert clip is not None  # noqa: S101  (for the type checker: callers have seen it)
        return ClipTagger(
            network=self.network,
            frame_s=self._frame_s,
            step_frames=round(clip.step_s / self._frame_s),
            window_frames=[round(seconds / self._frame_s) for seconds in clip.windows_s],
            delay_frames=round(clip.delay_s / self._frame_s),
            provisional=provisional,
        )

    def _windows(self, step_s: float, window_s: float | None, *, provisional: bool) -> WindowTagger:
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


def load(card: ModelCard, tensors: networks.Tensors, *, threads: int, precision: str) -> Loaded:
    """The model that `card` and `tensors` make, on so many cores at most. Raises CardError where they do not fit.

    `precision`: "float32", "int8", or "auto", which models/precision.py decides. Raises ModelError where there is no such form.
    """
    form = chosen(precision, card, tensors, notes=store.default_home() / "speed.json")
    return Loaded(blueprint=networks.build(card, tensors, form), threads=threads)
