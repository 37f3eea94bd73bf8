"""SoundRow: rank, sound, and its score as a bar with a figure and a mark at the threshold."""

from __future__ import annotations

import math
import tkinter as tk

from auricle.gui import pictures
from auricle.gui.look import Look

_RISE_S, _FALL_S = 0.07, 0.35
"""How fast a bar follows its score: two thirds of the way in so long."""
_STILL_PX = 0.5


class SoundRow(tk.Canvas):
    """One row of the ranking. `label`, `score` and `threshold` are what it shows; the bar follows in `step`."""

    def __init__(self, parent: tk.Misc, *, rank: int, look: Look) -> None:
        """An empty row."""
        super().__init__(parent, highlightthickness=look.px(2), borderwidth=0, takefocus=0, width=1, height=1)
        self.rank, self.label, self.score = rank, "", 0.0
        self.threshold: float | None = None
        self._look, self._drawn, self._bar, self._hover = look, 0.0, (0, 0, 0, 1), False
        self._label_width, self._trough = 0, tuple[object, ...]()
        self._items = {name: self.create_text(0, 0, anchor="w") for name in ("rank", "label", "figure")}
        self._filled: tuple[object, ...] = ()
        self._end, self._figure = -1, ""  # the bar's end on the screen, and what stands behind it
        for part in ("trough", "fill"):
            self._items[part] = self.create_rectangle(0, 0, 0, 0, width=0)
            for end in ("left", "right"):
                self._items[part + end] = self.create_image(0, 0, anchor="nw")
        self._items["mark"] = self.create_rectangle(0, 0, 0, 0, width=0)
        self.bind("<Configure>", lambda _: self.arrange())
        for event, entered in (("<Enter>", True), ("<Leave>", False)):
            self.bind(event, lambda _, entered=entered: self._hovered(entered))  # type: ignore[misc]

    @property
    def is_hot(self) -> bool:
        """The score is at or above the threshold."""
        return bool(self.label) and self.threshold is not None and self.score >= self.threshold

    @property
    def drawn(self) -> float:
        """The score that the bar stands at now, 0…1."""
        return self._drawn

    def show(self, label: str, score: float, threshold: float | None) -> None:
        """Shows a sound; another one than before begins with its bar where the row's was."""
        was = (self.label, self.threshold, self.is_hot)
        self.label, self.score, self.threshold = label, min(1.0, max(0.0, score)), threshold
        figure = f"{self.score:.0%}" if label else ""
        if figure != self._figure:
            self._figure = figure
            self.itemconfigure(self._items["figure"], text=figure)
        if (self.label, self.threshold, self.is_hot) != was:
            self._dress()

    def clear(self) -> None:
        """Shows no sound."""
        self.show("", 0.0, None)

    def step(self, elapsed_s: float) -> bool:
        """Moves the bar towards its score; True while it is on its way."""
        away = self.score - self._drawn
        width = max(1, self._bar[2] - self._bar[0])
        if abs(away) * width < _STILL_PX:
            if self._drawn != self.score:
                self._drawn = self.score
                self._draw_fill()
            return False
        self._drawn += away * (1.0 - math.exp(-elapsed_s / (_RISE_S if away > 0 else _FALL_S)))
        self._draw_fill()
        return True

    def arrange(self) -> None:
        """Places and colours everything, after a change of size, fonts or theme."""
        look, items = self._look, self._items
        width, height, line = self.winfo_width(), self.winfo_height(), look.linespace("table")
        pad, gap = look.px(12), look.px(8)
        left = pad + look.width("table", "8" * len(str(self.rank))) + look.px(12)
        figure = look.width("hot", "100%")
        thick = max(look.px(5), min(look.px(14), round(0.42 * line)))
        if height >= line + thick + look.px(6):  # the bar lies under the text
            top = (height - line - thick - look.px(2)) // 2
            text_y, bar_y = top + line // 2, top + line + look.px(2)
            self._bar = (left, bar_y, width - pad, bar_y + thick)
            self._label_width = width - left - pad - figure - gap
        else:  # beside it
            text_y, bar_y = height // 2, (height - thick) // 2
            self._label_width = round(0.45 * (width - left - pad - figure))
            self._bar = (left + self._label_width + gap, bar_y, width - pad - figure - gap, bar_y + thick)
        for name, x, anchor in (("rank", pad, "w"), ("label", left, "w"), ("figure", width - pad, "e")):
            self.coords(items[name], x, text_y)
            self.itemconfigure(items[name], anchor=anchor)
        self.itemconfigure(items["rank"], font=look.font("table"), fill=look.theme.muted)
        self._dress()

    def _dress(self) -> None:
        """Texts and colours, for another sound, or when it becomes hot."""
        look, theme, items = self._look, self._look.theme, self._items
        role, back = ("hot", theme.hot) if self.is_hot else ("table", theme.surface)
        if self._hover and self.label:
            back = pictures.mixed(back, theme.text, 0.05)
        cursor = "hand2" if self.label else ""
        self.configure(background=back, highlightbackground=back, highlightcolor=theme.accent, cursor=cursor)
        self.itemconfigure(items["rank"], text=str(self.rank) if self.label else "")
        label = look.fitted(role, self.label, self._label_width)
        self.itemconfigure(items["label"], text=label, font=look.font(role), fill=theme.text)
        self.itemconfigure(items["figure"], font=look.font(role), fill=theme.accent if self.is_hot else theme.text)
        self._draw_trough(back)
        self._draw_fill()

    def _draw_trough(self, back: str) -> None:
        theme, (x0, y0, x1, y1) = self._look.theme, self._bar
        shown = bool(self.label) and x1 - x0 > y1 - y0
        look = (shown, theme.trough, theme.text, back, self._bar, self.threshold)
        if look == self._trough:
            return
        self._trough = look
        self._paint_bar("trough", theme.trough, back, back, shown)
        if shown:
            self._place_bar("trough", x1)
        if self.threshold is None or not shown:
            self.itemconfigure(self._items["mark"], state="hidden")
            return
        x, out = x0 + round(self.threshold * (x1 - x0)), self._look.px(2)
        self.itemconfigure(self._items["mark"], state="normal", fill=theme.text)
        self.coords(self._items["mark"], x, y0 - out, x + self._look.px(2), y1 + out)

    def _draw_fill(self) -> None:
        """As far as the bar has moved; nothing is done where no pixel changes."""
        theme, (x0, y0, x1, y1) = self._look.theme, self._bar
        width = round(self._drawn * (x1 - x0))
        shown = bool(self.label) and width >= 2 and x1 - x0 > y1 - y0
        colour = theme.accent if self.is_hot else theme.calm
        look = (shown, colour, str(self["background"]), self._bar)
        if look != self._filled:
            self._filled, self._end = look, -1
            self._paint_bar("fill", colour, look[2], theme.trough, shown)
        end = x0 + max(width, y1 - y0)
        if shown and end != self._end:
            self._end = end
            self._place_bar("fill", end)

    def _paint_bar(self, part: str, colour: str, before: str, after: str, shown: bool) -> None:
        height, state = self._bar[3] - self._bar[1], "normal" if shown else "hidden"
        self.itemconfigure(self._items[part], state=state, fill=colour)
        self.itemconfigure(self._items[part + "left"], state=state, image=self._cap(height, colour, before, left=True))
        self.itemconfigure(self._items[part + "right"], state=state, image=self._cap(height, colour, after, left=False))
        self.coords(self._items[part + "left"], *self._bar[:2])

    def _place_bar(self, part: str, right: int) -> None:
        x0, y0, _, y1 = self._bar
        round_end = max(1, (y1 - y0) // 2)
        self.tk.call(str(self), "coords", self._items[part], x0 + round_end, y0, right - round_end, y1)
        self.tk.call(str(self), "coords", self._items[part + "right"], right - round_end, y0)

    def _cap(self, height: int, fill: str, back: str, *, left: bool) -> str:
        name = f"auricle-cap-{height}-{fill}-{back}-{left}"
        if not int(self.tk.call("info", "exists", "auricle_caps(" + name + ")")):
            pictures.put(self.tk, name, pictures.cap(height=height, fill=fill, back=back, left=left))
            self.tk.call("set", "auricle_caps(" + name + ")", 1)
        return name

    def _hovered(self, entered: bool) -> None:
        if entered != self._hover:
            self._hover = entered
            self._dress()
