"""From many channels to the one that is listened to, and the checks that it is sound at all."""

from __future__ import annotations

import math
import numbers
import reprlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auricle.errors import FileError, SourceError
from auricle.messages import Audio

_SLOWEST, _FASTEST = 100, 768000
_ABSURD = 1e8
"""Full scale is 1; some programs write floats up to 2^31 / 2^15 = 65536. More would overflow further on."""


def check_channel(channel: int, channels: int, where: str) -> None:
    """Raises SourceError where `channel` (from 1; 0 is the mean) is beyond the `channels` that there are."""
    if channel > channels:
        raise SourceError(
            f"{where} has {channels} channel{'s' * (channels > 1)}, there is no CHANNEL {channel}; 0 takes the mean."
        )


def check_rate(rate: Any, where: str) -> None:
    """Raises FileError for a rate that no sound has; resampling from it would take memory without end."""
    is_number = isinstance(rate, numbers.Real) and not isinstance(rate, bool)
    if not is_number:
        raise FileError(f"{where}: a rate is a number of samples per second, such as 32000, not {reprlib.repr(rate)}.")
    if not _SLOWEST <= rate <= _FASTEST:
        raise FileError(f"{where}: a rate of {rate} Hz is no sound's; from {_SLOWEST} to {_FASTEST} Hz can be heard.")


def to_mono(samples: NDArray[np.float32], channel: int) -> Audio:
    """(n, channels) → (n,): the channel counted from 1, or the mean of all for 0."""
    if samples.shape[1] == 1:
        return samples[:, 0]
    with np.errstate(all="ignore"):  # check_finite finds what is damaged
        return samples[:, channel - 1] if channel else samples.mean(axis=1, dtype=np.float32)


def check_finite(audio: Audio, where: str, start: int, rate: int) -> None:
    """Raises FileError where a sample is not a number, or absurd."""
    if len(audio) == 0:
        return
    low, high = float(audio.min()), float(audio.max())  # NaN wherever one is
    if not math.isfinite(low + high):
        at_s = (start + int(np.argmin(np.isfinite(audio)))) / rate
        raise FileError(
            f"{where}: damaged, its sound is not a number (NaN or infinite) at {at_s:.3f} s; export it again."
        )
    if max(-low, high) > _ABSURD:
        raise FileError(
            f"{where}: damaged or of another format than it says, its sound is far beyond full scale; export it again."
        )
