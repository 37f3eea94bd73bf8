"""What travels through the pipeline: frozen dataclasses, no behaviour beyond their own arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Audio: TypeAlias = NDArray[np.float32]
"""Mono samples, float32 (n,), full scale ±1."""


@dataclass(frozen=True, eq=False)
class Block:
    """A run of consecutive samples from a source."""

    start: int
    """Index of the first sample at the source's rate, counted from the stream's start; lost samples count."""
    audio: Audio
    rate: int
    """Samples per second."""
    lost: int
    """Samples lost between the block before and this one."""


@dataclass(frozen=True, eq=False)
class Frames:
    """Consecutive log-mel frames."""

    start: int
    """Index of the first frame, counted from the stream's start."""
    logmel: NDArray[np.float32]
    """Shape (t, n_mels); the unit is the front end's (dB or natural log)."""


@dataclass(frozen=True, eq=False)
class Scores:
    """One probability per class for one span of time."""

    start_s: float
    end_s: float
    probabilities: NDArray[np.float32]
    """Shape (classes,), each in 0…1."""
    provisional: bool
    """True while the sound's future may still change these figures; a final one for the same span follows."""
    members: tuple[str, ...] = ()
    """Where the classes are groups of labels: for each group, its label that scored highest."""
    of_labels: NDArray[np.float32] | None = None
    """Where the classes are groups of labels: the scores of all the model's labels, followed or not."""


class EventState(Enum):
    """Where an event is in its life."""

    SUSPECTED = "suspected"
    """Where EARLY asks for it: heard before its future is known; it will be started, under the same id, or withdrawn."""
    WITHDRAWN = "withdrawn"
    STARTED = "started"
    UPDATED = "updated"
    ENDED = "ended"


UNSURE = frozenset({EventState.SUSPECTED, EventState.WITHDRAWN})
"""What views need not show: their rows show the same scores."""


@dataclass(frozen=True)
class Event:
    """One sound: a label with a beginning and, once ended, an end."""

    id: int
    """The same for every message about one event; counts from 1 within a stream."""
    state: EventState
    source: str
    label: str
    onset_s: float
    """Seconds of stream time."""
    offset_s: float | None
    """None until the event has ended."""
    peak: float
    """Highest score so far, 0…1."""
    mean: float
    """Mean score so far, 0…1."""
    model: str
    member: str = ""
    """Where `label` is a group of labels: the one that scored highest."""


class SourceState(Enum):
    """What a source is doing."""

    RUNNING = "running"
    WAITING = "waiting"
    """The device went away or delivers nothing; it is being looked for."""
    ENDED = "ended"


@dataclass(frozen=True)
class Health:
    """How the pipeline is, as of now; every sink gets to see it."""

    time_s: float
    """Stream time, lost samples included."""
    level_dbfs: float
    """RMS level of the last block; -inf for digital silence."""
    peak_dbfs: float
    """Highest sample of the last block; 0 and above clips."""
    step_ms: float
    """Computing time of the last block, milliseconds."""
    lost_samples: int
    late_blocks: int
    """Blocks whose computing took longer than they last."""
    dropped_messages: dict[str, int] = field(default_factory=dict)
    """Messages that a slow sink did not take, by sink."""
    source_state: SourceState = SourceState.RUNNING
    note: str = ""
    """One sentence when something is wrong (silent input, clipping, device lost), else empty."""


Message: TypeAlias = Scores | Event | Health
