"""Listening: one session in a thread of its own, asked by polling and never waited for."""

from __future__ import annotations

import threading

from auricle.errors import AuricleError
from auricle.gui.box import Box
from auricle.gui.engine import Choice, Engine, Session


class Listening:
    """Opens a session and runs it. `session`, `error` and `is_over` may be read by the window at any time."""

    def __init__(self, *, engine: Engine, choice: Choice) -> None:
        """Begins at once."""
        self.choice, self.box = choice, Box()
        self.session: Session | None = None
        """Set when the source is open and the model is loaded."""
        self.error: Exception | None = None
        """What ended it, if it was not its source's end or `stop`."""
        self._engine, self._stopped = engine, threading.Event()
        self._thread = threading.Thread(target=self._run, name="pipeline", daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """Its thread has ended."""
        return not self._thread.is_alive()

    @property
    def was_stopped(self) -> bool:
        """`stop` was called."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Ends it soon, wherever it is; never waits."""
        self._stopped.set()
        session = self.session
        if session is not None:
            session.close()

    def _run(self) -> None:
        try:
            session = self._engine.open(self.choice, self.box)
            self.session = session
            if self._stopped.is_set():  # perhaps before there was a session to close
                session.close()
            session.run()
        except Exception as error:
            self.error = error


class Looking:
    """Looks for devices in a thread of its own."""

    def __init__(self, *, engine: Engine) -> None:
        """Begins at once."""
        self.error: AuricleError | None = None
        self._engine = engine
        self._thread = threading.Thread(target=self._run, name="devices", daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """Its thread has ended."""
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._engine.look()
        except AuricleError as error:
            self.error = error
