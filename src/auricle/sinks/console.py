"""What a person at a terminal sees: the live view, lines as events start and end, and a progress bar."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from typing import TextIO

import numpy as np
from numpy.typing import NDArray
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.progress_bar import ProgressBar as Bar
from rich.table import Table
from rich.text import Text

from auricle.messages import UNSURE, Event, EventState, Health, Message, Scores, SourceState
from auricle.sinks.table import clock

Ranking = Callable[[NDArray[np.float32]], list[tuple[str, float]]]
"""Scores (classes,) → the highest tracked labels with theirs."""
_FLOOR_DBFS = -60.0
_RECENT = 8
_REPEAT_S = 60.0
_LOST = "lost"
_PEAK_FALL_DB_PER_S = 12.0
_SHARE_OVER_S = 3.0
"""The share of a core that is shown is a mean over so long."""


class TerminalView:
    """Level meter, the top K labels as bars, and events as they start and end; redrawn in place."""

    def __init__(
        self, *, stream: TextIO, top: Ranking, thresholds: dict[str, float], title: str, refresh_rate: float
    ) -> None:
        """`thresholds`: on-threshold by label, at which its bar lights up; at most `refresh_rate` pictures a second."""
        self._rank, self._thresholds, self._title = top, thresholds, title
        self._pause_s, self._drawn_s = 1.0 / refresh_rate, 0.0
        self._top: list[tuple[str, float]] = []
        self._recent: deque[Event] = deque(maxlen=_RECENT)
        self._health: Health | None = None
        self._hold_dbfs = _FLOOR_DBFS
        self._core_share = 0.0
        self._live = Live(console=Console(file=stream), auto_refresh=False, vertical_overflow="crop")
        self._live.start()

    def handle(self, message: Message) -> None:
        """Takes note of `message`, and draws when it is time."""
        if isinstance(message, Scores):
            self._top = self._rank(message.probabilities)
        elif isinstance(message, Event):
            if message.state not in UNSURE:
                self._note(message)
        else:
            self._hold(message)
        now_s = time.monotonic()
        if now_s - self._drawn_s >= self._pause_s:
            self._drawn_s = now_s
            self._live.update(self.picture(), refresh=True)

    def close(self) -> None:
        """Draws once more and leaves the terminal as it should be."""
        self._live.update(self.picture(), refresh=True)
        self._live.stop()

    def picture(self) -> RenderableType:
        """The view as it is now."""
        parts = [self._level(), Text(), self._bars(), Text(), self._events()]
        return Panel(
            Group(*parts),
            title=Text(self._title, style="bold"),
            title_align="left",
            subtitle=self._status(),
            subtitle_align="left",
            width=min(88, self._live.console.width),
            padding=(1, 2),
        )

    def _note(self, event: Event) -> None:
        for position, known in enumerate(self._recent):
            if known.id == event.id:
                self._recent[position] = event
                return
        self._recent.appendleft(event)

    def _hold(self, health: Health) -> None:
        elapsed_s = health.time_s - self._health.time_s if self._health else 0.0
        fallen = self._hold_dbfs - _PEAK_FALL_DB_PER_S * elapsed_s
        self._hold_dbfs = max(fallen, health.peak_dbfs, _FLOOR_DBFS)
        if elapsed_s > 0:
            share = health.step_ms / 1000.0 / elapsed_s
            self._core_share += (1.0 - math.exp(-elapsed_s / _SHARE_OVER_S)) * (share - self._core_share)
        self._health = health

    def _level(self) -> RenderableType:
        level = self._health.level_dbfs if self._health else _FLOOR_DBFS
        share = min(1.0, max(0.0, 1.0 - level / _FLOOR_DBFS))
        colour = "red" if self._hold_dbfs >= -0.1 else "yellow" if self._hold_dbfs >= -6.0 else "green"
        figure = "   silent" if level == float("-inf") else f"{level:6.1f} dBFS"
        return _row(Text("level", style="bold"), _bar(share, colour), Text(figure, style=colour))

    def _bars(self) -> RenderableType:
        rows = Group()
        for label, score in self._top:
            lit = score >= self._thresholds[label]
            style = "bold bright_green" if lit else "white"
            bar = _bar(score, "bright_green" if lit else "blue")
            rows.renderables.append(
                _row(Text(label, style=style, overflow="ellipsis"), bar, Text(f"{score:6.0%}", style=style))
            )
        return rows if self._top else Text("listening …", style="dim")

    def _events(self) -> RenderableType:
        table = Table.grid(padding=(0, 2))
        for event in self._recent:
            going_on = event.state is not EventState.ENDED
            length = "now" if event.offset_s is None else f"{event.offset_s - event.onset_s:.1f} s"
            table.add_row(
                Text(clock(event.onset_s), style="cyan"),
                Text(event.label, style="bold" if going_on else ""),
                Text(f"{event.peak:.0%}"),
                Text(length, style="bright_green" if going_on else "dim"),
            )
        return table if self._recent else Text("no events yet", style="dim")

    def _status(self) -> Text:
        if self._health is None:
            return Text("")
        if self._health.note:
            return Text(self._health.note, style="bold yellow")
        dropped = sum(self._health.dropped_messages.values())
        text = f"{clock(self._health.time_s)} · {self._core_share:.1%} of one core · lost {self._health.lost_samples} samples"
        if self._health.late_blocks:
            text += f" · late {self._health.late_blocks}"
        return Text(text + (f" · dropped {dropped} events" if dropped else "") + " · Ctrl-C leaves", style="dim")


class EventLines:
    """One line whenever an event starts or ends, and whenever something is wrong with the input."""

    def __init__(self, *, stream: TextIO, events: bool) -> None:
        """`stream` is usually standard error; without `events`, only what is wrong is said."""
        self._stream, self._events = stream, events
        self._said_s: dict[str, float] = {}  # stream time at which each trouble was last told
        self._waiting = False
        self._lost = 0

    def handle(self, message: Message) -> None:
        """Writes the line that `message` is worth, if any."""
        if isinstance(message, Event) and self._events:
            if message.state is EventState.STARTED:
                self._write(f"{clock(message.onset_s):>9}  {message.label} begins")
            elif message.state is EventState.ENDED and message.offset_s is not None:
                length_s = message.offset_s - message.onset_s
                self._write(
                    f"{clock(message.offset_s):>9}  {message.label} ends after {length_s:.1f} s, at most {message.peak:.0%}"
                )
        elif isinstance(message, Health):
            self._tell(message)

    def close(self) -> None:
        """Nothing is left to write."""

    def _tell(self, health: Health) -> None:
        """Says that a device has come back, and each trouble, but none twice within a minute."""
        if self._waiting and health.source_state is SourceState.RUNNING:
            self._write(f"{clock(health.time_s):>9}  The input delivers sound again.")
            self._said_s.clear()
        self._waiting = health.source_state is SourceState.WAITING
        if health.lost_samples > self._lost and health.time_s - self._said_s.get(_LOST, -math.inf) >= _REPEAT_S:
            self._said_s[_LOST] = health.time_s
            self._write(f"{clock(health.time_s):>9}  {health.lost_samples} samples of sound have been lost so far.")
            self._lost = health.lost_samples
        if health.note and health.time_s - self._said_s.get(health.note, -math.inf) >= _REPEAT_S:
            self._said_s[health.note] = health.time_s
            self._write(f"{clock(health.time_s):>9}  {health.note}")

    def _write(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()


class ProgressBar:
    """How far a recording has been read; drawn on a terminal only."""

    def __init__(self, *, stream: TextIO) -> None:
        """`stream` is usually standard error."""
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:3.0f} %"),
            TimeRemainingColumn(),
        )
        console = Console(file=stream)
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task: TaskID | None = None
        self._progress.start()

    def begin(self, name: str, duration_s: float | None) -> None:
        """A new recording, of a length that may be unknown."""
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(name, total=duration_s)

    def handle(self, message: Message) -> None:
        """Moves on with the stream's time."""
        if isinstance(message, Health) and self._task is not None:
            self._progress.update(self._task, completed=message.time_s)

    def close(self) -> None:
        """Takes the bar away."""
        self._progress.stop()


def _bar(share: float, colour: str) -> RenderableType:
    return Bar(total=1.0, completed=share, complete_style=colour, finished_style=colour, style="grey23")


def _row(name: RenderableType, bar: RenderableType, figure: RenderableType) -> Table:
    row = Table.grid(expand=True, padding=(0, 1))
    row.add_column(width=28, no_wrap=True)
    row.add_column(ratio=1)
    row.add_column(width=12, justify="right", no_wrap=True)
    row.add_row(name, bar, figure)
    return row
