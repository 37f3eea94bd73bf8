"""What training does to log-mels: bandwidth is lost and made up, and nothing else moves."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'auricle[train]'")

from training.changes import DEAD_DB, LEAST, MOST, Change, changed, rebanded

EIGHT_KHZ = 54
"""The first band over it."""


def sounds(rows: int, ends: int) -> np.ndarray:
    """Log-mels (rows, 160, 64) that fall from -20 dB by half a decibel for each band, with nothing but rounding from `ends` on."""
    bands = np.arange(64)
    slope = np.where(bands < ends, -20.0 - bands / 2.0, -87.0)
    return np.broadcast_to(slope, (rows, 160, 64)).astype(np.float32).copy()


def test_full_bandwidth_is_cut_at_a_random_band_of_the_upper_third() -> None:
    """What is below stays, what is above is no louder than rounding, and where differs from sound to sound."""
    given = sounds(64, ends=64)
    found = rebanded(np.random.default_rng(0), given.copy(), 1.0)
    ends = (found.max(1) > DEAD_DB).sum(1)
    assert ends.min() >= LEAST
    assert ends.max() < MOST
    assert len(set(ends)) > 10
    for row, end in enumerate(ends):
        assert np.array_equal(found[row, :, :end], given[row, :, :end])
        assert (found[row, :, end:] < -75.0).all()


def test_what_was_sampled_at_16_khz_gets_a_fainter_replica_above() -> None:
    """Of the bands below, frame by frame, from the band on into which the filter leaks; what is below stays, and silence."""
    given = sounds(64, ends=EIGHT_KHZ)
    given[:, :, EIGHT_KHZ - 1] = -65.0
    given[:, 80:, :EIGHT_KHZ] -= 30.0
    given[:, 150:] = -100.0
    found = rebanded(np.random.default_rng(0), given.copy(), 1.0)
    assert np.array_equal(found[:, :, : EIGHT_KHZ - 2], given[:, :, : EIGHT_KHZ - 2])
    assert (found[:, :150, EIGHT_KHZ - 2 :] >= given[:, :150, EIGHT_KHZ - 2 :]).all()
    assert (found[:, :80, EIGHT_KHZ - 1] > -65.0).any()
    assert (found[:, 150:] == -100.0).all()
    model, upper = given[:, :, EIGHT_KHZ - 12 : EIGHT_KHZ - 2], found[:, :, EIGHT_KHZ:]
    fall_db = model[:, :80] - upper[:, :80]
    assert fall_db.min() >= 0.0
    assert fall_db.max() <= 26.0
    assert fall_db.mean((1, 2)).max() - fall_db.mean((1, 2)).min() > 5.0
    assert fall_db.std((1, 2)).max() < 5.0
    later = upper[:, 80:150] > -86.0  # what is fainter than rounding is hidden by it
    assert later.any()
    assert np.allclose((upper[:, :1] - upper[:, 80:150])[later], 30.0, atol=0.01)


def test_what_is_dark_by_nature_or_hardly_heard_or_silent_keeps_its_bandwidth() -> None:
    """What ends at 5.5 kHz or lies under -60 dB, and digital silence in any sound; not so what ends at 6.5 kHz."""
    dark, faint, pausing = sounds(8, ends=47), np.full((8, 160, 64), -65.0, np.float32), sounds(8, ends=64)
    pausing[:, :40] = -100.0
    rng = np.random.default_rng(0)
    assert np.array_equal(rebanded(rng, dark.copy(), 1.0), dark)
    assert np.array_equal(rebanded(rng, faint.copy(), 1.0), faint)
    assert (rebanded(rng, pausing.copy(), 1.0)[:, :40] == -100.0).all()
    sampled = sounds(8, ends=51)
    assert (rebanded(rng, sampled.copy(), 1.0)[:, :, 51:] > -86.0).any((1, 2)).all()


def test_as_many_are_changed_as_is_said() -> None:
    """About half of many, and none where none are."""
    given = sounds(400, ends=64).astype(np.float16)
    still = Change(warp=0.0, colour=0.0, gain=0.0, bandwidth=0.0)
    half = Change(warp=0.0, colour=0.0, gain=0.0, bandwidth=0.5)
    assert np.allclose(changed(np.random.default_rng(0), given, still).numpy(), given, atol=0.01)
    moved = np.abs(changed(np.random.default_rng(0), given, half).numpy() - given).max((1, 2)) > 10.0
    assert 160 <= moved.sum() <= 240
