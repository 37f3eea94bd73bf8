"""History: the scores of the last half minute, and the last event of each sound, for the pane that explains."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from auricle.gui.box import SHOWN_S, News
from auricle.messages import UNSURE, Event, Scores


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

    def of_label(self, index: int) -> list[tuple[float, float]]:
        """The same for one of the model's labels, followed or not."""
        now_s, scores = self.now_s, (*self.final, *self.provisional)
        return [(s.end_s - now_s, float(s.of_labels[index])) for s in scores if s.of_labels is not None]


class LastEvents:
    """The last event of each sound that has ended, from whatever stream, and what is one now; as many as there are labels."""

    def __init__(self) -> None:
        self._ended: dict[str, tuple[datetime, Event]] = {}
        self._open: set[str] = set()

    def add(self, event: Event, began: datetime) -> None:
        """Takes an event of the stream that began then."""
        if event.offset_s is not None:
            self._ended[event.label] = began + timedelta(seconds=event.onset_s), event
            self._open.discard(event.label)
        elif event.state not in UNSURE:
            self._open.add(event.label)

    def is_open(self, label: str) -> bool:
        """Whether it is an event now."""
        return label in self._open

    def told(self, label: str) -> str:
        """One sentence about the last one, or nothing where there was none."""
        if label not in self._ended:
            return ""
        onset, event = self._ended[label]
        length_s = (event.offset_s or 0.0) - event.onset_s
        return f"Last event that ended: began at {onset:%H:%M:%S}, lasted {length_s:.1f} s, peaked at {event.peak:.0%}."
