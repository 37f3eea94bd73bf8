"""The clip scores that the recipe measures are those of the model's head."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'auricle[train]'")

from training.labels import CLASSES, CORE, INDEX, SILENCE
from training.listen import clip_scores, weights_of

from auricle.models import store
from auricle.models.pooling import PoolingGraph

COLUMNS = [INDEX[label] for label in CORE]


def head(logits: np.ndarray) -> np.ndarray:
    """Scores by the graph that ships, for the core's classes."""
    graph = PoolingGraph(name="head")
    x = graph.input("logits", ["frames", len(CORE)])
    graph.output("scores", graph.odds_over_time(x, np.array([label != SILENCE for label in CORE])), [1, len(CORE)])
    return np.asarray(ort.InferenceSession(graph.to_bytes()).run(None, {"logits": logits})[0][0])


@pytest.mark.parametrize("spread", [0.1, 3.0, 9.0])
def test_a_clips_scores_are_those_that_the_model_gives(spread: float) -> None:
    """Sure, unsure and hardly anything."""
    logits = np.random.default_rng(0).normal(-2.0, spread, (39, len(CORE))).astype(np.float32)
    own = np.zeros((39, len(CLASSES)), np.float32)
    own[:, COLUMNS] = 1.0 / (1.0 + np.exp(-logits))
    np.testing.assert_allclose(clip_scores(own, weights_of(own))[COLUMNS], head(logits), atol=1e-3)


def test_what_weighs_in_the_bundled_model_is_the_core() -> None:
    """Further classes change no other answer."""
    card = store.find("bundled").card
    assert card.labels[: card.architecture.weighing] == CORE


@pytest.mark.parametrize(("level", "wanted"), [(-120.0, 0.0), (120.0, 1.0)])
def test_certainty_stays_a_number(level: float, wanted: float) -> None:
    """Nothing at all, and everything for sure."""
    np.testing.assert_allclose(head(np.full((5, len(CORE)), level, np.float32)), wanted, atol=1e-3)


def test_a_sound_outlives_the_silence_around_it_and_a_short_one_the_speech_beside_it() -> None:
    """A bark in four seconds of nothing is a bark; beside speech both are there."""
    logits = np.full((39, len(CORE)), -6.0, np.float32)
    dog, speech, silence = (CORE.index(label) for label in ("Dog", "Speech", SILENCE))
    logits[:, silence] = 1.0
    logits[5:8, dog], logits[5:8, silence] = 3.0, -6.0
    assert head(logits)[dog] > 0.7
    logits[8:, speech], logits[8:, silence] = 3.0, -6.0
    scores = head(logits)
    assert scores[speech] > 0.9
    assert 0.1 < scores[dog] < scores[speech]
