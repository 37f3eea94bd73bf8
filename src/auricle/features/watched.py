"""A front end that shows its frames to somebody else as well."""

from __future__ import annotations

from collections.abc import Callable

from auricle.messages import Audio, Frames
from auricle.stages import FrontEnd


class WatchedFrontEnd:
    """Another front end's frames, unchanged. One thread at a time, which also calls `see`."""

    def __init__(self, *, front_end: FrontEnd, see: Callable[[Frames], None]) -> None:
        """`see` gets every frame, and must not wait."""
        self._front_end, self._see = front_end, see

    def push(self, audio: Audio) -> Frames:
        """The frames that `audio` completes."""
        return self._shown(self._front_end.push(audio))

    def flush(self) -> Frames:
        """The rest of the frames."""
        return self._shown(self._front_end.flush())

    def _shown(self, frames: Frames) -> Frames:
        self._see(frames)
        return frames
