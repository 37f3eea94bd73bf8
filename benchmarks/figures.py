"""How each figure is measured."""

from __future__ import annotations

import functools
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import soundfile
import soxr
from tests.virtual_microphone import VirtualMicrophone, wait_until

from auricle import settings
from auricle.app import DEMONSTRATION, Auricle
from auricle.messages import Frames

_RUNS = 5
_MINUTES = 10
_WATCHED_S = 20.0
_LISTEN_S = 30.0
COMMAND = [sys.executable, "-m", "auricle"]
_REPOSITORY = Path(__file__).parent.parent


def demonstration(rate: int, seconds: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """The demonstration recording, over and over."""
    audio, own = soundfile.read(DEMONSTRATION, dtype="float32")
    audio = soxr.resample(audio, own, rate)
    return np.resize(audio, round(seconds * rate))


def file_mode(folder: Path, rate: int) -> str:
    """Reading, resampling, front end, network and events, on one core."""
    path = folder / "long.wav"
    soundfile.write(path, demonstration(rate, 60 * _MINUTES), rate, subtype="PCM_16")
    auricle = Auricle(settings.load())
    _ = auricle.loaded.network
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        times = []
        for _ in range(_RUNS):
            began_s = time.perf_counter()
            events = sum(1 for _ in auricle.events(auricle.recording(path, None)))
            times.append(time.perf_counter() - began_s)
    finally:
        os.sched_setaffinity(0, cores)
    assert events > 0
    return f"{60 * _MINUTES / statistics.median(times):.0f} × real time"


def first_result(folder: Path) -> str:
    """From the start of the process to the first line on its standard output."""
    path = folder / "short.wav"
    soundfile.write(path, demonstration(44100, 5.0), 44100, subtype="PCM_16")
    times = []
    for _ in range(_RUNS):
        began_s = time.perf_counter()
        with subprocess.Popen([*COMMAND, "detect", path, "--format", "jsonl"], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline()
            times.append(time.perf_counter() - began_s)
    return f"{statistics.median(times):.2f} s"


def import_time() -> str:
    """A new Python that imports auricle, less one that does not."""

    def run(code: str) -> float:
        began_s = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - began_s

    runs = [(run("import auricle"), run("pass")) for _ in range(2 * _RUNS)]
    return f"{1000 * statistics.median(with_it - without for with_it, without in runs):.0f} ms"


def live_step() -> str:
    """What follows the front end at every step of live listening, peek included."""
    auricle = Auricle(settings.load())
    facts, conf = auricle.card.front_end, auricle.conf
    tagger = auricle.loaded.live(step_s=conf.STEP, window_s=conf.WINDOW, peek="always")
    frames = Frames(0, np.zeros((round(conf.STEP * facts.rate / facts.hop), facts.n_mels), np.float32))
    times = []
    for _ in range(200):
        began_s = time.perf_counter()
        tagger.push(frames)
        times.append(time.perf_counter() - began_s)
    return f"{1000 * statistics.median(times):.2f} ms"


@functools.cache
def listening(folder: Path) -> tuple[str, str]:
    """Peak memory and processor time of a process that hears the demonstration through a virtual microphone."""
    if not Path("/proc/self/status").is_file() or VirtualMicrophone.missing():
        return "not measured: needs Linux and PulseAudio", "not measured"
    path = folder / "microphone.wav"
    soundfile.write(path, demonstration(44100, _LISTEN_S), 44100, subtype="PCM_16")
    microphone = VirtualMicrophone()
    try:
        microphone.plug_in()
        with subprocess.Popen(
            [*COMMAND, "listen", "--format", "jsonl"],
            env=microphone.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stderr is not None
            process.stderr.readline()
            player = microphone.play(path)
            share = share_of_a_core(process.pid)
            wait_until(lambda: player.poll() is not None, "the recording has been played", 3 * _LISTEN_S)
            status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
            process.terminate()
            process.communicate()
    finally:
        microphone.close()
    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert peak is not None
    return f"{int(peak[1]) * 1024 / 1e6:.0f} MB", f"{share:.1%}"


def share_of_a_core(pid: int) -> float:
    """Processor time of all threads of a process, as a share of one core, over the length of the demonstration.

    Taken from the scheduler, whose figures leave out what a virtual machine's host took away.
    """
    before, began_s = _processor_s(pid), time.monotonic()
    time.sleep(_WATCHED_S)
    after = _processor_s(pid)
    return sum(after[task] - before.get(task, 0.0) for task in after) / (time.monotonic() - began_s)


def _processor_s(pid: int) -> dict[str, float]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return {task.name: int((task / "schedstat").read_text(encoding="utf-8").split()[0]) / 1e9 for task in tasks}


def install_size(folder: Path) -> str:
    """What `pip install auricle` adds to an empty virtual environment."""
    environment = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True, capture_output=True, text=True)
    before = _size(environment)
    pip: list[str | Path] = [
        environment / "bin" / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "-c",
        _REPOSITORY / "constraints.txt",
    ]
    subprocess.run([*pip, _REPOSITORY], check=True, capture_output=True, text=True)
    return f"{(_size(environment) - before) / 1e6:.0f} MB"


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
