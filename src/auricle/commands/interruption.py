"""Ctrl-C and SIGTERM: the first one closes the source, so that everything ends in good order."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

from auricle.errors import Interrupted
from auricle.stages import Source


@contextlib.contextmanager
def closing_on_signal(source: Source) -> Iterator[None]:
    """Raises Interrupted at the block's end if a signal has closed `source` within; a second Ctrl-C does not wait."""
    received: list[int] = []

    def close(number: int, _: FrameType | None) -> None:
        received.append(number)
        source.close()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    previous = {number: signal.signal(number, close) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    if received:
        raise Interrupted(128 + received[0])
