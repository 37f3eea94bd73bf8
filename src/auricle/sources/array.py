"""Sound that is in memory already."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auricle.errors import SourceError
from auricle.messages import Block, SourceState
from auricle.sources.channels import check_channel, check_finite, check_rate, to_mono

_MANY_CHANNELS = 256
"""No microphone has more; an array with more of them is one of (channels, n)."""


class ArraySource:
    """An array, (n,) or (n, channels): floats of full scale ±1, or integers of their type's full scale."""

    def __init__(self, *, audio: Any, rate: int, channel: int, chunk_length: int, name: str) -> None:
        """`name` is what events call it. Raises SourceError for another shape or type, and for no samples."""
        self.name = name
        self.state = SourceState.RUNNING
        self._audio, self._rate, self._chunk = as_mono(audio, rate, channel, name), rate, chunk_length

    def blocks(self) -> Generator[Block, None, None]:
        """All of it, once."""
        for start in range(0, len(self._audio), self._chunk):
            if self.state is SourceState.ENDED:
                return
            yield Block(start=start, audio=self._audio[start : start + self._chunk], rate=self._rate, lost=0)

    def close(self) -> None:
        """Ends the iteration at the next block."""
        self.state = SourceState.ENDED


def as_mono(audio: Any, rate: int, channel: int, name: str) -> NDArray[np.float32]:
    """Any array of samples, or list of numbers, as float32 (n,). Raises SourceError where it is not one."""
    check_rate(rate, name)
    if np.ma.is_masked(audio):
        raise SourceError(f"{name}: some of its samples are masked; fill them, as audio.filled(0) does.")
    try:
        array = np.asarray(audio)
    except (ValueError, TypeError) as error:
        raise SourceError(
            f"{name}: no array of samples ({str(error).rstrip('.')}); give (n,) or (n, channels)."
        ) from None
    if array.ndim not in (1, 2) or array.size == 0:
        raise SourceError(
            f"{name}: an array of shape {array.shape} is no sound; give (n,) or (n, channels) with n ≥ 1."
        )
    if array.ndim == 2 and array.shape[1] > _MANY_CHANNELS:
        raise SourceError(
            f"{name}: an array of shape {array.shape} has {array.shape[1]} channels; channels come last, so transpose it."
        )
    if array.dtype.kind == "i":
        array = array / -float(np.iinfo(array.dtype).min)
    elif array.dtype.kind != "f":
        raise SourceError(f"{name}: an array of {array.dtype} is no sound; give floats of ±1 or signed integers.")
    with np.errstate(all="ignore"):  # check_finite finds what is damaged
        samples = array.astype(np.float32, copy=False).reshape(len(array), -1)
    check_channel(channel, samples.shape[1], name)
    mono = np.ascontiguousarray(to_mono(samples, channel))
    check_finite(mono, name, 0, rate)
    return mono
