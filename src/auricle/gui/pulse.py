"""Pulse: the one timer of a window, which beats only while there is something to do."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable


class Pulse:
    """Calls `beat` again and again for as long as that asks for it. Belongs to the thread of the mainloop.

    The pause comes after the work, so that a slow machine finds time to draw. Tk is given its command once: `after` with
    a function of Python's would make and delete one for every beat.
    """

    def __init__(self, *, widget: tk.Misc, beat: Callable[[float], int], pause_ms: int) -> None:
        """`beat` gets the seconds since the last one, and gives the milliseconds until the next one, 0 for none.

        `pause_ms`: between `wake` and the first one, and after one that failed.
        """
        self._tk, self._beat, self._pause_ms = widget.tk, beat, pause_ms
        self._command = widget.register(self._turn)
        self._waiting, self._last_s, self._stopped = "", 0.0, False

    @property
    def is_awake(self) -> bool:
        """Another beat will come."""
        return bool(self._waiting)

    def wake(self) -> None:
        """Begins to beat, if it does not already."""
        if not self._waiting:
            self._stopped = False
            self._last_s = time.monotonic()
            self._wait(self._pause_ms)

    def stop(self) -> None:
        """Beats no more, until `wake`."""
        self._stopped = True
        if self._waiting:
            self._tk.call("after", "cancel", self._waiting)
            self._waiting = ""

    def _turn(self) -> None:
        now_s = time.monotonic()
        elapsed_s, self._last_s = now_s - self._last_s, now_s
        pause_ms = self._pause_ms
        try:
            pause_ms = self._beat(elapsed_s)
        finally:
            self._waiting = ""
            if pause_ms and not self._stopped:
                self._wait(pause_ms)

    def _wait(self, pause_ms: int) -> None:
        self._waiting = str(self._tk.call("after", pause_ms, self._command))
