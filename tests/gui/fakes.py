"""A program behind the window that does what a test says: real pipelines on fake sound."""

from __future__ import annotations

import threading
from collections.abc import Generator

import numpy as np

from auricle.audio.resample import PassThrough
from auricle.card import Thresholds
from auricle.events.decoder import EventDecoder
from auricle.events.hysteresis import Durations
from auricle.events.reasons import Reasons
from auricle.events.smoothing import MedianFilter
from auricle.events.tracker import PredictionTracker
from auricle.features.watched import WatchedFrontEnd
from auricle.gui.engine import Choice, Listener, Session
from auricle.labels.groups import Group, GroupTagger
from auricle.messages import Audio, Block, SourceState
from auricle.pipeline import Limits, Pipeline
from auricle.testing import Heard, LevelFrontEnd, ScriptedTagger

LABELS = ("Dog", "Cat", "Rain", "Speech")
KNOWN = (*LABELS, "Cow")
"""A cow is heard, but not followed."""
RATE, CHUNK, HOP = 8000, 160, 160
ON, OFF = 0.6, 0.4


class Hiss:
    """Quiet noise at the speed of life, until `close`; hangs while `hang` is set, whoever asks it to end."""

    def __init__(self, *, blocks: int | None) -> None:
        """`blocks`: how many there are; None: without end."""
        self.name, self.state = "hiss", SourceState.RUNNING
        self.note, self.audio = "", (0.05 * np.random.default_rng(0).standard_normal(CHUNK)).astype(np.float32)
        self.hang = threading.Event()
        self.released = threading.Event()
        self._closed, self._blocks = threading.Event(), blocks

    def blocks(self) -> Generator[Block, None, None]:
        """A block every 20 ms."""
        k = 0
        while not self._closed.wait(CHUNK / RATE) and (self._blocks is None or k < self._blocks):
            audio: Audio = self.audio if self.state is SourceState.RUNNING else self.audio[:0]
            yield Block(start=k * CHUNK, audio=audio, rate=RATE, lost=0)
            k += 1
            if self.hang.is_set():
                break
        if self.hang.is_set():
            self.released.wait()
        self.state = SourceState.ENDED

    def close(self) -> None:
        """Ends it."""
        self._closed.set()


class FakeEngine:
    """An Engine; a test sets what goes wrong."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        """Raised by `open`."""
        self.opening = threading.Event()
        """`open` waits for it."""
        self.opening.set()
        self.script = [Heard(0.0, 1e9, 0, 0.9), Heard(0.0, 1e9, 2, 0.3)]
        self.blocks: int | None = None
        self.opened: list[Choice] = []
        self.hisses: list[Hiss] = []
        self.looks = 0

    def sources(self) -> list[str]:
        return ["hiss", "another hiss"]

    def models(self) -> list[str]:
        return ["fake", "other"]

    def look(self) -> None:
        self.looks += 1

    def open(self, choice: Choice, listener: Listener) -> Session:
        self.opened.append(choice)
        self.opening.wait()
        if self.error is not None:
            raise self.error
        hiss = Hiss(blocks=self.blocks)
        self.hisses.append(hiss)
        tracked, limits = range(len(LABELS)), [Thresholds(on=ON, off=OFF)] * len(LABELS)
        durations = Durations(rise_s=1.0, minimum_s=0.1, merge_gap_s=0.2, maximum_s=60.0)
        pipeline = Pipeline(
            source=hiss,
            resampler=lambda _: PassThrough(),
            front_end=WatchedFrontEnd(front_end=LevelFrontEnd(hop=HOP), see=listener.see),
            tagger=GroupTagger(
                tagger=ScriptedTagger(script=self.script, classes=len(KNOWN), frame_s=HOP / RATE),
                groups=[Group(label, (k,)) for k, label in enumerate(LABELS)], labels=KNOWN,
            ),
            decoder=EventDecoder(
                labels=LABELS, tracked=tracked, thresholds=limits, durations=durations,
                smoothing=MedianFilter(length=1), early=False, source="hiss", model="fake",
            ),
            sink=listener,
            limits=Limits(0.5, -90.0, 5.0),
        )  # fmt: skip
        reasons = Reasons(labels=LABELS, tracked=tracked, thresholds=limits, durations=durations, smoothing_frames=1)
        return Session(
            source="hiss",
            model=choice.model or "fake",
            labels=LABELS,
            thresholds=limits,
            left_out={"Cow": "Cow is not followed."},
            known=KNOWN,
            step_s=HOP / RATE,
            frame_s=HOP / RATE,
            loudness=(0.0, 1.0),
            remark="",
            top=PredictionTracker(labels=LABELS, tracked=tracked, top_k=4).top,
            why=reasons.why,
            run=pipeline.run,
            close=hiss.close,
        )
