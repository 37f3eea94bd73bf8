"""The examples are whole programs that work."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import auricle
from auricle.app import DEMONSTRATION
from tests.material import REPOSITORY

EXAMPLES = sorted((REPOSITORY / "examples").glob("*.py"))


@pytest.mark.parametrize("name", ["tag_a_recording", "own_sink"])
def test_an_example_names_the_sounds_of_a_recording(name: str) -> None:
    """Each example that takes a recording prints every label that `auricle.detect` finds in it."""
    path = REPOSITORY / "examples" / f"{name}.py"
    done = subprocess.run([sys.executable, path, DEMONSTRATION], capture_output=True, text=True, check=True)
    assert all(event.label in done.stdout for event in auricle.detect(DEMONSTRATION))


def test_the_sink_of_ones_own_needs_no_recording() -> None:
    """Without a word it hears the demonstration."""
    path = REPOSITORY / "examples" / "own_sink.py"
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, check=True)
    assert done.stdout.count("\n") >= 3


def test_the_alarm_example_says_that_there_is_no_microphone() -> None:
    """Without a sound device it ends with Auricle's own sentence."""
    environment = {**os.environ, "PULSE_SERVER": "unix:/nowhere", "XDG_RUNTIME_DIR": "/nowhere"}
    path = REPOSITORY / "examples" / "alarm.py"
    done = subprocess.run([sys.executable, path, "true"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "DeviceError" in done.stderr


def test_every_example_is_short() -> None:
    """Under 60 lines."""
    assert EXAMPLES
    assert all(path.read_text(encoding="utf-8").count("\n") < 60 for path in EXAMPLES)
