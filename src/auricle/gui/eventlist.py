"""EventList: the newest events, each in one line: when, what, how long, how sure."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from datetime import datetime, timedelta
from tkinter import ttk

from auricle.gui.look import Look
from auricle.messages import Event

_MOST = 100
_COLUMNS = {
    "began": ("Began", "88:88:88"),
    "label": ("Sound", ""),
    "length": ("Length", "8888.8 s"),
    "peak": ("Peak", "100%"),
}


class EventList(ttk.Treeview):
    """Newest on top; what goes on is bold. Return or a double click asks why."""

    def __init__(self, parent: tk.Misc, *, look: Look, chosen: Callable[[str], None]) -> None:
        """`chosen` is called with the label of an event that the user wants to know more about."""
        super().__init__(parent, columns=list(_COLUMNS), show="headings", selectmode="browse", height=3)
        self._look, self._lines = look, dict[tuple[int, int], str]()  # (run, event) → line
        self._shown: dict[tuple[int, int], tuple[str, ...]] = {}
        self.run = 0
        """Counts streams; an event's number is its own within one."""
        for name, (title, _) in _COLUMNS.items():
            self.heading(name, text=title, anchor="w" if name in ("began", "label") else "e")
            self.column(name, anchor="w" if name in ("began", "label") else "e", stretch=name == "label", minwidth=20)
        for event in ("<Return>", "<Double-1>"):
            self.bind(event, lambda _: self._choose(chosen))
        self.arrange()

    @property
    def lines(self) -> list[tuple[str, ...]]:
        """What it says, the newest first."""
        return [tuple(map(str, self.item(item, "values"))) for item in self.get_children()]

    def show(self, event: Event, began: datetime) -> None:
        """Adds an event or brings it up to date; `began`: when its stream did."""
        key = (self.run, event.id)
        going_on = event.offset_s is None
        length = "now" if event.offset_s is None else f"{event.offset_s - event.onset_s:.1f} s"
        time = (began + timedelta(seconds=event.onset_s)).strftime("%H:%M:%S")
        values, tags = (time, event.label, length, f"{event.peak:.0%}"), ("now",) if going_on else ()
        if self._shown.get(key) == values:  # every change of a line draws the whole list
            return
        self._shown[key] = values
        if key in self._lines:
            self.item(self._lines[key], values=values, tags=tags)
        else:
            self._lines[key] = self.insert("", 0, values=values, tags=tags)
            if len(self._lines) > _MOST:
                oldest = next(iter(self._lines))
                self.delete(self._lines.pop(oldest))
                del self._shown[oldest]

    def arrange(self) -> None:
        """Fits columns and colours to fonts and theme."""
        look = self._look
        for name, (title, widest) in _COLUMNS.items():
            if widest:
                width = max(look.width("text", widest), look.width("text", title)) + look.px(18)
                self.column(name, width=width)
        self.column("label", width=look.px(60))
        self.tag_configure("now", font=look.font("strong"), foreground=look.theme.accent)

    def _choose(self, chosen: Callable[[str], None]) -> None:
        for item in self.selection():
            chosen(str(self.set(item, "label")))
