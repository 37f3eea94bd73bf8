"""Panes: everything around the ranking: tools, notice, spectrogram, events, status, and the panes that come and go."""

from __future__ import annotations

import tkinter as tk
from datetime import datetime
from tkinter import ttk
from typing import TYPE_CHECKING

from auricle.gui.box import SHOWN_S, News
from auricle.gui.engine import Choice, Engine, Session
from auricle.gui.eventlist import EventList
from auricle.gui.history import History, LastEvents
from auricle.gui.panels import HelpPane, Notice
from auricle.gui.spectrum import SECONDS, Spectrum
from auricle.gui.status import StatusLine
from auricle.gui.tools import ChoiceMenu, Tools
from auricle.gui.why import WhyPane

if TYPE_CHECKING:
    from auricle.gui.window import DemoApp

_WIDE, _TALL = 740, 660
"""From this width on two columns, else from this height on two floors, else the ranking alone; the theme's pixels."""
_EXPLAIN_S = 0.5


class Panes:
    """Builds them into a DemoApp's areas, and hands them what is new."""

    def __init__(self, *, app: DemoApp, engine: Engine) -> None:
        self._app, self._look = app, app.look
        self.history, self._last = History(), LastEvents()
        self._session: Session | None = None
        self._explained_s = 0.0
        self._opened: tk.Widget | None = None
        self._build_top(app.top_widgets["area"], engine)
        self._build_middle(app.mid_widgets["area"])
        self._build_bottom(app.bottom_widgets["area"])
        self.show_choice(app.choice)

    def _build_top(self, area: tk.Widget, engine: Engine) -> None:
        app, look = self._app, self._look
        self.tools = Tools(area, look=look)
        self.tools.grid(row=1, column=0, columnspan=3, sticky="ew", pady=(look.px(10), 0))
        self.meter = self.tools.meter
        self.source = ChoiceMenu(
            self.tools, look=look, title="Input", usual="default", names=engine.sources,
            chosen=lambda name: app.choose(source=name), more=[("Look for devices again", app.restart)],
        )  # fmt: skip
        self.model = ChoiceMenu(
            self.tools, look=look, title="Model", usual="default", names=engine.models,
            chosen=lambda name: app.choose(model=name), more=[],
        )  # fmt: skip
        for menu in (self.source, self.model):
            self.tools.hold(menu)
        self.notice = Notice(area, look=look)
        self.notice.grid(row=2, column=0, columnspan=3, sticky="ew", pady=(look.px(10), 0))
        self.notice.grid_remove()
        app.top_widgets |= {"input": self.source, "model": self.model, "meter": self.meter, "notice": self.notice}

    def _build_middle(self, area: tk.Widget) -> None:
        app, look = self._app, self._look
        self.aside = ttk.Frame(area)
        self.aside.columnconfigure(0, weight=1)
        self.aside.rowconfigure((0, 1), weight=1, uniform="asides")
        self.spectrum = Spectrum(self._card(0, f"The last {SECONDS:.0f} seconds"), look=look)
        self.events = EventList(self._card(1, "Events"), look=look, chosen=self.explain)
        for widget in (self.spectrum, self.events):
            widget.grid(row=1, column=0, sticky="nsew", pady=(look.px(8), 0))
        self.why = WhyPane(area, look=look, closed=self.close)
        self.help = HelpPane(area, look=look, closed=self.close)
        app.mid_widgets |= {"spectrum": self.spectrum, "events": self.events, "why": self.why, "keys": self.help}
        for row in app.rows:
            row.configure(takefocus=1)
            row.bind("<Button-1>", lambda _, row=row: self.explain(row.label))  # type: ignore[misc]
            row.bind("<Return>", lambda _, row=row: self.explain(row.label))  # type: ignore[misc]

    def _build_bottom(self, area: tk.Widget) -> None:
        app, look = self._app, self._look
        self.status = StatusLine(area, look=look)
        self.status.grid(row=0, column=1, sticky="ew")
        button = ttk.Button(area, text="Help", style="Quiet.TButton", command=self.open_help)
        button.grid(row=0, column=2, padx=look.px(8))
        app.bottom_widgets["exit"].grid(row=0, column=3)
        app.bottom_widgets |= {"status": self.status, "help": button}

    def show_choice(self, choice: Choice) -> None:
        """What is taken, on the menus."""
        self.source.show(choice.source)
        self.model.show(choice.model)

    def begin(self, session: Session) -> None:
        """Starts anew for a session."""
        self._session, self.history = session, History()
        self.events.run += 1
        self.meter.rest()
        self.spectrum.begin(frame_s=session.frame_s, loudness=session.loudness)
        self.status.begin(session)
        self.why.know([*session.labels, *session.left_out])

    def rest(self) -> None:
        """Listening has ended."""
        self.meter.rest()
        self.status.begin(None)

    def take(self, news: News, began: datetime) -> None:
        """Hands out what is new."""
        self.history.add(news)
        self.status.take(news)
        if news.health is not None:
            self.meter.show(news.health.level_dbfs, news.peak_dbfs)
        for event in news.events:
            self.events.show(event, began)
            self._last.add(event, began)
        self.spectrum.push(news.frames)

    def step(self, elapsed_s: float, now_s: float) -> None:
        """Moves what moves."""
        self.meter.step(elapsed_s)
        self.spectrum.step(elapsed_s)
        self.status.step(now_s)
        if now_s - self._explained_s >= _EXPLAIN_S and self._opened is self.why:
            self._explained_s = now_s
            self._answer()

    def explain(self, label: str) -> None:
        """Opens the pane that explains, for a sound, or with an empty text to search for one."""
        if label or self._session is not None:
            self._open(self.why)
            if label:
                self.why.ask(label)
            else:
                self.why.search.focus_set()
            self._answer()

    def open_help(self) -> None:
        """Opens or closes the list of keys."""
        if self._opened is self.help:
            self.close()
        else:
            self._open(self.help)
            self.help.close.focus_set()

    def close(self) -> bool:
        """Closes whatever has been opened; False if nothing was."""
        if self._opened is None:
            return False
        self._opened.place_forget()
        self._opened = None
        self._app.focus_set()
        return True

    def arrange(self) -> None:
        """One column or two, one floor or two, as the size allows."""
        look, width, height = self._look, self._app.winfo_width(), self._app.winfo_height()
        area, gap = self._app.mid_widgets["area"], look.px(12)
        wide, tall = width >= look.px(_WIDE), height >= look.px(_TALL)
        area.columnconfigure(1, weight=1 if wide else 0, uniform="panes" if wide else "")
        area.rowconfigure(1, weight=1 if tall and not wide else 0)
        if wide:
            self.aside.grid(row=0, column=1, sticky="nsew", padx=(gap, 0), pady=0)
        elif tall:
            self.aside.grid(row=1, column=0, sticky="nsew", padx=0, pady=(gap, 0))
        else:
            self.aside.grid_remove()
        self.tools.arrange(width)
        self.spectrum.arrange()
        self.events.arrange()
        self.why.arrange()
        if self._opened is not None:
            self._open(self._opened)

    def _answer(self) -> None:
        session, label = self._session, self.why.label
        if session is None:
            return
        last = self._last.told(label)
        if label in session.labels:
            index = session.labels.index(label)
            reason = session.why(index, list(self.history.final), self._last.is_open(label))
            self.why.show(self.history.of(index), session.thresholds[index], f"{reason} {last}".rstrip())
        elif label in session.left_out:
            points = self.history.of_label(session.known.index(label))
            highest = max((score for _, score in points), default=0.0)
            heard = f"Its highest score in the last {SHOWN_S:.0f} s was {highest:.0%}." if points else ""
            self.why.show(points, None, " ".join(filter(None, (session.left_out[label], heard, last))))

    def _open(self, pane: tk.Widget) -> None:
        """Beside the ranking where there is room, else over it."""
        if self._opened not in (None, pane):
            self._opened.place_forget()
        self._opened = pane
        place = self.aside if self.aside.winfo_manager() else self._app.mid_widgets["card"]
        pane.place(in_=place, x=0, y=0, relwidth=1.0, relheight=1.0, bordermode="outside")
        pane.lift()

    def _card(self, row: int, title: str) -> ttk.Frame:
        look = self._look
        card = ttk.Frame(self.aside, style="Card.TFrame", padding=look.px(12))
        card.grid(row=row, column=0, sticky="nsew", pady=(0 if row == 0 else look.px(12), 0))
        card.columnconfigure(0, weight=1)
        card.rowconfigure(1, weight=1)
        card.grid_propagate(False)
        ttk.Label(card, text=title, style="CardTitle.TLabel").grid(row=0, column=0, sticky="w")
        return card
