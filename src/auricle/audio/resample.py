"""Resampling as a stream, by soxr: the same samples for any size of block."""

from __future__ import annotations

import numpy as np
import soxr

from auricle.messages import Audio


class StreamResampler:
    """Changes a mono stream's rate; sample k of the output lies at k / output rate seconds. One thread at a time."""

    def __init__(self, *, input_rate: int, output_rate: int) -> None:
        """Rates in Hz; soxr's high quality (20 bit) setting."""
        self._stream = soxr.ResampleStream(input_rate, output_rate, 1, dtype="float32", quality="HQ")

    def push(self, audio: Audio) -> Audio:
        """The output samples that are ready, float32 (m,)."""
        return np.asarray(self._stream.resample_chunk(audio), dtype=np.float32)

    def flush(self) -> Audio:
        """The output samples that were waiting for more input."""
        return np.asarray(self._stream.resample_chunk(np.zeros(0, np.float32), last=True), dtype=np.float32)


class PassThrough:
    """The resampler between equal rates: every sample as it came."""

    def push(self, audio: Audio) -> Audio:
        """`audio` itself."""
        return audio

    def flush(self) -> Audio:
        """Nothing."""
        return np.zeros(0, np.float32)
