"""`auricle window` as a user starts it, on a display of its own; what it shows is read from its widgets."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from tests.display import Display
from tests.material import REPOSITORY
from tests.virtual_microphone import DEADLINE_S, wait_until

Line = dict[str, Any]


class RunningWindow:
    """A window in a process of its own."""

    def __init__(self, *words: str, display: Display, environment: Mapping[str, str]) -> None:
        self.lines: list[Line] = []
        self.notes: list[str] = []
        self._display = display
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.gui.driver", *words],
            cwd=REPOSITORY, env=display.environment(environment), stdout=pipe, stderr=pipe, text=True,
        )  # fmt: skip
        streams: tuple[tuple[Any, list[Any], Callable[[str], Any]], ...] = (
            (self._process.stdout, self.lines, json.loads),
            (self._process.stderr, self.notes, str),
        )
        self._readers = [threading.Thread(target=self._read, args=stream) for stream in streams]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _read(stream: Any, lines: list[Any], parse: Callable[[str], Any]) -> None:
        with stream:
            for line in stream:
                lines.append(parse(line))

    @property
    def now(self) -> Line:
        """What it shows."""
        return self.lines[-1]

    def wait_for(self, condition: Callable[[Line], bool], what: str, deadline_s: float = DEADLINE_S) -> None:
        """Returns once what it shows fulfils `condition`."""
        try:
            wait_until(lambda: bool(self.lines) and condition(self.now), what, deadline_s)
        except AssertionError as error:
            raise AssertionError(f"{error}; it shows {self.lines[-1:]}, and said {self.notes}") from None

    def press_start(self) -> None:
        """Clicks on the switch, and waits until it listens."""
        self.wait_for(lambda line: line["visible"] and line["switch"][0] > 50, "the window is there")
        x, y = self.now["switch"]
        self._display.press("mousemove", str(x), str(y), "click", "1")

    def press(self, key: str) -> None:
        """Presses a key while the pointer is in the window."""
        self._display.press("mousemove", "300", "30", "key", key)

    def interrupt(self) -> None:
        """Presses Ctrl-C in its terminal."""
        self._process.send_signal(signal.SIGINT)

    def wait(self) -> tuple[int, float]:
        """Waits for its end; gives exit status and seconds."""
        began_s = time.monotonic()
        status = self._process.wait(DEADLINE_S)
        for reader in self._readers:
            reader.join(DEADLINE_S)
        return status, time.monotonic() - began_s

    def kill(self) -> None:
        """Ends it whatever it does."""
        self._process.kill()
        self.wait()
