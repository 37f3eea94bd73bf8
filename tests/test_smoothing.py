"""The median filter over the scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.events.smoothing import MedianFilter
from auricle.messages import Scores


def scores(values: list[float]) -> list[Scores]:
    """One frame of two classes for each value."""
    return [
        Scores(start_s=k, end_s=k + 1, probabilities=np.array([v, 1 - v], np.float32), provisional=False)
        for k, v in enumerate(values)
    ]


def smoothed(subject: MedianFilter, frames: list[Scores]) -> list[Scores]:
    """All that comes out."""
    return [*(out for frame in frames for out in subject.push(frame)), *subject.flush()]


@given(values=st.lists(st.floats(0, 1, width=32), max_size=20), half=st.integers(0, 4))
def test_each_frame_is_the_median_of_its_neighbours(values: list[float], half: int) -> None:
    """Every frame comes out once, at its own time, as the median of the neighbours that there are."""
    out = smoothed(MedianFilter(length=2 * half + 1), scores(values))
    assert [frame.start_s for frame in out] == list(range(len(values)))
    for k, frame in enumerate(out):
        near = np.array(values[max(0, k - half) : k + half + 1], np.float32)
        np.testing.assert_allclose(frame.probabilities, [np.median(near), np.median(1 - near)], atol=1e-6)


def test_waits_for_half_its_length_only() -> None:
    """A frame comes out as soon as its last neighbour has arrived."""
    subject = MedianFilter(length=5)
    assert [len(subject.push(frame)) for frame in scores([0.5] * 6)] == [0, 0, 1, 1, 1, 1]


def test_a_click_vanishes_and_an_edge_stays() -> None:
    """One odd frame is taken out, and a step is where it was."""
    out = smoothed(MedianFilter(length=3), scores([0, 1, 0, 0, 1, 1, 1]))
    assert [frame.probabilities[0] for frame in out] == [pytest.approx(v) for v in (0.5, 0, 0, 0, 1, 1, 1)]


def test_starts_anew_after_a_flush() -> None:
    """A flushed filter remembers nothing."""
    subject = MedianFilter(length=5)
    first = smoothed(subject, scores([1, 0, 1]))
    second = smoothed(subject, scores([1, 0, 1]))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.probabilities, other.probabilities)
