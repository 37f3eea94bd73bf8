"""`detect`: recordings in, events out."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from auricle import settings
from auricle.app import Auricle
from auricle.commands.interruption import interrupted_by_signal
from auricle.commands.oneline import one_line
from auricle.commands.overwriting import refuse_overwriting
from auricle.errors import SettingsError
from auricle.messages import Event, EventState, Message
from auricle.sinks.console import ProgressBar
from auricle.sinks.jsonl import JsonLines
from auricle.sinks.output import whole_file
from auricle.sinks.table import Rows
from auricle.stages import Sink


def detect(arguments: argparse.Namespace) -> int:
    """Every bad file, setting or output is found before the first result is written."""
    words = [word for word in arguments.words if settings.is_chosen(word)]
    files = [word for word in arguments.words if not settings.is_chosen(word)]
    if not files:
        raise SettingsError("Name at least one recording: `auricle detect FILE…`, or `-` for standard input.")
    if arguments.format == "audacity" and len(files) > 1:
        raise SettingsError("Audacity's labels are for one recording; run `auricle detect` once for each.")
    auricle = Auricle(settings.load(words))
    for name in files:
        if name != "-":
            auricle.check(name)
        elif sys.stdin.isatty():
            raise SettingsError("Standard input is a terminal; pipe sound into it, or name a file.")
    if arguments.output is not None:
        refuse_overwriting([arguments.output], map(Path, files), words, auricle.conf)
    _ = auricle.loaded, auricle.thresholds
    with contextlib.ExitStack() as stack:
        stack.enter_context(interrupted_by_signal())
        stream = sys.stdout if arguments.output is None else stack.enter_context(whole_file(arguments.output))
        _write(auricle, files, arguments.format, stream)
    return 0


def _write(auricle: Auricle, files: Sequence[str], layout: str, stream: TextIO) -> None:
    rows: Sink
    if layout == "jsonl":
        rows = JsonLines(stream=stream, states=frozenset({EventState.ENDED}), began=None)
    else:
        rows = Rows(stream=stream, layout=layout)
    progress = ProgressBar(stream=sys.stderr)
    try:
        for name in files:
            source = auricle.recording(sys.stdin.buffer if name == "-" else name, None)
            progress.begin(one_line(name), getattr(source, "duration_s", None))
            sink = _Counting([rows, progress])
            auricle.pipeline(source, sink, live=False).run()
            if not sink.events:
                print(f"{one_line(name)}: no events", file=sys.stderr)
        rows.close()
    finally:
        progress.close()


class _Counting:
    """Hands every message on, and counts the events that ended."""

    def __init__(self, sinks: Sequence[Sink]) -> None:
        self._sinks, self.events = sinks, 0

    def handle(self, message: Message) -> None:
        self.events += isinstance(message, Event) and message.state is EventState.ENDED
        for sink in self._sinks:
            sink.handle(message)

    def close(self) -> None:
        """The sinks outlive one recording."""
