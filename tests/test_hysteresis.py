"""One label's hysteresis; tests/test_decoder.py holds it to a reference."""

from __future__ import annotations

import pytest

from auricle.card import Thresholds
from auricle.events.hysteresis import Durations, Hysteresis

RULES = Durations(rise_s=0.2, minimum_s=0.2, merge_gap_s=0.3, maximum_s=10.0)


def kinds(subject: Hysteresis, scores: list[float]) -> list[list[str]]:
    """What each frame of 0.1 s changes."""
    return [[c.kind for c in subject.push(k * 0.1, (k + 1) * 0.1, score)] for k, score in enumerate(scores)]


def test_tells_what_each_frame_changes() -> None:
    """Started when it counts, updated while it sounds and when it comes back, ended when the gap is too long."""
    subject = Hysteresis(thresholds=Thresholds(on=0.6, off=0.4), durations=RULES)
    changes = kinds(subject, [0.7, 0.6, 0.5, 0.0, 0.7, 0.7, 0.0, 0.0, 0.0, 0.0])
    assert changes == [[], ["started"], ["updated"], [], [], ["updated"], [], [], [], ["ended"]]
    assert subject.idle


def test_counts_once_the_score_has_stayed_high() -> None:
    """A dip between the thresholds begins the count anew, and what came before it is part of the rise."""
    subject = Hysteresis(thresholds=Thresholds(on=0.6, off=0.4, minimum_s=0.3), durations=RULES)
    changes = kinds(subject, [0.7, 0.7, 0.5, 0.7, 0.7, 0.7])
    assert changes == [[], [], [], [], [], ["started"]]
    (ended,) = subject.end(0.6)
    assert ended.span.onset_s == pytest.approx(0.1)
    assert ended.span.frames == 5


def test_is_idle_until_something_begins() -> None:
    """Below the off-threshold nothing is remembered; a rise is, and a run that has only begun."""
    subject = Hysteresis(thresholds=Thresholds(on=0.6, off=0.4), durations=RULES)
    kinds(subject, [0.3, 0.3])
    assert subject.idle
    kinds(subject, [0.3, 0.5])
    assert not subject.idle
    kinds(subject, [0.3])
    assert subject.idle
    subject.push(0.2, 0.3, 0.6)
    assert not subject.idle
    subject.push(0.3, 0.4, 0.0)
    assert subject.idle


def test_an_event_keeps_peak_and_mean_of_its_own_frames() -> None:
    """The frames of a gap that was merged do not count."""
    subject = Hysteresis(thresholds=Thresholds(on=0.6, off=0.4), durations=RULES)
    kinds(subject, [0.6, 0.8, 0.0, 1.0, 0.8])
    (change,) = subject.end(100.0)
    assert change.span.peak == 1.0
    assert change.span.mean == pytest.approx(0.8)
    assert (change.span.onset_s, change.span.offset_s) == (0.0, 0.5)
