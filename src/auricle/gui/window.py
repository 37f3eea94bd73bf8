"""DemoApp: the window of the product: DemoFrontend with a pipeline behind it, run in a thread and asked by polling."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from auricle.errors import AuricleError, SourceError
from auricle.gui import pictures
from auricle.gui.areas import Bottom, Middle, Top
from auricle.gui.box import News
from auricle.gui.engine import Choice, Engine, Session
from auricle.gui.frontend import FRAME_MS, DemoFrontend
from auricle.gui.listening import Listening, Looking
from auricle.gui.panes import Panes
from auricle.gui.ranking import StableRanking
from auricle.gui.states import State
from auricle.gui.theme import Theme

CLOSING_S = 1.8
"""How long closing waits for threads; one that hangs in a device is left behind."""
_HANGS_S = 6.0
"""A device that says nothing at all for so long is reported."""
_NOTICE_S = 2.0
"""A sentence about the input stays at least so long."""
_FIRST_RETRY_S, _LONGEST_RETRY_S = 1.0, 8.0


class DemoApp(DemoFrontend):
    """The window. Every method belongs to the main thread; the pipeline's thread is polled through a box."""

    def __init__(
        self, parent: tk.Tk, *, engine: Engine, theme: Theme, rows: int, choice: Choice, closing_s: float
    ) -> None:
        """Fills `parent`; `choice` is what Start begins with."""
        logos = (pictures.logo(theme),)
        super().__init__(
            parent,
            theme=theme,
            top=Top("Auricle", pictures.banner(theme)),
            middle=Middle(rows),
            bottom=Bottom(logos=logos),
        )
        self.choice, self.abandoned = choice, list[Listening | Looking]()
        """`abandoned`: threads that hang in a device and were left behind."""
        self._engine, self._closing_s, self._rows = engine, closing_s, rows
        self._ranking = StableRanking(rows=rows)
        self._listening: Listening | None = None
        self._looking: Looking | None = Looking(engine=engine)
        self.session: Session | None = None  # what is being heard, or was heard last
        self._again = self._leaving = self.is_closing = self.has_left = False
        self._deadline_s = self._retry_s = self._heard_s = self._noted_s = 0.0
        self._retry_pause_s, self._note = _FIRST_RETRY_S, ""
        self._began = datetime.now().astimezone()
        self.panes = Panes(app=self, engine=engine)
        self.pulse.wake()

    def start(self) -> None:
        """Begins to listen, in a thread of its own."""
        if self.is_closing or self._listening is not None:
            return
        self._retry_s = 0.0
        self._tell("")
        self.state = State.STARTING
        if self._looking is None:
            self._listening = Listening(engine=self._engine, choice=self.choice)
        # Otherwise the poll begins as soon as the look for devices is over: PortAudio is for one thread at a time.
        self._heard_s = time.monotonic()

    def stop(self) -> None:
        """Ends listening, soon."""
        self._again = False
        self._retry_s = 0.0
        if self._listening is None:
            self.state = State.IDLE
            return
        self.state = State.STOPPING
        self._deadline_s = time.monotonic() + self._closing_s
        self._listening.stop()

    def choose(self, *, source: str | None = None, model: str | None = None) -> None:
        """Takes another input or model, at once if it is listening."""
        wanted = {"source": source, "model": model}
        self.choice = replace(self.choice, **{name: value for name, value in wanted.items() if value is not None})
        self.panes.show_choice(self.choice)
        self.restart()

    def restart(self) -> None:
        """Ends listening and begins anew, if it is listening or tried to; else looks for devices."""
        if self.state in (State.IDLE, State.FAILED) and self._looking is None:
            self._looking = Looking(engine=self._engine)
            if self.state is State.FAILED:
                self.start()
        elif self.state in (State.STARTING, State.RUNNING):
            self.stop()
            self._again = True

    def leave_soon(self) -> None:
        """Asks the next poll to leave; may be called by a signal's handler."""
        self._leaving = True

    def exit_demo(self) -> None:
        """Ends every thread, then the window; the wait is one of `after`, so that nothing freezes."""
        if self.is_closing:
            return
        self.stop()
        self.is_closing = True
        self.state = State.STOPPING
        self._deadline_s = time.monotonic() + self._closing_s
        self.panes.notice.say("Closing …", is_error=False)

    def show_session(self, ranking: Sequence[tuple[str, float]]) -> None:
        """Shows labels with scores, and keeps rows where they are while the ranking is much the same."""
        self.show(self._ranking.update(ranking))

    def use_theme(self, theme: Theme) -> None:
        """Changes colours, and draws the pictures in them."""
        for widget, draw in (
            (self.top_widgets["banner"], pictures.banner),
            (self.bottom_widgets["logo 1"], pictures.logo),
        ):
            assert isinstance(widget, pictures.PictureLabel)  # noqa: S101  (for the type checker)
            widget.change(draw(theme), theme)
        super().use_theme(theme)

    def arrange(self) -> None:
        """Also the panes."""
        super().arrange()
        self.panes.arrange()

    def beat(self, elapsed_s: float) -> int:
        """Looks at what the threads have left, and moves the bars; never waits."""
        self._look_around(elapsed_s, time.monotonic())
        return 0 if self.has_left else super().beat(elapsed_s) or FRAME_MS

    def _look_around(self, elapsed_s: float, now_s: float) -> None:
        if self._leaving:
            self.exit_demo()
        if self._looking is not None and self._looking.is_over:
            self._looking = None
        if self._listening is not None:
            self._follow(self._listening, now_s)
        elif self.state is State.STARTING and self._looking is None:
            self._listening = Listening(engine=self._engine, choice=self.choice)
        elif self._retry_s and now_s >= self._retry_s:
            self.start()
        self.panes.step(elapsed_s, now_s)
        if self.is_closing and (now_s >= self._deadline_s or self._is_quiet):
            self._leave()

    @property
    def _is_quiet(self) -> bool:
        return self._listening is None and self._looking is None

    def _follow(self, listening: Listening, now_s: float) -> None:
        over = listening.is_over  # asked first: what it left behind is then complete
        session = listening.session
        if session is not None and session is not self.session:
            self._begin(session)
        if session is not None:
            if self.state is State.STARTING:
                self.state = State.RUNNING
            news = listening.box.take()
            if news is not None:
                self._take(news, session, now_s)
        if over:
            self._end(listening, now_s)
        elif self.state is State.STOPPING and now_s >= self._deadline_s and not self.is_closing:
            self.abandoned.append(listening)
            self._listening = None
            self.state = State.FAILED
            self._tell(f"{self._source_name} does not answer; unplug it, or choose another input.", is_error=True)
        elif not self.is_closing and now_s - self._heard_s > _HANGS_S:
            self._tell(f"{self._source_name} does not answer; unplug it, or choose another input.", is_error=True)

    def _begin(self, session: Session) -> None:
        self.session, self._retry_pause_s = session, _FIRST_RETRY_S
        self._ranking = StableRanking(rows=self._rows)
        self._heard_s = time.monotonic()
        on = [pair.on for pair in session.thresholds]
        self.thresholds = dict(zip(session.labels, on, strict=True))
        self._note = session.remark
        self._tell(session.remark)
        self.panes.begin(session)

    def _take(self, news: News, session: Session, now_s: float) -> None:
        if news.now is not None:
            self.show_session(session.top(news.now))
        if news.health is not None:
            self._heard_s = now_s
            if news.events:
                self._began = datetime.now().astimezone() - timedelta(seconds=news.health.time_s)
            note = news.health.note or session.remark
            if note != self._note and (note or now_s - self._noted_s > _NOTICE_S):
                self._note, self._noted_s = note, now_s
            if not self.is_closing:
                self._tell(self._note)
        self.panes.take(news, self._began)

    def _end(self, listening: Listening, now_s: float) -> None:
        """Its thread is over: by `stop`, by an error, or because the source has ended."""
        self._listening = None
        error, again, self._again = listening.error, self._again, False
        self.show([])
        self.panes.rest()
        self.state = State.STOPPING if self.is_closing else State.IDLE
        if self.is_closing:
            return
        self._tell("")
        if again:
            self.start()
        elif error is not None and not listening.was_stopped:
            self.state = State.FAILED
            self._fail(error, now_s)
        elif not listening.was_stopped:
            self._tell(f"{self._source_name} has ended; press Start to hear it again.")

    def _fail(self, error: Exception, now_s: float) -> None:
        if not isinstance(error, AuricleError):
            self._tell(
                f"Something broke inside Auricle ({type(error).__name__}: {error}); press Start to go on.",
                is_error=True,
            )
            return
        retry = isinstance(error, SourceError)
        if retry:
            self._retry_s = now_s + self._retry_pause_s
            self._retry_pause_s = min(2 * self._retry_pause_s, _LONGEST_RETRY_S)
        self._tell(f"{error}{' Auricle keeps trying.' if retry else ''}", is_error=True)

    @property
    def _source_name(self) -> str:
        return self.session.source if self.session else "The input"

    def _tell(self, text: str, *, is_error: bool = False) -> None:
        self.panes.notice.say(text, is_error=is_error)

    def _leave(self) -> None:
        self.abandoned += [work for work in (self._listening, self._looking) if work is not None]
        self.has_left = True
        self.winfo_toplevel().destroy()
