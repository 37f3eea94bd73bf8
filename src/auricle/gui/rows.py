"""SoundRow: rank, sound, and its score as a bar with a figure and a mark at the threshold."""

from __future__ import annotations

import math
import tkinter as tk

from auricle.gui import pictures
from auricle.gui.items import ItemCanvas
from auricle.gui.look import Look

_RISE_S, _FALL_S = 0.07, 0.2
"""How fast a bar follows its score: two thirds of the way in so long."""
_STILL_PX = 3.0
"""What is nearer than that jumps: a score's own unrest needs no animation."""
_ROOT_PX = 8
_FIGURE_S = 0.5
"""A figure stands at least so long, unless it is far from the truth: it is to be read."""
_FAR = 0.05


class SoundRow(ItemCanvas):
    """One row of the ranking. `label`, `score` and `threshold` are what it shows; the bar follows in `step`."""

    def __init__(self, parent: tk.Misc, *, rank: int, look: Look) -> None:
        """An empty row."""
        super().__init__(parent, width=1, height=1, border=look.px(2))
        self.rank, self.label, self.score = rank, "", 0.0
        self.threshold: float | None = None
        self._look, self._drawn, self._bar, self._hover = look, 0.0, (0, 0, 0, 1), False
        self._items = {name: self.create_text(0, 0, anchor="w") for name in ("rank", "label", "figure")}
        self._label_width, self._width, self._back = 0, 0, ""  # what the label may take, the bar takes, is around it
        self._caps: set[str] = set()
        self._figure, self._figured, self._figure_s = "", 0.0, 0.0  # what is written, for which score, for how long
        for part in ("trough", "fill"):
            for piece in ("root", ""):
                self._items[part + piece] = self.create_rectangle(0, 0, 0, 0, width=0)
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

    @property
    def figure(self) -> str:
        """What is written at its end: the score as it was at most half a second ago."""
        return self._figure

    def show(self, label: str, score: float, threshold: float | None) -> None:
        """Shows a sound; another one than before begins with its bar where the row's was."""
        was = (self.label, self.threshold, self.is_hot)
        self.label, self.score, self.threshold = label, min(1.0, max(0.0, score)), threshold
        if (self.label, self.threshold, self.is_hot) != was:
            self._write()
            self._dress()

    def clear(self) -> None:
        """Shows no sound."""
        self.show("", 0.0, None)

    def step(self, elapsed_s: float) -> int:
        """Moves bar and figure towards the score; gives the pixels that are left to go, 0 when they have arrived."""
        self._figure_s += elapsed_s
        if self._figure_s >= _FIGURE_S or abs(self.score - self._figured) > _FAR:
            self._write()
        return self._move(elapsed_s) or int(self._figure != self._wanted)

    @property
    def _wanted(self) -> str:
        return f"{self.score:.0%}" if self.label else ""

    def _write(self) -> None:
        figure = self._wanted
        if figure != self._figure:
            self._figure, self._figured, self._figure_s = figure, self.score, 0.0
            self.dress(self._items["figure"], text=figure)

    def _move(self, elapsed_s: float) -> int:
        away = self.score - self._drawn
        width = self._bar[2] - self._bar[0]
        arrives = abs(away) * width < _STILL_PX
        share = 1.0 if arrives else 1.0 - math.exp(-elapsed_s / (_RISE_S if away > 0 else _FALL_S))
        self._drawn = self.score if arrives else self._drawn + share * away
        if round(self._drawn * width) != self._width:
            self._draw_fill()
        return math.ceil(abs(self.score - self._drawn) * width)

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
            self.put(items[name], x, text_y)
            self.dress(items[name], anchor=anchor)
        self.dress(items["rank"], font=look.font("table"), fill=look.theme.muted)
        self._dress()

    def _dress(self) -> None:
        """Texts and colours, for another sound, or when it becomes hot."""
        look, theme, items = self._look, self._look.theme, self._items
        role, back = ("hot", theme.hot) if self.is_hot else ("table", theme.surface)
        if self._hover and self.label:
            back = pictures.mixed(back, theme.text, 0.05)
        cursor = "hand2" if self.label else ""
        self._back = back
        self.configure(background=back, highlightbackground=back, highlightcolor=theme.accent, cursor=cursor)
        self.dress(items["rank"], text=str(self.rank) if self.label else "")
        label = look.fitted(role, self.label, self._label_width)
        self.dress(items["label"], text=label, font=look.font(role), fill=theme.text)
        self.dress(items["figure"], font=look.font(role), fill=theme.accent if self.is_hot else theme.text)
        self._draw_trough()
        self._draw_fill()

    def _draw_trough(self) -> None:
        theme, (x0, y0, x1, y1), mark = self._look.theme, self._bar, self._items["mark"]
        shown = bool(self.label) and x1 - x0 > y1 - y0
        self._draw_bar("trough", x1 if shown else None, theme.trough, self._back)
        if self.threshold is None or not shown:
            self.dress(mark, state="hidden")
            return
        x, out = x0 + round(self.threshold * (x1 - x0)), self._look.px(2)
        self.dress(mark, state="normal", fill=theme.text)
        self.put(mark, x, y0 - out, x + self._look.px(2), y1 + out)

    def _draw_fill(self) -> None:
        """As far as the bar has moved."""
        theme, (x0, y0, x1, y1) = self._look.theme, self._bar
        self._width = round(self._drawn * (x1 - x0))
        shown = bool(self.label) and self._width >= 2 and x1 - x0 > y1 - y0
        colour = theme.accent if self.is_hot else theme.calm
        self._draw_bar("fill", x0 + max(self._width, y1 - y0) if shown else None, colour, theme.trough)

    def _draw_bar(self, part: str, right: int | None, colour: str, after: str) -> None:
        """A bar with round ends up to `right`, before the colour `after`; hidden where that is None.

        Its root stands still, so that Tk does not draw the left end, a picture, anew whenever the right one moves.
        """
        x0, y0, _, y1 = self._bar
        root, bar, left_end, right_end = (self._items[part + piece] for piece in ("root", "", "left", "right"))
        if right is None:
            for item in (root, bar, left_end, right_end):
                self.dress(item, state="hidden")
            return
        height, round_end = y1 - y0, max(1, (y1 - y0) // 2)
        for item in (root, bar):
            self.dress(item, state="normal", fill=colour)
        self.dress(left_end, state="normal", image=self._cap(height, colour, self._back, left=True))
        self.dress(right_end, state="normal", image=self._cap(height, colour, after, left=False))
        self.put(left_end, x0, y0)
        begin, end = x0 + round_end, right - round_end
        self.put(root, begin, y0, min(begin + _ROOT_PX, end), y1)
        self.put(bar, min(begin + _ROOT_PX // 2, end), y0, end, y1)
        self.put(right_end, end, y0)

    def _cap(self, height: int, fill: str, back: str, *, left: bool) -> str:
        name = f"auricle-cap-{height}-{fill}-{back}-{left}"
        if name in self._caps:
            return name
        self._caps.add(name)
        if not int(self.tk.call("info", "exists", "auricle_caps(" + name + ")")):
            pictures.put(self.tk, name, pictures.cap(height=height, fill=fill, back=back, left=left))
            self.tk.call("set", "auricle_caps(" + name + ")", 1)
        return name

    def _hovered(self, entered: bool) -> None:
        if entered != self._hover:
            self._hover = entered
            self._dress()
