"""Ten hours need no more memory than a minute."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.program import COMMAND

RATE = 8000
HOUR_S = 3600
SLACK_MB = 25


def write(path: Path, seconds: int) -> None:
    """A minute of hiss, then digital silence, which FLAC packs tightly."""
    hiss = (300 * np.random.default_rng(0).standard_normal(60 * RATE)).astype(np.int16)
    with soundfile.SoundFile(path, "w", RATE, 1, format="FLAC", subtype="PCM_16") as file:
        file.write(hiss)
        for _ in range(seconds // 60 - 1):
            file.write(np.zeros(60 * RATE, np.int16))


def peak_megabytes(path: Path) -> float:
    """Of a process that detects the events in `path` and exits with 0."""
    process = subprocess.Popen([*COMMAND, "detect", path, "--format", "jsonl"], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss / 1024


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_ten_hours_need_no_more_memory_than_a_minute(tmp_path: Path) -> None:
    """A recording is streamed: peak memory stays where it is for a short one."""
    write(tmp_path / "minute.flac", 60)
    write(tmp_path / "hours.flac", 10 * HOUR_S)
    assert soundfile.info(tmp_path / "hours.flac").duration == 10 * HOUR_S
    assert peak_megabytes(tmp_path / "hours.flac") < peak_megabytes(tmp_path / "minute.flac") + SLACK_MB
