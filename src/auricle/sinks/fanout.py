"""Fanout: every message to every sink, each in a thread of its own, so that none can hurt the pipeline."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from auricle.messages import Event, EventState, Health, Message, Scores
from auricle.stages import Sink


class Fanout:
    """A sink of sinks. `handle` never waits: a slow or broken sink loses its own messages only, which are counted.

    Of scores and health a sink sees the newest; events wait in a queue of bounded length, so events outlive scores.
    Threads: `handle` and `close` belong to the pipeline's thread; each sink is called from its own thread only.
    """

    def __init__(self, *, sinks: Mapping[str, Sink], queue_length: int, closing_s: float) -> None:
        """`sinks` by name; at most `queue_length` events wait for each; `close` waits `closing_s` for them."""
        self._workers = [_Worker(name, sink, queue_length) for name, sink in sinks.items()]
        self._closing_s = closing_s

    def handle(self, message: Message) -> None:
        """Leaves `message` for every sink and returns at once."""
        if isinstance(message, Health):
            message = replace(message, dropped_messages=self.dropped)
        for worker in self._workers:
            worker.leave(message)

    def close(self) -> None:
        """Lets every sink finish what it was left, for a bounded time; what still hangs then is abandoned."""
        for worker in self._workers:
            worker.finish()
        for worker in self._workers:
            worker.join(self._closing_s)

    @property
    def dropped(self) -> dict[str, int]:
        """Events that were lost, by sink, where any were."""
        return {worker.sink_name: worker.dropped for worker in self._workers if worker.dropped}

    @property
    def errors(self) -> dict[str, BaseException]:
        """The first error of each sink that failed."""
        return {worker.sink_name: worker.error for worker in self._workers if worker.error is not None}


class _Worker(threading.Thread):
    """Feeds one sink."""

    def __init__(self, name: str, sink: Sink, queue_length: int) -> None:
        super().__init__(name=f"sink {name}", daemon=True)
        self.sink_name = name
        self.error: BaseException | None = None
        self.dropped = 0
        self._sink, self._length = sink, queue_length
        self._changed = threading.Condition()
        self._events: deque[Event] = deque()
        self._newest: dict[type, Message] = {}  # one box for each kind of message that may be skipped
        self._finishing = False
        self.start()

    def leave(self, message: Message) -> None:
        with self._changed:
            if isinstance(message, Event) and message.state is not EventState.UPDATED:
                self._events.append(message)
                if len(self._events) > self._length:
                    self._events.popleft()
                    self.dropped += 1
                self._forget_update(message)
            elif not (isinstance(message, Scores) and self._is_older(message)):
                self._newest[type(message)] = message
            self._changed.notify()

    def finish(self) -> None:
        with self._changed:
            self._finishing = True
            self._changed.notify()

    def run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._events or self._newest or self._finishing)
                messages = [*self._events, *self._newest.values()]
                self._events.clear()
                self._newest.clear()
                finishing = self._finishing
            for message in messages:
                self._call(partial(self._sink.handle, message))
            if finishing:
                self._call(self._sink.close)
                return

    def _call(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as error:
            with self._changed:
                self.error = self.error or error
                self.dropped += 1

    def _forget_update(self, event: Event) -> None:
        """An update that waits would come after the end of its event, since events go first."""
        waiting = self._newest.get(Event)
        if isinstance(waiting, Event) and waiting.id == event.id:
            del self._newest[Event]

    def _is_older(self, scores: Scores) -> bool:
        """Final scores speak of the past; a provisional one that waits is newer, and is what the eye wants."""
        waiting = self._newest.get(Scores)
        return isinstance(waiting, Scores) and waiting.end_s > scores.end_s
