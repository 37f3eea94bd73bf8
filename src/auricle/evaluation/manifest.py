"""The manifest: a CSV that says which recordings of a folder hold which sounds, and, where it is known, from when to when.

    path,label                       one line for each label of a recording; no label: it holds none of the others'
    path,label,onset,offset          one line for each sound, in seconds

A recording may stand in several lines. Further columns are somebody else's.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from auricle.errors import AuricleError, ManifestError

COLUMNS = ("path", "label")
TIMES = ("onset", "offset")
_SLACK_S = 0.01
"""By which an offset may lie behind the recording's end: hands round."""

_LONGEST = 4096
"""Characters of a path, as systems have it."""

_LARGEST = 64 * 2**20
"""Bytes of a manifest: half a million lines or more."""


@dataclass(frozen=True)
class Span:
    """A sound: its label, from when to when."""

    label: str
    onset_s: float
    offset_s: float


@dataclass(frozen=True)
class Clip:
    """One recording and what it holds."""

    path: Path
    duration_s: float
    labels: tuple[str, ...]
    """Each once; none where it holds nothing of what the manifest speaks of."""
    spans: tuple[Span, ...]
    """In order of onset; none where the manifest says no times."""


@dataclass(frozen=True)
class Manifest:
    """Labelled recordings, in the order in which they were first named."""

    clips: tuple[Clip, ...]
    labels: tuple[str, ...]
    timed: bool
    """Whether it says from when to when sounds last."""


@dataclass(frozen=True)
class _Row:
    line: int
    path: Path
    label: str
    onset: str
    offset: str


class Reader:
    """Reads manifests of one folder for one model."""

    def __init__(
        self, *, folder: Path, name: Callable[[str], str], duration: Callable[[Path], float], shortest_s: float
    ) -> None:
        """`name` gives a label's proper name, and `duration` a recording's length in seconds; both may raise AuricleError.

        A recording shorter than `shortest_s` is refused.
        """
        self._folder, self._name, self._duration, self._shortest_s = folder, name, duration, shortest_s

    def read(self, path: Path) -> Manifest:
        """The manifest in `path`. Raises ManifestError, which names the line."""
        try:
            rows = _rows(path)
            timed = _timed(rows)
            clips = self._clips(rows, timed)
        except _Wrong as wrong:
            raise ManifestError(f"{path}: {wrong}") from None
        labels = tuple(dict.fromkeys(label for clip in clips for label in clip.labels))
        if not labels:
            raise ManifestError(f"{path}: no line has a label; say what is in the recordings.")
        return Manifest(clips=tuple(clips), labels=labels, timed=timed)

    def _clips(self, rows: Sequence[_Row], timed: bool) -> list[Clip]:
        by_path: dict[Path, list[_Row]] = {}
        for row in rows:
            by_path.setdefault(row.path, []).append(row)
        names: dict[str, str] = {}
        for row in rows:
            if row.label not in names:
                names[row.label] = self._named(row)
        return [self._clip(path, some, names, timed) for path, some in by_path.items()]

    def _named(self, row: _Row) -> str:
        try:
            return self._name(row.label) if row.label else ""
        except AuricleError as error:
            raise _Wrong(f"line {row.line}: {error}") from None

    def _clip(self, path: Path, rows: Sequence[_Row], names: dict[str, str], timed: bool) -> Clip:
        first = rows[0]
        try:
            duration_s = self._duration(self._folder / path)
        except AuricleError as error:
            raise _Wrong(f"line {first.line}: {error}") from None
        if duration_s < self._shortest_s:
            raise _Wrong(
                f"line {first.line}: “{path}” lasts {duration_s:.6g} s, and the model needs {self._shortest_s:.6g} s; leave it out."
            )
        seen: dict[tuple[str, float, float], int] = {}
        for row in rows:
            key = (names[row.label], *(_times(row, duration_s) if timed and row.label else (0.0, 0.0)))
            if key in seen:
                raise _Wrong(f"line {row.line} says the same as line {seen[key]}; leave one out.")
            seen[key] = row.line
        if len(seen) > 1 and ("", 0.0, 0.0) in seen:
            raise _Wrong(
                f"line {seen['', 0.0, 0.0]} says that “{path}” holds nothing, and others say what; leave it out."
            )
        ordered = sorted(key for key in seen if key[0])
        spans = tuple(sorted((Span(*key) for key in ordered), key=lambda span: span.onset_s)) if timed else ()
        for before, after in pairwise(ordered):
            if timed and before[0] == after[0] and after[1] <= before[2]:
                raise _Wrong(
                    f"lines {seen[before]} and {seen[after]} overlap or touch and both say “{before[0]}”; make one sound of them."
                )
        return Clip(self._folder / path, duration_s, tuple(dict.fromkeys(key[0] for key in seen if key[0])), spans)


class _Wrong(Exception):  # noqa: N818  (it becomes a ManifestError)
    """What is wrong, without the manifest's name."""


def _rows(path: Path) -> list[_Row]:
    if path.is_char_device() or path.is_block_device():
        raise _Wrong("a device, which may never end; name a CSV of path,label[,onset,offset].")
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise _Wrong(f"more than {_LARGEST // 2**20} MiB; make several of it.")
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        lines = [(reader.line_num, cells) for cells in reader if cells]
    except UnicodeDecodeError as error:
        raise _Wrong(f"not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8.") from None
    except csv.Error as error:
        raise _Wrong(f"line {reader.line_num}: not CSV ({error}); check its quotes.") from None
    except OSError as error:
        raise _Wrong(f"cannot be read ({error.strerror}); name a CSV of path,label[,onset,offset].") from None
    except ValueError:
        raise _Wrong("cannot be read (no file can have that name); name a CSV of path,label[,onset,offset].") from None
    if not lines:
        raise _Wrong("empty; its first line must read path,label or path,label,onset,offset.")
    header = [cell.strip().casefold() for cell in lines[0][1]]
    columns = _columns(header)
    if len(lines) == 1:
        raise _Wrong("no recording stands in it; write a line for each.")
    return [_row(line, cells, columns, len(header)) for line, cells in lines[1:]]


def _columns(header: Sequence[str]) -> dict[str, int]:
    wanted = [*COLUMNS, *(TIMES if set(TIMES) & set(header) else ())]
    for column in wanted:
        if header.count(column) != 1:
            what = "has two columns" if column in header else "has no column"
            raise _Wrong(f"its first line {what} “{column}”; it must read path,label or path,label,onset,offset.")
    return {column: header.index(column) for column in wanted}


def _row(line: int, cells: Sequence[str], columns: dict[str, int], width: int) -> _Row:
    if len(cells) != width:
        raise _Wrong(
            f'line {line} has {len(cells)} cells where the first line has {width}; a label with a comma stands in "quotes".'
        )
    found = {column: cells[k].strip() for column, k in columns.items()}
    path = Path(found["path"])
    for column, cell in found.items():
        longest = _LONGEST if column == "path" else _LONGEST // 16
        if len(cell) > longest:
            raise _Wrong(f"line {line} has a cell “{column}” of more than {longest} characters; check its quotes.")
    if not found["path"]:
        raise _Wrong(f"line {line} names no recording; fill in its path.")
    if path.is_absolute() or path.drive or ".." in path.parts:
        raise _Wrong(f"line {line}: “{found['path']}” leads out of the folder; write paths from the folder on.")
    return _Row(line, path, found["label"], found.get("onset", ""), found.get("offset", ""))


def _timed(rows: Sequence[_Row]) -> bool:
    """Whether the lines say times: all that have a label do, or none."""
    with_times = {True: 0, False: 0}
    for row in rows:
        if bool(row.onset) != bool(row.offset) or (row.onset and not row.label):
            raise _Wrong(f"line {row.line} has only some of label, onset and offset; fill in all, or the label alone.")
        if row.label:
            with_times[bool(row.onset)] = with_times[bool(row.onset)] or row.line
    if all(with_times.values()):
        raise _Wrong(
            f"line {with_times[True]} has an onset and line {with_times[False]} has none; write all of them, or none."
        )
    return bool(with_times[True])


def _times(row: _Row, duration_s: float) -> tuple[float, float]:
    try:
        if "_" in row.onset + row.offset:  # Python's own way to write thousands
            raise ValueError
        onset_s, offset_s = float(row.onset), float(row.offset)
    except ValueError:
        onset_s = offset_s = math.nan
    if not (math.isfinite(onset_s) and math.isfinite(offset_s)):
        raise _Wrong(f"line {row.line}: onset “{row.onset}” or offset “{row.offset}” is not a number; write seconds.")
    if onset_s < 0:
        raise _Wrong(
            f"line {row.line}: the onset {onset_s:g} is negative; count seconds from the recording's beginning."
        )
    if offset_s <= onset_s:
        raise _Wrong(f"line {row.line}: the offset {offset_s:g} is not after the onset {onset_s:g}; correct them.")
    if offset_s > duration_s + _SLACK_S or onset_s >= duration_s:
        raise _Wrong(
            f"line {row.line}: the sound from {onset_s:g} to {offset_s:g} s ends after the recording, "
            f"which lasts {duration_s:.2f} s; correct it."
        )
    return onset_s, min(offset_s, duration_s)
