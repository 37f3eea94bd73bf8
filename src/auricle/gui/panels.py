"""Small panels: a sentence that says what to do, and the list of keys."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from auricle.gui.look import Look

KEYS = (
    ("Space", "start or stop listening"),
    ("Click a sound", "why it is, or is not, an alert"),
    ("Ctrl F", "the same for any sound: search"),
    ("Ctrl + / − / 0", "larger, smaller, usual letters"),
    ("Ctrl T", "light or dark"),
    ("F11", "full screen"),
    ("Tab", "from one control to the next"),
    ("F1", "this help"),
    ("Esc", "close this, or full screen, or leave"),
    ("Ctrl Q", "leave"),
)


class Notice(ttk.Frame):
    """One sentence across the window; away while there is nothing to say."""

    def __init__(self, parent: tk.Misc, *, look: Look) -> None:
        """An empty one, to be gridded once; it shows and hides itself."""
        super().__init__(parent, style="Notice.TFrame", padding=(look.px(14), look.px(8)))
        self._look = look
        self._label = ttk.Label(self, style="Notice.TLabel", justify="left")
        self._label.pack(fill="x")
        self.text, self._is_error = "", False
        self.bind("<Configure>", lambda event: self._label.configure(wraplength=max(50, event.width - look.px(32))))

    def say(self, text: str, *, is_error: bool) -> None:
        """Shows `text`, or nothing where it is empty."""
        if (text, is_error) == (self.text, self._is_error):
            return
        self.text, self._is_error = text, is_error
        kind = "Error" if is_error else "Notice"
        self.configure(style=f"{kind}.TFrame")
        self._label.configure(text=text, style=f"{kind}.TLabel")
        if text:
            self.grid()
        else:
            self.grid_remove()


class HelpPane(ttk.Frame):
    """The keys."""

    def __init__(self, parent: tk.Misc, *, look: Look, closed: Callable[[], object]) -> None:
        """`closed` is called when the user closes it."""
        super().__init__(parent, style="Card.TFrame", padding=look.px(16))
        self.columnconfigure(1, weight=1)
        ttk.Label(self, text="Keys", style="CardTitle.TLabel").grid(row=0, column=0, sticky="w")
        self.close = ttk.Button(self, text="Close", style="CardQuiet.TButton", command=closed)
        self.close.grid(row=0, column=1, sticky="e")
        for k, (key, meaning) in enumerate(KEYS, start=1):
            ttk.Label(self, text=key, style="CardMuted.TLabel").grid(row=k, column=0, sticky="w", padx=(0, look.px(18)))
            ttk.Label(self, text=meaning, style="Card.TLabel").grid(row=k, column=1, sticky="w", pady=look.px(3))
        text = "Auricle is no safety device: it misses sounds, and hears some that are not there."
        note = ttk.Label(self, text=text, style="CardMuted.TLabel", justify="left")
        note.grid(row=len(KEYS) + 1, column=0, columnspan=2, sticky="w", pady=(look.px(12), 0))
        self.bind("<Configure>", lambda event: note.configure(wraplength=max(50, event.width - look.px(40))))
