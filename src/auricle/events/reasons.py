"""Reasons: why a sound is an event, or why it is none, found by sending its scores the way that events take."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from auricle.card import Thresholds
from auricle.events.hysteresis import Durations, Hysteresis, Span, minimum_s
from auricle.events.smoothing import MedianFilter
from auricle.messages import Scores


class Reasons:
    """Explains the decoder's decisions, one label at a time. Immutable, hence safe for every thread."""

    def __init__(
        self,
        *,
        labels: Sequence[str],
        tracked: Sequence[int],
        thresholds: Sequence[Thresholds],
        durations: Durations,
        smoothing_frames: int,
    ) -> None:
        """What the EventDecoder was made of."""
        self._labels, self._tracked, self._thresholds = labels, frozenset(tracked), thresholds
        self._durations, self._smoothing_frames = durations, smoothing_frames

    def why(self, index: int, scores: Sequence[Scores], is_event: bool) -> str:
        """One or two sentences about the label of that index; `scores` are final ones of the last while, in order.

        `is_event`: whether it is one now, which may have begun before.
        """
        label, limits = self._labels[index], self._thresholds[index]
        if index not in self._tracked:
            return f"{label} is not followed; ALLOW, DENY or SUBSET_LABELS_PATH leaves it out."
        if not scores:
            return "Nothing has been heard yet."
        narrow = [_narrowed(one, index) for one in scores]
        smoothing = MedianFilter(length=self._smoothing_frames)
        smoothed = [frame for one in narrow for frame in smoothing.push(one)] + smoothing.flush()
        state = Hysteresis(thresholds=limits, durations=self._durations)
        opened, ended = None, None
        for frame in smoothed:
            for change in state.push(frame.start_s, frame.end_s, float(frame.probabilities[0])):
                opened, ended = (None, change.span) if change.kind == "ended" else (change.span, ended)
        if opened is not None:
            return f"{label} is an event now, for {opened.offset_s - opened.onset_s:.1f} s. It ends below {limits.off:.0%}."
        if is_event:
            return f"{label} is an event now, which began earlier. It ends below {limits.off:.0%}."
        if ended is not None:
            return self._past(label, limits, ended, scores[-1].end_s)
        return self._never(limits, narrow, smoothed)

    def _past(self, label: str, limits: Thresholds, event: Span, now_s: float) -> str:
        return (
            f"{label} was an event of {event.offset_s - event.onset_s:.1f} s, which ended {now_s - event.offset_s:.0f} s ago: "
            f"its score fell below {limits.off:.0%}."
        )

    def _never(self, limits: Thresholds, raw: Sequence[Scores], smoothed: Sequence[Scores]) -> str:
        highest = max(float(one.probabilities[0]) for one in raw)
        steady = max(float(one.probabilities[0]) for one in smoothed)
        span_s = raw[-1].end_s - raw[0].start_s
        if highest < limits.on:
            return (
                f"No event: in the last {span_s:.0f} s its highest score was {_percent(highest, limits.on)}, "
                f"and an event begins at {limits.on:.0%} (ON_THRESHOLDS)."
            )
        if steady < limits.on:
            return (
                f"No event: it reached {highest:.0%} for a moment only. Smoothed over {self._length_s(raw):.1f} s (SMOOTHING) it "
                f"stayed at {_percent(steady, limits.on)}, and an event begins at {limits.on:.0%}."
            )
        return (
            f"No event: it did not stay at {limits.on:.0%} for {minimum_s(limits, self._durations):.2f} s "
            "(MIN_DURATION, MIN_DURATIONS)."
        )

    def _length_s(self, raw: Sequence[Scores]) -> float:
        return self._smoothing_frames * (raw[0].end_s - raw[0].start_s)


def _narrowed(scores: Scores, index: int) -> Scores:
    one = np.array([scores.probabilities[index]], np.float32)
    return Scores(start_s=scores.start_s, end_s=scores.end_s, probabilities=one, provisional=False)


def _percent(score: float, limit: float) -> str:
    """As a percentage that does not round up to `limit`."""
    return f"{score:.0%}" if round(score, 2) < round(limit, 2) else f"{score:.1%}"
