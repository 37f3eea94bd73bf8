"""The fakes that ship with the package are what they say, and keep the Protocols."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from auricle.messages import Block, EventState, Frames, SourceState
from auricle.stages import FrontEnd, Sink, Source, Tagger
from auricle.testing import (
    BlockedSink,
    Heard,
    LevelFrontEnd,
    ListSink,
    RaisingSink,
    ScriptedSource,
    ScriptedTagger,
    Tone,
    ToneSource,
    events,
)
from tests.material import cut, noise


def test_the_type_checker_accepts_them() -> None:
    """Each fake may stand where the Protocol is asked for."""
    sources: list[Source] = [
        ToneSource(name="t", rate=8000, duration_s=1, tones=[], chunk_length=100),
        ScriptedSource(name="s", script=[]),
    ]
    front_end: FrontEnd = LevelFrontEnd(hop=10)
    tagger: Tagger = ScriptedTagger(script=[], classes=1, frame_s=0.1)
    sinks: list[Sink] = [ListSink(), RaisingSink(), BlockedSink()]
    assert all((sources, front_end, tagger, sinks))


def test_a_tone_sounds_when_it_should() -> None:
    """And there is digital silence before and after."""
    tone = Tone(onset_s=0.25, offset_s=0.5, hz=1000, amplitude=0.5)
    source = ToneSource(name="t", rate=8000, duration_s=1, tones=[tone], chunk_length=999)
    blocks = list(source.blocks())
    audio = np.concatenate([block.audio for block in blocks])
    assert [block.start for block in blocks] == list(range(0, 8000, 999))
    assert not audio[:2000].any()
    assert not audio[4000:].any()
    assert np.abs(audio[2000:4000]).max() == pytest.approx(0.5, abs=1e-3)
    assert source.state is SourceState.ENDED


def test_a_script_is_played() -> None:
    """Blocks are given, states are taken on, exceptions are raised."""
    block = Block(start=0, audio=np.zeros(5, np.float32), rate=8000, lost=0)
    source = ScriptedSource(name="s", script=[block, SourceState.WAITING, block, OSError("gone")])
    blocks = source.blocks()
    assert next(blocks) is block
    before = source.state
    assert next(blocks) is block
    assert (before, source.state) == (SourceState.RUNNING, SourceState.WAITING)
    with pytest.raises(OSError, match="gone"):
        next(blocks)


@pytest.mark.parametrize("source", [ToneSource(name="t", rate=8000, duration_s=1, tones=[], chunk_length=10)])
def test_a_closed_source_ends(source: Source) -> None:
    """At its next block."""
    blocks = source.blocks()
    next(blocks)
    source.close()
    assert list(blocks) == []


@pytest.mark.parametrize("size", [1, 7, 10, 1000])
def test_the_level_is_the_highest_sample(size: int) -> None:
    """Of every hop, however the sound is cut; the rest comes with the flush."""
    audio, subject = noise(105, seed=1), LevelFrontEnd(hop=10)
    frames = [*(subject.push(block) for block in cut(audio, size)), subject.flush()]
    levels = np.concatenate([f.logmel for f in frames])[:, 0]
    np.testing.assert_array_equal(levels, [np.abs(block).max() for block in cut(audio, 10)])
    assert subject.push(audio).start == 0


def test_a_class_is_heard_as_scripted() -> None:
    """Frame by frame; after a reset from the beginning."""
    subject = ScriptedTagger(script=[Heard(0.1, 0.3, 1, 0.9)], classes=2, frame_s=0.1)
    frames = Frames(start=0, logmel=np.zeros((2, 1), np.float32))
    scores = subject.push(frames) + subject.push(frames) + subject.flush()
    assert [round(float(s.probabilities[1]), 3) for s in scores] == [0, 0.9, 0.9, 0]
    assert [s.end_s for s in scores] == pytest.approx([0.1, 0.2, 0.3, 0.4])
    subject.reset()
    assert subject.push(frames)[0].start_s == 0
    assert subject.resets == 1


def test_a_list_sink_sorts_what_it_keeps() -> None:
    """Events, ended ones, scores, health."""
    sink = ListSink()
    for event in events(label="Dog", times=[(0, 1), (2, 3)]):
        sink.handle(event)
    sink.close()
    assert [(e.id, e.state, e.offset_s) for e in sink.events] == [
        (1, EventState.STARTED, None),
        (1, EventState.ENDED, 1),
        (2, EventState.STARTED, None),
        (2, EventState.ENDED, 3),
    ]
    assert sink.ended == sink.events[1::2]
    assert not sink.scores
    assert not sink.health
    assert sink.closed


def test_a_broken_sink_raises() -> None:
    """On every call."""
    (event, _) = events(label="Dog", times=[(0, 1)])
    with pytest.raises(OSError, match="cannot write Event"):
        RaisingSink().handle(event)
    with pytest.raises(OSError, match="cannot close"):
        RaisingSink().close()


def test_a_blocked_sink_hangs_until_it_is_released() -> None:
    """And goes on then."""
    sink, messages = BlockedSink(), events(label="Dog", times=[(0, 1)])
    thread = threading.Thread(target=sink.handle, args=[messages[0]])
    thread.start()
    assert sink.entered.wait(60)
    assert sink.events == []
    sink.release()
    thread.join()
    sink.handle(messages[1])
    assert sink.events == messages
