"""One label's way from scores to events: two thresholds, longest rise, minimum duration, gap merge, maximum duration.

A *run* is an unbroken stretch of frames that are not below the off-threshold (double thresholding: Dinkel and Yu, arXiv
1904.03841). It counts once its score has stayed at or above the on-threshold for the minimum duration, and begins at most the
longest rise before that. The minimum is the label's own or that of all, whichever is longer, but not longer than the maximum.
Runs that lie no further apart than the merge gap make one event, unless that would be longer than the maximum. An event that
has lasted the maximum ends, and the rest of its run is another from its next frame at or above the on-threshold on. Each rule is a
setting of its own.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from auricle.card import Thresholds

_EPSILON_S = 1e-6
"""Far below any frame; durations are sums of floats."""


@dataclass(frozen=True)
class Durations:
    """The rules about time, all in seconds."""

    rise_s: float
    minimum_s: float
    merge_gap_s: float
    maximum_s: float


def minimum_s(thresholds: Thresholds, durations: Durations) -> float:
    """How long a label's score must stay up for an event, in seconds."""
    return min(max(thresholds.minimum_s, durations.minimum_s), durations.maximum_s)


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
        self._minimum_s = minimum_s(thresholds, durations)
        self._rise_s = min(durations.rise_s, durations.maximum_s - self._minimum_s)
        self._rise: deque[Span] = deque()  # the last frames, not below the off-threshold, that nothing holds yet
        self._high: list[Span] = []  # those after them, at or above the on-threshold, but not yet for long enough
        self._event: Span | None = None
        self._sounding = False  # the event's last run goes on
        self._cut = False  # so does that of an event that had lasted the maximum

    @property
    def idle(self) -> bool:
        """Nothing open and nothing beginning: a score below the off-threshold would change nothing."""
        return not (self.has_begun or self._rise or self._cut)

    @property
    def has_begun(self) -> bool:
        """The on-threshold was reached, no longer ago than a rise lasts, or there is an event."""
        reached = bool(self._high) or any(frame.peak >= self._thresholds.on for frame in self._rise)
        return reached or self._event is not None

    def push(self, start_s: float, end_s: float, score: float, member: str = "") -> list[Change]:
        """Takes the next frame's score; `member` is the label of a group whose score it is."""
        frame = Span(onset_s=start_s, offset_s=end_s, peak=score, total=score, frames=1, member=member)
        if score < self._thresholds.off:
            return self._fall_silent(end_s)
        if self._sounding and self._event is not None:
            return self._continue(self._event, frame)
        return self._hover(frame) if score < self._thresholds.on else self._lengthen(frame)

    def end(self, time_s: float) -> list[Change]:
        """Ends the open event, if there is one, at `time_s` or before."""
        event, self._event = self._event, None
        self._forget()
        if event is None:
            return []
        event.offset_s = max(event.onset_s, min(event.offset_s, time_s))
        return [Change("ended", event)]

    def _continue(self, event: Span, frame: Span) -> list[Change]:
        event.add(frame)
        return self._limited(Change("updated", event))

    def _limited(self, change: Change) -> list[Change]:
        """`change`, and the end of its event where that has lasted for as long as it may."""
        if change.span.offset_s - change.span.onset_s < self._durations.maximum_s - _EPSILON_S:
            return [change]
        ended = self.end(change.span.offset_s)
        self._cut = True
        return [change, *ended]

    def _hover(self, frame: Span) -> list[Change]:
        """Between the thresholds: perhaps a run begins."""
        self._rise += [*self._high, frame]
        self._high.clear()
        while self._rise and self._rise[0].onset_s < frame.offset_s - self._rise_s - _EPSILON_S:
            self._rise.popleft()
        return self._end_before(self._rise[0].onset_s if self._rise else frame.offset_s)

    def _end_before(self, time_s: float) -> list[Change]:
        """Ends the event if a run that began at `time_s` would be too late for it."""
        if self._event is None or time_s - self._event.offset_s <= self._durations.merge_gap_s + _EPSILON_S:
            return []
        event, self._event = self._event, None
        return [Change("ended", event)]

    def _lengthen(self, frame: Span) -> list[Change]:
        """At or above the on-threshold."""
        self._high.append(frame)
        first = (self._rise or self._high)[0]
        ended = self._end_before(first.onset_s)
        if not self._cut and frame.offset_s - self._high[0].onset_s < self._minimum_s - _EPSILON_S:
            return ended
        run = self._run()
        self._sounding = True
        if self._event is not None and run.offset_s - self._event.onset_s > self._durations.maximum_s + _EPSILON_S:
            ended = [Change("ended", self._event)]
            self._event = None
        if self._event is not None:
            self._event.add(run)
            return self._limited(Change("updated", self._event))
        self._event = run
        return [*ended, *self._limited(Change("started", run))]

    def _run(self) -> Span:
        """What has risen and stayed high, as one."""
        run, *later = *self._rise, *self._high
        for frame in later:
            run.add(frame)
        self._forget()
        return run

    def _fall_silent(self, now_s: float) -> list[Change]:
        self._forget()
        return self._end_before(now_s)

    def _forget(self) -> None:
        self._rise.clear()
        self._high.clear()
        self._sounding = self._cut = False
