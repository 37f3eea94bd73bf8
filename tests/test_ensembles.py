"""Music that is made for training: what is played, how it is mixed, and what the book says of it."""

from __future__ import annotations

import shutil
from multiprocessing.pool import ThreadPool
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'auricle[train]'")
pytest.importorskip("mido", reason="mido is not installed: pip install 'auricle[train]'")
pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed: pip install 'auricle[train]'")

from training import ensembles, phrases, recipe
from training.corpus import FOLDS
from training.ensembles import EnsembleJob
from training.frontend import RATE
from training.jobs import BookJob, StudentJob
from training.labels import CLASSES, INDEX
from training.lessons import PIECE
from training.mixtures import EASY, PRESENT, UNKNOWN
from training.recipe import Options
from training.synthesis import Audio

from tests.material import SHARED

LIBRARY = Path("/usr/share/sounds/sf2/TimGM6mb.sf2")
TEACHERS = (SHARED / "models" / "mn04_as" / "mn04_as_mAP_432.pt", SHARED / "models" / "yamnet" / "yamnet.tflite")

KINDS = ("lessons", "clips", "calm", "others")


def test_one_to_five_different_instruments_play_and_sometimes_drums() -> None:
    """And the same seed plays the same."""
    rng = np.random.default_rng(4)
    scores = [ensembles.parts(rng) for _ in range(100)]
    assert scores == [ensembles.parts(again) for again in [np.random.default_rng(4)] for _ in range(100)]
    melodies = [[part for part in score if part.channel != phrases.DRUMS] for score in scores]
    assert {len(score) for score in melodies} == {1, 2, 3, 4, 5}
    assert all(len({part.program for part in tune}) == len(tune) for tune in melodies)
    assert 30 <= sum(len(score) > len(tune) for score, tune in zip(scores, melodies, strict=True)) <= 60


def tones(*parts: tuple[float, float]) -> list[Audio]:
    """Parts that play one tone each: hertz and amplitude."""
    time = np.arange(round(ensembles.SECONDS * RATE)) / RATE
    return [(amplitude * np.sin(2 * np.pi * hertz * time)).astype(np.float32) for hertz, amplitude in parts]


@pytest.mark.parametrize("parts", [tones((1000.0, 0.5)), tones((1000.0, 1.0), (1500.0, 0.001), (3000.0, 0.0))])
def test_a_mixture_is_five_seconds_at_a_sensible_level(parts: list[Audio]) -> None:
    """However many play; one that is silent does no harm."""
    for seed in range(5):
        sound = ensembles.mixed(np.random.default_rng(seed), parts)
        assert sound.dtype == np.float32
        assert sound.shape == (PIECE,)
        assert -38.5 <= 20.0 * np.log10(np.sqrt(np.mean(sound.astype(np.float64) ** 2))) <= -13.5
        assert np.abs(sound).max() <= 1.0


def test_a_part_that_is_recorded_quietly_is_heard_beside_a_loud_one() -> None:
    """Sixty decibels lie between them before, forty at most after: rooms and loudspeakers change them too."""
    for seed in range(5):
        sound = ensembles.mixed(np.random.default_rng(seed), tones((1000.0, 1.0), (1500.0, 0.001)))
        spectrum, hertz = np.abs(np.fft.rfft(sound)), np.fft.rfftfreq(len(sound), 1.0 / RATE)
        loud, quiet = (spectrum[(hertz > f * 0.85) & (hertz < f * 1.15)].max() for f in (1000.0, 1500.0))
        assert 20.0 * np.log10(loud / quiet) < 40.0


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


def plan(folder: Path, library: bytes) -> tuple[dict[str, StudentJob], dict[str, StudentJob]]:
    """The trainings up to the endings and the second ending, as `make train` would do them with such a library."""
    (folder / "library").write_bytes(library)
    paths = {name: folder / name for name in ("shared", "data", "out", "work")}
    options = Options(**paths, libraries=(folder / "library",) * 2, lessons=8, schedules=(), last=(None, None), seed=0)  # type: ignore[arg-type]  # schedules say nothing of books
    books = {
        fold: BookJob(fold, 8, EASY, 0, folder, TEACHERS, *(folder / f"{kind}-{fold}" for kind in KINDS))
        for fold in FOLDS
    }
    recipe._digest.cache_clear()
    begun = recipe._round(options, books, {}, 0)
    return begun, recipe._round(options, books, begun, 1)


def test_made_music_is_heard_in_the_endings_alone_and_no_fold_that_is_held_out(tmp_path: Path) -> None:
    """With another library, the endings are others and what came before is not."""
    begun, ended = plan(tmp_path, b"one")
    assert not any(path.name.startswith("music") for job in begun.values() for path in job.clips)
    for name, job in ended.items():
        assert sum(path.name.startswith("music") for path in job.clips) == 1
        assert not {path.name for path in (*job.clips, *job.lessons)} & {f"{kind}-{name[-1]}" for kind in KINDS}
    begun_again, ended_again = plan(tmp_path, b"another")
    assert begun_again == begun
    assert not {job.path for job in ended.values()} & {job.path for job in ended_again.values()}


def test_a_book_that_is_there_is_kept(tmp_path: Path) -> None:
    """And one whose teachers are missing leaves nothing behind."""
    absent = tmp_path / "mn04.pt"
    job = EnsembleJob(LIBRARY, (absent, absent), 1, 5, tmp_path / "music.npz")
    with ThreadPool(1) as workers, pytest.raises(FileNotFoundError):
        ensembles.write(job, workers)
    assert list(tmp_path.iterdir()) == []
    job.path.write_bytes(b"written")
    with ThreadPool(1) as workers:
        ensembles.write(job, workers)
    assert job.path.read_bytes() == b"written"
