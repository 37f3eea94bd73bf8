"""A real PortAudio microphone on a machine without a sound card: a PulseAudio null sink, whose monitor is recorded."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

DEADLINE_S = 30.0


def wait_until(condition: Callable[[], bool], what: str, deadline_s: float = DEADLINE_S) -> None:
    """Returns once `condition` holds; AssertionError naming `what` when it does not in time."""
    end_s = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < end_s, f"not in {deadline_s:g} s: {what}"
        time.sleep(0.02)


class VirtualMicrophone:
    """One PulseAudio daemon of our own with one microphone; ends only what it started."""

    def __init__(self) -> None:
        # A short path: a socket's name has 108 bytes at most.
        self._folder = Path(tempfile.mkdtemp(prefix="auricle-", dir="/tmp"))
        self.environment = {
            **os.environ,
            "XDG_RUNTIME_DIR": str(self._folder),
            "HOME": str(self._folder),
            "PULSE_SERVER": f"unix:{self._folder}/pulse/native",
        }
        self._daemon: subprocess.Popen[bytes] | None = None
        self._players: list[subprocess.Popen[bytes]] = []

    @staticmethod
    def missing() -> list[str]:
        """The programs that it needs and that are not installed."""
        return [name for name in ("pulseaudio", "pactl", "paplay") if shutil.which(name) is None]

    def plug_in(self) -> None:
        """Starts the daemon and waits until the microphone is there."""
        command = [
            "pulseaudio", "--daemonize=no", "--exit-idle-time=-1", "--log-target=null", "-n",
            "--load=module-native-protocol-unix auth-anonymous=1",
            "--load=module-null-sink sink_name=mic rate=48000",
        ]  # fmt: skip
        quiet = subprocess.DEVNULL
        self._daemon = subprocess.Popen(command, env=self.environment, stdout=quiet, stderr=quiet)
        wait_until(lambda: self._pactl("set-default-source", "mic.monitor"), "the virtual microphone is there")

    def pull_out(self) -> None:
        """Ends the daemon at once: whoever records hears nothing more."""
        if self._daemon is not None:
            self._daemon.kill()
            self._daemon.wait(DEADLINE_S)
            self._daemon = None

    def play(self, recording: Path) -> subprocess.Popen[bytes]:
        """Plays into the microphone, at the speed of life; returns at once."""
        player = subprocess.Popen(["paplay", "--device=mic", str(recording)], env=self.environment)
        self._players.append(player)
        return player

    def close(self) -> None:
        """Ends everything that it started."""
        for player in self._players:
            player.kill()
            player.wait(DEADLINE_S)
        self.pull_out()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _pactl(self, *words: str) -> bool:
        done = subprocess.run(["pactl", *words], env=self.environment, capture_output=True, check=False)
        return done.returncode == 0
