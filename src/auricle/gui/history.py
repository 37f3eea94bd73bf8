"""History: the scores of the last half minute, for the pane that explains."""

from __future__ import annotations

from collections import deque

from auricle.gui.box import SHOWN_S, News
from auricle.messages import Scores


class History:
    """Final scores in order, and behind them the provisional ones of this moment."""

    def __init__(self) -> None:
        self.final: deque[Scores] = deque()
        self.provisional: list[Scores] = []

    @property
    def now_s(self) -> float:
        """End of the newest scores, seconds of stream time."""
        newest = self.provisional or self.final
        return newest[-1].end_s if newest else 0.0

    def add(self, news: News) -> None:
        """Takes what is new, and forgets what is too old."""
        if news.now is None:
            return
        self.final.extend(news.final)
        self.provisional = news.provisional
        while self.final and self.final[0].end_s < self.now_s - SHOWN_S:
            self.final.popleft()

    def of(self, index: int) -> list[tuple[float, float]]:
        """One class: seconds before now (negative) and score, the oldest first."""
        now_s = self.now_s
        return [(s.end_s - now_s, float(s.probabilities[index])) for s in (*self.final, *self.provisional)]
