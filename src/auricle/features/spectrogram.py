"""The streaming mel spectrogram under every front end: each frame is computed once, as its samples arrive."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from auricle.messages import Audio, Frames

_GROUP = 4
"""Frames that are multiplied together. A fixed number makes the result the same to the last bit however sound is cut."""
_BATCH = 64
"""Frames that are transformed together at most, which bounds the memory for a long block."""


class MelSpectrogram:
    """Frames of mel power, each centred on a multiple of the hop. One thread at a time.

    Before the first and after the last sample the sound is mirrored over half the FFT's length, so that a stream that
    is pushed and flushed gives exactly the 1 + n // hop frames of the whole recording.
    """

    def __init__(self, *, window: NDArray[np.float32], filterbank: NDArray[np.float32], hop: int) -> None:
        """`window` (n,), n being the FFT's length too; `filterbank` (n_mels, n // 2 + 1); `hop` samples."""
        self._window, self._size, self._hop, self._half = window, len(window), hop, len(window) // 2
        self._filterbank_t = np.ascontiguousarray(filterbank.T)
        # Memory for one batch, used again and again: on fresh memory the same work takes half as long again.
        self._windows = np.empty((_BATCH, self._size), np.float32)
        self._spectrum = np.empty((_BATCH, self._size // 2 + 1), np.complex64)
        self._power = np.empty((_BATCH, self._size // 2 + 1), np.float32)
        self.reset()

    def reset(self) -> None:
        """Forgets everything; the next sample is the first of a new stream."""
        self._samples = np.zeros(0, np.float32)
        self._coming: list[Audio] = []  # what follows _samples; joined to them once a group is complete
        self._origin = 0  # index of _samples[0], counted in the mirrored stream, which starts half a window early
        self._mirrored = False
        self._next = 0  # index of the next frame

    def push(self, audio: Audio) -> Frames:
        """The frames that `audio` completes, in multiples of a fixed group."""
        self._coming.append(audio)
        if self._mirrored and self._ready() < _GROUP:
            return self._frames(0)
        self._join()
        if not self._mirrored:
            if len(self._samples) <= self._half:
                return self._frames(0)
            self._samples = np.concatenate([self._samples[self._half : 0 : -1], self._samples])
            self._mirrored = True
        return self._frames(self._ready() // _GROUP * _GROUP)

    def flush(self) -> Frames:
        """The rest of the frames; then the stream starts anew."""
        self._join()
        if len(self._samples) == 0:
            return self._frames(0)
        before = 0 if self._mirrored else self._half
        self._samples = np.pad(self._samples, (before, self._half), mode="reflect")
        frames = self._frames(self._ready())
        self.reset()
        return frames

    def _join(self) -> None:
        self._samples = np.concatenate([self._samples, *self._coming], dtype=np.float32)
        self._coming.clear()

    def _ready(self) -> int:
        length = len(self._samples) + sum(map(len, self._coming))
        beyond = self._origin + length - self._next * self._hop - self._size
        return max(0, beyond // self._hop + 1)

    def _frames(self, count: int) -> Frames:
        start, rows = self._next, np.empty((count, self._filterbank_t.shape[1]), np.float32)
        for done in range(0, count, _BATCH):
            self._compute(rows[done : done + _BATCH])
        if count:
            self._forget()
        return Frames(start=start, logmel=rows)

    def _compute(self, rows: NDArray[np.float32]) -> None:
        """Fills `rows` with the next frames; transforms row by row, multiplies in fixed groups."""
        first, count = self._next * self._hop - self._origin, len(rows)
        # Overlapping rows of the same memory; numpy's sliding_window_view takes longer to make than to use.
        step = self._samples.itemsize
        rows_of = (count, self._size), np.float32, self._samples[first:], 0, (self._hop * step, step)
        windows = np.multiply(np.ndarray(*rows_of), self._window, out=self._windows[:count])
        out = self._spectrum[:count]
        spectrum = np.fft.rfft(windows, out=out)  # type: ignore[arg-type]  # the stub knows complex128 only
        parts = spectrum.view(np.float32).reshape(count, -1, 2)
        np.square(parts, out=parts)
        power = np.add(parts[..., 0], parts[..., 1], out=self._power[:count])
        for done in range(0, count, _GROUP):
            np.matmul(power[done : done + _GROUP], self._filterbank_t, out=rows[done : done + _GROUP])
        self._next += count

    def _forget(self) -> None:
        """Keeps what the next frame needs, and half a window more than nothing for the mirror at the end."""
        end = self._origin + len(self._samples)
        keep_from = max(self._origin, min(self._next * self._hop, end - self._half - 1))
        if self._mirrored and keep_from > self._origin:
            self._samples = self._samples[keep_from - self._origin :].copy()
            self._origin = keep_from
