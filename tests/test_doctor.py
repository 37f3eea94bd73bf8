"""What `auricle doctor` says where something is missing; with a microphone it is tried in test_microphone.py."""

from __future__ import annotations

import pytest

from auricle.cli import main
from auricle.sources import microphone


@pytest.fixture(autouse=True)
def _no_microphone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(microphone, "inputs", list)


def test_each_reason_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    """No microphone: the look for devices and the listening fail for the same reason."""
    assert main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert said.count("✗") == said.count("There is no microphone") == 1
    assert said.endswith("Auricle cannot hear here; `auricle detect FILE` works.\n")


def test_without_a_model_no_file_can_be_heard_either(capsys: pytest.CaptureFixture[str]) -> None:
    """And each of both reasons comes once."""
    assert main(["doctor", "MODEL=nosuch"]) == 1
    said = capsys.readouterr().out
    assert said.count("There is no model “nosuch”") == said.count("There is no microphone") == 1
    assert said.count("✗") == 2
    assert said.endswith("Auricle cannot work here.\n")
