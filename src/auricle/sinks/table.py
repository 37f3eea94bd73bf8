"""Ended events as rows of text: a table to read, CSV, Audacity labels, DCASE TSV."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import TextIO

from auricle.messages import Event, EventState, Message

_HEADERS = {
    "table": None,
    "csv": ("source", "label", "onset_s", "offset_s", "peak", "mean", "model"),
    "audacity": None,
    "dcase": ("filename", "onset", "offset", "event_label"),
}
FORMATS = tuple(_HEADERS)
_BLANKS = str.maketrans("\t\r\n", "   ")
"""Formats that separate by tabs know no quoting."""

_ESCAPES = {code: repr(chr(code))[1:-1] for code in (*range(32), *range(127, 160), 0x2028, 0x2029)}
"""Characters that would break a line of the table, or make a terminal do something."""


class Rows:
    """Writes each event when it has ended, and the header before the first one.

    csv: source, label, onset_s, offset_s, peak, mean, model.
    audacity: onset, offset, label, separated by tabs, as File > Import > Labels takes it.
    dcase: filename, onset, offset, event_label, separated by tabs, as sed_eval and PSDS tools take it.
    """

    def __init__(self, *, stream: TextIO, layout: str) -> None:
        """`layout`: one of FORMATS."""
        self._stream, self._layout = stream, layout
        self._csv = csv.writer(stream, lineterminator="\n")
        self._width = 0
        header = _HEADERS[layout]
        if header:
            self._write_row(header)

    def handle(self, message: Message) -> None:
        """Writes `message` if it is the end of an event."""
        if not isinstance(message, Event) or message.state is not EventState.ENDED:
            return
        if self._layout == "table":
            self._write_line(message)
        else:
            self._write_row(self._row(message))
        self._stream.flush()

    def close(self) -> None:
        """Nothing is left to write but an empty file's header."""
        self._stream.flush()

    def _write_row(self, cells: Sequence[str]) -> None:
        if self._layout == "csv":
            self._csv.writerow(cells)
        else:
            self._stream.write("\t".join(cell.translate(_BLANKS) for cell in cells) + "\n")

    def _row(self, event: Event) -> Sequence[str]:
        onset, offset = f"{event.onset_s:.3f}", f"{event.offset_s:.3f}"
        if self._layout == "audacity":
            return (onset, offset, event.label)
        if self._layout == "dcase":
            return (event.source, onset, offset, event.label)
        return (event.source, event.label, onset, offset, f"{event.peak:.4f}", f"{event.mean:.4f}", event.model)

    def _write_line(self, event: Event) -> None:
        if not self._width:
            self._width = 34
            self._stream.write(
                f"{'onset':>10}  {'offset':>10}  {'peak':>5}  {'mean':>5}  {'label':<{self._width}}  source\n"
            )
        self._stream.write(
            f"{clock(event.onset_s):>10}  {clock(event.offset_s or 0.0):>10}  {event.peak:5.0%}  {event.mean:5.0%}  "
            f"{event.label.translate(_ESCAPES):<{self._width}}  {event.source.translate(_ESCAPES)}\n"
        )


def clock(seconds: float) -> str:
    """Seconds as h:mm:ss.cc, without leading zeros beyond the minute."""
    centis = round(seconds * 100)
    minutes, centis = divmod(centis, 6000)
    hours, minutes = divmod(minutes, 60)
    return (f"{hours}:{minutes:02}" if hours else f"{minutes}") + f":{centis // 100:02}.{centis % 100:02}"
