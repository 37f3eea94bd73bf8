"""The figures of an evaluation are those that a pencil gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from auricle.evaluation.figures import Heard, accuracy, average_precision, by_class, merged
from auricle.evaluation.manifest import Clip, Span

LABELS = ("Dog", "Rain")


def heard(
    labels: tuple[str, ...],
    scores: tuple[float, float],
    *,
    first: str = "",
    events: tuple[Span, ...] = (),
    spans: tuple[Span, ...] = (),
    duration_s: float = 36.0,
) -> Heard:
    """One recording of a hundredth of an hour."""
    return Heard(
        clip=Clip(Path("a.wav"), duration_s, labels, spans),
        scores=np.array(scores, np.float32),
        first=frozenset([first]),
        events=events,
        frames=np.zeros((0, 2), np.float32),
        edges=np.zeros(1),
    )


@pytest.mark.parametrize(
    ("truth", "scores", "expected"),
    [
        ([1, 0, 1], [0.9, 0.8, 0.7], (1 + 2 / 3) / 2),
        ([0, 1], [0.9, 0.1], 1 / 2),
        ([1, 1, 0], [0.9, 0.8, 0.7], 1.0),
        ([1, 0, 0, 0], [0.5, 0.5, 0.5, 0.5], 1 / 4),
        ([0, 0, 0, 1], [0.5, 0.5, 0.5, 0.5], 1 / 4),
        ([1, 0, 1, 0], [0.9, 0.5, 0.5, 0.1], (1 + 2 / 3) / 2),
        ([1], [0.0], 1.0),
    ],
)
def test_average_precision_is_precision_weighted_by_recall(
    truth: list[int], scores: list[float], expected: float
) -> None:
    """Equal scores share one threshold, so that their order does not matter."""
    assert average_precision(np.array(truth, bool), np.array(scores)) == pytest.approx(expected)


def test_accuracy_counts_clips_with_one_label() -> None:
    """Three of four are right among two labels, two among all; clips with two labels or none do not count."""
    items = [
        heard(("Dog",), (0.9, 0.1), first="Dog"),
        heard(("Dog",), (0.6, 0.5), first="Speech"),
        heard(("Rain",), (0.2, 0.3), first="Rain"),
        heard(("Rain",), (0.4, 0.3), first="Dog"),
        heard(("Dog", "Rain"), (0.9, 0.1), first="Dog"),
        heard((), (0.9, 0.1), first="Dog"),
    ]
    found = accuracy(items, LABELS)
    assert found is not None
    assert (found.clips, found.among_classes, found.among_all) == (4, 0.75, 0.5)
    assert found.confusion.tolist() == [[2, 0], [1, 1]]


def test_there_is_no_accuracy_without_a_choice() -> None:
    """One label only, or no clip with exactly one."""
    assert accuracy([heard(("Dog",), (0.9, 0.1))], ("Dog",)) is None
    assert accuracy([heard(("Dog", "Rain"), (0.9, 0.1))], LABELS) is None


def test_recall_and_precision_are_of_clips_with_events() -> None:
    """Two of three dogs have an event, one other clip too; two false events in 0.02 hours without a dog are 100 per hour."""
    bark = (Span("Dog", 1.0, 2.0),)
    items = [
        heard(("Dog",), (0.9, 0.0), events=bark),
        heard(("Dog",), (0.8, 0.0), events=bark),
        heard(("Dog",), (0.1, 0.0)),
        heard(("Rain",), (0.5, 0.9), events=(*bark, Span("Dog", 5.0, 6.0))),
        heard((), (0.0, 0.0)),
    ]
    dog, rain = by_class(items, LABELS, timed=False)
    assert dog.clips == 3
    assert (dog.recall, dog.precision) == pytest.approx((2 / 3, 2 / 3))
    assert dog.false_alarms_per_hour == pytest.approx(100)
    assert dog.average_precision == pytest.approx((1 + 1 + 3 / 4) / 3)
    assert (rain.clips, rain.recall, rain.precision, rain.false_alarms_per_hour) == (1, 0.0, None, 0.0)


def test_with_times_a_false_alarm_meets_no_sound_of_its_label() -> None:
    """One event overlaps, one only touches, in 0.02 hours: 50 false alarms per hour."""
    events = (Span("Dog", 0.5, 2.0), Span("Dog", 3.0, 4.0))
    items = [
        heard(("Dog",), (0.9, 0.0), events=events, spans=(Span("Dog", 1.0, 3.0),)),
        heard(("Rain",), (0.1, 0.9), spans=(Span("Rain", 1.0, 3.0),)),
    ]
    dog, rain = by_class(items, LABELS, timed=True)
    assert dog.false_alarms_per_hour == pytest.approx(50)
    assert (dog.sounds, rain.sounds) == (1, 1)
    assert (dog.recall, dog.precision, rain.recall) == (1.0, 1.0, 0.0)


def test_no_rate_without_time() -> None:
    """Where every clip holds the label, there is no sound to raise a false alarm in."""
    (dog,) = by_class([heard(("Dog",), (0.9, 0.0))], ("Dog",), timed=False)
    assert dog.false_alarms_per_hour is None


def test_events_of_one_class_become_one_where_they_overlap() -> None:
    """Those that touch were cut at MAX_DURATION and are two, as `detect` tells them; those of other labels stay apart too."""
    spans = [Span("Dog", 3, 4), Span("Dog", 0, 2), Span("Rain", 1, 9), Span("Dog", 1, 2.5), Span("Dog", 4, 5)]
    assert merged(spans) == (Span("Dog", 0, 2.5), Span("Rain", 1, 9), Span("Dog", 3, 4), Span("Dog", 4, 5))
