"""The inbox, from which another thread takes events."""

from __future__ import annotations

import threading

import pytest

from auricle.messages import Event, EventState, Health
from auricle.sinks.inbox import Inbox
from auricle.testing import events

BARKS = events(label="Dog", times=[(0, 1), (2, 3), (4, 5)])


def test_gives_events_in_order_until_it_is_closed() -> None:
    """To another thread, which waits for them."""
    subject = Inbox(length=100)
    writer = threading.Thread(target=lambda: [*map(subject.handle, BARKS), subject.close()])  # type: ignore[func-returns-value]
    writer.start()
    assert list(subject) == BARKS
    writer.join()


def test_keeps_starts_and_ends_only() -> None:
    """No updates, no health."""
    subject = Inbox(length=100)
    subject.handle(Event(**{**vars(BARKS[0]), "state": EventState.UPDATED}))
    subject.handle(Health(time_s=0, level_dbfs=0, peak_dbfs=0, step_ms=0, lost_samples=0, late_blocks=0))
    assert subject.take() == []


def test_loses_the_oldest_and_counts() -> None:
    """It never holds more than it has room for."""
    subject = Inbox(length=2)
    for event in BARKS:
        subject.handle(event)
    assert subject.take() == BARKS[-2:]
    assert subject.dropped == 4
    assert subject.take() == []


def test_raises_what_ended_the_pipeline() -> None:
    """After the events that there were."""
    subject = Inbox(length=10)
    subject.handle(BARKS[0])
    subject.fail(OSError("unplugged"))
    received = iter(subject)
    assert next(received) == BARKS[0]
    with pytest.raises(OSError, match="unplugged"):
        next(received)
