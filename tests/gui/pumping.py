"""Running the mainloop as far as a test needs it."""

from __future__ import annotations

import _tkinter
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tkinter as tk

    from auricle.gui import DemoFrontend, State


def resize(root: tk.Tk, width: int, height: int) -> None:
    root.geometry(f"{width}x{height}+0+0")
    settle(root)


def settle(root: tk.Tk) -> None:
    """Until nothing is left to do at once."""
    for _ in range(5):
        root.update()


def pump(root: tk.Tk, until: Callable[[], bool], what: str, deadline_s: float = 10.0) -> None:
    """Runs the mainloop until `until` holds."""
    end_s = time.monotonic() + deadline_s
    while not until():
        assert time.monotonic() < end_s, f"not in time: {what}"
        if not root.tk.dooneevent(_tkinter.DONT_WAIT):
            time.sleep(0.001)


def state(demo: DemoFrontend) -> State:
    """The state as it is now, which a type checker takes to be that of before."""
    return demo.state
