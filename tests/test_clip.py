"""ClipTagger: windows of several lengths, one score for each step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from auricle.messages import Frames, Scores
from auricle.models.clip import ClipTagger

Array = NDArray[np.float32]


class MeanNetwork:
    """Its clip score is the logistic of the mean of the frames; it remembers how long its windows were."""

    def __init__(self) -> None:
        self.lengths: list[int] = []

    def run(self, logmel: Array) -> tuple[Array, Array]:
        """One row for each frame."""
        self.lengths.append(len(logmel))
        return logmel, logmel

    def pool(self, embeddings: Array) -> Array:
        """The logistic of the mean."""
        return np.asarray(1 / (1 + np.exp(-embeddings.mean(axis=0))), np.float32)


def tagger(
    network: MeanNetwork, windows: tuple[int, ...] = (6, 15), delay: int = 8, provisional: bool = False
) -> ClipTagger:
    """Steps of four frames, a hundredth of a second each."""
    return ClipTagger(
        network=network,
        frame_s=0.01,
        step_frames=4,
        window_frames=windows,
        delay_frames=delay,
        provisional=provisional,
    )


def sound(count: int) -> Array:
    """Frames of two bands."""
    return np.random.default_rng(5).standard_normal((count, 2)).astype(np.float32)


def run(made: ClipTagger, logmel: Array, sizes: list[int]) -> list[Scores]:
    """All scores of `logmel`, cut into pieces."""
    found, at = [], 0
    for size in [*sizes, len(logmel)]:
        piece = logmel[at : at + size]
        found += made.push(Frames(at, piece))
        at += len(piece)
    return [*found, *made.flush()]


def logit(p: Array) -> Array:
    """The inverse of the logistic."""
    return np.asarray(np.log(p / (1 - p)), np.float32)


@pytest.mark.parametrize("count", [1, 3, 4, 7, 8, 30, 101])
@pytest.mark.parametrize("delay", [0, 4, 8])
def test_scores_cover_the_sound_and_are_the_mean_logit_of_its_windows(count: int, delay: int) -> None:
    """Step k is scored by the windows that end a delay after it, or with the sound."""
    logmel = sound(count)
    found = run(tagger(MeanNetwork(), delay=delay), logmel, [])
    assert [round(s.start_s / 0.04) for s in found] == list(range(-(-count // 4)))
    for k, scores in enumerate(found):
        end = (k + 1) * 4 + delay
        if end > count:  # nothing more will come
            end = count
        wanted = np.mean([logmel[max(0, end - w) : end].mean(axis=0) for w in (6, 15)], axis=0)
        np.testing.assert_allclose(logit(scores.probabilities), wanted, atol=1e-4)
        assert scores.end_s == pytest.approx(scores.start_s + 0.04)
        assert not scores.provisional


@settings(deadline=None)
@given(count=st.integers(0, 90), sizes=st.lists(st.integers(0, 30), max_size=8), provisional=st.booleans())
def test_the_cut_changes_nothing(count: int, sizes: list[int], provisional: bool) -> None:
    """The same final scores to the last bit, with provisional ones between them or not; again after a reset."""
    logmel, made = sound(count), tagger(MeanNetwork(), provisional=provisional)
    whole = run(tagger(MeanNetwork()), logmel, [])
    for _ in range(2):
        final = [s for s in run(made, logmel, sizes) if not s.provisional]
        assert [(s.start_s, s.end_s) for s in final] == [(s.start_s, s.end_s) for s in whole]
        for one, other in zip(final, whole, strict=True):
            np.testing.assert_array_equal(one.probabilities, other.probabilities)
        made.reset()


def test_the_newest_sound_is_shown_at_once() -> None:
    """A provisional score spans what is not final yet, up to the newest step, and comes last."""
    made = tagger(MeanNetwork(), provisional=True)
    spans = [
        (round(100 * s.start_s), round(100 * s.end_s), s.provisional)
        for k in range(4)
        for s in made.push(Frames(4 * k, sound(16)[4 * k : 4 * k + 4]))
    ]
    assert spans == [(0, 4, True), (0, 8, True), (0, 4, False), (4, 12, True), (4, 8, False), (8, 16, True)]


def test_windows_are_no_longer_than_they_say_and_memory_is_bounded() -> None:
    """However long the stream is."""
    network = MeanNetwork()
    made = tagger(network)
    for k in range(200):
        made.push(Frames(5 * k, sound(5)))
    assert set(network.lengths) == {4, 6, 8, 12, 15}
    assert made._frames is not None
    assert len(made._frames) < 30


def test_certain_scores_do_not_become_infinite() -> None:
    """A network that is sure gives 0 or 1; the mean of the logits stays a number."""
    found = run(tagger(MeanNetwork(), provisional=True), np.full((40, 2), [50, -50], np.float32), [])
    for scores in found:
        np.testing.assert_allclose(scores.probabilities, [1, 0], atol=1e-5)
