"""EventDecoder: every label's hysteresis, over smoothed scores, with numbers and names for the events."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from auricle.card import Thresholds
from auricle.events.hysteresis import Change, Durations, Hysteresis
from auricle.events.smoothing import MedianFilter
from auricle.messages import Event, EventState, Scores


class EventDecoder:
    """Final scores in, events out; provisional scores start nothing, but may make one suspected. One thread at a time.

    Every started event ends, every suspected one is started or withdrawn, and no label has two open events.
    """

    def __init__(
        self,
        *,
        labels: Sequence[str],
        tracked: Sequence[int],
        thresholds: Sequence[Thresholds],
        durations: Durations,
        smoothing: MedianFilter,
        early: bool,
        source: str,
        model: str,
    ) -> None:
        """`tracked`: the indices of the labels that may make events; `thresholds`: one for each of `labels`.

        With `early`, a provisional score at the on-threshold makes an event suspected.
        """
        self._labels, self._smoothing, self._source, self._model = labels, smoothing, source, model
        self._states = {k: Hysteresis(thresholds=thresholds[k], durations=durations) for k in tracked}
        self._on, self._off = np.full((2, len(labels)), np.inf, np.float32)
        for k in tracked:
            self._on[k], self._off[k] = thresholds[k].on, thresholds[k].off
        self._busy: set[int] = set()
        self._early = early
        self._ids: dict[int, int] = {}  # label index → number of its open or suspected event
        self._suspected: dict[int, Scores] = {}  # label index → the frame that made it suspected
        self._count = 0

    def push(self, scores: Scores) -> list[Event]:
        """The events that `scores` start, update or end, in order of label."""
        if scores.provisional:
            return self._suspect(scores) if self._early else []
        return [event for smoothed in self._smoothing.push(scores) for event in self._decode(smoothed)]

    def end(self, time_s: float) -> list[Event]:
        """Decodes what was waiting, then ends every open event at `time_s` at the latest."""
        events = [event for smoothed in self._smoothing.flush() for event in self._decode(smoothed)]
        for k in sorted(self._busy):
            events += [self._event(k, change) for change in self._states[k].end(time_s)]
        self._busy.clear()
        return events + [self._withdrawn(k) for k in sorted(self._suspected)]

    def _suspect(self, scores: Scores) -> list[Event]:
        events = []
        for k in np.flatnonzero(scores.probabilities >= self._on).tolist():
            if k not in self._ids:
                self._suspected[k] = scores
                self._count += 1
                self._ids[k] = self._count
                events.append(self._of_frame(k, scores, EventState.SUSPECTED))
        return events

    def _withdrawn(self, k: int) -> Event:
        event = self._of_frame(k, self._suspected.pop(k), EventState.WITHDRAWN)
        del self._ids[k]
        return event

    def _of_frame(self, k: int, scores: Scores, state: EventState) -> Event:
        score = float(scores.probabilities[k])
        return Event(
            id=self._ids[k],
            state=state,
            source=self._source,
            label=self._labels[k],
            onset_s=scores.start_s,
            offset_s=None,
            peak=score,
            mean=score,
            model=self._model,
            member=scores.members[k] if scores.members else "",
        )

    def _decode(self, scores: Scores) -> list[Event]:
        events: list[Event] = []
        rising = np.flatnonzero(scores.probabilities >= self._off).tolist()
        for k in sorted(self._busy.union(rising)):
            state = self._states[k]
            member = scores.members[k] if scores.members else ""
            for change in state.push(scores.start_s, scores.end_s, float(scores.probabilities[k]), member):
                events.append(self._event(k, change))
            if state.idle:
                self._busy.discard(k)
            else:
                self._busy.add(k)
        # What the final scores have come to and do not bear out was nothing.
        come = [k for k, seen in self._suspected.items() if scores.end_s >= seen.end_s]
        gone = [k for k in come if not self._states[k].has_begun]
        return events + [self._withdrawn(k) for k in sorted(gone)]

    def _event(self, k: int, change: Change) -> Event:
        if change.kind == "started" and self._suspected.pop(k, None) is None:
            self._count += 1
            self._ids[k] = self._count
        ended = change.kind == "ended"
        return Event(
            id=self._ids.pop(k) if ended else self._ids[k],
            state=EventState(change.kind),
            source=self._source,
            label=self._labels[k],
            onset_s=change.span.onset_s,
            offset_s=change.span.offset_s if ended else None,
            peak=change.span.peak,
            mean=change.span.mean,
            model=self._model,
            member=change.span.member,
        )
