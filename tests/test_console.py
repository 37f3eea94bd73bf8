"""What a person at a terminal sees."""

from __future__ import annotations

import io
import math
import os
import pty
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console

from auricle.messages import Event, EventState, Health, Scores, SourceState
from auricle.sinks.console import EventLines, ProgressBar, TerminalView
from tests.program import COMMAND
from tests.virtual_microphone import DEADLINE_S

HEALTH = Health(time_s=2.0, level_dbfs=-20.0, peak_dbfs=-9.0, step_ms=1.0, lost_samples=7, late_blocks=0)
EVENT = Event(
    id=1,
    state=EventState.STARTED,
    source="mic",
    label="Dog",
    onset_s=1.02,
    offset_s=None,
    peak=0.9,
    mean=0.8,
    model="m",
)


def ranking(probabilities: NDArray[np.float32]) -> list[tuple[str, float]]:
    """Two labels, highest first."""
    pairs = zip(("Dog", "Rain"), map(float, probabilities), strict=True)
    return sorted(pairs, key=lambda pair: -pair[1])


@pytest.fixture
def view() -> TerminalView:
    """A view that draws into nothing."""
    return TerminalView(
        stream=io.StringIO(),
        top=ranking,
        thresholds={"Dog": 0.5, "Rain": 0.5},
        title="Auricle · mic",
        refresh_rate=1000,
    )


def text_of(view: TerminalView) -> str:
    """The view as plain text, 80 columns wide."""
    console = Console(file=io.StringIO(), width=80, color_system=None)
    console.print(view.picture())
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def scores(*probabilities: float) -> Scores:
    """Provisional scores for the last 128 ms."""
    return Scores(start_s=0, end_s=0.128, probabilities=np.array(probabilities, np.float32), provisional=True)


def test_the_view_ranks_labels_with_their_scores(view: TerminalView) -> None:
    """The likeliest label comes first, with its score as a figure."""
    view.handle(scores(0.2, 0.7))
    text = text_of(view)
    assert text.index("Rain") < text.index("Dog")
    assert "70%" in text


def test_the_view_shows_level_lost_samples_and_what_is_wrong(view: TerminalView) -> None:
    """Level in dBFS and lost samples are always there; a note takes the status line's place."""
    view.handle(HEALTH)
    assert "-20.0 dBFS" in text_of(view)
    assert "lost 7 samples" in text_of(view)
    view.handle(replace(HEALTH, note="The input clips; turn its level down."))
    assert "The input clips" in text_of(view)


def test_the_view_says_silent_for_digital_silence(view: TerminalView) -> None:
    """Minus infinity is no figure to show."""
    view.handle(replace(HEALTH, level_dbfs=-math.inf, peak_dbfs=-math.inf))
    assert "silent" in text_of(view)


def test_the_view_keeps_one_line_for_each_event(view: TerminalView) -> None:
    """An event that goes on says so; when it has ended, the same line tells how long it was."""
    view.handle(EVENT)
    assert "now" in text_of(view)
    view.handle(replace(EVENT, state=EventState.ENDED, offset_s=1.82))
    text = text_of(view)
    assert text.count("Dog") == 1
    assert "0.8 s" in text


def test_lines_tell_beginnings_ends_and_troubles() -> None:
    """One line for each, and none that repeats the one before."""
    stream = io.StringIO()
    lines = EventLines(stream=stream, events=True)
    waiting = replace(HEALTH, source_state=SourceState.WAITING, note="mic delivers no sound.")
    for message in (EVENT, HEALTH, waiting, waiting, HEALTH, replace(EVENT, state=EventState.ENDED, offset_s=1.82)):
        lines.handle(message)
    assert stream.getvalue().splitlines() == [
        "  0:01.02  Dog begins",
        "  0:02.00  7 samples of sound have been lost so far.",
        "  0:02.00  mic delivers no sound.",
        "  0:02.00  The input delivers sound again.",
        "  0:01.82  Dog ends after 0.8 s, at most 90%",
    ]


def test_no_progress_bar_is_drawn_into_a_file() -> None:
    """Where standard error is no terminal, the bar writes nothing."""
    stream = io.StringIO()
    progress = ProgressBar(stream=stream)
    progress.begin("street.wav", 10.0)
    progress.handle(HEALTH)
    progress.close()
    assert stream.getvalue().strip() == ""


def test_the_progress_bar_shows_brackets_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file's name is no markup, whatever is in it."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = io.StringIO()
    progress = ProgressBar(stream=stream)
    progress.begin("[/x].wav", 10.0)
    progress.handle(HEALTH)
    progress.close()
    assert "[/x].wav" in stream.getvalue()


def test_on_a_terminal_the_view_is_drawn_and_the_table_follows() -> None:
    """`auricle run` on a terminal draws bars in place, and leaves a table of events when the demonstration is over."""
    primary, secondary = pty.openpty()
    environment = {
        **os.environ, "PULSE_SERVER": "unix:/nowhere", "XDG_RUNTIME_DIR": "/nowhere", "TERM": "xterm-256color",
        "COLUMNS": "100", "LINES": "40",
    }  # fmt: skip
    process = subprocess.Popen([*COMMAND, "run"], env=environment, stdout=secondary, stderr=subprocess.DEVNULL)
    os.close(secondary)
    output = b""
    while True:
        try:
            part = os.read(primary, 65536)
        except OSError:  # the other end is closed
            break
        output += part
    os.close(primary)
    assert process.wait(DEADLINE_S) == 0
    text = output.decode()
    assert "\x1b[" in text
    assert "dBFS" in text
    assert "━" in text
    assert any("onset" in line for line in text.splitlines()[-12:])
