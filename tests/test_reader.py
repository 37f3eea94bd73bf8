"""Training's batches: what is changed on the way from the books changes the truth with it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'auricle[train]'")
pytest.importorskip("mido", reason="mido is not installed: pip install 'auricle[train]'")

import torch
from training.__main__ import _abrupt
from training.changes import Change
from training.labels import CLASSES, INDEX, SILENCE
from training.lessons import Book
from training.mixtures import ABSENT, BLOCKS, PRESENT
from training.network import FRAMES_PER_STEP
from training.reader import Reader, Scaler, Schedule

RAIN = INDEX["Rain"]
QUIET = INDEX[SILENCE]


def books() -> tuple[Book, Book]:
    """Clips of rain at -20 dB in every band and frame, and lessons of nothing but noise at -30 dB."""
    rain = np.full((4, 39, len(CLASSES)), ABSENT, np.uint8)
    rain[:, :, RAIN] = PRESENT
    clips = Book(np.full((4, 39 * FRAMES_PER_STEP, 64), -20.0, np.float16), rain, np.full((4, 527), 0.5, np.float16))
    nothing = np.full((4, BLOCKS, len(CLASSES)), ABSENT, np.uint8)
    noise = np.full((4, BLOCKS * FRAMES_PER_STEP, 64), -30.0, np.float16)
    return clips, Book(noise, nothing, np.full((4, 527), 0.1, np.float16))


def plain(cut: float) -> Schedule:
    """The last schedule with no other change than cuts."""
    still = Change(warp=0.0, colour=0.0, gain=0.0, bandwidth=0.0)
    return dataclasses.replace(
        _abrupt(1), crop_change=still, lesson_change=still, cut=cut, mixup=0.0, mask=0.0, pause=0.0, style=0.0
    )


AS_IT_IS = Scaler(torch.zeros(64), torch.ones(64))
CROPS = _abrupt(1).crops


def test_what_is_cut_begins_or_ends_where_its_truth_says() -> None:
    """In a cut crop rain is louder than the noise exactly in the blocks that hold it, and the teacher has not heard it."""
    clips, lessons = books()
    batch = Reader(clips, lessons, AS_IT_IS, plain(cut=1.0), 0)()
    level = batch.logmel[:CROPS].mean(2).reshape(CROPS, BLOCKS, FRAMES_PER_STEP)
    is_rain = batch.targets[:CROPS, :, RAIN] == PRESENT
    assert is_rain.any(1).all()
    assert not is_rain.all(1).any()
    for row in range(CROPS):
        assert level[row][is_rain[row]].min() > level[row][~is_rain[row]].max()
    assert not batch.is_taught[:CROPS].any()
    assert batch.is_taught[CROPS:].all()
    assert (batch.targets[:CROPS, :, QUIET][~is_rain] != PRESENT).all()


def test_without_cuts_every_crop_stays_whole() -> None:
    """All of it is rain, and as loud as it was."""
    clips, lessons = books()
    batch = Reader(clips, lessons, AS_IT_IS, plain(cut=0.0), 0)()
    assert (batch.targets[:CROPS, :, RAIN] == PRESENT).all()
    assert batch.is_taught.all()
    assert batch.share[:CROPS, RAIN].eq(1.0).all()


def test_the_same_seed_gives_the_same_batches() -> None:
    """With every change there is; another seed gives others."""
    clips, lessons = books()
    first, again, other = (Reader(clips, lessons, AS_IT_IS, _abrupt(1), seed)() for seed in (3, 3, 4))
    assert first.logmel.equal(again.logmel)
    assert first.targets.equal(again.targets)
    assert not first.logmel.equal(other.logmel)


def striped(rows: int, frames: int, mean_db: np.ndarray, deviation_db: np.ndarray) -> np.ndarray:
    """Log-mels that lie above their mean in one frame and below it in the next, each band with a mean and deviation of its own."""
    signs = np.resize([1.0, -1.0], frames)[:, None]
    return np.broadcast_to(mean_db + signs * deviation_db, (rows, frames, 64)).astype(np.float16)


def test_a_style_moves_the_mean_and_deviation_of_each_band_at_most_half_way_to_another_sounds() -> None:
    """By the same part in all bands of a sound; silence stays silent, lends its figures to none, and the truth is as it was."""
    bands = np.arange(64)
    mean_db, other_mean_db = -20.0 - bands / 4.0, -50.0 + bands / 8.0
    deviation_db, other_deviation_db = 2.0 + bands / 16.0, 8.0 - bands / 32.0
    clips, lessons = books()
    clips = dataclasses.replace(clips, logmel=striped(4, 39 * FRAMES_PER_STEP, mean_db, deviation_db))
    noise = striped(4, BLOCKS * FRAMES_PER_STEP, other_mean_db, other_deviation_db)
    noise[0, :80], noise[1] = -100.0, -100.0
    lessons = dataclasses.replace(lessons, logmel=noise, targets=lessons.targets.copy())
    lessons.targets[0, :10, QUIET] = lessons.targets[1, :, QUIET] = PRESENT
    as_it_is, styled = (
        Reader(clips, lessons, AS_IT_IS, dataclasses.replace(plain(cut=0.0), style=style), 0)() for style in (0.0, 1.0)
    )
    assert styled.targets.equal(as_it_is.targets)
    silent = as_it_is.logmel.eq(-100.0)
    assert 0 < int(silent[CROPS:].all(dim=(1, 2)).sum()) < len(silent) - CROPS
    assert styled.logmel.eq(-100.0).equal(silent)
    rain = styled.logmel[:CROPS].double().numpy()
    by_mean = (rain.mean(1) - other_mean_db) / (mean_db - other_mean_db)
    by_deviation = (rain.std(1) - other_deviation_db) / (deviation_db - other_deviation_db)[None]
    kept = by_mean[:, :1]
    told_apart = np.abs(deviation_db - other_deviation_db) > 0.5
    assert np.allclose(by_mean, kept, atol=2e-3)
    assert np.allclose(by_deviation[:, told_apart], kept, atol=2e-2)
    assert kept.min() >= 0.499
    assert kept.max() <= 1.001
    assert ((kept > 0.5) & (kept < 0.99)).sum() > 2
    assert not np.array_equal(rain, as_it_is.logmel[:CROPS].numpy())
