"""The stream tagger: the same scores as the network run on everything, step by step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from auricle.card import Architecture, ModelCard
from auricle.messages import Frames, Scores
from auricle.models import memory, networks, panns
from auricle.models.calibrate import calibrate
from auricle.models.networks import Blueprint
from auricle.models.onset import OnsetWatch
from auricle.models.runtime import OnnxSteps, OnnxStream
from auricle.models.stream import LockstepTagger, StreamTagger
from tests.material import lively, network, noise, small_card

FRAME_S = 0.016
SHAPES = {
    "3 × 3 twice": Architecture("panns", 3, (4, 6), ((2, 2), (2, 1)), "decision-linear-softmax"),
    "5 × 5 once": Architecture("panns", 5, (4, 6, 8), ((2, 2), (2, 2), (2, 1)), "hidden-max-mean", convolutions=1),
    "as Cnn9": Architecture("panns", 3, (4, 4, 6, 6), ((2, 2), (2, 2), (2, 2), (1, 1)), "embedding-max"),
    "as Cnn14": Architecture("panns", 3, (3, 4, 4, 4, 4, 4), (*[(2, 2)] * 4, (2, 1), (1, 1)), "hidden-decision-max"),
    "as MobileNetV1": Architecture("mobilenetv1", 3, (4, 4, 6), ((2, 2), (1, 1), (2, 2)), "hidden-max-mean"),
}
WINDOW = 40


def card_of(name: str) -> ModelCard:
    """A small network of that shape."""
    return replace(small_card(), architecture=SHAPES[name])


def blueprint(card: ModelCard) -> Blueprint:
    """Its graphs, in 8 bits where its card has a calibration."""
    tensors = lively(panns.shapes(card, {}), seed=1)
    return networks.build(card, tensors, "int8" if card.int8 else "float32")


def steps(made: Blueprint) -> OnnxSteps:
    """Its graphs, at work."""
    return OnnxSteps(step=lambda: made.step, peek=lambda: made.peek, rows=made.rows, head=made.head, threads=1)


def logmel(frames: int, seed: int = 1) -> NDArray[np.float32]:
    """Something like a log-mel."""
    return (-40 + 100 * noise(frames * 16, seed)).reshape(frames, 16).astype(np.float32)


CARDS = {name: card_of(name) for name in SHAPES}
for rounded in ("3 × 3 twice", "5 × 5 once", "as Cnn9", "as Cnn14"):
    made_of = lively(panns.shapes(CARDS[rounded], {}), seed=1)
    facts = calibrate(CARDS[rounded], made_of, [logmel(200, seed=3)], [], [], lambda _done: None)
    CARDS[f"{rounded}, 8 bits"] = replace(CARDS[rounded], int8=facts)
BLUEPRINTS = {name: blueprint(card) for name, card in CARDS.items()}
OFFLINE = {name: network(card, lively(panns.shapes(card, {}), seed=1)) for name, card in CARDS.items()}
STEPS = {name: steps(made) for name, made in BLUEPRINTS.items()}


def lockstep(
    name: str, *, step: int, streams: int = 1, watch: OnsetWatch | None = None, peeks: bool = True
) -> LockstepTagger:
    """One around the network of that shape."""
    shape = CARDS[name].architecture
    reach = panns.reach(shape)
    return LockstepTagger(
        network=OnnxStream(
            steps=STEPS[name],
            states=BLUEPRINTS[name].states,
            pooled_frames=panns.pooled_frames(shape),
            unsettled=memory.unsettled(shape),
        ),
        streams=streams,
        frame_s=FRAME_S,
        pooled_frames=panns.pooled_frames(shape),
        after=panns.delay(shape),
        reach=reach,
        step_frames=step,
        window_frames=WINDOW,
        watch=watch,
        provisional=peeks,
    )


def latest(scores: list[Scores]) -> dict[int, NDArray[np.float32]]:
    """The last word on each pooled frame, by its number; final ones come once and in order."""
    span = scores[0].end_s - scores[0].start_s if scores else 1.0
    finals = [round(s.start_s / span) for s in scores if not s.provisional]
    assert finals == list(range(len(finals)))
    return {round(s.start_s / span): s.probabilities for s in scores}


def offline(name: str, frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """The network run on everything at once."""
    pooled = panns.pooled_frames(CARDS[name].architecture)
    return OFFLINE[name].run(frames)[1] if len(frames) >= pooled else np.zeros((0, 3), np.float32)


@pytest.mark.parametrize("name", CARDS)
@settings(max_examples=40, deadline=None)
@given(total=st.integers(0, 300), sizes=st.lists(st.integers(0, 60), max_size=15), step=st.integers(1, 80))
def test_final_scores_are_those_of_the_network_run_on_everything(
    name: str, total: int, sizes: list[int], step: int
) -> None:
    """For any length, any cut and any step, to 1e-4."""
    frames, tagger = logmel(total), StreamTagger(lockstep=lockstep(name, step=step))
    scores, at = [], 0
    for size in [*sizes, total]:
        scores += tagger.push(Frames(start=at, logmel=frames[at : at + size]))
        at = min(at + size, total)
    scores += tagger.flush()
    assert tagger.flush() == []
    final = [s.probabilities for s in scores if not s.provisional]
    np.testing.assert_allclose(np.reshape(final, (-1, 3)), offline(name, frames), atol=1e-4)


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize("step", [1, 16, 64])
def test_after_every_step_all_frames_are_those_of_the_sound_so_far(name: str, step: int) -> None:
    """The prefix that ends on a step, as if the sound ended there: final and peeked frames equal the network on it, to 1e-4.

    What was said finally before does not change, and the window's score is the pooled score of exactly the last frames.
    """
    frames, tagger = logmel(320), StreamTagger(lockstep=lockstep(name, step=step))
    hop = round(tagger.step_s / FRAME_S)
    pooled = panns.pooled_frames(CARDS[name].architecture)
    scores: list[Scores] = []
    for end in range(hop, len(frames) + 1, hop):
        scores += tagger.push(Frames(start=end - hop, logmel=frames[end - hop : end]))
        wanted = offline(name, frames[:end])
        found = latest(scores)
        assert sorted(found) == list(range(len(wanted)))
        np.testing.assert_allclose([found[k] for k in range(len(wanted))], wanted, atol=1e-4)
        embeddings = OFFLINE[name].run(frames[:end])[0][-(WINDOW // pooled) :]
        np.testing.assert_allclose(tagger.window(), OFFLINE[name].pool(embeddings), atol=1e-4)


@pytest.mark.parametrize("name", CARDS)
def test_streams_side_by_side_do_not_hear_each_other(name: str) -> None:
    """Three streams in one call give what each gives alone."""
    frames = np.stack([logmel(200, seed) for seed in (1, 2, 3)])
    tagger = lockstep(name, step=16, streams=3)
    given = tagger.push(frames)
    for stream_scores, rest, own in zip(given, tagger.flush(), frames, strict=True):
        final = [s.probabilities for s in [*stream_scores, *rest] if not s.provisional]
        np.testing.assert_allclose(final, offline(name, own), atol=1e-4)


def test_after_a_reset_nothing_is_remembered() -> None:
    """The same frames give the same bits again."""
    tagger = StreamTagger(lockstep=lockstep("as Cnn9", step=8))
    runs = []
    for _ in range(2):
        scores = [*tagger.push(Frames(0, logmel(100))), *tagger.flush()]
        runs.append([s.probabilities for s in scores])
        tagger.reset()
    np.testing.assert_array_equal(runs[0], runs[1])


def test_without_peeking_there_are_final_scores_only() -> None:
    """Each as soon as it is complete."""
    tagger = StreamTagger(lockstep=lockstep("as Cnn9", step=8, peeks=False))
    scores = tagger.push(Frames(0, logmel(200)))
    assert scores
    assert not any(s.provisional for s in scores)


def test_steady_sound_is_not_peeked_at() -> None:
    """With a watch, a peek follows a change of level or spectrum, and stops a while after it; final scores are the same."""
    watch = OnsetWatch(change_db=6.0, memory=0.7, hold=3)
    tagger = StreamTagger(lockstep=lockstep("as Cnn9", step=8, watch=watch))
    frames = np.full((400, 16), -60.0, np.float32)
    frames[200:] = -30.0
    peeked, final = [], []
    for end in range(8, 401, 8):
        scores = tagger.push(Frames(end - 8, frames[end - 8 : end]))
        peeked.append(any(s.provisional for s in scores))
        final += [s.probabilities for s in scores if not s.provisional]
    assert peeked[:3] == [True] * 3
    assert not any(peeked[4:25])
    assert peeked[25]
    assert not any(peeked[-10:])
    final += [s.probabilities for s in tagger.flush()]
    np.testing.assert_allclose(final, offline("as Cnn9", frames), atol=1e-4)


def test_two_streams_of_one_model_do_not_disturb_each_other() -> None:
    """They share the graphs, and nothing else: pushed in turn, each gives what it gives alone."""
    taggers = [StreamTagger(lockstep=lockstep("as Cnn9", step=8)) for _ in range(2)]
    sounds = [logmel(160, seed) for seed in (1, 2)]
    final: list[list[Scores]] = [[], []]
    for at in range(0, 160, 20):
        for tagger, sound, given_ones in zip(taggers, sounds, final, strict=True):
            given_ones += [s for s in tagger.push(Frames(at, sound[at : at + 20])) if not s.provisional]
    for tagger, sound, given_ones in zip(taggers, sounds, final, strict=True):
        given_ones += tagger.flush()
        np.testing.assert_allclose([s.probabilities for s in given_ones], offline("as Cnn9", sound), atol=1e-4)


def test_who_always_peeks_does_so_at_each_half_of_a_step() -> None:
    """However short the pieces are in which the sound comes: what a peek costs is paid no oftener."""
    pooled = panns.pooled_frames(CARDS["as Cnn9"].architecture)
    step = 4 * pooled
    tagger = StreamTagger(lockstep=lockstep("as Cnn9", step=step))
    frames = logmel(5 * step)
    peeked = []
    for end in range(pooled // 2, len(frames) + 1, pooled // 2):
        if any(s.provisional for s in tagger.push(Frames(end - pooled // 2, frames[end - pooled // 2 : end]))):
            peeked.append(end)
    assert peeked == list(range(step // 2, len(frames) + 1, step // 2))


@pytest.mark.parametrize("always", [False, True])
@pytest.mark.parametrize("name", ["as Cnn9", "as Cnn9, 8 bits", "as Cnn14"])
def test_half_a_pooled_frame_is_peeked_at_while_the_sound_changes_or_always(name: str, always: bool) -> None:
    """As if it went on like its last frame; by itself a steady sound is not, and the final scores are those of the whole."""
    watch = None if always else OnsetWatch(change_db=6.0, memory=0.7, hold=3)
    pooled = panns.pooled_frames(CARDS[name].architecture)
    tagger = StreamTagger(lockstep=lockstep(name, step=pooled, watch=watch))
    frames = np.full((50 * pooled, 16), -60.0, np.float32)
    onset = 40 * pooled + pooled // 4
    halves = list(range(10 * pooled + pooled // 2, onset, pooled))
    frames[onset:] = logmel(len(frames) - onset)
    ahead, final = [], []
    for end in range(pooled // 2, len(frames) + 1, pooled // 2):
        scores = tagger.push(Frames(end - pooled // 2, frames[end - pooled // 2 : end]))
        newest = [s for s in scores if s.end_s > end * FRAME_S + 1e-6]
        assert all(s.provisional for s in newest)
        if newest:
            ahead.append(end)
            whole = np.concatenate([frames[:end], np.repeat(frames[end - 1 : end], pooled // 2, axis=0)])
            wanted = offline(name, whole)[-1]
            np.testing.assert_allclose(newest[-1].probabilities, wanted, atol=1e-4)
        final += [s.probabilities for s in scores if not s.provisional]
    assert [end for end in ahead if 10 * pooled < end < onset] == (halves if always else [])
    assert 40 * pooled + pooled // 2 in ahead
    np.testing.assert_allclose(final, offline(name, frames)[: len(final)], atol=1e-4)
