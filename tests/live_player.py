"""Sound into the virtual microphone at a known time: pacat, fed at the speed of life."""

from __future__ import annotations

import contextlib
import fcntl
import subprocess
import threading
import time
from collections.abc import Iterator

import numpy as np
import soxr
from numpy.typing import NDArray

from tests.virtual_microphone import DEADLINE_S, VirtualMicrophone

RATE = 48000
_CHUNK_S = 0.01
_PIPE_BYTES = 8192
"""21 ms: what has been handed over enters the microphone soon."""
_RUNNING_S = 0.5
_F_SETPIPE_SZ = 1031


class LivePlayer:
    """Plays silence without end, and sounds into it."""

    def __init__(self, microphone: VirtualMicrophone) -> None:
        command = [
            "pacat", "--playback", "--device=mic", "--raw", "--format=float32le", f"--rate={RATE}", "--channels=2",
            "--latency-msec=10",
        ]  # fmt: skip
        self._player = subprocess.Popen(command, env=microphone.environment, stdin=subprocess.PIPE)
        assert self._player.stdin is not None
        fcntl.fcntl(self._player.stdin, _F_SETPIPE_SZ, _PIPE_BYTES)
        self._lock = threading.Lock()
        self._waiting: NDArray[np.float32] = np.zeros(0, np.float32)
        self._began = threading.Event()
        self._began_s = 0.0
        self._over = threading.Event()
        self._runs = threading.Event()
        self._thread = threading.Thread(target=self._feed, daemon=True)
        self._thread.start()
        assert self._runs.wait(DEADLINE_S), "the sound server does not play"

    def play(self, audio: NDArray[np.float32], rate: int) -> float:
        """Plays a sound once; gives the time on the monotonic clock at which its first sample was handed over."""
        samples = soxr.resample(audio, rate, RATE)
        self._began.clear()
        with self._lock:
            self._waiting = np.asarray(samples, np.float32)
        assert self._began.wait(DEADLINE_S)
        return self._began_s

    @property
    def is_playing(self) -> bool:
        """The last sound is not over yet."""
        with self._lock:
            return len(self._waiting) > 0

    def close(self) -> None:
        """Ends it."""
        self._over.set()
        self._player.kill()
        self._player.wait(DEADLINE_S)
        self._thread.join(DEADLINE_S)
        if self._player.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._player.stdin.close()

    def _feed(self) -> None:
        assert self._player.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has been ended
            for number, chunk in enumerate(self._chunks()):
                self._player.stdin.write(chunk.tobytes())
                self._player.stdin.flush()
                if number * len(chunk) > _RUNNING_S * RATE:  # far more than the pipe holds
                    self._runs.set()

    def _chunks(self) -> Iterator[NDArray[np.float32]]:
        size = round(_CHUNK_S * RATE)
        silence = np.zeros(size, np.float32)
        due_s = time.monotonic()
        while not self._over.wait(max(0.0, due_s - time.monotonic())):
            with self._lock:
                chunk, self._waiting = self._waiting[:size], self._waiting[size:]
            if len(chunk) and not self._began.is_set():
                self._began_s = time.monotonic()
                self._began.set()
            yield np.repeat(np.concatenate([chunk, silence[len(chunk) :]]), 2)
            # What the sound server took too late is not made up for, or the pipe would stay full ever after.
            due_s = max(due_s + _CHUNK_S, time.monotonic() - _CHUNK_S)
