"""The streaming log-mel spectrogram of the PANNs family (Kong et al. 2020, arXiv 1912.10211, section III)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from auricle.features.spectrogram import MelSpectrogram
from auricle.messages import Audio, Frames

_FLOOR = np.float32(1e-10)


class LogMel:
    """Log-mel frames in dB, each computed once, as its samples arrive. One thread at a time.

    Frame k is centred on sample k·hop: Hann window, power spectrum, mel bands, 10·log10(max(1e-10, ·)). Before the
    first and after the last sample the sound is mirrored, so that a stream that is pushed and flushed gives exactly
    the 1 + n // hop frames of the whole recording.
    """

    def __init__(self, *, filterbank: NDArray[np.float32], window_size: int, hop: int) -> None:
        """`filterbank` (n_mels, window_size // 2 + 1); a window of `window_size` samples every `hop` samples."""
        # Periodic Hann: one period of the raised cosine, its last zero left out.
        phase = 2.0 * np.pi * np.arange(window_size) / window_size
        window = (0.5 - 0.5 * np.cos(phase)).astype(np.float32)
        self._spectrogram = MelSpectrogram(window=window, filterbank=filterbank, hop=hop)

    def reset(self) -> None:
        """Forgets everything; the next sample is the first of a new stream."""
        self._spectrogram.reset()

    def push(self, audio: Audio) -> Frames:
        """The frames that `audio` completes, in multiples of a fixed group."""
        frames = self._spectrogram.push(audio)
        return _decibels(frames) if len(frames.logmel) else frames

    def flush(self) -> Frames:
        """The rest of the frames; then the stream starts anew."""
        return _decibels(self._spectrogram.flush())


def _decibels(frames: Frames) -> Frames:
    """The logarithm, in the frames' own memory."""
    np.maximum(frames.logmel, _FLOOR, out=frames.logmel)
    np.log10(frames.logmel, out=frames.logmel)
    np.multiply(frames.logmel, np.float32(10.0), out=frames.logmel)
    return frames
