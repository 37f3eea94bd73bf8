"""The streaming power spectrogram under every front end: each frame is computed once, as its samples arrive."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from auricle.messages import Audio

_GROUP = 8
"""Frames computed together. A fixed number makes the result the same to the last bit however the sound is cut."""


class PowerSpectrogram:
    """Frames of |FFT|², each centred on a multiple of the hop. One thread at a time.

    Before the first and after the last sample the sound is mirrored over half the FFT's length, so that a stream that
    is pushed and flushed gives exactly the 1 + n // hop frames of the whole recording.
    """

    def __init__(self, *, window: NDArray[np.float32], hop: int) -> None:
        """`window` (n,), n being the FFT's length too: a shorter window stands in the middle of zeros."""
        self._window, self._size, self._hop, self._half = window, len(window), hop, len(window) // 2
        self.reset()

    def reset(self) -> None:
        """Forgets everything; the next sample is the first of a new stream."""
        self._samples = np.zeros(0, np.float32)
        self._origin = 0  # index of _samples[0], counted in the mirrored stream, which starts half a window early
        self._mirrored = False
        self._next = 0  # index of the next frame

    @property
    def next(self) -> int:
        """Index of the next frame."""
        return self._next

    def push(self, audio: Audio) -> list[NDArray[np.float32]]:
        """The frames that `audio` completes, float32 (8, n // 2 + 1) for each group of eight."""
        self._samples = np.concatenate([self._samples, audio])
        if not self._mirrored:
            if len(self._samples) <= self._half:
                return []
            self._samples = np.concatenate([self._samples[self._half : 0 : -1], self._samples])
            self._mirrored = True
        return self._frames(self._ready() // _GROUP * _GROUP)

    def flush(self) -> list[NDArray[np.float32]]:
        """The rest of the frames, in groups of at most eight; then the stream starts anew."""
        if len(self._samples) == 0:
            return []
        before = 0 if self._mirrored else self._half
        self._samples = np.pad(self._samples, (before, self._half), mode="reflect")
        frames = self._frames(self._ready())
        self.reset()
        return frames

    def _ready(self) -> int:
        beyond = self._origin + len(self._samples) - self._next * self._hop - self._size
        return max(0, beyond // self._hop + 1)

    def _frames(self, count: int) -> list[NDArray[np.float32]]:
        groups = [self._group(min(_GROUP, count - done)) for done in range(0, count, _GROUP)]
        self._forget()
        return groups

    def _group(self, count: int) -> NDArray[np.float32]:
        first = self._next * self._hop - self._origin
        span = self._samples[first : first + (count - 1) * self._hop + self._size]
        windows = np.lib.stride_tricks.sliding_window_view(span, self._size)[:: self._hop]
        spectrum = np.fft.rfft(windows * self._window)
        self._next += count
        power: NDArray[np.float32] = np.square(spectrum.real) + np.square(spectrum.imag)
        return power

    def _forget(self) -> None:
        """Keeps what the next frame needs, and half a window more than nothing for the mirror at the end."""
        end = self._origin + len(self._samples)
        keep_from = max(self._origin, min(self._next * self._hop, end - self._half - 1))
        if self._mirrored and keep_from > self._origin:
            self._samples = self._samples[keep_from - self._origin :].copy()
            self._origin = keep_from
