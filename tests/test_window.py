"""The window tagger."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from auricle.messages import Frames, Scores
from auricle.models import panns
from auricle.models.window import WindowTagger
from tests.material import network, noise, random_tensors, small_card

CARD = small_card()
NETWORK = network(CARD, random_tensors(CARD, seed=1))
FRAME_S = 0.016
POOLED = panns.pooled_frames(CARD.architecture)
SPAN = POOLED * FRAME_S


def tagger(step: int, window: int, *, provisional: bool) -> WindowTagger:
    """One around the small network."""
    return WindowTagger(
        network=NETWORK,
        frame_s=FRAME_S,
        pooled_frames=POOLED,
        context=panns.context(CARD.architecture),
        step_frames=step,
        window_frames=window,
        provisional=provisional,
    )


def logmel(frames: int, seed: int = 1) -> NDArray[np.float32]:
    """Something like a log-mel."""
    return (-40 + 100 * noise(frames * 16, seed)).reshape(frames, 16).astype(np.float32)


def pushed(subject: WindowTagger, frames: NDArray[np.float32], sizes: list[int]) -> list[Scores]:
    """All scores for `frames`, pushed in pieces of these sizes, then the rest at once, then flushed."""
    scores, at = [], 0
    for size in [*sizes, len(frames)]:
        scores += subject.push(Frames(start=at, logmel=frames[at : at + size]))
        at = min(at + size, len(frames))
    return scores + subject.flush()


def final(scores: list[Scores]) -> NDArray[np.float32]:
    """The final probabilities; each span comes once, and in order."""
    spoken = [s for s in scores if not s.provisional]
    np.testing.assert_allclose([s.start_s for s in spoken], np.arange(len(spoken)) * SPAN, atol=1e-9)
    np.testing.assert_allclose([s.end_s for s in spoken], (np.arange(len(spoken)) + 1) * SPAN, atol=1e-9)
    return np.array([s.probabilities for s in spoken]).reshape(len(spoken), len(CARD.labels))


def offline(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """The network run on everything at once."""
    if len(frames) < POOLED:
        return np.zeros((0, len(CARD.labels)), np.float32)
    return NETWORK.run(frames)[1]


@settings(max_examples=200, deadline=None)
@given(
    total=st.integers(0, 300),
    sizes=st.lists(st.integers(0, 60), max_size=15),
    step=st.integers(1, 80),
    window=st.integers(1, 120),
    provisional=st.booleans(),
)
def test_final_scores_are_those_of_the_network_run_on_everything(
    total: int, sizes: list[int], step: int, window: int, provisional: bool
) -> None:
    """For any length, any cut, any step and any window, the final scores equal the offline run to 1e-4."""
    frames = logmel(total)
    scores = final(pushed(tagger(step, window, provisional=provisional), frames, sizes))
    np.testing.assert_allclose(scores, offline(frames), atol=1e-4)


@settings(max_examples=30, deadline=None)
@given(sizes=st.lists(st.integers(0, 60), max_size=15))
def test_the_same_bits_for_any_cut(sizes: list[int]) -> None:
    """However the frames are cut, final scores are the same to the last bit."""
    frames = logmel(200)
    whole = final(pushed(tagger(8, 40, provisional=True), frames, []))
    np.testing.assert_array_equal(final(pushed(tagger(8, 40, provisional=True), frames, sizes)), whole)


def test_provisional_scores_come_last_and_are_as_if_the_sound_ended_now() -> None:
    """Each step shows the newest frames at once, marked, and equal to the offline run on the sound so far."""
    frames = logmel(100)
    subject = tagger(8, 60, provisional=True)
    for end in range(8, 101, 8):
        scores = subject.push(Frames(start=end - 8, logmel=frames[end - 8 : end]))
        marks = [s.provisional for s in scores]
        assert marks == sorted(marks)
        assert marks[-1]
        assert scores[-1].end_s == pytest.approx(end * FRAME_S)
        if end <= 60:
            np.testing.assert_allclose(scores[-1].probabilities, offline(frames[:end])[-1], atol=1e-4)


def test_without_provisional_scores_there_are_none() -> None:
    """In recordings only final scores are given."""
    assert not any(s.provisional for s in pushed(tagger(8, 60, provisional=False), logmel(100), [10] * 10))


def test_a_step_is_rounded_to_whole_pooled_frames() -> None:
    """`step_s` says what the step has become; it is never nothing."""
    assert tagger(9, 60, provisional=True).step_s == pytest.approx(8 * FRAME_S)
    assert tagger(1, 60, provisional=True).step_s == pytest.approx(4 * FRAME_S)


def test_flush_is_for_the_rest_only() -> None:
    """A second flush gives nothing, nor does one without sound, or with less than one pooled frame of it."""
    subject = tagger(8, 60, provisional=True)
    assert subject.flush() == []
    pushed(subject, logmel(50), [])
    assert subject.flush() == []
    short = tagger(8, 60, provisional=True)
    assert pushed(short, logmel(POOLED - 1), []) == []


def test_reset_forgets_everything() -> None:
    """After `reset` the next frames are scored as the beginning of a new stream."""
    subject = tagger(8, 40, provisional=True)
    first = final(pushed(subject, logmel(77, seed=3), [5] * 10))
    subject.reset()
    np.testing.assert_array_equal(final(pushed(subject, logmel(77, seed=3), [])), first)


def test_keeps_no_more_frames_than_a_window_needs() -> None:
    """However long the stream, the network never sees more than the window, and memory holds little more."""
    longest = 0

    class Watched:
        def run(self, frames: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
            nonlocal longest
            longest = max(longest, len(frames))
            return NETWORK.run(frames)

        def pool(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
            return NETWORK.pool(embeddings)

    subject = WindowTagger(
        network=Watched(),
        frame_s=FRAME_S,
        pooled_frames=POOLED,
        context=panns.context(CARD.architecture),
        step_frames=8,
        window_frames=48,
        provisional=True,
    )
    pushed(subject, logmel(1000), [10] * 100)
    assert longest == 48
