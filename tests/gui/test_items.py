"""ItemCanvas: Tk is asked only for what has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("tkinter", reason="no window without a Python with Tk (python3-tk)")

from auricle.gui.items import ItemCanvas

if TYPE_CHECKING:
    import tkinter as tk


def test_what_stays_as_it_is_is_not_asked_for(root: tk.Tk) -> None:
    """A second call with the same place or the same options does nothing; of several options only the new ones go out."""
    canvas: Any = ItemCanvas(root, width=100, height=100, border=0)
    item = canvas.create_rectangle(0, 0, 0, 0)
    canvas.put(item, 1, 2, 3, 4)
    canvas.dress(item, fill="#ff0000", width=2)
    assert canvas.coords(item) == [1.0, 2.0, 3.0, 4.0]
    canvas.coords(item, 5, 6, 7, 8)  # behind its back, so that one sees what it does not ask for
    canvas.itemconfigure(item, fill="#00ff00")
    canvas.put(item, 1, 2, 3, 4)
    canvas.dress(item, fill="#ff0000", width=3)
    assert canvas.coords(item) == [5.0, 6.0, 7.0, 8.0]
    assert canvas.itemcget(item, "fill") == "#00ff00"
    assert canvas.itemcget(item, "width") == "3.0"
    canvas.put(item, 1, 2, 3, 5)
    assert canvas.coords(item) == [1.0, 2.0, 3.0, 5.0]
