"""PredictionTracker: which labels are followed, and which of them score highest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class PredictionTracker:
    """Ranks the tracked labels. Immutable, hence safe for every thread."""

    def __init__(self, *, labels: Sequence[str], tracked: Sequence[int], top_k: int) -> None:
        """`tracked`: indices into `labels`; `top_k`: how many of them `top` gives, or all where there are fewer."""
        self._names = [labels[k] for k in tracked]
        self._tracked = np.array(tracked, np.intp)
        self._top_k = min(top_k, len(tracked))

    def top(self, probabilities: NDArray[np.float32]) -> list[tuple[str, float]]:
        """Exactly the top K tracked labels with their scores, highest first; equal scores in the labels' order."""
        scores = probabilities[self._tracked]
        order = np.argsort(-scores, kind="stable")[: self._top_k]
        return [(self._names[k], float(scores[k])) for k in order]
