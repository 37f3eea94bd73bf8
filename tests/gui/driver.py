"""The program with a reporter: `python -m tests.gui.driver WORDS` runs `auricle window WORDS` as a user would.

It reads the widgets as the eye does, in the main thread, and prints a JSON line whenever they have changed: the time on
the system's monotonic clock, the state, the rows with the marks of those above their threshold, the notice, when each
label's score last rose above its threshold in the pipeline's thread, and the longest time for which the mainloop did
nothing else while it listened. With `--run` it is `auricle run`, which starts at once; with
`--calm` it looks five times a second only, and costs next to nothing; with `--break` one of its callbacks fails.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

import numpy as np

from auricle import settings
from auricle.app import Auricle
from auricle.commands import window
from auricle.gui import State
from auricle.gui.box import Box
from auricle.gui.window import DemoApp
from auricle.messages import Message, Scores

_BEAT_MS, _CALM_MS = 5, 200
_SETTLED_S = 1.0
"""Of listening, before blocks count: the window is first drawn, and a model is loaded, before that."""


class Reporter:
    """Prints what the window shows."""

    def __init__(self, app: DemoApp, beat_ms: int) -> None:
        self._app, self._last, self._beat_ms = app, "", beat_ms
        self._began_s = self._beat_s = time.monotonic()
        self._longest_ms = 0.0
        self._over: set[str] = set()
        self._risen_s: dict[str, float] = {}
        self._listen()
        app.after(beat_ms, self._beat)  # in the mainloop: by then a signal is seen to

    def _listen(self) -> None:
        """Looks at scores on their way into the box, in the pipeline's thread."""
        handle = Box.handle

        def heard(box: Box, message: Message) -> None:
            session = self._app.session
            if isinstance(message, Scores) and session is not None:
                on = [pair.on for pair in session.thresholds]
                over = {session.labels[k] for k in np.flatnonzero(message.probabilities >= np.array(on)).tolist()}
                self._risen_s |= dict.fromkeys(over - self._over, time.monotonic())
                self._over = over
            handle(box, message)

        Box.handle = heard  # type: ignore[assignment,method-assign]

    def _beat(self) -> None:
        now_s = time.monotonic()
        blocked_ms = 1000 * (now_s - self._beat_s) - self._beat_ms
        if not self._app.rows[0].label or self._app.state is not State.RUNNING:
            self._began_s = now_s
        if now_s - self._began_s > _SETTLED_S:
            self._longest_ms = max(self._longest_ms, blocked_ms)
        self._beat_s = now_s
        self._report(now_s)
        self._app.after(self._beat_ms, self._beat)

    def _report(self, now_s: float) -> None:
        app = self._app
        switch: Any = app.top_widgets["switch"]
        shown = {
            "state": app.state.value,
            "rows": [(row.label, round(row.score, 3), row.is_hot) for row in app.rows if row.label],
            "notice": app.panes.notice.text,
            "input": app.top_widgets["input"].cget("text"),
            "status": app.panes.status.full,
            "events": app.panes.events.lines,
            "visible": bool(switch.winfo_viewable()),
            "switch": [
                switch.winfo_rootx() + switch.winfo_width() // 2,
                switch.winfo_rooty() + switch.winfo_height() // 2,
            ],
        }
        line = json.dumps(shown)
        if line != self._last:
            self._last = line
            measured = {"time_s": now_s, "longest_ms": self._longest_ms, "risen_s": self._risen_s.copy()}
            sys.stdout.write(json.dumps({**measured, **shown}) + "\n")
            sys.stdout.flush()


def main(words: list[str]) -> int:
    """Runs the window with a reporter in it."""
    build = DemoApp.__init__

    def built(self: DemoApp, *arguments: Any, **named: Any) -> None:
        build(self, *arguments, **named)
        if "--break" in words:
            self.after(200, lambda: 1 // 0)
        self.reporter = Reporter(self, beat_ms)  # type: ignore[attr-defined]

    beat_ms = _CALM_MS if "--calm" in words else _BEAT_MS
    DemoApp.__init__ = built  # type: ignore[method-assign]
    configured = [word for word in words if not word.startswith("--")]
    if "--run" in words:
        return window.show(Auricle(settings.load(configured)), begin=True, fallback=True)
    return window.window(argparse.Namespace(words=configured))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
