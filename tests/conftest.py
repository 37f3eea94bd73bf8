"""Fixtures for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.virtual_microphone import VirtualMicrophone


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
