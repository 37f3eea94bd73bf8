"""Sound into the virtual microphone without gaps, and the time at which it entered, measured there.

The sound server plays from its own memory, with no client that a busy machine could hold up. A second listener at the
microphone counts samples: those of the sound server come at the speed of life, however late they are read, so that the
earliest reading of all gives the clock of every sample.
"""

from __future__ import annotations

import math
import os
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from tests.virtual_microphone import DEADLINE_S, VirtualMicrophone, wait_until

RATE = 48000
_LEVEL = 1e-3
"""What is louder is sound: the virtual microphone is digitally silent else."""
_READ_BYTES = 65536


class LivePlayer:
    """Plays sounds, one after another."""

    def __init__(self, microphone: VirtualMicrophone) -> None:
        command = [
            "parec", "--device=mic.monitor", "--raw", "--format=float32le", f"--rate={RATE}", "--channels=1",
            "--latency-msec=20",
        ]  # fmt: skip
        self._environment = microphone.environment
        self._listener = subprocess.Popen(command, env=microphone.environment, stdout=subprocess.PIPE)
        self._count = 0  # samples that have entered so far
        self._zero_s = math.inf  # when the first one did, on the monotonic clock
        self._sought = threading.Event()
        self._found = 0  # the sample with which the sound that was sought began
        self._end = 0  # the sample with which the last sound ends
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        wait_until(lambda: self._count > RATE // 2, "the sound server delivers sound")

    def play(self, audio: NDArray[np.float32], rate: int) -> float:
        """Plays a sound once; gives the time on the monotonic clock at which its first sample entered the microphone."""
        wait_until(lambda: not self.is_playing, "the last sound is over")
        loud = np.flatnonzero(np.abs(audio) > _LEVEL)
        assert len(loud), "a sound that cannot be heard has no beginning"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "sound.wav"
            soundfile.write(path, audio, rate, subtype="PCM_16")
            self._pactl("upload-sample", str(path), "sound")
        self._sought.set()
        self._pactl("play-sample", "sound", "mic")
        wait_until(lambda: not self._sought.is_set(), "the sound enters the microphone")
        first = self._found - loud[0] / rate * RATE
        self._end = round(first + len(audio) / rate * RATE)
        return float(self._zero_s + first / RATE)

    @property
    def is_playing(self) -> bool:
        """The last sound is not over yet."""
        return self._count < self._end

    def close(self) -> None:
        """Ends it."""
        self._listener.kill()
        self._listener.wait(DEADLINE_S)
        self._thread.join(DEADLINE_S)
        if self._listener.stdout is not None:
            self._listener.stdout.close()

    def _pactl(self, *words: str) -> None:
        subprocess.run(["pactl", *words], env=self._environment, check=True, timeout=DEADLINE_S)

    def _listen(self) -> None:
        assert self._listener.stdout is not None
        rest = b""
        while data := os.read(self._listener.stdout.fileno(), _READ_BYTES):
            now_s = time.monotonic()
            data = rest + data
            whole = len(data) // 4 * 4
            samples, rest = np.frombuffer(data[:whole], np.float32), data[whole:]
            loud = np.flatnonzero(np.abs(samples) > _LEVEL)
            if self._sought.is_set() and len(loud):
                self._found = self._count + int(loud[0])
                self._end = self._found + RATE  # until `play` knows better
                self._sought.clear()
            self._count += len(samples)
            self._zero_s = min(self._zero_s, now_s - self._count / RATE)
