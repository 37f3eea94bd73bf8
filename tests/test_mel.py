"""The mel filterbank."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.features.mel import slaney_filterbank, slaney_hz_to_mel, slaney_mel_to_hz


@given(hz=st.floats(0, 100_000))
def test_the_scale_has_an_inverse(hz: float) -> None:
    """Hz to mel and back is where one began."""
    np.testing.assert_allclose(slaney_mel_to_hz(slaney_hz_to_mel(np.array([hz]))), [hz], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("hz", "mel"), [(0, 0), (500, 7.5), (1000, 15), (6400, 42)])
def test_the_scale_is_slaneys(hz: float, mel: float) -> None:
    """1 kHz is 15 mel, linearly below; 27 mel above it lies 6.4 times the frequency."""
    np.testing.assert_allclose(slaney_hz_to_mel(np.array([float(hz)])), [mel])


@given(
    n_mels=st.integers(1, 128),
    fmin=st.floats(0, 1000),
    fmax=st.floats(2000, 16000),
)
def test_bands_are_triangles_in_order(n_mels: int, fmin: float, fmax: float) -> None:
    """No band has a negative weight, none hears anything outside fmin and fmax, and their centres rise."""
    bank = slaney_filterbank(rate=32000, fft_size=4096, n_mels=n_mels, fmin=fmin, fmax=fmax)
    bins = np.arange(2049) * 32000 / 4096
    assert bank.shape == (n_mels, 2049)
    assert bank.dtype == np.float32
    assert (bank >= 0).all()
    assert not bank[:, (bins < fmin) | (bins > fmax)].any()
    heard = bank[bank.sum(axis=1) > 0]
    assert (np.diff((heard * bins).sum(axis=1) / heard.sum(axis=1)) > 0).all()


def test_white_noise_gives_every_band_the_same() -> None:
    """Each triangle has the same area, so that a flat spectrum gives a flat one."""
    bank = slaney_filterbank(rate=32000, fft_size=32768, n_mels=64, fmin=50, fmax=14000)
    np.testing.assert_allclose(bank.sum(axis=1) * 32000 / 32768, 1.0, rtol=2e-2)
