"""StableRanking: an order that changes only when the ranking really has."""

from __future__ import annotations

from collections.abc import Sequence

_MARGIN = 0.05
"""A sound overtakes another one when its score is higher by so much."""


class StableRanking:
    """Keeps rows where they are while their scores differ by less than a margin."""

    def __init__(self, *, rows: int) -> None:
        """An empty ranking of so many rows."""
        self._rows = rows
        self._order: list[str] = []

    def update(self, top: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
        """The rows to show, for labels with their scores, highest first."""
        scores = dict(top)
        order = [label for label in self._order if label in scores]
        order += [label for label in scores if label not in order]
        for k in range(1, len(order)):  # insertion sort, with a margin: O(n) where nothing changes
            place = k
            while place and scores[order[place]] > scores[order[place - 1]] + _MARGIN:
                order[place - 1], order[place] = order[place], order[place - 1]
                place -= 1
        self._order = order[: self._rows]
        return [(label, scores[label]) for label in self._order]
