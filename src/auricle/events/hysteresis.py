"""One label's way from scores to events: two thresholds, minimum duration, gap merge, maximum duration.

A *run* is an unbroken stretch of frames from the first at or above the on-threshold to the last that is not below the
off-threshold. A run counts once it has lasted the minimum duration. Runs that lie no further apart than the merge gap
make one event, unless that would be longer than the maximum. An event that has lasted the maximum ends, and the next
frame at or above the on-threshold begins another. Each rule is a setting of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from auricle.card import Thresholds

_EPSILON_S = 1e-6
"""Far below any frame; durations are sums of floats."""


@dataclass(frozen=True)
class Durations:
    """The rules about time, all in seconds."""

    minimum_s: float
    merge_gap_s: float
    maximum_s: float


@dataclass
class Span:
    """A stretch of time with the scores in it."""

    onset_s: float
    offset_s: float
    peak: float
    total: float
    frames: int
    member: str = ""
    """Of a group: its label that was the peak."""

    @property
    def mean(self) -> float:
        """Mean score, 0…1."""
        return self.total / self.frames

    def add(self, other: Span) -> None:
        """Lengthens it by `other`, which comes later."""
        self.offset_s = other.offset_s
        if other.peak > self.peak:
            self.peak, self.member = other.peak, other.member
        self.total += other.total
        self.frames += other.frames


@dataclass(frozen=True)
class Change:
    """What a frame did to the label's event: started it, lengthened it, ended it."""

    kind: str
    """"started", "updated" or "ended"."""
    span: Span


class Hysteresis:
    """The state of one label. One thread at a time."""

    def __init__(self, *, thresholds: Thresholds, durations: Durations) -> None:
        """Scores and seconds at which things happen."""
        self._thresholds, self._durations = thresholds, durations
        self._run: Span | None = None  # above threshold now, but not yet part of an event
        self._event: Span | None = None
        self._sounding = False  # the event's last run goes on

    @property
    def idle(self) -> bool:
        """Nothing open and nothing beginning: a score below the on-threshold would change nothing."""
        return self._run is None and self._event is None

    def push(self, start_s: float, end_s: float, score: float, member: str = "") -> list[Change]:
        """Takes the next frame's score; `member` is the label of a group whose score it is."""
        frame = Span(onset_s=start_s, offset_s=end_s, peak=score, total=score, frames=1, member=member)
        above = score >= (self._thresholds.off if self._sounding or self._run else self._thresholds.on)
        if self._sounding and self._event is not None:
            return self._continue(self._event, frame) if above else self._fall_silent(end_s)
        return self._rise(frame) if above else self._fall_silent(end_s)

    def end(self, time_s: float) -> list[Change]:
        """Ends the open event, if there is one, at `time_s` or before."""
        event, self._event, self._run, self._sounding = self._event, None, None, False
        if event is None:
            return []
        event.offset_s = max(event.onset_s, min(event.offset_s, time_s))
        return [Change("ended", event)]

    def _continue(self, event: Span, frame: Span) -> list[Change]:
        event.add(frame)
        return self._limited(Change("updated", event))

    def _limited(self, change: Change) -> list[Change]:
        """`change`, and the end of its event where that has lasted for as long as it may."""
        lasted_s = change.span.offset_s - change.span.onset_s
        ended = self.end(change.span.offset_s) if lasted_s >= self._durations.maximum_s - _EPSILON_S else []
        return [change, *ended]

    def _rise(self, frame: Span) -> list[Change]:
        if self._run is None:
            self._run = frame
        else:
            self._run.add(frame)
        run = self._run
        ended: list[Change] = []
        if self._event is not None and run.onset_s - self._event.offset_s > self._durations.merge_gap_s + _EPSILON_S:
            ended = [Change("ended", self._event)]
            self._event = None
        if run.offset_s - run.onset_s < self._durations.minimum_s - _EPSILON_S:
            return ended
        self._run, self._sounding = None, True
        if self._event is not None and run.offset_s - self._event.onset_s > self._durations.maximum_s + _EPSILON_S:
            ended = [Change("ended", self._event)]
            self._event = None
        if self._event is not None:
            self._event.add(run)
            return self._limited(Change("updated", self._event))
        self._event = run
        return [*ended, *self._limited(Change("started", run))]

    def _fall_silent(self, now_s: float) -> list[Change]:
        self._run, self._sounding = None, False
        if self._event is None or now_s - self._event.offset_s <= self._durations.merge_gap_s + _EPSILON_S:
            return []
        return self.end(now_s)
