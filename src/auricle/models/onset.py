"""OnsetWatch: tells whether something begins or ends in the newest frames, so that looking ahead of time is worth its cost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_BANDS = 8
"""Neighbouring mel bands whose mean is compared: single bands of noise move by themselves."""


class OnsetWatch:
    """Compares the newest frames with the last while, band by band. One thread at a time.

    Spectral flux (Bello et al. 2005, IEEE TSAP 13(5), section III-A) in decibels, of both signs: an end matters too.
    """

    def __init__(self, *, change_db: float, memory: float, hold: int) -> None:
        """A change by `change_db` counts, and is looked at for `hold` steps; `memory` (0…1): the past's share at each step."""
        self._change_db, self._memory, self._hold = change_db, np.float32(memory), hold
        self.reset()

    def reset(self) -> None:
        """Forgets everything; a beginning is a change."""
        self._past: NDArray[np.float32] | None = None
        self._left = self._hold

    def changes(self, logmel: NDArray[np.float32]) -> bool:
        """Whether frames, (streams, t, mel) in dB, bring a change to a stream, or one was a moment ago; nothing is kept."""
        return self._left > 0 or self._differs(_bands(logmel))

    def looks(self, logmel: NDArray[np.float32]) -> bool:
        """The same for the frames of a step, which from then on belong to the past."""
        bands = _bands(logmel)
        if self._past is None:
            self._past = bands
        if self._differs(bands):
            self._left = self._hold
        self._past = self._memory * self._past + (1 - self._memory) * bands
        self._left -= 1
        return self._left >= 0

    def _differs(self, bands: NDArray[np.float32]) -> bool:
        return self._past is None or bool(np.abs(bands - self._past).max(initial=0.0) >= self._change_db)


def _bands(logmel: NDArray[np.float32]) -> NDArray[np.float32]:
    """(streams, t, mel) → (streams, bands), means over time and neighbouring mel bands."""
    means = logmel.mean(axis=1)
    bands: NDArray[np.float32] = (
        means[:, : means.shape[1] // _BANDS * _BANDS].reshape(len(means), -1, _BANDS).mean(axis=2)
    )
    return bands
