"""What the composition root makes of what it is given."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from auricle.app import DEMONSTRATION, Auricle
from auricle.config import ConfDef
from auricle.errors import ModelError, SourceError
from auricle.messages import UNSURE, Event
from auricle.settings import load
from auricle.sinks.inbox import Inbox
from auricle.sources.array import ArraySource
from auricle.sources.file import FileSource
from auricle.sources.pipe import PipeSource
from tests.material import noise, one_sentence

RAW = Auricle(ConfDef(PIPE_FORMAT="s16le"))


def test_a_recording_is_a_path_an_array_or_a_stream(tmp_path: Path) -> None:
    """Text and Path are paths, a list is an array."""
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(100, seed=1), 8000)
    assert isinstance(RAW.recording(str(path), None), FileSource)
    assert isinstance(RAW.recording(path, None), FileSource)
    assert isinstance(RAW.recording(noise(100, seed=1), 8000), ArraySource)
    assert isinstance(RAW.recording([0.0] * 100, 8000), ArraySource)
    assert isinstance(RAW.recording(io.BytesIO(bytes(100)), None), PipeSource)


@pytest.mark.parametrize("given", [None, 5, b"a.wav", io.StringIO("text"), {"a": 1}], ids=repr)
def test_nothing_else_is_a_recording(given: Any) -> None:
    """It is said what would be."""
    with pytest.raises(SourceError, match="is no recording; give a path, an array with its rate, or a file") as caught:
        RAW.recording(given, None)
    one_sentence(caught.value)


def test_an_array_needs_a_rate_and_nothing_else_takes_one() -> None:
    """A recording says its own."""
    with pytest.raises(SourceError, match="give rate="):
        RAW.recording(np.zeros(100), None)
    for given in (__file__, io.BytesIO(bytes(100))):
        with pytest.raises(SourceError, match="Only an array takes a rate="):
            RAW.recording(given, 8000)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes of this kind")
def test_a_check_neither_waits_for_a_named_pipe_nor_reads_it(tmp_path: Path) -> None:
    """Its sound is there once; a file is looked at."""
    os.mkfifo(tmp_path / "pipe")
    assert RAW.check(str(tmp_path / "pipe")) is None
    assert RAW.check(str(DEMONSTRATION)) == soundfile.info(DEMONSTRATION).duration
    with pytest.raises(SourceError, match="no such file"):
        RAW.check(str(tmp_path / "nothing"))


@pytest.mark.parametrize(
    ("conf", "message"),
    [
        (ConfDef(MODEL=""), "MODEL is empty"),
        (ConfDef(MODEL_PATH="bundled"), "MODEL_PATH=bundled: .* no such folder"),
        (ConfDef(MODEL="a" * 300), "; installed: bundled"),
        (ConfDef(MODEL_PATH="a" * 300), "; check MODEL, MODEL_PATH"),
    ],
)
def test_a_model_that_is_none_is_one_sentence(conf: ConfDef, message: str) -> None:
    """MODEL is a name, MODEL_PATH never is."""
    with pytest.raises(ModelError, match=message) as caught:
        _ = Auricle(conf).card
    one_sentence(caught.value)


def heard(*settings: str) -> list[Event]:
    """The events of the demonstration, heard as if live but as fast as it goes, in the order of their announcement."""
    auricle, inbox = Auricle(load(list(settings))), Inbox(length=10**6)
    auricle.pipeline(auricle.recording(DEMONSTRATION, None), inbox, live=True).run()
    return inbox.take()


def test_early_events_come_first_and_change_nothing() -> None:
    """Most of the demonstration's sounds are suspected before they are sure; the sure ones are as without."""
    plain, early = heard(), heard("EARLY=always")
    assert [(e.state, e.label, e.onset_s) for e in early if e.state not in UNSURE] == [
        (e.state, e.label, e.onset_s) for e in plain
    ]
    histories: dict[int, list[str]] = {}
    for event in early:
        histories.setdefault(event.id, []).append(event.state.value)
    kinds = {tuple(states) for states in histories.values()}
    assert kinds <= {("suspected", "withdrawn"), ("suspected", "started", "ended"), ("started", "ended")}
    assert sum(states[:2] == ["suspected", "started"] for states in histories.values()) >= 3
