"""StatusLine: input, model, milliseconds per step, share of the processor, lost samples."""

from __future__ import annotations

import math
import time
import tkinter as tk
from tkinter import ttk

from auricle.gui.box import News
from auricle.gui.engine import Session
from auricle.gui.look import Look
from auricle.messages import Health

_OVER_S = 3.0
"""Figures are means over so long."""
_PAUSE_S = 1.0


class StatusLine(ttk.Label):
    """One line of figures; renewed once a second."""

    def __init__(self, parent: tk.Misc, *, look: Look) -> None:
        """An empty line."""
        super().__init__(parent, style="Muted.TLabel", width=1)
        self._session: Session | None = None
        self._health: Health | None = None
        self._look, self.full = look, ""
        self.begin(None)
        self.bind("<Configure>", lambda _: self._write())

    def begin(self, session: Session | None) -> None:
        """Starts anew for `session`, or for none."""
        self._session, self._health = session, None
        self._step_ms = self._share = math.nan
        self._computed_ms = 0.0
        self._stream_s = self._written_s = 0.0
        self._wall_s, self._processor_s = time.monotonic(), time.process_time()
        if session is None:
            self.say("Press Start, or the space bar. F1 shows the keys.")

    def say(self, text: str) -> None:
        """Shows `text`, as much of it as fits."""
        self.full = text
        self._write()

    def take(self, news: News) -> None:
        """Counts what is new."""
        self._computed_ms += news.computed_ms
        if news.health is not None:
            self._health = news.health

    def step(self, now_s: float) -> None:
        """Renews the line when it is time."""
        session, health = self._session, self._health
        if session is None or health is None or now_s - self._written_s < _PAUSE_S:
            return
        self._written_s = now_s
        processor_s = time.process_time()
        wall, heard = now_s - self._wall_s, health.time_s - self._stream_s
        if wall > 0 and heard > 0:
            self._share = _mean(self._share, (processor_s - self._processor_s) / wall, wall)
            self._step_ms = _mean(self._step_ms, self._computed_ms / heard * session.step_s, heard)
        self._wall_s, self._processor_s, self._stream_s, self._computed_ms = now_s, processor_s, health.time_s, 0.0
        parts = [session.source, session.model]
        if not math.isnan(self._share):
            parts += [f"{self._step_ms:.1f} ms per step", f"{self._share:.0%} of one core"]
        parts.append(f"{health.lost_samples} samples lost")
        if health.late_blocks:
            parts.append(f"{health.late_blocks} late")
        self.say("  ·  ".join(parts))

    def _write(self) -> None:
        self.configure(text=self._look.fitted("text", self.full, max(1, self.winfo_width() - self._look.px(4))))


def _mean(mean: float, value: float, seconds: float) -> float:
    """A running mean over some seconds."""
    return value if math.isnan(mean) else mean + (1.0 - math.exp(-seconds / _OVER_S)) * (value - mean)
