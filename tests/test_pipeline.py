"""The straight line, with fakes and with a real front end and network."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auricle.audio.resample import PassThrough, StreamResampler
from auricle.card import Thresholds
from auricle.errors import DeviceError
from auricle.events.decoder import EventDecoder
from auricle.events.hysteresis import Durations
from auricle.events.smoothing import MedianFilter
from auricle.features.logmel import LogMel
from auricle.features.mel import slaney_filterbank
from auricle.messages import Audio, Block, Event, EventState, Frames, Scores, SourceState
from auricle.models import panns
from auricle.models.window import WindowTagger
from auricle.pipeline import Limits, Pipeline
from auricle.sinks.fanout import Fanout
from auricle.sources.array import ArraySource
from auricle.stages import FrontEnd, Resampler, Sink, Source, Tagger
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
)
from tests.material import network, noise, random_tensors, small_card

RATE = 8000
CARD = small_card()
NETWORK = network(CARD, random_tensors(CARD, seed=1))
LIMITS = Limits(gap_fill_s=0.5, silence_dbfs=-90.0, silence_s=2.0)
HOP = 80
"""10 ms, the fakes' frames."""


class LevelTagger:
    """Takes the one band of the LevelFrontEnd for the one class's score."""

    def push(self, frames: Frames) -> list[Scores]:
        """One for each frame."""
        start = frames.start * HOP / RATE
        return [
            Scores(
                start_s=start + k * HOP / RATE,
                end_s=start + (k + 1) * HOP / RATE,
                probabilities=level,
                provisional=False,
            )
            for k, level in enumerate(frames.logmel)
        ]

    def flush(self) -> list[Scores]:
        """Nothing waits."""
        return []

    def reset(self) -> None:
        """Nothing is remembered."""


def decoder(labels: Sequence[str], on: float, length: int = 1, minimum_s: float = 0.0) -> EventDecoder:
    """All labels, no gap merged."""
    return EventDecoder(
        labels=labels,
        tracked=range(len(labels)),
        thresholds=[Thresholds(on, on)] * len(labels),
        durations=Durations(0.0, minimum_s, 0.0, 100.0),
        smoothing=MedianFilter(length=length),
        early=False,
        source="s",
        model="m",
    )


def pipeline(
    source: Source,
    sink: Sink,
    *,
    tagger: Tagger | None = None,
    front_end: FrontEnd | None = None,
    resampler: Callable[[int], Resampler] = lambda _: PassThrough(),
) -> Pipeline:
    """One of fakes: where the level is above a quarter, a tone is heard."""
    return Pipeline(
        source=source,
        resampler=resampler,
        front_end=front_end or LevelFrontEnd(hop=HOP),
        tagger=tagger or LevelTagger(),
        decoder=decoder(["Tone"], 0.25),
        sink=sink,
        limits=LIMITS,
    )


def heard(source: Source) -> ListSink:
    """What a pipeline of fakes makes of `source`."""
    sink = ListSink()
    pipeline(source, sink).run()
    return sink


def times(events: Sequence[Event]) -> list[tuple[float, float]]:
    """Onsets and offsets of the ended events, to the millisecond."""
    return [(round(e.onset_s, 3), round(e.offset_s or 0, 3)) for e in events if e.state is EventState.ENDED]


def loud(start: int, samples: int, lost: int = 0, rate: int = RATE) -> Block:
    """A block at half of full scale."""
    return Block(start=start, audio=np.full(samples, 0.5, np.float32), rate=rate, lost=lost)


def tones(chunk: int) -> ToneSource:
    """Two tones in three seconds."""
    spans = [Tone(0.5, 1.0, 1000.0, 0.5), Tone(2.0, 2.25, 1000.0, 0.5)]
    return ToneSource(name="tones", rate=RATE, duration_s=3.0, tones=spans, chunk_length=chunk)


def resampler(output_rate: int, input_rate: int) -> Resampler:
    """As the program chooses it."""
    if input_rate == output_rate:
        return PassThrough()
    return StreamResampler(input_rate=input_rate, output_rate=output_rate)


def real_pipeline(source: Source, sink: Sink, *, step: int, provisional: bool, on: float) -> Pipeline:
    """With the real resampler, front end, tagger and decoder around a small network."""
    facts = CARD.front_end
    bank = slaney_filterbank(
        rate=facts.rate, fft_size=facts.window_size, n_mels=facts.n_mels, fmin=facts.fmin, fmax=facts.fmax
    )
    return Pipeline(
        source=source,
        resampler=partial(resampler, facts.rate),
        front_end=LogMel(filterbank=bank, window_size=facts.window_size, hop=facts.hop),
        tagger=WindowTagger(
            network=NETWORK,
            frame_s=facts.hop / facts.rate,
            pooled_frames=panns.pooled_frames(CARD.architecture),
            context=panns.context(CARD.architecture),
            step_frames=step,
            window_frames=60,
            provisional=provisional,
        ),
        decoder=decoder(CARD.labels, on, length=3, minimum_s=0.1),
        sink=sink,
        limits=LIMITS,
    )


def lively(rate: int) -> Audio:
    """Noise that comes and goes."""
    audio = noise(3 * rate, seed=3)
    return audio * (1 + np.sin(np.arange(len(audio)) * 9.0 / rate)).astype(np.float32)


def array(audio: Audio, chunk: int, rate: int) -> ArraySource:
    """A source."""
    return ArraySource(audio=audio, rate=rate, channel=0, chunk_length=chunk, name="array")


def middle_score() -> float:
    """A threshold that the small network crosses often, so that there are events to compare."""
    sink = ListSink()
    real_pipeline(array(lively(RATE), 10**6, RATE), sink, step=40, provisional=False, on=0.5).run()
    return float(np.median([s.probabilities for s in sink.scores]))


MIDDLE = middle_score()


@pytest.mark.parametrize("rate", [RATE, 11025])
@pytest.mark.parametrize("size", [1, 160, 999, 1024])
def test_the_same_events_however_the_sound_is_cut(size: int, rate: int) -> None:
    """Invariant 1: from blocks of 1 to 1024 samples come the very events and scores of one huge block."""
    audio = lively(rate)
    whole, pieces = ListSink(), ListSink()
    real_pipeline(array(audio, 10**6, rate), whole, step=8, provisional=False, on=MIDDLE).run()
    real_pipeline(array(audio, size, rate), pieces, step=8, provisional=False, on=MIDDLE).run()
    assert pieces.events == whole.events
    assert len(whole.ended) > 2
    for one, other in zip(pieces.scores, whole.scores, strict=True):
        np.testing.assert_array_equal(one.probabilities, other.probabilities)


@settings(max_examples=15, deadline=None)
@given(sizes=st.lists(st.integers(1, 5000), min_size=1, max_size=20))
def test_the_same_events_for_any_cut(sizes: list[int]) -> None:
    """Invariant 1 again, for blocks of random length."""
    audio = lively(RATE)[: sum(sizes)]
    blocks, start = [], 0
    for size in sizes:
        if len(audio[start : start + size]):
            blocks.append(Block(start=start, audio=audio[start : start + size], rate=RATE, lost=0))
        start += size
    whole, pieces = ListSink(), ListSink()
    real_pipeline(array(audio, 10**6, RATE), whole, step=8, provisional=False, on=MIDDLE).run()
    real_pipeline(ScriptedSource(name="s", script=blocks), pieces, step=8, provisional=False, on=MIDDLE).run()
    assert pieces.events == whole.events


def test_the_live_path_hears_what_the_file_path_hears() -> None:
    """Short steps with provisional scores give the same events as long ones without."""
    live, file = ListSink(), ListSink()
    real_pipeline(array(lively(RATE), 160, RATE), live, step=4, provisional=True, on=MIDDLE).run()
    real_pipeline(array(lively(RATE), 16384, RATE), file, step=100, provisional=False, on=MIDDLE).run()
    assert times(live.ended) == times(file.ended)
    np.testing.assert_allclose([e.peak for e in live.ended], [e.peak for e in file.ended], atol=1e-4)
    assert any(s.provisional for s in live.scores)


@pytest.mark.parametrize("size", [1, 160, 999, 1024, 100_000])
def test_an_onset_is_that_of_the_sound(size: int) -> None:
    """Invariant 4: not that of the computation, whatever the blocks."""
    assert times(heard(tones(size)).events) == [(0.5, 1.0), (2.0, 2.25)]


@given(lost=st.integers(1, RATE // 2))
def test_a_short_gap_is_taken_for_silence(lost: int) -> None:
    """Invariant 4: lost samples advance the clock; the tagger hears silence for them and goes on."""
    sink = heard(ScriptedSource(name="s", script=[loud(0, 4000), loud(4000 + lost, 4000, lost)]))
    assert sink.health[-1].lost_samples == lost
    assert sink.health[-1].time_s == pytest.approx((8000 + lost) / RATE)
    assert sink.scores[-1].end_s == pytest.approx((8000 + lost) / RATE, abs=HOP / RATE)
    assert sink.ended[-1].offset_s == pytest.approx((8000 + lost) / RATE)
    frames = [s.start_s for s in sink.scores]
    np.testing.assert_allclose(frames, np.arange(len(frames)) * HOP / RATE, atol=1e-9)


@given(lost=st.integers(RATE // 2 + 1, 10**9))
@settings(deadline=None)
def test_a_long_gap_starts_afresh(lost: int) -> None:
    """Invariants 4 and 5: what was open ends where the gap begins, and the new event's time is true."""
    sink = heard(ScriptedSource(name="s", script=[loud(0, 4000), loud(4000 + lost, 4000, lost)]))
    resumed = round((4000 + lost) / RATE, 3)
    got = times(sink.events)
    assert got[0] == (0.0, 0.5)
    assert got[1][0] == pytest.approx(resumed, abs=0.002)
    assert got[1][1] == pytest.approx(resumed + 0.5, abs=0.002)
    assert len(got) == 2
    assert sink.health[-1].lost_samples == lost


def test_a_stream_that_starts_late_has_true_times() -> None:
    """The first block's index is believed."""
    assert times(heard(ScriptedSource(name="s", script=[loud(80000, 800)])).events) == [(10.0, 10.1)]


def test_a_new_rate_starts_afresh() -> None:
    """A device that comes back with another rate."""
    script = [loud(0, 8000), loud(16000, 16000, rate=16000)]
    sink = ListSink()
    pipeline(ScriptedSource(name="s", script=script), sink, resampler=partial(resampler, RATE)).run()
    assert times(sink.events) == [(0.0, 1.0), (1.0, 2.0)]


def test_a_lost_device_ends_its_events() -> None:
    """Invariant 5: while the source waits for its device nothing stays open, and it is said in the note."""
    nothing = Block(start=8000, audio=np.zeros(0, np.float32), rate=RATE, lost=0)
    sink = ListSink()
    back = loud(24000, 800, 16000)
    lost = ScriptedSource(
        name="USB", script=[loud(0, 8000), SourceState.WAITING, nothing, nothing, SourceState.RUNNING, back]
    )
    pipeline(lost, sink).run()
    assert times(sink.events) == [(0.0, 1.0), (3.0, 3.1)]
    waiting = [h for h in sink.health if h.source_state is SourceState.WAITING]
    assert {h.note for h in waiting} == {"USB delivers no sound; waiting for it to come back."}
    assert sink.health[-1].note == ""


def test_an_empty_block_of_a_running_source_changes_nothing() -> None:
    """It says that the source is alive."""
    nothing = Block(start=4000, audio=np.zeros(0, np.float32), rate=RATE, lost=0)
    sink = heard(ScriptedSource(name="s", script=[loud(0, 4000), nothing, loud(4000, 4000)]))
    assert times(sink.events) == [(0.0, 1.0)]


def test_a_source_that_raises_ends_its_events_and_is_closed() -> None:
    """Invariant 5: what waits comes out, what is open ends, and the error reaches the caller."""
    source = ScriptedSource(name="s", script=[loud(0, 8000), DeviceError("gone.")])
    sink = ListSink()
    with pytest.raises(DeviceError, match=r"gone\."):
        pipeline(source, sink).run()
    assert times(sink.events) == [(0.0, 1.0)]
    assert source.closed


def test_a_tagger_that_raises_ends_its_events_too() -> None:
    """The same for an error further on."""

    class Failing(LevelTagger):
        pushes = 0

        def push(self, frames: Frames) -> list[Scores]:
            self.pushes += 1
            if self.pushes > 3:
                raise MemoryError
            return super().push(frames)

    source = ScriptedSource(name="s", script=[loud(k * 800, 800) for k in range(9)])
    sink = ListSink()
    with pytest.raises(MemoryError):
        pipeline(source, sink, tagger=Failing()).run()
    assert len(sink.ended) == 1
    assert source.closed


def test_closing_the_steps_ends_the_events_and_the_source() -> None:
    """Who stops listening in the middle leaves nothing open."""
    source, sink = ScriptedSource(name="s", script=[loud(0, 800), loud(800, 800), loud(1600, 800)]), ListSink()
    steps = pipeline(source, sink).steps()
    next(steps)
    next(steps)
    steps.close()
    assert times(sink.events) == [(0.0, 0.2)]
    assert source.closed


def test_a_closed_source_ends_the_run() -> None:
    """`source.close()` from elsewhere is enough."""
    source = tones(100)

    class Closing(ListSink):
        def handle(self, message: object) -> None:
            if len(self.health) == 50:
                source.close()
            super().handle(message)  # type: ignore[arg-type]

    sink = Closing()
    pipeline(source, sink).run()
    assert len(sink.health) in (50, 51)
    assert len(sink.ended) == len([e for e in sink.events if e.state is EventState.STARTED])


@settings(deadline=None)
@given(
    script=st.lists(
        st.one_of(
            st.tuples(st.just("block"), st.integers(1, 3000), st.sampled_from([0, 0, 0, 100, 5000])),
            st.tuples(st.just("wait"), st.just(0), st.just(0)),
        ),
        max_size=12,
    ),
    fails=st.booleans(),
)
def test_every_started_event_ends(script: list[tuple[str, int, int]], fails: bool) -> None:
    """Invariants 4 and 5: for any blocks, gaps, waits and failures, time never runs back and nothing stays open."""
    steps: list[Block | SourceState | Exception] = []
    at = 0
    for kind, samples, lost in script:
        if kind == "wait":
            steps += [SourceState.WAITING, Block(at, np.zeros(0, np.float32), RATE, 0), SourceState.RUNNING]
            continue
        at += lost
        steps.append(loud(at, samples, lost))
        at += samples
    source, sink = ScriptedSource(name="s", script=[*steps, *([OSError("x")] if fails else [])]), ListSink()
    with contextlib.suppress(OSError):
        pipeline(source, sink).run()
    started = [e.id for e in sink.events if e.state is EventState.STARTED]
    assert started == [e.id for e in sink.ended] == list(range(1, len(started) + 1))
    moments = [t for onset_offset in times(sink.events) for t in onset_offset]
    assert moments == sorted(moments)
    assert all(e.offset_s is not None and e.offset_s <= at / RATE + 1e-9 for e in sink.ended)
    ends = [s.end_s for s in sink.scores]
    assert ends == sorted(ends)
    assert source.closed


def test_nothing_hides() -> None:
    """Invariant 6: level, clipping (for two seconds), silence and lost samples are in the health reports."""
    silent = Block(start=0, audio=np.zeros(RATE, np.float32), rate=RATE, lost=0)
    script = [replace(silent, start=k * RATE) for k in range(3)]
    clipped = Block(start=3 * RATE, audio=np.ones(RATE, np.float32), rate=RATE, lost=0)
    sink = heard(ScriptedSource(name="USB", script=[*script, clipped, loud(4 * RATE + 7, RATE, 7)]))
    assert [h.note for h in sink.health] == [
        "",
        "USB is silent; check that it is not muted.",
        "USB is silent; check that it is not muted.",
        "The input clips; turn its level down.",
        "The input clips; turn its level down.",
    ]
    assert [h.lost_samples for h in sink.health] == [0, 0, 0, 0, 7]
    assert sink.health[0].level_dbfs == sink.health[0].peak_dbfs == -np.inf
    assert sink.health[3].peak_dbfs == 0.0
    assert sink.health[4].level_dbfs == pytest.approx(-6.02, abs=0.01)
    assert all(h.step_ms >= 0 for h in sink.health)


def test_late_blocks_are_counted() -> None:
    """A block whose computing takes longer than it lasts."""

    class Slow(LevelTagger):
        def push(self, frames: Frames) -> list[Scores]:
            for _ in range(100):
                super().push(frames)
            return super().push(frames)

    short = [loud(k, 1) for k in range(200)]
    sink = ListSink()
    fast = ScriptedTagger(script=[Heard(0.0, 0.1, 0, 1.0)], classes=1, frame_s=HOP / RATE)
    pipeline(ScriptedSource(name="s", script=[loud(0, 60 * RATE)]), sink, tagger=fast).run()
    assert sink.health[-1].late_blocks == 0
    sink = ListSink()
    pipeline(ScriptedSource(name="s", script=[replace(b, rate=10**9) for b in short]), sink, tagger=Slow()).run()
    assert sink.health[-1].late_blocks > 0


def test_no_sink_hurts_the_pipeline() -> None:
    """Invariant 7: with a broken and a blocked sink beside it, a healthy one hears everything."""
    blocked, healthy = BlockedSink(), ListSink()
    fanout = Fanout(
        sinks={"broken": RaisingSink(), "blocked": blocked, "healthy": healthy}, queue_length=100, closing_s=0.05
    )
    pipeline(tones(160), fanout).run()
    fanout.close()
    assert times(healthy.ended) == [(0.5, 1.0), (2.0, 2.25)]
    assert "broken" in fanout.dropped
    blocked.release()


def test_a_source_without_sound_gives_nothing() -> None:
    """No blocks, no events, and it is closed."""
    source = ScriptedSource(name="s", script=[])
    assert heard(source).messages == []
    assert source.closed
