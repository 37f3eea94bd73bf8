"""The state of the window: a value of its own, never a widget's text."""

from __future__ import annotations

from enum import Enum


class State(Enum):
    """What the window is doing; the switch takes its look from it."""

    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    FAILED = "failed"
    """It could not start, or broke off; a sentence in the window says why."""

    @property
    def is_active(self) -> bool:
        """A backend is at work, or about to be."""
        return self in (State.STARTING, State.RUNNING, State.STOPPING)
