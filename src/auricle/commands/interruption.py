"""Ctrl-C, SIGTERM and SIGHUP: the program ends in good order, with 128 and the signal's number as its exit status."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

from auricle.errors import Interrupted
from auricle.stages import Source

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""SIGHUP is not everywhere."""


@contextlib.contextmanager
def closing_on_signal(source: Source) -> Iterator[None]:
    """The first signal closes `source`, and Interrupted is raised at the block's end; a second one does not wait."""
    received: list[int] = []

    def close(number: int) -> None:
        if received:
            raise Interrupted(128 + number)
        received.append(number)
        source.close()

    with _handling(close):
        yield
    if received:
        raise Interrupted(128 + received[0])


@contextlib.contextmanager
def interrupted_by_signal() -> Iterator[None]:
    """A signal raises Interrupted wherever the program is, also where it waits for a pipe.

    What is then tidied a second one does not interrupt, since a terminal that is closed and its shell both send SIGHUP;
    another Ctrl-C does.
    """
    received: list[int] = []

    def interrupt(number: int) -> None:
        received.append(number)
        if len(received) == 1 or number == signal.SIGINT:
            raise Interrupted(128 + number)

    with _handling(interrupt):
        yield


@contextlib.contextmanager
def _handling(act: Callable[[int], None]) -> Iterator[None]:
    def handler(number: int, _: FrameType | None) -> None:
        act(number)

    heeded = [number for number in _SIGNALS if signal.getsignal(number) != signal.SIG_IGN]  # under nohup, not SIGHUP
    previous = {number: signal.signal(number, handler) for number in heeded}
    try:
        yield
    finally:
        for number, earlier in previous.items():
            signal.signal(number, earlier)
