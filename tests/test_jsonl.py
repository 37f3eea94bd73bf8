"""Events as JSON lines."""

from __future__ import annotations

import io
import json
from datetime import datetime, timezone

from hypothesis import given
from hypothesis import strategies as st

from auricle.messages import Event, EventState
from auricle.sinks.jsonl import JsonLines
from auricle.testing import events

ENDED = frozenset({EventState.ENDED})


def lines(
    messages: list[Event], states: frozenset[EventState], began: datetime | None = None
) -> list[dict[str, object]]:
    """What is written, read again."""
    stream = io.StringIO()
    sink = JsonLines(stream=stream, states=states, began=began)
    for message in messages:
        sink.handle(message)
    sink.close()
    text = stream.getvalue().encode().decode()  # UTF-8 it is
    assert text == "" or text.endswith("\n")
    return [json.loads(line) for line in text.split("\n")[:-1]]


def test_one_object_for_each_event_asked_for() -> None:
    """In the form that the issue shows."""
    barks = events(label="Dog", times=[(1.0204, 1.8)])
    assert lines(barks, ENDED) == [
        {
            "source": "test",
            "label": "Dog",
            "onset_s": 1.02,
            "offset_s": 1.8,
            "peak": 0.9,
            "mean": 0.8,
            "model": "test",
            "id": 1,
            "state": "ended",
        }
    ]
    both = lines(barks, frozenset({EventState.STARTED, EventState.ENDED}))
    assert [line["state"] for line in both] == ["started", "ended"]
    assert both[0]["offset_s"] is None


def test_live_events_carry_clock_time() -> None:
    """That of their onset, to the millisecond."""
    began = datetime(2026, 1, 31, 23, 59, 59, tzinfo=timezone.utc)
    (line,) = lines(events(label="Dog", times=[(1.5, 2)]), ENDED, began)
    assert line["time"] == "2026-02-01T00:00:00.500+00:00"


@given(
    source=st.builds(str.__add__, st.text(), st.sampled_from(["", "\udce9.wav"])),
    label=st.text(st.characters(exclude_categories=["Cs"])),
    onset_s=st.floats(0, 1e6),
    peak=st.floats(0, 1),
)
def test_any_name_comes_back(source: str, label: str, onset_s: float, peak: float) -> None:
    """Quotes, line ends, any alphabet, a file's bytes that are none: one line, which JSON reads as it was."""
    event = Event(
        id=1,
        state=EventState.ENDED,
        source=source,
        label=label,
        onset_s=onset_s,
        offset_s=onset_s + 1,
        peak=peak,
        mean=peak,
        model="m",
    )
    (line,) = lines([event], ENDED)
    assert (line["source"], line["label"]) == (source, label)
    assert abs(float(str(line["onset_s"])) - onset_s) <= 0.001
    assert abs(float(str(line["peak"])) - peak) <= 0.0001
