"""Box: what the pipeline's thread leaves for the window, which takes it when it has time. Room for one."""

from __future__ import annotations

import math
import threading
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auricle.messages import UNSURE, Event, Frames, Health, Message, Scores

SHOWN_S = 30.0
"""Scores older than that are of no use to the window."""
_SPECTRUM_FRAMES = 4096
_EVENTS = 256
_NOW_S = 0.3
"""The bars show the highest score of so long: a bark lasts longer than one frame on the screen."""


@dataclass(frozen=True, eq=False)
class News:
    """Everything since the last look, in one piece."""

    now: NDArray[np.float32] | None
    """Scores of this moment (classes,); None where there are no new ones."""
    final: list[Scores]
    """Scores that will not change any more."""
    provisional: list[Scores]
    """The newest ones, which may; those that were given before are void."""
    events: list[Event]
    """The newest message about each event."""
    frames: list[Frames]
    health: Health | None
    peak_dbfs: float
    """Highest sample since the last look."""
    computed_ms: float
    """Computing time since the last look."""


class Box:
    """A listener with room for one News, always brought up to date. Never grows, never waits for the window.

    Threads: `handle`, `see` and `close` belong to the pipeline's, `take` to the window's.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._recent: deque[Scores] = deque()
        self._provisional: deque[Scores] = deque()
        self._final: deque[Scores] = deque()
        self._events: dict[int, Event] = {}
        self._frames: deque[Frames] = deque()
        self._health: Health | None = None
        self._count, self._peak_dbfs, self._computed_ms, self._changed = 0, -math.inf, 0.0, False

    def handle(self, message: Message) -> None:
        """Brings the news up to date."""
        with self._lock:
            if isinstance(message, Scores):
                self._score(message)
            elif isinstance(message, Event):
                if message.state not in UNSURE:
                    self._events[message.id] = message
                if len(self._events) > _EVENTS:
                    self._events.pop(next(iter(self._events)))
            else:
                self._health = message
                self._peak_dbfs = max(self._peak_dbfs, message.peak_dbfs)
                self._computed_ms += message.step_ms

    def see(self, frames: Frames) -> None:
        """Keeps the newest frames."""
        with self._lock:
            self._frames.append(frames)
            self._count += len(frames.logmel)
            while self._count > _SPECTRUM_FRAMES and len(self._frames) > 1:
                self._count -= len(self._frames.popleft().logmel)

    def close(self) -> None:
        """Nothing is held."""

    def take(self) -> News | None:
        """What is new, if anything is; the box is empty afterwards."""
        with self._lock:
            if not (self._changed or self._events or self._frames or self._health):
                return None
            now = None
            if self._changed and self._recent:
                now = np.max([scores.probabilities for scores in self._recent], axis=0)
            news = News(
                now=now,
                final=list(self._final),
                provisional=list(self._provisional),
                events=list(self._events.values()),
                frames=list(self._frames),
                health=self._health,
                peak_dbfs=self._peak_dbfs,
                computed_ms=self._computed_ms,
            )
            self._empty()
        return news

    def _empty(self) -> None:
        self._final.clear()
        self._events.clear()
        self._frames.clear()
        self._health = None
        self._count, self._peak_dbfs, self._computed_ms, self._changed = 0, -math.inf, 0.0, False

    def _score(self, scores: Scores) -> None:
        self._changed = True
        for held in (self._recent, self._provisional):
            while held and held[-1].start_s >= scores.start_s - 1e-9:
                held.pop()  # what was said of this time before is void
            while held and held[0].end_s < scores.end_s - _NOW_S - (SHOWN_S if held is self._provisional else 0.0):
                held.popleft()
        self._recent.append(scores)
        if scores.provisional:
            self._provisional.append(scores)
            return
        while self._provisional and self._provisional[0].start_s <= scores.start_s + 1e-9:
            self._provisional.popleft()
        self._final.append(scores)
        while self._final[0].end_s < scores.end_s - SHOWN_S:
            self._final.popleft()
