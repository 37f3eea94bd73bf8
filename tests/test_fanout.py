"""Fanout: no sink can hurt the pipeline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pytest

from auricle.messages import Event, EventState, Health, Message, Scores
from auricle.sinks.fanout import Fanout
from auricle.stages import Sink
from auricle.testing import BlockedSink, ListSink, RaisingSink, events

SOON_S = 10.0
"""A deadline, not an expectation."""


@pytest.fixture(autouse=True)
def _threads_end() -> Iterator[None]:
    """Every test ends the threads that it starts."""
    before = set(threading.enumerate())
    yield
    until(lambda: not set(threading.enumerate()) - before)


def until(condition: Callable[[], bool]) -> None:
    """Waits for `condition`."""
    deadline = time.monotonic() + SOON_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def fanout(queue_length: int = 1000, closing_s: float = SOON_S, **sinks: Sink) -> Fanout:
    """One for `sinks`."""
    return Fanout(sinks=sinks, queue_length=queue_length, closing_s=closing_s)


def scores(end_s: float, *, provisional: bool = False) -> Scores:
    """Some."""
    return Scores(start_s=end_s - 1, end_s=end_s, probabilities=np.zeros(2, np.float32), provisional=provisional)


def health() -> Health:
    """Good."""
    return Health(time_s=1.0, level_dbfs=-30, peak_dbfs=-20, step_ms=1, lost_samples=0, late_blocks=0)


def barks(count: int) -> list[Event]:
    """`count` events, started and ended."""
    return events(label="Dog", times=[(2.0 * k, 2.0 * k + 1) for k in range(count)])


def updated(event: Event) -> Event:
    """A message that `event` goes on."""
    values = {**vars(event), "state": EventState.UPDATED, "offset_s": None}
    return Event(**values)


def test_every_sink_gets_every_event_in_order() -> None:
    """And is closed once, at the end."""
    one, other = ListSink(), ListSink()
    subject = fanout(one=one, other=other)
    for event in barks(50):
        subject.handle(event)
    subject.close()
    assert one.events == other.events == barks(50)
    assert one.closed
    assert other.closed
    assert subject.dropped == {}
    assert subject.errors == {}


def test_each_sink_is_called_from_one_thread_of_its_own() -> None:
    """Not the pipeline's, and the same for every call."""
    threads: list[threading.Thread] = []

    class Watching(ListSink):
        def handle(self, message: Message) -> None:
            threads.append(threading.current_thread())

        def close(self) -> None:
            threads.append(threading.current_thread())

    subject = fanout(watching=Watching())
    for event in barks(5):
        subject.handle(event)
    subject.close()
    assert len(set(threads)) == 1
    assert threads[0] is not threading.current_thread()


class Counting(ListSink):
    """Says how far it is."""

    def has_taken(self, count: int) -> bool:
        """Whether it has got so many messages."""
        return len(self.messages) >= count


def test_a_blocked_sink_holds_nobody_up() -> None:
    """The others get everything while one hangs; `close` gives it up, and its thread ends when it is let go."""
    blocked, free = BlockedSink(), Counting()
    subject = fanout(queue_length=10, closing_s=0.05, blocked=blocked, free=free)
    subject.handle(barks(1)[0])
    assert blocked.entered.wait(SOON_S)
    for number, event in enumerate(barks(100), start=2):
        subject.handle(event)
        until(partial(free.has_taken, number))
    subject.close()
    assert free.events == [barks(1)[0], *barks(100)]
    assert free.closed
    assert not blocked.closed
    assert subject.dropped == {"blocked": 190}
    blocked.release()
    until(lambda: blocked.closed)
    assert blocked.events == [barks(1)[0], *barks(100)[-10:]]


def test_a_broken_sink_loses_its_own_messages_only() -> None:
    """Each error is counted, and the first one kept, with the closing too."""
    healthy = ListSink()
    subject = fanout(broken=RaisingSink(), healthy=healthy)
    for event in barks(5):
        subject.handle(event)
    subject.close()
    assert healthy.events == barks(5)
    assert str(subject.errors["broken"]) == "cannot write Event"
    assert subject.dropped["broken"] >= 10
    assert "healthy" not in subject.dropped


def test_events_outlive_scores() -> None:
    """Of scores and health a slow sink sees the newest, of events all."""
    blocked = BlockedSink()
    subject = fanout(blocked=blocked)
    subject.handle(scores(0))
    assert blocked.entered.wait(SOON_S)
    for k, event in enumerate(barks(100)):
        subject.handle(scores(k + 1.0))
        subject.handle(health())
        subject.handle(event)
    blocked.release()
    subject.close()
    assert blocked.events == barks(100)
    assert [s.end_s for s in blocked.scores] == [0, 200]
    assert len(blocked.health) == 1
    assert subject.dropped == {}


def test_a_final_score_does_not_hide_a_newer_provisional_one() -> None:
    """Final scores speak of the past; the eye wants the newest."""
    blocked = BlockedSink()
    subject = fanout(blocked=blocked)
    subject.handle(health())
    assert blocked.entered.wait(SOON_S)
    subject.handle(scores(5, provisional=True))
    subject.handle(scores(4))
    blocked.release()
    subject.close()
    assert [s.end_s for s in blocked.scores] == [5]


def test_no_update_comes_after_the_end_of_its_event() -> None:
    """A slow sink is not told that an event goes on when it has ended; updates of others are not lost by that."""
    blocked = BlockedSink()
    subject = fanout(blocked=blocked)
    subject.handle(health())
    assert blocked.entered.wait(SOON_S)
    (started, ended), (next_started, _) = barks(2)[:2], barks(2)[2:]
    for message in (started, updated(started), ended, next_started, updated(next_started)):
        subject.handle(message)
    blocked.release()
    subject.close()
    assert blocked.events == [started, ended, next_started, updated(next_started)]


def test_health_carries_what_was_dropped() -> None:
    """Every sink is shown what another has lost."""
    healthy = ListSink()
    subject = fanout(broken=RaisingSink(), healthy=healthy)
    for event in barks(3):
        subject.handle(event)
    until(lambda: subject.dropped == {"broken": 6})
    subject.handle(health())
    subject.close()
    assert healthy.health[-1].dropped_messages == {"broken": 6}


def test_without_sinks_nothing_happens() -> None:
    """Nor does it go wrong."""
    subject = fanout()
    subject.handle(health())
    subject.close()
