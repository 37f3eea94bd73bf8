"""Music that is made for training: what is played, how it is mixed, and what the book says of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'auricle[train]'")
pytest.importorskip("mido", reason="mido is not installed: pip install 'auricle[train]'")
pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed: pip install 'auricle[train]'")

from training import ensembles, phrases
from training.ensembles import EnsembleJob
from training.frontend import RATE
from training.labels import CLASSES, INDEX
from training.lessons import PIECE
from training.mixtures import PRESENT, UNKNOWN

from tests.material import SHARED

LIBRARY = Path("/usr/share/sounds/sf2/TimGM6mb.sf2")
TEACHERS = (SHARED / "models" / "mn04_as" / "mn04_as_mAP_432.pt", SHARED / "models" / "yamnet" / "yamnet.tflite")


def test_one_to_five_different_instruments_play_and_sometimes_drums() -> None:
    """And the same seed plays the same."""
    rng = np.random.default_rng(4)
    scores = [ensembles.parts(rng) for _ in range(100)]
    assert scores == [ensembles.parts(again) for again in [np.random.default_rng(4)] for _ in range(100)]
    melodies = [[part for part in score if part.channel != phrases.DRUMS] for score in scores]
    assert {len(score) for score in melodies} == {1, 2, 3, 4, 5}
    assert 30 <= sum(len(score) > len(tune) for score, tune in zip(scores, melodies, strict=True)) <= 60


@pytest.mark.parametrize("count", [1, 6])
def test_a_mixture_is_five_seconds_at_a_sensible_level(count: int) -> None:
    """However loud its parts are; one that is silent does no harm."""
    time = np.arange(round(ensembles.SECONDS * RATE)) / RATE
    tones = [np.float32(10.0**-n) * np.sin(2 * np.pi * 220.0 * (n + 1) * time).astype(np.float32) for n in range(count)]
    for seed in range(5):
        sound = ensembles.mixed(np.random.default_rng(seed), [*tones, np.zeros_like(tones[0])])
        assert sound.dtype == np.float32
        assert sound.shape == (PIECE,)
        level_dbfs = 20.0 * np.log10(np.sqrt(np.mean(sound.astype(np.float64) ** 2)))
        assert -38.5 <= level_dbfs <= -13.5
        assert np.abs(sound).max() <= 1.0


@pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not LIBRARY.exists(),
    reason="needs Debian's fluidsynth and timgm6mb-soundfont, which `make train` installs",
)
@pytest.mark.skipif(
    not all(path.exists() for path in TEACHERS), reason=f"{SHARED}/models is absent; weights are never committed"
)
def test_a_page_is_music_and_nothing_else(tmp_path: Path) -> None:
    """Played from a real library and heard by the real teachers, who mostly agree."""
    book = ensembles.page(EnsembleJob(LIBRARY, TEACHERS, 1, 5, tmp_path / "music.npz"), 0)
    assert book.logmel.shape == (ensembles.PAGE, 312, 64)
    assert (book.targets[:, :, INDEX["Music"]] == PRESENT).any(1).all()
    others = [INDEX[name] for name in CLASSES if name not in {"Music", "Silence"}]
    assert book.targets[:, :, others].max() == UNKNOWN
    assert np.median(book.teacher[:, 137]) > 0.5  # mn04's Music
