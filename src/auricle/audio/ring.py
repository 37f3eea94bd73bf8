"""RingBuffer: the last samples of a stream, written by one thread and read by many."""

from __future__ import annotations

import threading
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

Number = TypeVar("Number", bound=np.generic)


class RingBuffer(Generic[Number]):
    """The newest `length` samples, in constant memory.

    Threads: any thread may call any method. The lock is held for the copying of slices only, so that a writer in a
    device callback waits for no more than one copy of the ring. A position is a count of samples since the start.
    """

    def __init__(self, length: int, dtype: DTypeLike) -> None:
        """Room for `length` samples of `dtype`. Raises ValueError where length is below 1."""
        if length < 1:
            raise ValueError(f"a ring buffer holds at least one sample, not {length}")
        self._ring: NDArray[Number] = np.zeros(length, dtype=dtype)
        self._position = 0
        self._changed = threading.Condition()

    def __len__(self) -> int:
        """Samples that it has room for."""
        return len(self._ring)

    @property
    def position(self) -> int:
        """Samples written so far."""
        with self._changed:
            return self._position

    def update(self, arr: NDArray[Any]) -> None:
        """Appends `arr` (n,), of any length: of more than fits, the newest part stays."""
        total, length = len(arr), len(self._ring)
        newest = arr[max(0, total - length) :]
        with self._changed:
            first = (self._position + total - len(newest)) % length
            until_wrap = min(length - first, len(newest))
            self._ring[first : first + until_wrap] = newest[:until_wrap]
            self._ring[: len(newest) - until_wrap] = newest[until_wrap:]
            self._position += total
            self._changed.notify_all()

    def read(self) -> NDArray[Number]:
        """All `length` samples, oldest first, zeros where nothing has been written yet; a copy."""
        with self._changed:
            cut = self._position % len(self._ring)
            return np.concatenate([self._ring[cut:], self._ring[:cut]])

    def read_since(self, position: int) -> tuple[NDArray[Number], int, int]:
        """What came after `position`: the samples (a copy), the position to ask for next, and how many were lost.

        Lost samples had been overwritten before they were read. Raises ValueError for a position in the future.
        """
        with self._changed:
            if not 0 <= position <= self._position:
                raise ValueError(f"position {position} is not within 0 and {self._position}")
            length = len(self._ring)
            oldest = max(position, self._position - length)
            first, count = oldest % length, self._position - oldest
            until_wrap = min(length - first, count)
            samples = np.concatenate([self._ring[first : first + until_wrap], self._ring[: count - until_wrap]])
            return samples, self._position, oldest - position

    def wait_beyond(self, position: int, timeout_s: float) -> bool:
        """Waits until something is written after `position`; False when `timeout_s` passes first."""
        with self._changed:
            return self._changed.wait_for(lambda: self._position > position, timeout_s)
