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
        self._told = dict[str, tuple[str, ...]]()  # line → what it says; of the label it shows as much as fits
        self.run = 0
        """Counts streams; an event's number is its own within one."""
        for name, (title, _) in _COLUMNS.items():
            self.heading(name, text=title, anchor="w" if name in ("began", "label") else "e")
            self.column(name, anchor="w" if name in ("began", "label") else "e", stretch=name == "label", minwidth=20)
        for event in ("<Return>", "<Double-1>"):
            self.bind(event, lambda _: self._choose(chosen))
        self.bind("<Configure>", lambda _: self._fit())
        self.arrange()

    @property
    def lines(self) -> list[tuple[str, ...]]:
        """What it says, the newest first."""
        return [self._told[item] for item in self.get_children()]

    def show(self, event: Event, began: datetime) -> None:
        """Adds an event or brings it up to date; `began`: when its stream did."""
        key = (self.run, event.id)
        going_on = event.offset_s is None
        length = "now" if event.offset_s is None else f"{event.offset_s - event.onset_s:.1f} s"
        time = (began + timedelta(seconds=event.onset_s)).strftime("%H:%M:%S")
        values, tags = (time, event.label, length, f"{event.peak:.0%}"), ("now",) if going_on else ()
        if key not in self._lines:
            self._lines[key] = self.insert("", 0)
            if len(self._lines) > _MOST:
                oldest = self._lines.pop(next(iter(self._lines)))
                del self._told[oldest]
                self.delete(oldest)
        item = self._lines[key]
        if self._told.get(item) == values:  # every change of a line draws the whole list
            return
        self._told[item] = values
        self.item(item, values=(time, self._fitted(event.label, going_on), *values[2:]), tags=tags)

    def arrange(self) -> None:
        """Fits columns and colours to fonts and theme."""
        look = self._look
        for name, (title, widest) in _COLUMNS.items():
            if widest:
                width = max(look.width("text", widest), look.width("text", title)) + look.px(18)
                self.column(name, width=width)
        self.column("label", width=look.px(60))
        self.tag_configure("now", font=look.font("strong"), foreground=look.theme.accent)
        self._fit()

    def _fitted(self, label: str, going_on: bool) -> str:
        """As much of a label as the rest of the width holds, in the font of what goes on or of what is over."""
        others = sum(int(self.column(name, "width")) for name, (_, widest) in _COLUMNS.items() if widest)
        return self._look.fitted(
            "strong" if going_on else "text", label, self.winfo_width() - others - self._look.px(12)
        )

    def _fit(self) -> None:
        """Shows labels as far as they fit now."""
        for item, (_, label, *_) in self._told.items():
            fitted = self._fitted(label, bool(self.item(item, "tags")))
            if self.set(item, "label") != fitted:
                self.set(item, "label", fitted)

    def _choose(self, chosen: Callable[[str], None]) -> None:
        for item in self.selection():
            chosen(self._told[item][1])
