"""What the window needs from the program behind it; the composition is in commands/window.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from auricle.card import Thresholds
from auricle.messages import Frames, Message, Scores

Scored = NDArray[np.float32]


@dataclass(frozen=True)
class Choice:
    """What the user wants to hear, and with what."""

    source: str
    """A name that `Engine.sources` gives; empty: the default one."""
    model: str
    """A name that `Engine.models` gives; empty: the configured one."""


@dataclass(frozen=True, eq=False)
class Session:
    """A source and a model, ready to run."""

    source: str
    model: str
    labels: Sequence[str]
    thresholds: Sequence[Thresholds]
    """One for each label."""
    left_out: Mapping[str, str]
    """Labels that the model knows and that are not followed, each with a sentence about why."""
    known: Sequence[str]
    """All the model's labels, in the order of `Scores.of_labels`."""
    step_s: float
    """Sound between two runs of the network."""
    frame_s: float
    """Between two spectral frames."""
    loudness: tuple[float, float]
    """The figures of a spectral frame that are shown as silence and as loud."""
    remark: str
    """One sentence where not everything is as it was wanted, else empty."""
    top: Callable[[Scored], list[tuple[str, float]]]
    """All tracked labels, or the highest of them, with their scores."""
    why: Callable[[int, Sequence[Scores], bool], str]
    """Why the label of that index is or is not an event, given its final scores of the last while."""
    run: Callable[[], None]
    """Until the source ends, or `close`."""
    close: Callable[[], None]
    """Ends `run` soon; from any thread, twice too."""


class Listener(Protocol):
    """Where a session's results go; called by the session's thread."""

    def handle(self, message: Message) -> None:
        """Takes one message."""

    def see(self, frames: Frames) -> None:
        """Takes spectral frames."""

    def close(self) -> None:
        """No more will come."""


class Engine(Protocol):
    """The program behind the window. `look` and `open` may take long, and are called in a thread of their own."""

    def sources(self) -> list[str]:
        """Names of what can be heard, as of the last look; never waits."""

    def models(self) -> list[str]:
        """Names of the models; never waits for long."""

    def look(self) -> None:
        """Looks for devices anew, while no session is open. Raises AuricleError."""

    def open(self, choice: Choice, listener: Listener) -> Session:
        """Loads the model and opens the source. Raises AuricleError."""
