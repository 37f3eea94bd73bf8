"""Events as JSON, one object per line."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TextIO

from auricle.messages import Event, EventState, Message


class JsonLines:
    """Writes the events that it is asked for, each as one line, at once."""

    def __init__(self, *, stream: TextIO, states: frozenset[EventState], began: datetime | None) -> None:
        """`states`: which messages of an event are written; `began`: clock time of stream time 0, None in recordings."""
        self._stream, self._states, self._began = stream, states, began

    def handle(self, message: Message) -> None:
        """Writes `message` if it is an event in one of the states."""
        if isinstance(message, Event) and message.state in self._states:
            line = json.dumps(as_dict(message, self._began), ensure_ascii=False)
            # Bytes of a file's name that are no UTF-8 are halves of characters here, which JSON can escape.
            self._stream.write(line.encode(errors="backslashreplace").decode() + "\n")
            self._stream.flush()

    def close(self) -> None:
        """Nothing is left to write."""


def as_dict(event: Event, began: datetime | None) -> dict[str, object]:
    """The event as JSON carries it: seconds to the millisecond, scores to four digits."""
    data: dict[str, object] = {
        "source": event.source,
        "label": event.label,
        "onset_s": round(event.onset_s, 3),
        "offset_s": None if event.offset_s is None else round(event.offset_s, 3),
        "peak": round(event.peak, 4),
        "mean": round(event.mean, 4),
        "model": event.model,
        "id": event.id,
        "state": event.state.value,
    }
    if event.member:
        data["member"] = event.member
    if began is not None:
        data["time"] = (began + timedelta(seconds=event.onset_s)).isoformat(timespec="milliseconds")
    return data
