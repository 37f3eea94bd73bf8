"""LevelMeter: how loud the input is, how loud it just was, and whether it clips."""

from __future__ import annotations

import math
import tkinter as tk

from auricle.gui.look import Look

FLOOR_DBFS = -60.0
_FALL_DB_PER_S = 40.0
_HOLD_S, _HOLD_FALL_DB_PER_S = 1.5, 20.0
_CLIPPED_DBFS = -0.01
_LIGHT_S = 2.0
_LOUD_DBFS = -3.0


class LevelMeter(tk.Canvas):
    """A bar over 60 dB that falls slowly, a mark at the highest peak of late, and a light for clipping."""

    def __init__(self, parent: tk.Misc, *, look: Look) -> None:
        """A meter at rest."""
        super().__init__(parent, highlightthickness=0, borderwidth=0, width=look.px(120), height=look.px(28))
        self._look = look
        self._frame: tuple[int, ...] = ()
        self._places: tuple[object, ...] = ()
        self._looks: tuple[str, ...] = ()
        self.rest()
        self._trough = self.create_rectangle(0, 0, 0, 0, width=0)
        self._fill = self.create_rectangle(0, 0, 0, 0, width=0)
        self._hold = self.create_rectangle(0, 0, 0, 0, width=0)
        self._light = self.create_oval(0, 0, 0, 0, width=0)
        self._figure = self.create_text(0, 0, anchor="e")
        self.bind("<Configure>", lambda _: self.arrange())

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
        self._text = ""

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
        self._draw()

    def arrange(self) -> None:
        """Draws everything anew, after a change of size or theme."""
        theme = self._look.theme
        self.configure(background=theme.background)
        self.itemconfigure(self._trough, fill=theme.trough)
        self.itemconfigure(self._hold, fill=theme.text)
        self.itemconfigure(self._figure, fill=theme.muted, font=self._look.font("text"))
        self._frame, self._looks = (), ()
        self._draw()

    def _draw(self) -> None:
        look, theme = self._look, self._look.theme
        width, height = self.winfo_width(), self.winfo_height()
        light, thick = look.px(12), look.px(8)
        figure = look.width("text", "−60 dB") + look.px(8) if width > look.px(150) else 0
        x0, x1, y = look.px(2), width - light - figure - look.px(10), (height - thick) // 2
        fill = x0 + round((1 - self._shown_dbfs / FLOOR_DBFS) * (x1 - x0))
        hold = x0 + round((1 - self._held_dbfs / FLOOR_DBFS) * (x1 - x0))
        if hold <= x0 + 2:
            hold = -look.px(4)
        frame, light_x = (x0, x1, y, width), x1 + look.px(8)
        if frame != self._frame:
            self._frame, self._places = frame, ()
            self.coords(self._trough, x0, y, x1, y + thick)
            self.coords(self._light, light_x, (height - light) // 2, light_x + light, (height + light) // 2)
            self.coords(self._figure, width - look.px(2), height // 2)
        places = (fill, hold, self.clips, self._text if figure else "")
        if places == self._places:
            return
        self._places = places
        self.tk.call(str(self), "coords", self._fill, x0, y, fill, y + thick)
        self.tk.call(str(self), "coords", self._hold, hold - look.px(2), y - look.px(2), hold, y + thick + look.px(2))
        colours = (
            theme.danger if self._shown_dbfs > _LOUD_DBFS else theme.accent,
            theme.danger if self.clips else theme.trough,
        )
        if (*colours, places[3]) != self._looks:
            self._looks = (*colours, places[3])
            self.itemconfigure(self._fill, fill=colours[0])
            self.itemconfigure(self._light, fill=colours[1])
            self.itemconfigure(self._figure, text=places[3])
