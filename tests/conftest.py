"""Fixtures for every test."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from tests.virtual_microphone import VirtualMicrophone

if hasattr(signal, "SIGHUP"):
    signal.signal(
        signal.SIGHUP, signal.SIG_DFL
    )  # programs that tests start heed it, also where the tests run under nohup
os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before a test loads ONNX Runtime itself


@pytest.fixture(scope="session", autouse=True)
def _no_screen() -> None:
    """No test opens a window on the screen of whoever runs it; those of tests/gui have a display of their own."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        os.environ.pop(name, None)


@pytest.fixture(scope="session", autouse=True)
def _new_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What the program remembers goes to a folder of the tests' own."""
    os.environ["AURICLE_HOME"] = str(tmp_path_factory.mktemp("home"))


@pytest.fixture
def virtual_microphone() -> Iterator[VirtualMicrophone]:
    """A plugged-in virtual microphone; its `environment` is for the programs that shall hear it."""
    missing = VirtualMicrophone.missing()
    if missing:
        pytest.skip(f"no virtual microphone without {', '.join(missing)}; `make test` installs them on Debian")
    microphone = VirtualMicrophone()
    try:
        microphone.plug_in()
        yield microphone
    finally:
        microphone.close()
