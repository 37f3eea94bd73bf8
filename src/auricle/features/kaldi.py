"""The streaming log-mel spectrogram of EfficientAT (Schmid, Koutini & Widmer 2023, arXiv 2211.04772, section 4.1)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from auricle.features.spectrogram import MelSpectrogram
from auricle.messages import Audio, Frames

_EMPHASIS = np.float32(0.97)
_FLOOR = np.float32(1e-5)
_SHIFT, _SCALE = np.float32(4.5), np.float32(5.0)


class EmphasisedLogMel:
    """Log-mel frames near ±1, each computed once, as its samples arrive. One thread at a time.

    Pre-emphasis y[n] = x[n + 1] − 0.97·x[n]; frame k is centred on y[k·hop]: symmetric Hann window, power spectrum,
    mel bands, (ln(· + 1e-5) + 4.5) / 5. The sound is mirrored at both ends: n samples give 1 + (n − 1) // hop frames.
    """

    def __init__(self, *, filterbank: NDArray[np.float32], window_size: int, hop: int) -> None:
        """`filterbank` (n_mels, fft_size // 2 + 1) sets the FFT's length, in the middle of which the window stands."""
        margin = 2 * (filterbank.shape[1] - 1) - window_size
        window = np.pad(np.hanning(window_size), (margin // 2, margin - margin // 2)).astype(np.float32)
        self._spectrogram = MelSpectrogram(window=window, filterbank=filterbank, hop=hop)
        self._last = np.zeros(0, np.float32)

    def reset(self) -> None:
        """Forgets everything; the next sample is the first of a new stream."""
        self._spectrogram.reset()
        self._last = np.zeros(0, np.float32)

    def push(self, audio: Audio) -> Frames:
        """The frames that `audio` completes, in multiples of a fixed group."""
        samples = np.concatenate([self._last, audio])
        self._last = samples[-1:].copy()
        return _logarithm(self._spectrogram.push(samples[1:] - _EMPHASIS * samples[:-1]))

    def flush(self) -> Frames:
        """The rest of the frames; then the stream starts anew."""
        frames = _logarithm(self._spectrogram.flush())
        self.reset()
        return frames


def _logarithm(frames: Frames) -> Frames:
    """The logarithm, brought near ±1, in the frames' own memory."""
    np.add(frames.logmel, _FLOOR, out=frames.logmel)
    np.log(frames.logmel, out=frames.logmel)
    np.add(frames.logmel, _SHIFT, out=frames.logmel)
    np.divide(frames.logmel, _SCALE, out=frames.logmel)
    return frames
