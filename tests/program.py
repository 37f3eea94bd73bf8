"""The program as a user starts it: a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.virtual_microphone import DEADLINE_S, wait_until

COMMAND = [sys.executable, "-m", "auricle"]


def auricle(*words: str | Path, stdin: bytes = b"", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end. Its output is text, decoded as UTF-8."""
    done = subprocess.run(
        [*COMMAND, *map(str, words)], input=stdin, capture_output=True, cwd=cwd, timeout=10 * DEADLINE_S, check=False
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


class Running:
    """A command that goes on, its output collected line by line as it comes."""

    def __init__(self, *words: str, environment: Mapping[str, str], program: Sequence[str] = COMMAND) -> None:
        self.lines: list[str] = []
        self.notes: list[str] = []
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [*program, *words], env={**environment, "PYTHONUNBUFFERED": "1"}, stdout=pipe, stderr=pipe, text=True
        )
        streams = ((self._process.stdout, self.lines), (self._process.stderr, self.notes))
        self._readers = [threading.Thread(target=self._read, args=stream) for stream in streams]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _read(stream: Any, lines: list[str]) -> None:
        with stream:
            lines.extend(line.rstrip("\n") for line in stream)

    @property
    def pid(self) -> int:
        return self._process.pid

    def events(self) -> list[dict[str, Any]]:
        """Its JSON lines so far."""
        return [json.loads(line) for line in list(self.lines)]

    def wait_for_note(self, text: str, deadline_s: float = DEADLINE_S) -> None:
        """Returns once standard error has said `text`."""
        wait_until(lambda: any(text in note for note in list(self.notes)), f"“{text}” in {self.notes}", deadline_s)

    def interrupt(self) -> int:
        """Presses Ctrl-C, and gives the exit status."""
        self._process.send_signal(signal.SIGINT)
        return self.wait()

    def wait(self) -> int:
        status = self._process.wait(DEADLINE_S)
        for reader in self._readers:
            reader.join(DEADLINE_S)
        return status

    def kill(self) -> None:
        """Ends it whatever it does."""
        if self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGKILL)
        self.wait()
