"""`make bench`: measures the figures of the README here and now, and prints each as soon as it is known.

`scripts/bench main window` measures those parts only; without words, all of them. Ratios hold within one run on one
machine. Recordings are heard on one core; times are medians of several runs.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from benchmarks import figures, latency, models, streaming, window

_LIBRARIES = ("numpy", "onnxruntime", "soxr")
Measure = Callable[[], str]


def machine() -> str:
    """The processor's name, as the system tells it, and the versions that matter."""
    name, cores = platform.processor() or platform.machine(), 0
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [line.split(":", 1)[1].strip() for line in info.read_text("utf-8").splitlines() if "model name" in line]
        name, cores = (names or [name])[0], len(names)
    libraries = ", ".join(f"{library} {version(library)}" for library in _LIBRARIES)
    return f"{name}{f' ({cores} cores)' if cores else ''}, Python {platform.python_version()}, {libraries}"


def main_rows(folder: Path) -> Iterator[tuple[str, Measure, str]]:
    """The main job: what is measured, how, and what is asked of it."""
    yield "recordings, 10 minutes at 32 kHz, one core", lambda: figures.file_mode(folder, 32000), "≥ 300 × real time"
    yield "the same at 44.1 kHz, resampled", lambda: figures.file_mode(folder, 44100), ""
    yield "process start to first result of detect, 5 s file", lambda: figures.first_result(folder), "≤ 1.5 s"
    yield "import auricle, more than Python itself", figures.import_time, "≤ 100 ms"
    yield "live, network per step of 128 ms", figures.live_step, ""
    yield "listen: peak memory", lambda: figures.listening(folder)[0], "≤ 180 MB"
    yield "listen: share of one core", lambda: figures.listening(folder)[1], ""
    yield "default install on disk", lambda: figures.install_size(folder), "≤ 300 MB"


def window_rows(_folder: Path) -> Iterator[tuple[str, Measure, str]]:
    """The window."""
    yield "run with its window: share of one core", window.share, "≤ 10 %"
    yield "sound to row on the screen, median (extremes)", window.latency, "≤ 350 ms"


def _rows(heading: str, rows: Iterator[tuple[str, Measure, str]]) -> None:
    """One line for each, at once."""
    print(heading)
    for what, measure, asked in rows:
        with Console(stderr=True).status(what):
            measured = measure()
        print(f"  {what:<50}{measured:<26}{asked}".rstrip(), flush=True)
    print()


def main(parts: list[str]) -> int:
    """Measures these parts, or all."""
    folder = Path(tempfile.mkdtemp(prefix="auricle-bench-"))
    known: dict[str, Callable[[], None]] = {
        "main": lambda: _rows("The bundled model", main_rows(folder)),
        "window": lambda: _rows("The window", window_rows(folder)),
        "latency": latency.table,
        "streaming": streaming.table,
        "models": lambda: models.table(folder),
    }
    if unknown := [part for part in parts if part not in known]:
        print(f"bench: there is no part {unknown[0]}; there are {', '.join(known)}.", file=sys.stderr)
        return 2
    print(machine() + "\n", flush=True)
    try:
        for part in parts or known:
            known[part]()
    except subprocess.CalledProcessError as error:
        print(f"bench: {' '.join(map(str, error.cmd))} failed:\n{error.stderr}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
