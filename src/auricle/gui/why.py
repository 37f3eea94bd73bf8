"""WhyPane: "Why no alert?": a sound's score over the last half minute, its thresholds, and the reason."""

from __future__ import annotations

import difflib
import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk

from auricle.card import Thresholds
from auricle.gui.box import SHOWN_S
from auricle.gui.items import ItemCanvas
from auricle.gui.look import Look


class WhyPane(ttk.Frame):
    """Search field, curve and sentence. It draws what it is given; `label` is what it wants to be given."""

    def __init__(self, parent: tk.Misc, *, look: Look, closed: Callable[[], object]) -> None:
        """`closed` is called when the user closes it."""
        super().__init__(parent, style="Card.TFrame", padding=look.px(12))
        self._look, self._labels = look, list[str]()
        self.label = ""
        """The sound that it speaks of."""
        self.points: list[tuple[float, float]] = []
        """Its curve: seconds before now, and score."""
        self.limits: Thresholds | None = None
        self.columnconfigure(0, weight=1)
        self.rowconfigure(2, weight=1)
        ttk.Label(self, text="Why no alert?", style="CardTitle.TLabel").grid(row=0, column=0, sticky="w")
        close = ttk.Button(self, text="Close", style="CardQuiet.TButton", command=closed)
        close.grid(row=0, column=1, sticky="e")
        self.search = ttk.Combobox(self, font=look.font("text"))
        self.search.grid(row=1, column=0, columnspan=2, sticky="ew", pady=look.px(8))
        self.search.bind("<KeyRelease>", lambda event: self._narrow(str(event.keysym)))
        for event in ("<Return>", "<<ComboboxSelected>>"):
            self.search.bind(event, lambda _: self.ask(self.search.get()))
        self.plot = ItemCanvas(self, width=1, height=1, border=0)
        self.plot.grid(row=2, column=0, columnspan=2, sticky="nsew")
        self._lines = {name: self.plot.create_line(0, 0, 0, 0) for name in ("base", "on", "off", "curve")}
        self._texts = {name: self.plot.create_text(0, 0) for name in ("on", "off", "then", "now")}
        self.reason = ttk.Label(self, style="Card.TLabel", justify="left")
        self.reason.grid(row=3, column=0, columnspan=2, sticky="ew", pady=(look.px(8), 0))
        self.bind("<Configure>", lambda event: self.reason.configure(wraplength=max(50, event.width - look.px(30))))
        self.plot.bind("<Configure>", lambda _: self.arrange())

    def know(self, labels: Sequence[str]) -> None:
        """The labels that can be asked about."""
        self._labels = sorted(labels, key=str.casefold)
        self.search.configure(values=self._labels)

    def ask(self, text: str) -> None:
        """Speaks of the label that fits `text` best."""
        found = _best(text, self._labels)
        if found:
            self.label = found
            self.search.set(found)
            self.search.configure(values=self._labels)
            self.search.selection_clear()
        else:
            self.label, self.points = "", []
            self.reason.configure(text=f"There is no label like “{text}”; choose one from the list.")
            self.arrange()

    def show(self, points: Sequence[tuple[float, float]], limits: Thresholds | None, reason: str) -> None:
        """Draws the label's score: (seconds before now, score), its thresholds where it has any, and the reason."""
        self.points, self.limits = list(points), limits
        self.reason.configure(text=reason)
        self._draw()

    def arrange(self) -> None:
        """Draws everything anew, after a change of size or theme."""
        theme, look = self._look.theme, self._look
        self.plot.configure(background=theme.surface)
        self.plot.dress(self._lines["base"], fill=theme.outline)
        for name in ("on", "off"):
            self.plot.dress(self._lines[name], fill=theme.muted, dash=(4, 4))
        self.plot.dress(self._lines["curve"], fill=theme.accent, width=look.px(2))
        for item in self._texts.values():
            self.plot.dress(item, fill=theme.muted, font=look.font("text"))
        self.search.configure(font=look.font("text"))
        self._draw()

    def _draw(self) -> None:
        plot, line = self.plot, self._look.linespace("text")
        width, height = plot.winfo_width(), plot.winfo_height() - line
        if height < line or width < 2:
            return

        def place(seconds: float, score: float) -> tuple[float, float]:
            return (1 + seconds / SHOWN_S) * width, line // 2 + (1 - score) * (height - line // 2 - 2)

        plot.put(self._lines["base"], *place(-SHOWN_S, 0.0), *place(0.0, 0.0))
        limits, shown = self.limits or Thresholds(on=1.0, off=1.0), "normal" if self.limits else "hidden"
        for name, score in (("on", limits.on), ("off", limits.off)):
            plot.dress(self._lines[name], state=shown)
            plot.dress(self._texts[name], state=shown)
            plot.put(self._lines[name], *place(-SHOWN_S, score), *place(0.0, score))
            x, y = place(-SHOWN_S, score)
            plot.put(self._texts[name], x, y - 1 if name == "on" else y + 1)
            plot.dress(self._texts[name], anchor="sw" if name == "on" else "nw")
            plot.dress(self._texts[name], text=f"{'begins' if name == 'on' else 'ends'} at {score:.0%}")
        for name, x, anchor, text in (("then", 0, "nw", f"{SHOWN_S:.0f} s ago"), ("now", width, "ne", "now")):
            plot.put(self._texts[name], x, height)
            plot.dress(self._texts[name], anchor=anchor, text=text)
        points = [value for seconds, score in self.points for value in place(max(-SHOWN_S, seconds), score)]
        plot.dress(self._lines["curve"], state="normal" if len(points) >= 4 else "hidden")
        if len(points) >= 4:
            plot.put(self._lines["curve"], *points)

    def _narrow(self, key: str) -> None:
        """Leaves in the list what contains the text so far."""
        if key not in ("Return", "Up", "Down", "Tab", "Escape"):
            typed = self.search.get().casefold()
            self.search.configure(values=[label for label in self._labels if typed in label.casefold()])


def _best(text: str, labels: Sequence[str]) -> str:
    """The label that is `text`, begins with it, contains it, or looks like it; else an empty text."""
    wanted = text.strip().casefold()
    if not wanted:
        return ""
    tests = (lambda name: name == wanted, lambda name: name.startswith(wanted), lambda name: wanted in name)
    for fits in tests:
        for label in labels:
            if fits(label.casefold()):
                return label
    folded = {label.casefold(): label for label in labels}
    near = difflib.get_close_matches(wanted, folded, n=1)
    return folded[near[0]] if near else ""
