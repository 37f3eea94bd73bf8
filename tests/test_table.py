"""Ended events as rows, each format read back."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.messages import Event, EventState
from auricle.sinks.table import FORMATS, Rows, clock

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters='"'), min_size=1)
EVENTS = st.lists(
    st.builds(
        lambda source, label, onset, length, peak: Event(
            id=1,
            state=EventState.ENDED,
            source=source,
            label=label,
            onset_s=onset / 1000,
            offset_s=(onset + length) / 1000,
            peak=peak / 10000,
            mean=peak / 20000,
            model="m",
        ),
        source=NAMES,
        label=NAMES,
        onset=st.integers(0, 10**8),
        length=st.integers(0, 10**6),
        peak=st.integers(0, 10000),
    ),
    max_size=5,
)


def written(layout: str, messages: list[Event]) -> str:
    """What comes out."""
    stream = io.StringIO()
    sink = Rows(stream=stream, layout=layout)
    for message in messages:
        sink.handle(message)
    sink.close()
    return stream.getvalue()


@given(messages=EVENTS)
def test_csv_comes_back(messages: list[Event]) -> None:
    """With its header, by the csv module."""
    rows = list(csv.DictReader(io.StringIO(written("csv", messages))))
    assert [
        (r["source"], r["label"], float(r["onset_s"]), float(r["offset_s"]), float(r["peak"]), r["model"]) for r in rows
    ] == [(e.source, e.label, e.onset_s, e.offset_s, e.peak, e.model) for e in messages]


@given(messages=EVENTS)
def test_dcase_comes_back(messages: list[Event]) -> None:
    """filename, onset, offset, event_label, separated by tabs and without quotes, as sed_eval reads it."""
    header, *lines = written("dcase", messages).split("\n")[:-1]
    assert header == "filename\tonset\toffset\tevent_label"
    rows = [line.split("\t") for line in lines]
    assert [(r[0], float(r[1]), float(r[2]), r[3]) for r in rows] == [
        (e.source, e.onset_s, e.offset_s, e.label) for e in messages
    ]


@given(messages=EVENTS)
def test_audacity_comes_back(messages: list[Event]) -> None:
    """Onset, offset, label, separated by tabs, without a header or quotes."""
    rows = [line.split("\t") for line in written("audacity", messages).split("\n")[:-1]]
    assert [(float(r[0]), float(r[1]), r[2]) for r in rows] == [(e.onset_s, e.offset_s, e.label) for e in messages]


@pytest.mark.parametrize("layout", ["audacity", "dcase"])
def test_tabs_quotes_and_line_ends_do_no_harm(layout: str) -> None:
    """In formats that know no quoting they become spaces, and a quote stays a quote."""
    event = Event(1, EventState.ENDED, 'a\t"b"\n.wav', 'say\t"hi"', 0.0, 1.0, 0.5, 0.5, "m")
    last = written(layout, [event]).split("\n")[-2].split("\t")
    assert last[-1] == 'say "hi"'
    if layout == "dcase":
        assert last[0] == 'a "b" .wav'


@given(messages=EVENTS)
def test_the_table_has_a_line_for_each_event(messages: list[Event]) -> None:
    """Under a header where there are any; with label and source at the end."""
    lines = written("table", messages).split("\n")[:-1]
    assert len(lines) == len(messages) + bool(messages)
    for line, event in zip(lines[1:], messages, strict=True):
        assert event.label in line
        assert line.endswith(event.source)
        assert line.startswith(f"{clock(event.onset_s):>10}  {clock(event.offset_s or 0):>10}")


def test_the_table_escapes_what_would_break_its_lines() -> None:
    """Line ends, and what would make a terminal do something, in the name of a file."""
    event = Event(1, EventState.ENDED, "a\nb\x1b[2J\u2028é.wav", "Dog", 0.0, 1.0, 0.5, 0.5, "m")
    assert written("table", [event]).splitlines()[1].endswith(r"  a\nb\x1b[2J\u2028é.wav")


def test_only_ended_events_are_written() -> None:
    """One that has started may still grow."""
    event = Event(1, EventState.STARTED, "a", "Dog", 0.0, None, 0.5, 0.5, "m")
    assert written("table", [event]) == ""
    assert len(written("csv", [event]).split("\n")) == 2


def test_every_format_is_known() -> None:
    """table, csv, audacity, dcase; JSON lines have a file of their own."""
    assert FORMATS == ("table", "csv", "audacity", "dcase")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00.00"), (59.999, "1:00.00"), (61.5, "1:01.50"), (3600, "1:00:00.00"), (36000.129, "10:00:00.13")],
)
def test_the_clock(seconds: float, text: str) -> None:
    """Hours only where there are any, and it carries over."""
    assert clock(seconds) == text
