"""The Protocols: what each stage of the pipeline takes and gives. Concrete classes are named in app.py only."""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from auricle.messages import Audio, Block, Event, Frames, Message, Scores, SourceState


class Source(Protocol):
    """Where sound comes from. `blocks` is iterated by one thread; `close` may be called from any thread, twice too."""

    @property
    def name(self) -> str:
        """Path or device name, as events carry it."""

    @property
    def state(self) -> SourceState:
        """What the source is doing now."""

    def blocks(self) -> Generator[Block, None, None]:
        """Blocks until the sound ends or `close` is called; an empty block says "still waiting". Raises SourceError.

        A block's samples must not change afterwards: later stages may hold them for a while.
        """

    def close(self) -> None:
        """Ends the iteration soon and frees the device or file."""


class Ring(Protocol):
    """The last samples of a stream, written by the device's thread and read by the pipeline's."""

    @property
    def position(self) -> int:
        """Samples written so far."""

    def update(self, arr: NDArray[np.float32]) -> None:
        """Appends samples."""

    def read_since(self, position: int) -> tuple[NDArray[np.float32], int, int]:
        """What came after `position`: samples, the new position, and how many were lost."""

    def wait_beyond(self, position: int, timeout_s: float) -> bool:
        """Waits for samples after `position`; False when the time is over."""


class Resampler(Protocol):
    """Changes the rate of a stream."""

    def push(self, audio: Audio) -> Audio:
        """The samples that are ready, float32 (m,)."""

    def flush(self) -> Audio:
        """The rest, after the last push."""


class FrontEnd(Protocol):
    """Turns samples into log-mel frames."""

    def push(self, audio: Audio) -> Frames:
        """The frames that these samples complete; t may be 0."""

    def flush(self) -> Frames:
        """The frames whose window reaches beyond the end."""


class Network(Protocol):
    """A trained network: log-mel in, framewise embeddings and probabilities out. Safe to call from one thread."""

    def run(self, logmel: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(t, n_mels) → embeddings (p, dims) and probabilities (p, classes), p = pooled frames."""

    def pool(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Embeddings (p, dims) of a whole clip → its probabilities (classes,), pooled as the card's head says."""


class StreamNetwork(Protocol):
    """A trained network that keeps what its layers need of the past, for streams side by side. One thread at a time."""

    def reset(self, streams: int) -> None:
        """Begins so many new streams."""

    def step(self, logmel: NDArray[np.float32], *, peek: bool) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(streams, t, n_mels), t whole pooled frames → embeddings (streams, p, dims) that are complete now.

        With `peek` also those that the future may still change, as if the sound ended here; else none of them.
        """

    def peek(self, logmel: NDArray[np.float32]) -> NDArray[np.float32]:
        """All embeddings (streams, p, dims) that are not complete, t ≥ 0, as if the sound ended there; nothing is kept."""

    def rows(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """(p, dims) → probabilities (p, classes), each pooled frame's own."""

    def pool(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """(p, dims) of a stretch of sound → its probabilities (classes,), pooled as the card's head says."""


class Tagger(Protocol):
    """Turns frames into scores, one for each pooled frame of the network."""

    def push(self, frames: Frames) -> list[Scores]:
        """The scores that these frames complete, in order of time; provisional ones come last."""

    def flush(self) -> list[Scores]:
        """The scores that were waiting for a future that will not come."""

    def reset(self) -> None:
        """Forgets everything; the next frames are the start of a new stream."""


class Decoder(Protocol):
    """Turns scores into events."""

    def push(self, scores: Scores) -> list[Event]:
        """The events that these scores start, update or end."""

    def end(self, time_s: float) -> list[Event]:
        """Ends every open event at `time_s` at the latest."""


class Sink(Protocol):
    """Where results go. All calls come from one thread, which may differ from the one that made it."""

    def handle(self, message: Message) -> None:
        """Takes one message."""

    def close(self) -> None:
        """Finishes: whatever was buffered is written."""
