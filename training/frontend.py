"""The PANNs log-mel spectrogram in torch, and the Kaldi-like one of the teacher.

Sources: Kong et al., "PANNs", arXiv 1912.10211 (window, hop, bands); Slaney, "Auditory Toolbox" (1998) for the mel scale that is
linear to 1 kHz and logarithmic above; Schmid et al., arXiv 2211.04772 for the front end of EfficientAT; the Kaldi
documentation for its mel scale, 1127·ln(1 + f/700).
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

RATE = 32000
WINDOW = 1024
HOP = 512
MELS = 64
FMIN = 50.0
FMAX = 14000.0
FLOOR = 1e-10


def hz_to_slaney(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Slaney's mel: 3 mels per 200 Hz up to 1 kHz, then 27 mels for each factor of 6.4."""
    low = hertz * 3.0 / 200.0
    high = 15.0 + 27.0 * np.log(np.maximum(hertz, 1.0) / 1000.0) / math.log(6.4)
    return np.where(hertz < 1000.0, low, high)


def slaney_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse of `hz_to_slaney`."""
    return np.where(mel < 15.0, mel * 200.0 / 3.0, 1000.0 * np.exp((mel - 15.0) * math.log(6.4) / 27.0))


def slaney_filters() -> Tensor:
    """Triangles between equally spaced mels, each scaled to unit area in hertz: (bins, mels)."""
    ends = hz_to_slaney(np.array([FMIN, FMAX]))
    corners = slaney_to_hz(np.linspace(ends[0], ends[1], MELS + 2))
    bins = np.arange(WINDOW // 2 + 1) * RATE / WINDOW
    rising = (bins[:, None] - corners[None, :-2]) / np.diff(corners)[None, :-1]
    falling = (corners[None, 2:] - bins[:, None]) / np.diff(corners)[None, 1:]
    triangles = np.maximum(0.0, np.minimum(rising, falling)) * 2.0 / (corners[2:] - corners[:-2])
    return torch.from_numpy(triangles.astype(np.float32))


def kaldi_filters(bands: int, low: float, high: float) -> Tensor:
    """Triangles that are straight on Kaldi's mel axis, peak one: (bins, mels)."""
    ends = 1127.0 * np.log(1.0 + np.array([low, high]) / 700.0)
    corners = np.linspace(ends[0], ends[1], bands + 2)
    mels = 1127.0 * np.log(1.0 + np.arange(WINDOW // 2 + 1) * RATE / WINDOW / 700.0)
    step = corners[1] - corners[0]
    triangles = np.maximum(0.0, 1.0 - np.abs(mels[:, None] - corners[None, 1:-1]) / step)
    triangles[-1] = 0.0
    return torch.from_numpy(triangles.astype(np.float32))


class PannsFrontEnd:
    """Waveforms (batch, samples) to log-mel in decibels (batch, 1 + samples // 512, 64)."""

    def __init__(self) -> None:
        self._window = torch.hann_window(WINDOW, periodic=True)
        self._filters = slaney_filters()

    def __call__(self, audio: Tensor) -> Tensor:
        """Log-mel of a batch of waveforms."""
        spectrum = torch.stft(
            audio, WINDOW, HOP, WINDOW, self._window, center=True, pad_mode="reflect", return_complex=True
        )
        power = spectrum.real.square() + spectrum.imag.square()
        return 10.0 * torch.log10(torch.clamp(power.transpose(1, 2) @ self._filters, min=FLOOR))


class TeacherFrontEnd:
    """Waveforms (batch, samples) to the teacher's normalised log-mel (batch, 1, 128, samples // 320)."""

    def __init__(self) -> None:
        self._window = torch.hann_window(800, periodic=False)
        self._filters = kaldi_filters(128, 0.0, 15000.0)

    def __call__(self, audio: Tensor) -> Tensor:
        """Normalised log-mel of a batch of waveforms."""
        emphasised = audio[:, 1:] - 0.97 * audio[:, :-1]
        spectrum = torch.stft(
            emphasised, WINDOW, 320, 800, self._window, center=True, pad_mode="reflect", return_complex=True
        )
        power = spectrum.real.square() + spectrum.imag.square()
        logmel = torch.log(power.transpose(1, 2) @ self._filters + 1e-5)
        return ((logmel + 4.5) / 5.0).transpose(1, 2).unsqueeze(1)
