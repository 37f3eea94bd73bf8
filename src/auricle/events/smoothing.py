"""A median filter over the scores, centred, so that it moves no onset."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from auricle.messages import Scores


class MedianFilter:
    """The median of each class over an odd number of neighbouring frames; at both ends over those that there are."""

    def __init__(self, *, length: int) -> None:
        """`length` frames, odd; 1 changes nothing."""
        self._half = length // 2
        self._recent: deque[Scores] = deque(maxlen=2 * self._half + 1)
        self._waiting = 0  # how many of the newest frames have not been given out

    def push(self, scores: Scores) -> list[Scores]:
        """The frame that `scores` completes: none while the first ones arrive, then one each time."""
        self._recent.append(scores)
        self._waiting += 1
        return [self._smoothed()] if self._waiting > self._half else []

    def flush(self) -> list[Scores]:
        """The frames that were waiting for neighbours that will not come; then the filter starts anew."""
        rest = []
        while self._waiting:
            excess = len(self._recent) - self._half - self._waiting
            for _ in range(excess):
                self._recent.popleft()
            rest.append(self._smoothed())
        self._recent.clear()
        return rest

    def _smoothed(self) -> Scores:
        centre = self._recent[len(self._recent) - self._waiting]
        self._waiting -= 1
        if self._half == 0:
            return centre
        median = _median([scores.probabilities for scores in self._recent])
        return Scores(centre.start_s, centre.end_s, median, centre.provisional, centre.members)


def _median(rows: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    middle: NDArray[np.float32]
    if len(rows) == 3:  # the usual length; a tenth of the time of sorting, which is felt with hundreds of classes
        low, high = np.minimum(rows[0], rows[1]), np.maximum(rows[0], rows[1])
        middle = np.maximum(low, np.minimum(high, rows[2]))
    else:
        ordered = np.sort(rows, axis=0)
        middle = (ordered[(len(rows) - 1) // 2] + ordered[len(rows) // 2]) * np.float32(0.5)
    return middle
