"""The window's figures: what it costs, and how soon it shows a sound."""

from __future__ import annotations

import csv
import statistics
import subprocess
import time

import numpy as np
import soundfile
from tests.display import Display
from tests.gui.running import RunningWindow
from tests.live_player import LivePlayer
from tests.virtual_microphone import DEADLINE_S, VirtualMicrophone, wait_until

from auricle.app import DEMONSTRATION
from benchmarks.figures import COMMAND, share_of_a_core

_WARM_S = 5.0
_TURNS = 6
_PAUSE_S = 1.0
_NOT_HERE = "not measured: needs Xvfb, xdotool, Tk and PulseAudio"


def share() -> str:
    """Processor time of the whole program with the window open, while it hears the demonstration as a microphone."""
    if Display.missing() or VirtualMicrophone.missing():
        return _NOT_HERE
    audio, rate = soundfile.read(DEMONSTRATION, dtype="float32")
    display, microphone = Display(), VirtualMicrophone()
    microphone.plug_in()
    player = LivePlayer(microphone)
    program = subprocess.Popen([*COMMAND, "run"], env=display.environment(microphone.environment))
    try:
        player.play(np.tile(audio, 3), rate)
        time.sleep(_WARM_S)
        used = share_of_a_core(program.pid)
    finally:
        program.terminate()
        program.wait(DEADLINE_S)
        player.close()
        microphone.close()
        display.close()
    return f"{used:.1%}"


def latency() -> str:
    """From the moment at which a sound's first sample enters the microphone to the poll that lights its row up."""
    if Display.missing() or VirtualMicrophone.missing():
        return _NOT_HERE
    display, microphone = Display(), VirtualMicrophone()
    microphone.plug_in()
    player = LivePlayer(microphone)
    window = RunningWindow(display=display, environment=microphone.environment)
    try:
        window.press_start()
        window.wait_for(lambda line: line["state"] == "running" and bool(line["rows"]), "it listens")
        asked = [_shown_s(window, player, label, span) for _ in range(_TURNS) for label, span in sounds()]
    finally:
        window.kill()
        player.close()
        microphone.close()
        display.close()
    times_ms = [1000 * seconds for seconds in asked if seconds is not None]
    missed = f", {len(asked) - len(times_ms)} of {len(asked)} not" if len(times_ms) < len(asked) else ""
    if not times_ms:
        return "no sound was shown"
    return f"{statistics.median(times_ms):.0f} ms ({min(times_ms):.0f} … {max(times_ms):.0f}{missed})"


def sounds() -> list[tuple[str, tuple[float, float]]]:
    """The demonstration's: label, onset and offset."""
    with DEMONSTRATION.with_suffix(".csv").open(newline="", encoding="utf-8") as stream:
        return [(row["label"], (float(row["onset_s"]), float(row["offset_s"]))) for row in csv.DictReader(stream)]


def _shown_s(window: RunningWindow, player: LivePlayer, label: str, span: tuple[float, float]) -> float | None:
    """Seconds until the row of `label` lights up; None where it does not while the sound lasts."""
    audio, rate = soundfile.read(DEMONSTRATION, dtype="float32")
    before = len(window.lines)
    began_s = player.play(audio[round(span[0] * rate) : round(span[1] * rate)], rate)
    wait_until(lambda: not player.is_playing, "the sound is over")
    lit = [line["time_s"] for line in window.lines[before:] if [label, True] in [row[::2] for row in line["rows"]]]
    time.sleep(_PAUSE_S)
    return float(lit[0] - began_s) if lit else None
