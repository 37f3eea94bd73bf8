"""`listen` and `run`: sound as it happens."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Mapping

import numpy as np

from auricle import settings
from auricle.app import Auricle
from auricle.commands import window
from auricle.commands.interruption import closing_on_signal
from auricle.errors import DeviceError, WindowError
from auricle.messages import Event, EventState, Message
from auricle.sinks.console import EventLines, TerminalView
from auricle.sinks.fanout import Fanout
from auricle.sinks.jsonl import JsonLines
from auricle.sinks.table import Rows
from auricle.stages import Sink, Source

_CLOSING_S = 2.0
"""How long a slow output may take to finish."""
_PROBE_S = 1.5
"""How long `run` waits for a microphone to deliver something else than digital silence."""


def listen(arguments: argparse.Namespace) -> int:
    """The microphone until Ctrl-C: a live view on a terminal, otherwise lines in the chosen format."""
    auricle = _ready(arguments)
    source = auricle.microphone()
    sinks: dict[str, Sink] = {"notes": EventLines(stream=sys.stderr, events=False)}
    if arguments.format == "jsonl":
        states = frozenset(EventState) - {EventState.UPDATED}
        lines = JsonLines(stream=sys.stdout, states=states, began=source.began)
        sinks["jsonl"] = _Vital(lines, source)
    elif arguments.format == "table" and sys.stdout.isatty():
        sinks = {"view": _view(auricle, source)}
    else:
        sinks[arguments.format] = _Vital(Rows(stream=sys.stdout, layout=arguments.format), source)
    _say(f"Listening to {source.name}, model {auricle.card.name}; Ctrl-C leaves.")
    return _hear(auricle, source, sinks)


def run(arguments: argparse.Namespace) -> int:
    """The microphone if one delivers sound, else the demonstration; in the window, or with a table of the events at the end."""
    auricle = _ready(arguments)
    if window.can_show():
        with contextlib.suppress(WindowError):  # a display that is named but not there
            return window.show(auricle, begin=True, fallback=True)
    source = _best_source(auricle)
    kept = _Kept()
    sinks: dict[str, Sink] = {"kept": kept}
    sinks["view"] = _view(auricle, source) if sys.stdout.isatty() else EventLines(stream=sys.stderr, events=True)
    try:
        return _hear(auricle, source, sinks)
    finally:
        rows = Rows(stream=sys.stdout, layout="table")
        for event in kept.events:
            rows.handle(event)
        if not kept.events:
            _say("No events.")


class _Vital:
    """A sink without which listening is pointless: when its output is gone or full, the source is closed."""

    def __init__(self, sink: Sink, source: Source) -> None:
        self._sink, self._source = sink, source

    def handle(self, message: Message) -> None:
        try:
            self._sink.handle(message)
        except OSError:
            self._source.close()
            raise

    def close(self) -> None:
        self._sink.close()


class _Kept:
    """Remembers ended events, the last ones of a long day."""

    MOST = 1000

    def __init__(self) -> None:
        self.events: list[Event] = []

    def handle(self, message: Message) -> None:
        if isinstance(message, Event) and message.state is EventState.ENDED:
            self.events = [*self.events[1 - self.MOST :], message]

    def close(self) -> None:
        """Keeps what it has."""


def _ready(arguments: argparse.Namespace) -> Auricle:
    """Everything that may be wrong with settings or model is found before a device is opened."""
    auricle = Auricle(settings.load(arguments.words))
    _ = auricle.live_tagger(), auricle.tracker, auricle.thresholds
    return auricle


def _best_source(auricle: Auricle) -> Source:
    try:
        source = auricle.microphone()
    except DeviceError as error:
        if auricle.conf.DEVICE:
            raise
        _say(f"{_clause(error)}: playing the demonstration recording instead.")
        return auricle.demonstration()
    with closing_on_signal(source):
        delivers = _delivers_sound(source)
    if delivers:
        source = auricle.microphone()
        _say(f"Listening to {source.name}, model {auricle.card.name}; Ctrl-C leaves.")
        return source
    _say(f"{source.name} delivers no sound: playing the demonstration recording instead.")
    return auricle.demonstration()


def _delivers_sound(source: Source) -> bool:
    """Whether anything but digital silence arrives in time; closes the source."""
    with contextlib.closing(source.blocks()) as blocks:
        for block in blocks:
            if np.any(block.audio):
                return True
            if block.start >= _PROBE_S * block.rate or len(block.audio) == 0:
                return False
    return False


def _hear(auricle: Auricle, source: Source, sinks: Mapping[str, Sink]) -> int:
    fanout = Fanout(sinks=sinks, queue_length=auricle.conf.QUEUE_LENGTH, closing_s=_CLOSING_S)
    pipeline = auricle.pipeline(source, fanout, live=True)
    try:
        with closing_on_signal(source):
            pipeline.run()
    finally:
        fanout.close()
        for name, count in fanout.dropped.items():
            _say(f"auricle: the output {name} was too slow and lost {count} messages.")
    for error in fanout.errors.values():
        raise error
    return 0


def _view(auricle: Auricle, source: Source) -> Sink:
    on = [pair.on for pair in auricle.thresholds]
    return TerminalView(
        stream=sys.stdout,
        top=auricle.tracker.top,
        thresholds=dict(zip(auricle.names, on, strict=True)),
        title=f"Auricle · {source.name} · {auricle.card.name}",
        refresh_rate=auricle.conf.REFRESH_RATE,
    )


def _clause(error: Exception) -> str:
    return str(error).split(";")[0].rstrip(".")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
