"""A name, a folder or a bare file of weights becomes a model that runs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from auricle.errors import CardError, CheckpointError, ModelError
from auricle.labels import audioset
from auricle.messages import Frames
from auricle.models import assembly
from auricle.models.clip import ClipTagger
from auricle.models.window import WindowTagger
from tests.material import SHARED, card_json, random_tensors, small_card

WEIGHTS = SHARED / "models" / "mn04_as" / "mn04_as_mAP_432.pt"
LABELS = audioset.names()


def folder(where: Path) -> Path:
    """A folder with the small model."""
    where.mkdir()
    (where / "card.json").write_text(json.dumps(card_json(small_card())), encoding="utf-8")
    (where / "weights.safetensors").write_bytes(save(random_tensors(small_card(), 1)))
    return where


def test_a_folder_is_a_model_that_hears_row_by_row(tmp_path: Path) -> None:
    """So is its card or its weights file, which then is no bare file."""
    here = folder(tmp_path / "small")
    for where in (here, here / "card.json", here / "weights.safetensors"):
        card, tensors = assembly.read(str(where), model="bundled", labels=LABELS)
        assert card == small_card()
    loaded = assembly.load(card, tensors, threads=1, precision="float32")
    assert loaded.score_s == pytest.approx(4 * 128 / 8000)
    tagger = loaded.recordings(step_s=0.2)
    assert isinstance(tagger, WindowTagger)
    assert tagger.step_s == pytest.approx(3 * loaded.score_s)


def test_a_bare_file_is_the_network_that_it_holds(tmp_path: Path) -> None:
    """The real weights, without a card, hear clip by clip."""
    if not WEIGHTS.exists():
        pytest.skip(f"{WEIGHTS} is absent; it lies beside the repository and is never committed to it")
    shutil.copy(WEIGHTS, tmp_path / "some.PT")
    file = str(tmp_path / "some.PT")
    for model in ("bundled", "mn04", file):
        card, tensors = assembly.read(file, model=model, labels=LABELS)
        assert card.name == "mn04"
    with pytest.raises(CardError, match="these are the weights of mn04, not of cnn14"):
        assembly.read(file, model="cnn14", labels=LABELS)
    loaded = assembly.load(card, tensors, threads=1, precision="float32")
    assert loaded.score_s == pytest.approx(0.16)
    tagger = loaded.live(step_s=10, window_s=5, peek="auto")
    assert isinstance(tagger, ClipTagger)
    assert tagger.step_s == pytest.approx(0.16)
    scores = tagger.push(Frames(0, np.zeros((70, 128), np.float32)))
    assert [round(s.start_s, 2) for s in scores] == [0.0, 0.16]
    assert scores[1].provisional
    assert scores[0].probabilities.shape == (527,)


def test_what_is_neither_is_one_sentence(tmp_path: Path) -> None:
    """An unknown name; a file that is no checkpoint."""
    with pytest.raises(ModelError, match=r"There is no model “xyzzy\.pth”"):
        assembly.read("xyzzy.pth", model="", labels=LABELS)
    with pytest.raises(CardError, match="cannot read the model's card"):
        assembly.read("/nowhere", model="bundled", labels=LABELS)
    (tmp_path / "x.pth").write_bytes(b"text")
    with pytest.raises(CheckpointError):
        assembly.read(str(tmp_path / "x.pth"), model="", labels=LABELS)


def test_the_cards_window_may_be_replaced(tmp_path: Path) -> None:
    """Live, step by step without a window, or window by window: the same final scores."""
    card, tensors = assembly.read(str(folder(tmp_path / "small")), model="", labels=LABELS)
    loaded = assembly.load(card, tensors, threads=1, precision="float32")
    frames = Frames(0, np.random.default_rng(1).standard_normal((200, 16)).astype(np.float32))
    one, other = (
        [s for s in loaded.live(step_s=0.3, window_s=w, peek="never").push(frames) if not s.provisional]
        for w in (None, 3.0)
    )
    assert len(one) == len(other) > 10
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a.probabilities, b.probabilities, atol=1e-5)
