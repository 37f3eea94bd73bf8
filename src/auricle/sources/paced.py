"""A recording at the speed of life: what a microphone would have delivered."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator

from auricle.messages import Block, SourceState
from auricle.stages import Source


class PacedSource:
    """Delivers another source's blocks when their last sample would have been heard. Threads as for any source."""

    def __init__(self, *, source: Source, name: str) -> None:
        """`source` is a recording, read in short blocks; `name` is what events call it."""
        self._source, self.name = source, name
        self._closed = threading.Event()

    @property
    def state(self) -> SourceState:
        """The recording's."""
        return self._source.state

    def blocks(self) -> Generator[Block, None, None]:
        """The recording's blocks, each in its time; a late reader gets them at once until it has caught up."""
        began_s = time.monotonic()
        for block in self._source.blocks():
            due_s = began_s + (block.start + len(block.audio)) / block.rate
            if self._closed.wait(max(0.0, due_s - time.monotonic())):
                return
            yield block

    def close(self) -> None:
        """Ends the iteration at once."""
        self._closed.set()
        self._source.close()
