"""A recording at the speed of life."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from auricle.messages import SourceState
from auricle.sources.paced import PacedSource
from auricle.testing import ToneSource


class Clock:
    """Time that passes only while somebody waits for it."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.waits: list[float] = []

    def monotonic(self) -> float:
        """Now."""
        return self.now_s

    def wait(self, seconds: float) -> bool:
        """Makes time pass; says that nothing was closed."""
        self.waits.append(seconds)
        self.now_s += seconds
        return False


def silence() -> ToneSource:
    """A second in ten blocks."""
    return ToneSource(name="silence", rate=8000, duration_s=1.0, tones=[], chunk_length=800)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Takes the place of the real one."""
    made = Clock()
    monkeypatch.setattr(time, "monotonic", made.monotonic)
    return made


def test_each_block_comes_when_its_last_sample_would_have_been_heard(clock: Clock) -> None:
    """A tenth of a second for each tenth of sound; a reader that was busy waits for the rest of it only."""
    subject = PacedSource(source=silence(), name="silence")
    subject._closed.wait = clock.wait  # type: ignore[method-assign,assignment]
    came = []
    for block in subject.blocks():
        came.append(clock.now_s - 1000.0)
        clock.now_s += 0.03 if block.start else 0.25
    np.testing.assert_allclose(came, [0.1, 0.35, 0.38, 0.41, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    assert all(seconds >= 0 for seconds in clock.waits)


def test_close_ends_the_waiting() -> None:
    """At once, from another thread too, and closes the recording."""
    source = ToneSource(name="long", rate=100, duration_s=10_000, tones=[], chunk_length=100_000)
    subject = PacedSource(source=source, name="sound")
    closing = threading.Timer(0.05, subject.close)
    closing.start()
    assert list(subject.blocks()) == []
    closing.join()
    assert subject.state is source.state is SourceState.ENDED
    assert subject.name == "sound"
