"""Step by step, at the published widths: ten seconds of sound, every prefix that ends on a step (slow)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from auricle.app import Auricle
from auricle.card import ModelCard
from auricle.labels import audioset
from auricle.messages import Frames, Scores
from auricle.models import assembly, catalogue, convert, panns
from auricle.models.calibrate import calibrate
from auricle.models.networks import Tensors
from auricle.settings import load
from tests.material import lively

SECONDS, STEP_S = 10.0, 0.32
NAMES = ("bundled", "cnn6", "cnn9", "cnn10", "cnn14")


def model(name: str) -> tuple[ModelCard, Tensors]:
    """The bundled one with its own weights, the published ones with random ones."""
    if name == "bundled":
        loaded = Auricle(load()).loaded
        return loaded.card, loaded.blueprint.tensors
    card = convert.outline(catalogue.entries()[name], audioset.names())
    assert card is not None
    return card, lively(panns.shapes(card, {}), seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["float32", "int8"])
@pytest.mark.parametrize("name", NAMES)
def test_every_prefix_scores_as_the_network_run_on_it(name: str, form: str) -> None:
    """To 1e-4, complete frames and peeked ones."""
    card, tensors = model(name)
    length = round(SECONDS * card.front_end.rate / card.front_end.hop)
    rng = np.random.default_rng(3)
    sound = -40 + 20 * rng.standard_normal((length, 1)) + 5 * rng.standard_normal((length, card.front_end.n_mels))
    frames = sound.astype(np.float32)
    if form == "int8" and name != "bundled":
        card = replace(card, int8=calibrate(card, tensors, [frames], [], [], lambda _done: None))
    loaded = assembly.load(card, tensors, threads=1, precision=form)
    tagger = loaded.live(step_s=STEP_S, window_s=None, peek="always")
    hop = round(tagger.step_s * card.front_end.rate / card.front_end.hop)
    span = loaded.pooled_frames * card.front_end.hop / card.front_end.rate
    found: dict[int, Scores] = {}
    for end in range(hop, length + 1, hop):
        for scores in tagger.push(Frames(end - hop, frames[end - hop : end])):
            found[round(scores.start_s / span)] = scores
        _, wanted = loaded.network.run(frames[:end])
        assert sorted(found) == list(range(len(wanted)))
        np.testing.assert_allclose([found[k].probabilities for k in range(len(wanted))], wanted, atol=1e-4)
    assert len(found) >= SECONDS / span - 2
