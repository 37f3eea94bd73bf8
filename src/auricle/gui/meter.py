"""LevelMeter: how loud the input is, how loud it just was, and whether it clips."""

from __future__ import annotations

import math
import tkinter as tk

from auricle.gui.items import ItemCanvas
from auricle.gui.look import Look

FLOOR_DBFS = -60.0
_FALL_DB_PER_S = 40.0
_HOLD_S, _HOLD_FALL_DB_PER_S = 1.5, 20.0
_CLIPPED_DBFS = -0.01
_LIGHT_S = 2.0
_LOUD_DBFS = -3.0
_FIGURE_S = 0.5
"""A figure stands at least so long: it is to be read."""


class LevelMeter(ItemCanvas):
    """A bar over 60 dB that falls slowly, a mark at the highest peak of late, and a light for clipping."""

    def __init__(self, parent: tk.Misc, *, look: Look) -> None:
        """A meter at rest."""
        super().__init__(parent, width=look.px(120), height=look.px(28), border=0)
        self._look, self._size = look, (0, 0)
        self.rest()
        self._trough = self.create_rectangle(0, 0, 0, 0, width=0)
        self._fill = self.create_rectangle(0, 0, 0, 0, width=0)
        self._hold = self.create_rectangle(0, 0, 0, 0, width=0)
        self._light = self.create_oval(0, 0, 0, 0, width=0)
        self._figure = self.create_text(0, 0, anchor="e")
        self.bind("<Configure>", lambda event: self._resized(event.width, event.height))

    @property
    def clips(self) -> bool:
        """The light is on."""
        return self._light_s > 0

    @property
    def held_dbfs(self) -> float:
        """Where the mark stands."""
        return self._held_dbfs

    def rest(self) -> None:
        """Forgets what it has heard."""
        self._level_dbfs = self._held_dbfs = self._shown_dbfs = FLOOR_DBFS
        self._held_s = self._light_s = 0.0
        self._text, self._written, self._written_s = "", "", _FIGURE_S

    def show(self, level_dbfs: float, peak_dbfs: float) -> None:
        """Takes the input's level, and its highest sample since the last call."""
        self._level_dbfs = max(FLOOR_DBFS, min(0.0, level_dbfs))
        if peak_dbfs >= self._held_dbfs:
            self._held_dbfs, self._held_s = min(0.0, peak_dbfs), _HOLD_S
        if peak_dbfs >= _CLIPPED_DBFS:
            self._light_s = _LIGHT_S
        self._text = "silent" if level_dbfs == -math.inf else f"{level_dbfs:.0f} dB"

    def step(self, elapsed_s: float) -> None:
        """Moves bar, mark and light."""
        self._shown_dbfs = max(self._level_dbfs, self._shown_dbfs - _FALL_DB_PER_S * elapsed_s)
        self._held_s -= elapsed_s
        if self._held_s < 0:
            self._held_dbfs = max(FLOOR_DBFS, self._held_dbfs - _HOLD_FALL_DB_PER_S * elapsed_s)
        self._light_s = max(0.0, self._light_s - elapsed_s)
        self._written_s += elapsed_s
        if self._written_s >= _FIGURE_S and self._written != self._text:
            self._written, self._written_s = self._text, 0.0
        self._draw()

    def arrange(self) -> None:
        """Takes on size and theme."""
        theme = self._look.theme
        self.configure(background=theme.background)
        self.dress(self._trough, fill=theme.trough)
        self.dress(self._hold, fill=theme.text)
        self.dress(self._figure, fill=theme.muted, font=self._look.font("text"))
        self._draw()

    def _resized(self, width: int, height: int) -> None:
        self._size = (width, height)
        self.arrange()

    def _draw(self) -> None:
        look, theme, (width, height) = self._look, self._look.theme, self._size
        light, thick = look.px(12), look.px(8)
        figure = look.width("text", "−60 dB") + look.px(8) if width > look.px(150) else 0
        x0, x1, y = look.px(2), width - light - figure - look.px(10), (height - thick) // 2
        fill = x0 + round((1 - self._shown_dbfs / FLOOR_DBFS) * (x1 - x0))
        hold = x0 + round((1 - self._held_dbfs / FLOOR_DBFS) * (x1 - x0))
        if hold <= x0 + 2:
            hold = -look.px(4)
        light_x, out = x1 + look.px(8), look.px(2)
        self.put(self._trough, x0, y, x1, y + thick)
        self.put(self._light, light_x, (height - light) // 2, light_x + light, (height + light) // 2)
        self.put(self._figure, width - out, height // 2)
        self.put(self._fill, x0, y, fill, y + thick)
        self.put(self._hold, hold - out, y - out, hold, y + thick + out)
        self.dress(self._fill, fill=theme.danger if self._shown_dbfs > _LOUD_DBFS else theme.accent)
        self.dress(self._light, fill=theme.danger if self.clips else theme.trough)
        self.dress(self._figure, text=self._written if figure else "")
