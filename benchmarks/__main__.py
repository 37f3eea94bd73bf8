"""`make bench`: measures the figures of the README here and now, and prints them with the machine and the versions.

Ratios hold within one run on one machine. File mode runs on one core; times are the median of several runs.
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
from rich.table import Table

from benchmarks import figures, window

_LIBRARIES = ("numpy", "onnxruntime", "onnx", "soxr", "soundfile", "sounddevice")


def processor() -> str:
    """The processor's name, as the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def rows(folder: Path) -> Iterator[tuple[str, Callable[[], str], str]]:
    """What is measured, how, and what is asked of it."""
    ten_minutes = "file mode, bundled model, one core, 10 minutes at"
    yield f"{ten_minutes} 32 kHz", lambda: figures.file_mode(folder, 32000), "≥ 300 × real time"
    yield f"{ten_minutes} 44.1 kHz, resampled", lambda: figures.file_mode(folder, 44100), "—"
    yield (
        "first result of `auricle detect` on a 5 s file, from process start",
        lambda: figures.first_result(folder),
        "≤ 1.5 s",
    )
    yield "`import auricle`, more than Python itself", figures.import_time, "≤ 100 ms"
    yield "live: computing per 128 ms step, bundled model", figures.live_step, "—"
    yield "`auricle listen`: peak memory", lambda: figures.listening(folder)[0], "≤ 180 MB"
    yield "`auricle listen`: share of one core", lambda: figures.listening(folder)[1], "—"
    yield "`auricle run` with its window: share of one core", window.share, "≤ 10 %"
    yield "sound to row on the screen, median (fastest … slowest)", window.latency, "≤ 350 ms"
    yield "default install: size on disk", lambda: figures.install_size(folder), "≤ 300 MB"


def main() -> int:
    """Prints the table as Markdown and, on a terminal, as a picture of itself."""
    folder = Path(tempfile.mkdtemp(prefix="auricle-bench-"))
    try:
        print(
            f"{processor()}, {platform.system()} {platform.release()}, Python {platform.python_version()}; "
            + ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
            + "\n"
        )
        table = Table("figure", "measured", "asked for")
        with Console(stderr=True).status("measuring …") as status:
            for what, measure, asked in rows(folder):
                status.update(what)
                table.add_row(what, measure(), asked)
        Console(width=None if sys.stdout.isatty() else 130).print(table)
    except subprocess.CalledProcessError as error:
        print(f"bench: {' '.join(map(str, error.cmd))} failed:\n{error.stderr}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
