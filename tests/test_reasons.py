"""Why a sound is an event, or is none: the sentence agrees with what the decoder does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.card import Thresholds
from auricle.events.decoder import EventDecoder
from auricle.events.hysteresis import Durations
from auricle.events.reasons import Reasons
from auricle.events.smoothing import MedianFilter
from auricle.messages import EventState, Scores

FRAME_S = 0.125
DURATIONS = Durations(rise_s=1.0, minimum_s=0.25, merge_gap_s=0.5, maximum_s=60.0)
LIMITS = [Thresholds(on=0.6, off=0.4), Thresholds(on=0.5, off=0.5)]


def scores(values: Sequence[float]) -> list[Scores]:
    """One frame for each score of the first label; the second one is never heard."""
    return [
        Scores(k * FRAME_S, (k + 1) * FRAME_S, np.array([value, 0.0], np.float32), provisional=False)
        for k, value in enumerate(values)
    ]


def reasons(*, tracked: Sequence[int] = (0, 1), smoothing: int = 3) -> Reasons:
    return Reasons(
        labels=["Dog", "Cat"], tracked=tracked, thresholds=LIMITS, durations=DURATIONS, smoothing_frames=smoothing
    )


@pytest.mark.parametrize(
    ("values", "parts"),
    [
        ([], ["Nothing has been heard"]),
        ([0.1, 0.3, 0.2], ["No event", "highest score was 30%", "begins at 60%"]),
        ([0.1, 0.597, 0.1], ["No event", "59.7%", "begins at 60%"]),
        ([0.1] * 9 + [0.9] + [0.1] * 9, ["No event", "reached 90% for a moment only", "SMOOTHING", "10%"]),
        ([0.1] * 9 + [0.9] * 9, ["Dog is an event now", "for 1.1 s", "ends below 40%"]),
        ([0.1] * 9 + [0.9] * 4 + [0.1] * 16, ["Dog was an event of 0.5 s", "ended 2 s ago", "below 40%"]),
    ],
)
def test_the_reason_names_the_figure_that_decides(values: list[float], parts: list[str]) -> None:
    """Too low, too short for the filter, an event now, an event that was: each sentence has its figures."""
    text = reasons().why(0, scores(values), False)
    assert all(part in text for part in parts), text


def test_a_sound_that_is_too_short_is_told_so() -> None:
    """Above the thresholds for one frame, unsmoothed: MIN_DURATION is named."""
    text = reasons(smoothing=1).why(0, scores([0.1, 0.9, 0.1, 0.1]), False)
    assert "0.25 s" in text
    assert "MIN_DURATION" in text


def test_an_event_that_began_before_these_scores_is_one() -> None:
    """It hovers between its thresholds, and nothing of the last while would have begun it."""
    assert "is an event now, which began earlier" in reasons().why(0, scores([0.5] * 20), True)


def test_a_label_that_is_not_followed_is_told_so() -> None:
    """DENY and its like are named, whatever the score is."""
    assert "not followed" in reasons(tracked=[1]).why(0, scores([0.9] * 20), False)


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=40), st.sampled_from([1, 3, 5]))
def test_the_reason_agrees_with_the_decoder(values: list[float], smoothing: int) -> None:
    """It says that there is an event, that there was one, or that there is none, exactly when the decoder says so."""
    decoder = EventDecoder(
        labels=["Dog", "Cat"], tracked=[0, 1], thresholds=LIMITS, durations=DURATIONS,
        smoothing=MedianFilter(length=1), early=False, source="test", model="test",
    )  # fmt: skip
    median = MedianFilter(length=smoothing)
    smoothed = [*(frame for one in scores(values) for frame in median.push(one)), *median.flush()]
    states = [event.state for frame in smoothed for event in decoder.push(frame)]
    any_ended = EventState.ENDED in states
    open_at_the_end = states.count(EventState.STARTED) > states.count(EventState.ENDED)
    text = reasons(smoothing=smoothing).why(0, scores(values), False)
    expected = "is an event" if open_at_the_end else "was an event" if any_ended else "No event"
    assert expected in text
