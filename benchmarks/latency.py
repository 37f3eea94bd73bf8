"""How soon an event is published after its sound has begun: suspected (EARLY=always), and sure."""

from __future__ import annotations

import json
import subprocess
import threading
import time

import numpy as np
import soundfile
from tests.live_player import LivePlayer
from tests.virtual_microphone import DEADLINE_S, VirtualMicrophone, wait_until

from auricle.app import DEMONSTRATION
from benchmarks.figures import COMMAND
from benchmarks.window import sounds

_TURNS = 6
_PAUSE_S = 2.5
"""So that the last event is over, and not merged with the next."""


class _Listening:
    """`auricle listen`, each of whose lines is noted with the time at which it came."""

    def __init__(self, environment: dict[str, str]) -> None:
        command = [*COMMAND, "listen", "--format", "jsonl", "EARLY=always"]
        self._process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.lines: list[tuple[float, dict[str, str]]] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for line in stream:
                self.lines.append((time.monotonic(), json.loads(line)))

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)


def table() -> None:
    """Median and 99th percentile of the demonstration's sounds, from the first sample in the virtual microphone to the line."""
    print("From a sound's first sample at the microphone to its event, bundled model")
    if missing := VirtualMicrophone.missing():
        print(f"  not measured: needs {', '.join(missing)}\n")
        return
    microphone = VirtualMicrophone()
    microphone.plug_in()
    player, listening = LivePlayer(microphone), _Listening(microphone.environment)
    try:
        player.play(soundfile.read(DEMONSTRATION, dtype="float32")[0], 32000)
        wait_until(lambda: bool(listening.lines), "it hears something")
        wait_until(lambda: not player.is_playing, "the sound is over")
        asked = [_published_s(listening, player, label, span) for _ in range(_TURNS) for label, span in sounds()]
    finally:
        listening.close()
        player.close()
        microphone.close()
    for k, what in enumerate(("suspected", "started")):
        times_ms = [1000 * after_s for after_s in (times[k] for times in asked) if after_s is not None]
        told = f"{len(times_ms)} of {len(asked)}"
        if times_ms:
            median, late = np.percentile(times_ms, [50, 99])
            print(f"  {what:<12}median {median:5.0f} ms   99 % within {late:5.0f} ms   {told}", flush=True)
    print()


def _published_s(
    listening: _Listening, player: LivePlayer, label: str, span: tuple[float, float]
) -> tuple[float | None, float | None]:
    """Seconds until the label's event is suspected or, failing that, started; and until it is started."""
    audio, rate = soundfile.read(DEMONSTRATION, dtype="float32")
    time.sleep(_PAUSE_S)
    before = len(listening.lines)
    began_s = player.play(audio[round(span[0] * rate) : round(span[1] * rate)], rate)
    wait_until(lambda: not player.is_playing, "the sound is over")
    time.sleep(_PAUSE_S)
    told = [(at_s - began_s, event["state"]) for at_s, event in listening.lines[before:] if event["label"] == label]
    first = [after_s for after_s, state in told if state in ("suspected", "started")]
    sure = [after_s for after_s, state in told if state == "started"]
    return (first[0] if first else None), (sure[0] if sure else None)
