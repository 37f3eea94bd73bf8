"""Items: a canvas that asks Tk only for what has changed."""

from __future__ import annotations

import tkinter as tk


class ItemCanvas(tk.Canvas):
    """A tk.Canvas whose items are moved and dressed often, mostly to where and what they are already.

    Every call into Tk costs, and makes it draw; `put` and `dress` leave out those that would change nothing.
    """

    def __init__(self, parent: tk.Misc, *, width: int, height: int, border: int) -> None:
        """Of a width and height that its manager may change; `border`: pixels around it for the keyboard's focus."""
        super().__init__(parent, highlightthickness=border, borderwidth=0, takefocus=0, width=width, height=height)
        self._places: dict[int, tuple[float, ...]] = {}
        self._looks: dict[tuple[int, str], object] = {}

    def put(self, item: int, *place: float) -> None:
        """Moves an item."""
        if self._places.get(item) != place:
            self._places[item] = place
            self.tk.call(str(self), "coords", item, *place)

    def dress(self, item: int, **options: object) -> None:
        """Changes an item's options."""
        changed: list[object] = []
        for name, value in options.items():
            if self._looks.get((item, name)) != value:
                self._looks[item, name] = value
                changed += [f"-{name}", value]
        if changed:
            self.tk.call(str(self), "itemconfigure", item, *changed)
