"""Fakes that ship with the package, for whoever writes a source, a sink or a tagger and wants to test it.

They are real: they keep the Protocols of stages.py, the type checker says so, and Auricle's own tests use them. None
needs a device, a file or a model.

    sink = MySink(...)
    for message in events(label="Dog", times=[(1.0, 2.5), (4.0, 4.5)]):
        sink.handle(message)
    sink.close()

What each stands for: a source is a ToneSource (sound at known times) or a ScriptedSource (any blocks and failures); a
front end is a LevelFrontEnd (one band, the level); a tagger is a ScriptedTagger (a class is heard when you say so); a
sink is a ListSink, a RaisingSink (broken) or a BlockedSink (hangs until released).
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auricle.messages import Audio, Block, Event, EventState, Frames, Health, Message, Scores, SourceState


@dataclass(frozen=True)
class Tone:
    """A sine that begins and ends at known times."""

    onset_s: float
    offset_s: float
    hz: float
    amplitude: float
    """Full scale is 1."""


class ToneSource:
    """Digital silence with tones in it."""

    def __init__(self, *, name: str, rate: int, duration_s: float, tones: Sequence[Tone], chunk_length: int) -> None:
        """`duration_s` seconds at `rate` Hz, given out in blocks of `chunk_length` samples."""
        self.name = name
        self.state = SourceState.RUNNING
        self._rate, self._chunk = rate, chunk_length
        self.audio: Audio = np.zeros(round(duration_s * rate), np.float32)
        for tone in tones:
            span = slice(round(tone.onset_s * rate), round(tone.offset_s * rate))
            phase = 2.0 * np.pi * tone.hz * np.arange(len(self.audio))[span] / rate
            self.audio[span] += (tone.amplitude * np.sin(phase)).astype(np.float32)

    def blocks(self) -> Generator[Block, None, None]:
        """All of it, once, or until `close`."""
        for start in range(0, len(self.audio), self._chunk):
            if self.state is SourceState.ENDED:
                return
            yield Block(start=start, audio=self.audio[start : start + self._chunk], rate=self._rate, lost=0)
        self.state = SourceState.ENDED

    def close(self) -> None:
        """Ends the iteration at the next block."""
        self.state = SourceState.ENDED


class ScriptedSource:
    """Gives out what it was given: blocks as they are; an exception is raised; a state becomes its own."""

    def __init__(self, *, name: str, script: Sequence[Block | SourceState | Exception]) -> None:
        """`script` is played from its beginning to its end, or to its first exception."""
        self.name = name
        self.state = SourceState.RUNNING
        self.closed = False
        self._script = script

    def blocks(self) -> Generator[Block, None, None]:
        """The script's blocks."""
        for step in self._script:
            if self.closed:
                return
            if isinstance(step, Exception):
                raise step
            if isinstance(step, SourceState):
                self.state = step
            else:
                yield step

    def close(self) -> None:
        """Ends the iteration at the next block; `closed` says that it was called."""
        self.closed = True
        self.state = SourceState.ENDED


class LevelFrontEnd:
    """One frame for every `hop` samples, with one band: their highest absolute value."""

    def __init__(self, *, hop: int) -> None:
        """`hop` samples make a frame."""
        self._hop = hop
        self._start = 0
        self._rest: Audio = np.zeros(0, np.float32)

    def push(self, audio: Audio) -> Frames:
        """The frames that `audio` completes."""
        samples = np.concatenate([self._rest, audio])
        whole = len(samples) // self._hop * self._hop
        self._rest = samples[whole:]
        return self._frames(samples[:whole])

    def flush(self) -> Frames:
        """The last frame, where some samples wait for its end; then the stream starts anew."""
        frames = self._frames(np.pad(self._rest, (0, -len(self._rest) % self._hop)))
        self._rest, self._start = self._rest[:0], 0
        return frames

    def _frames(self, samples: Audio) -> Frames:
        levels = np.abs(samples).reshape(-1, self._hop).max(axis=1, initial=0.0)
        start, self._start = self._start, self._start + len(levels)
        return Frames(start=start, logmel=levels[:, None].astype(np.float32))


@dataclass(frozen=True)
class Heard:
    """A line of a ScriptedTagger's script: this class has this score from here to there."""

    start_s: float
    end_s: float
    index: int
    """Of the class."""
    score: float


class ScriptedTagger:
    """A tagger that hears what its script says, one score for each frame, whatever the sound is."""

    def __init__(self, *, script: Sequence[Heard], classes: int, frame_s: float) -> None:
        """Classes that no line of `script` speaks of at a time score 0; a frame lasts `frame_s` seconds."""
        self._script, self._classes, self._frame_s = script, classes, frame_s
        self._next = 0
        self.resets = 0

    def push(self, frames: Frames) -> list[Scores]:
        """Final scores, one for each frame."""
        first, self._next = self._next, self._next + len(frames.logmel)
        return [self._at(k) for k in range(first, self._next)]

    def flush(self) -> list[Scores]:
        """Nothing ever waits."""
        return []

    def reset(self) -> None:
        """The script starts again; `resets` counts."""
        self._next = 0
        self.resets += 1

    def _at(self, frame: int) -> Scores:
        probabilities: NDArray[np.float32] = np.zeros(self._classes, np.float32)
        middle = (frame + 0.5) * self._frame_s
        for heard in self._script:
            if heard.start_s <= middle < heard.end_s:
                probabilities[heard.index] = heard.score
        return Scores(frame * self._frame_s, (frame + 1) * self._frame_s, probabilities, provisional=False)


class ListSink:
    """Keeps every message, in order."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.closed = False

    def handle(self, message: Message) -> None:
        """Appends `message`."""
        self.messages.append(message)

    def close(self) -> None:
        """Notes that it was called."""
        self.closed = True

    @property
    def events(self) -> list[Event]:
        """The events among the messages."""
        return [message for message in self.messages if isinstance(message, Event)]

    @property
    def ended(self) -> list[Event]:
        """The events that have ended."""
        return [event for event in self.events if event.state is EventState.ENDED]

    @property
    def scores(self) -> list[Scores]:
        """The scores among the messages."""
        return [message for message in self.messages if isinstance(message, Scores)]

    @property
    def health(self) -> list[Health]:
        """The health reports among the messages."""
        return [message for message in self.messages if isinstance(message, Health)]


class RaisingSink:
    """A broken sink: every call raises OSError, as on a full disk."""

    def handle(self, message: Message) -> None:
        """Raises."""
        raise OSError(f"cannot write {type(message).__name__}")

    def close(self) -> None:
        """Raises."""
        raise OSError("cannot close")


class BlockedSink(ListSink):
    """A sink that hangs in its first call until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = threading.Event()
        """Set once it hangs."""
        self._released = threading.Event()

    def handle(self, message: Message) -> None:
        """Hangs, then keeps `message`."""
        self.entered.set()
        self._released.wait()
        super().handle(message)

    def release(self) -> None:
        """Lets it go on, for good."""
        self._released.set()


def events(*, label: str, times: Sequence[tuple[float, float]]) -> list[Event]:
    """The messages of one label's events, started and ended, as a decoder gives them for (onset, offset) seconds."""
    messages = []
    for number, (onset, offset) in enumerate(times, start=1):
        for state, end in ((EventState.STARTED, None), (EventState.ENDED, offset)):
            messages.append(Event(number, state, "test", label, onset, end, peak=0.9, mean=0.8, model="test"))
    return messages
