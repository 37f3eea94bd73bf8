"""Pulse: the one timer of a window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("tkinter", reason="no window without a Python with Tk (python3-tk)")

from auricle.gui import LIGHT, DemoFrontend, Middle
from auricle.gui.pulse import Pulse
from tests.gui.pumping import pump, resize

if TYPE_CHECKING:
    import tkinter as tk


def test_it_beats_for_as_long_as_it_is_asked_to(root: tk.Tk) -> None:
    """After the third beat wants no other one it sleeps, until it is woken."""
    beats: list[float] = []

    def beat(elapsed_s: float) -> int:
        beats.append(elapsed_s)
        return 1 if len(beats) % 3 else 0

    pulse = Pulse(widget=root, beat=beat, pause_ms=1)
    pulse.wake()
    pulse.wake()
    pump(root, lambda: not pulse.is_awake, "it sleeps")
    assert len(beats) == 3
    assert all(seconds > 0 for seconds in beats)
    pulse.wake()
    pump(root, lambda: not pulse.is_awake, "it sleeps again")
    assert len(beats) == 6


def test_one_that_was_stopped_beats_no_more(root: tk.Tk) -> None:
    """The beat that it waited for is called off, and a beat may stop it."""
    beats: list[float] = []
    waiting = Pulse(widget=root, beat=lambda _: 1 // 0, pause_ms=1)
    waiting.wake()
    waiting.stop()
    assert not waiting.is_awake

    def beat(elapsed_s: float) -> int:
        beats.append(elapsed_s)
        pulse.stop()
        return 1

    pulse = Pulse(widget=root, beat=beat, pause_ms=1)
    pulse.wake()
    pump(root, lambda: bool(beats), "its only beat")
    assert not pulse.is_awake


def test_a_beat_that_fails_is_not_the_last_one(root: tk.Tk) -> None:
    """The error goes where Tk reports errors, and the timer goes on."""
    errors: list[str] = []
    root.report_callback_exception = lambda kind, error, trace: errors.append(str(error))
    pulse = Pulse(widget=root, beat=lambda _: 1 // 0, pause_ms=1)
    pulse.wake()
    pump(root, lambda: len(errors) > 1, "two beats fail")
    assert set(errors) == {"integer division or modulo by zero"}
    pulse.stop()


def test_a_window_in_which_nothing_moves_has_no_timer(root: tk.Tk) -> None:
    """It wakes when a score is shown, and sleeps when bar and figure are there."""
    demo = DemoFrontend(root, theme=LIGHT, top=None, middle=Middle(3), bottom=None)
    demo.pack(fill="both", expand=True)
    resize(root, 600, 400)
    assert not demo.pulse.is_awake
    demo.show([("Dog", 0.9)])
    assert demo.pulse.is_awake
    pump(root, lambda: not demo.pulse.is_awake, "it sleeps")
    assert demo.rows[0].drawn == 0.9
    demo.show([("Dog", 0.85)])
    pump(root, lambda: not demo.pulse.is_awake, "it sleeps")
    assert demo.rows[0].figure == "85%"
