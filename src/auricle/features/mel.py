"""Mel filterbanks as matrices."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_HZ_PER_MEL = 200.0 / 3.0
_BREAK_HZ = 1000.0
_BREAK_MEL = _BREAK_HZ / _HZ_PER_MEL
_LOG_STEP = math.log(6.4) / 27.0


def slaney_hz_to_mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Slaney's mel scale: linear below 1 kHz, logarithmic above (Auditory Toolbox, Interval TR 1998-010)."""
    above = _BREAK_MEL + np.log(np.maximum(hz, _BREAK_HZ) / _BREAK_HZ) / _LOG_STEP
    return np.where(hz < _BREAK_HZ, hz / _HZ_PER_MEL, above)


def slaney_mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse of `slaney_hz_to_mel`."""
    above = _BREAK_HZ * np.exp(_LOG_STEP * (np.maximum(mel, _BREAK_MEL) - _BREAK_MEL))
    return np.where(mel < _BREAK_MEL, mel * _HZ_PER_MEL, above)


def slaney_filterbank(*, rate: int, fft_size: int, n_mels: int, fmin: float, fmax: float) -> NDArray[np.float32]:
    """Triangular mel bands of equal area over the power spectrum, float32 (n_mels, fft_size // 2 + 1).

    Band edges are evenly spaced on Slaney's mel scale from `fmin` to `fmax` (Hz); each triangle is scaled by
    2 / its width in Hz, so that white noise gives every band the same power.
    """
    ends = slaney_hz_to_mel(np.array([fmin, fmax], dtype=np.float64))
    edges = slaney_mel_to_hz(np.linspace(ends[0], ends[1], n_mels + 2))
    bins = np.arange(fft_size // 2 + 1, dtype=np.float64) * rate / fft_size
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    triangles = np.maximum(0.0, np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre)))
    return (triangles * 2.0 / (high - low)).astype(np.float32)


def kaldi_filterbank(*, rate: int, fft_size: int, n_mels: int, fmin: float, fmax: float) -> NDArray[np.float32]:
    """Triangular mel bands of equal height over the power spectrum, float32 (n_mels, fft_size // 2 + 1).

    Band edges are evenly spaced on the mel scale 1127·ln(1 + f / 700) from `fmin` to `fmax` (Hz), and the triangles are
    straight on that scale, not in Hz (the HTK book 3.4, section 5.6, as Kaldi reads it). The last bin takes no part.
    """
    ends = _htk_mel(np.array([fmin, fmax], dtype=np.float64))
    edges = np.linspace(ends[0], ends[1], n_mels + 2)
    bins = _htk_mel(np.arange(fft_size // 2 + 1, dtype=np.float64) * rate / fft_size)
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    triangles = np.maximum(0.0, np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre)))
    triangles[:, -1] = 0.0
    bands: NDArray[np.float32] = triangles.astype(np.float32)
    return bands


def _htk_mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    mel: NDArray[np.float64] = 1127.0 * np.log1p(hz / 700.0)
    return mel
