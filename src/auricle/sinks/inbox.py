"""Inbox: events from the pipeline's thread, to be iterated by another."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator

from auricle.messages import Event, EventState, Message


class Inbox:
    """Keeps started and ended events until they are taken; of more than fit, the oldest are lost and counted.

    Threads: `handle`, `close` and `fail` are the pipeline's; one other thread iterates.
    """

    def __init__(self, *, length: int) -> None:
        """Room for `length` events."""
        self._events: deque[Event] = deque()
        self._length = length
        self._changed = threading.Condition()
        self._closed = False
        self._error: BaseException | None = None
        self.dropped = 0

    def handle(self, message: Message) -> None:
        """Keeps `message` if it is the start or the end of an event; never waits."""
        if not isinstance(message, Event) or message.state is EventState.UPDATED:
            return
        with self._changed:
            self._events.append(message)
            if len(self._events) > self._length:
                self._events.popleft()
                self.dropped += 1
            self._changed.notify_all()

    def close(self) -> None:
        """No more will come: the iteration ends when it has given what is left."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def fail(self, error: BaseException) -> None:
        """As `close`, and the iteration ends by raising `error`."""
        self._error = error
        self.close()

    def take(self) -> list[Event]:
        """What is there now, without waiting."""
        with self._changed:
            events = list(self._events)
            self._events.clear()
        return events

    def __iter__(self) -> Iterator[Event]:
        """Events as they come, until the source ends. Raises what ended the pipeline."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._events or self._closed)
                if not self._events:
                    break
                event = self._events.popleft()
            yield event
        if self._error is not None:
            raise self._error
