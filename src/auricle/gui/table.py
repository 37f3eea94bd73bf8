"""RowTable: as many rows as fit, and the wheel for the others."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from auricle.gui.look import Look
from auricle.gui.rows import SoundRow


class RowTable(ttk.Frame):
    """A stack of SoundRows of equal height, laid out by hand."""

    def __init__(self, parent: tk.Misc, *, count: int, look: Look) -> None:
        """`count` empty rows."""
        super().__init__(parent, style="Inner.TFrame", width=1, height=1)
        self._look, self._first, self._size = look, 0, (0, 0)
        self.rows = [SoundRow(self, rank=k + 1, look=look) for k in range(count)]
        self.bind("<Configure>", lambda event: self._resized(event.width, event.height))
        for widget in (self, *self.rows):
            for event, turns in (("<Button-4>", -1), ("<Button-5>", 1)):
                widget.bind(event, lambda _, turns=turns: self.scroll(turns))  # type: ignore[misc]
            widget.bind("<MouseWheel>", lambda event: self.scroll(-1 if event.delta > 0 else 1))

    @property
    def visible(self) -> int:
        """How many rows fit."""
        least = round(1.15 * self._look.linespace("table")) + self._look.px(2)
        return max(1, min(len(self.rows), self._size[1] // least))

    def scroll(self, rows: int) -> None:
        """Moves by so many rows, within what there is."""
        first = min(max(0, self._first + rows), len(self.rows) - self.visible)
        if first != self._first:
            self._first = first
            self.arrange(fonts_changed=False)

    def arrange(self, *, fonts_changed: bool) -> None:
        """Places the rows that fit; those of them that keep their size are drawn anew if the fonts have changed."""
        visible, line = self.visible, self._look.linespace("table")
        self._first = min(self._first, len(self.rows) - visible)
        height = min(self._size[1] // visible, round(2.7 * line))
        for k, row in enumerate(self.rows):
            place = k - self._first
            if 0 <= place < visible:
                row.place(x=0, y=place * height, relwidth=1.0, height=height)
                if fonts_changed:
                    row.arrange()
            elif row.winfo_manager():
                row.place_forget()

    def _resized(self, width: int, height: int) -> None:
        if (width, height) != self._size:
            self._size = (width, height)
            self.arrange(fonts_changed=False)
