"""The event decoder, against a slow and obvious reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auricle.card import Thresholds
from auricle.events.decoder import EventDecoder
from auricle.events.hysteresis import Durations
from auricle.events.smoothing import MedianFilter
from auricle.messages import UNSURE, Event, EventState, Scores

FRAME_S = 0.1
LABELS = ("Dog", "Cat", "Rain")
NONE_OF_IT = Durations(rise_s=0.0, minimum_s=0.0, merge_gap_s=0.0, maximum_s=1e9)
HALF = Thresholds(on=0.5, off=0.5)
TINY = 1e-6


def decoder(
    thresholds: Thresholds,
    durations: Durations,
    length: int = 1,
    tracked: tuple[int, ...] = (0, 1, 2),
    *,
    early: bool = False,
) -> EventDecoder:
    """One for three labels."""
    return EventDecoder(
        labels=LABELS,
        tracked=tracked,
        thresholds=[thresholds] * 3,
        durations=durations,
        smoothing=MedianFilter(length=length),
        early=early,
        source="a source",
        model="a model",
    )


def frames(rows: list[list[float]]) -> list[Scores]:
    """Consecutive scores."""
    return [
        Scores(
            start_s=k * FRAME_S,
            end_s=(k + 1) * FRAME_S,
            probabilities=np.array(row, np.float32),
            provisional=False,
        )
        for k, row in enumerate(rows)
    ]


def decoded(subject: EventDecoder, rows: list[list[float]]) -> list[Event]:
    """All messages, with the sound's end at the end."""
    messages = [event for scores in frames(rows) for event in subject.push(scores)]
    return messages + subject.end(len(rows) * FRAME_S)


def dog(values: list[float], thresholds: Thresholds = HALF, durations: Durations = NONE_OF_IT) -> list[tuple[int, int]]:
    """The dog's events as (first frame, frame after the last)."""
    events = decoded(decoder(thresholds, durations), [[value, 0.0, 0.0] for value in values])
    return [
        (round(event.onset_s / FRAME_S), round((event.offset_s or 0) / FRAME_S))
        for event in events
        if event.state is EventState.ENDED
    ]


@dataclass
class Found:
    """An event of the reference: the frames in it, and whether it has reached its maximum."""

    members: list[int]
    is_cut: bool = False


def reference(values: list[float], thresholds: Thresholds, rules: Durations) -> list[Found]:
    """What the rules at the top of events/hysteresis.py say, read off a whole recording, run by run."""
    starts, ends = [k * FRAME_S for k in range(len(values))], [(k + 1) * FRAME_S for k in range(len(values))]
    found: list[Found] = []
    at = 0
    while at < len(values):
        if values[at] < thresholds.on:
            at += 1
            continue
        minimum_s = min(max(thresholds.minimum_s, rules.minimum_s), rules.maximum_s)
        spell = [at]
        while spell[-1] + 1 < len(values) and values[spell[-1] + 1] >= thresholds.on:
            spell.append(spell[-1] + 1)
        rest = values[found[-1].members[-1] + 1 : at] if found and found[-1].is_cut else [0.0]
        goes_on = all(value >= thresholds.off for value in rest)
        enough = [k for k in spell if goes_on or ends[k] - starts[at] >= minimum_s - TINY]
        if not enough:
            at = spell[-1] + 1
            continue
        run = [at]
        rise_s = min(rules.rise_s, rules.maximum_s - minimum_s)
        before = found[-1].members[-1] if found else -1
        while (
            run[0] - 1 > before
            and values[run[0] - 1] >= thresholds.off
            and starts[at] - starts[run[0] - 1] <= rise_s + TINY
        ):
            run.insert(0, run[0] - 1)
        while run[-1] + 1 < len(values) and values[run[-1] + 1] >= thresholds.off:
            run.append(run[-1] + 1)
        counts = [k for k in run if k >= enough[0]]
        event = found[-1] if found else None
        if (
            event is None
            or event.is_cut
            or starts[run[0]] - ends[event.members[-1]] > rules.merge_gap_s + TINY
            or ends[counts[0]] - starts[event.members[0]] > rules.maximum_s + TINY
        ):
            event = Found([])
            found.append(event)
        onset = starts[(event.members or run)[0]]
        full = [k for k in counts if ends[k] - onset >= rules.maximum_s - TINY]
        event.is_cut = bool(full)
        event.members += run[: run.index(full[0]) + 1] if full else run
        at = event.members[-1] + 1
    return found


def medians(values: list[float], half: int) -> list[float]:
    """The median of each frame's neighbours."""
    near = [values[max(0, k - half) : k + half + 1] for k in range(len(values))]
    return [float(np.median(np.array(some, np.float32))) for some in near]


LEVELS = st.sampled_from([0.0, 0.2, 0.4, 0.5, 0.6, 0.8, 1.0])
RULES = st.builds(
    Durations,
    rise_s=st.sampled_from([0.0, 0.1, 0.2, 0.4]),
    minimum_s=st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.5]),
    merge_gap_s=st.sampled_from([0.0, 0.05, 0.1, 0.3, 0.5]),
    maximum_s=st.sampled_from([0.5, 0.7, 1.0, 100.0]),
)
LIMITS = st.builds(
    lambda pair, minimum_s: Thresholds(pair[0], pair[1], minimum_s),
    st.sampled_from([(0.5, 0.5), (0.7, 0.3), (0.6, 0.6), (1.0, 0.1)]),
    st.sampled_from([0.0, 0.2, 0.6]),
)


@settings(max_examples=500, deadline=None)
@given(
    rows=st.lists(st.lists(LEVELS, min_size=3, max_size=3), max_size=60),
    thresholds=LIMITS,
    rules=RULES,
    half=st.integers(0, 2),
)
def test_decodes_as_the_rules_say(rows: list[list[float]], thresholds: Thresholds, rules: Durations, half: int) -> None:
    """Times, peaks and means of all events of all labels are those of the reference."""
    messages = decoded(decoder(thresholds, rules, length=2 * half + 1), rows)
    for k, label in enumerate(LABELS):
        values = medians([float(np.float32(row[k])) for row in rows], half)
        wanted = [
            (f.members[0] * FRAME_S, (f.members[-1] + 1) * FRAME_S, [values[m] for m in f.members])
            for f in reference(values, thresholds, rules)
        ]
        got = [event for event in messages if event.label == label and event.state is EventState.ENDED]
        assert [(e.onset_s, e.offset_s) for e in got] == [(onset, offset) for onset, offset, _ in wanted]
        np.testing.assert_allclose([e.peak for e in got], [max(scores) for _, _, scores in wanted], atol=1e-6)
        np.testing.assert_allclose([e.mean for e in got], [np.mean(scores) for _, _, scores in wanted], atol=1e-6)


@settings(max_examples=300, deadline=None)
@given(
    rows=st.lists(st.lists(LEVELS, min_size=3, max_size=3), max_size=60),
    thresholds=LIMITS,
    rules=RULES,
    half=st.integers(0, 2),
)
def test_every_started_event_ends_and_none_is_open_twice(
    rows: list[list[float]], thresholds: Thresholds, rules: Durations, half: int
) -> None:
    """Of each number: started once, updated any number of times, ended once; of each label one at a time."""
    messages = decoded(decoder(thresholds, rules, length=2 * half + 1), rows)
    is_open: dict[str, Event] = {}
    for event in messages:
        if event.state is EventState.STARTED:
            assert event.label not in is_open
            is_open[event.label] = event
        began = is_open[event.label]
        assert (event.id, event.onset_s, event.source, event.model) == (began.id, began.onset_s, "a source", "a model")
        assert (event.offset_s is None) == (event.state is not EventState.ENDED)
        if event.offset_s is not None:
            assert event.onset_s < event.offset_s <= len(rows) * FRAME_S + TINY
            assert event.offset_s - event.onset_s < rules.maximum_s + FRAME_S
            del is_open[event.label]
    assert is_open == {}
    numbers = [event.id for event in messages if event.state is EventState.STARTED]
    assert numbers == list(range(1, len(numbers) + 1))


def test_starts_at_one_threshold_and_ends_below_the_other() -> None:
    """Between the two thresholds an event goes on but none begins."""
    assert dog([0.5, 0.8, 0.5, 0.4, 0.2, 0.5], Thresholds(on=0.7, off=0.3)) == [(1, 4)]


def test_begins_where_the_score_began_to_rise() -> None:
    """At most the longest rise before the on-threshold, and never without it."""
    levels = Thresholds(on=0.7, off=0.3)
    assert dog([0.1, 0.3, 0.5, 0.8, 0.2], levels, Durations(0.5, 0.0, 0.0, 100)) == [(1, 4)]
    assert dog([0.5, 0.5, 0.5, 0.8, 0.2], levels, Durations(0.2, 0.0, 0.0, 100)) == [(1, 4)]
    assert dog([0.5, 0.2, 0.5, 0.5, 0.2], levels, Durations(0.5, 0.0, 0.0, 100)) == []


def test_a_rise_does_not_make_a_short_run_long() -> None:
    """The minimum duration is counted from the on-threshold."""
    levels = Thresholds(on=0.7, off=0.3)
    assert dog([0.5, 0.5, 0.8, 0.2, 0.5, 0.8, 0.8], levels, Durations(0.5, 0.2, 0.0, 100)) == [(4, 7)]


def test_a_short_run_is_none() -> None:
    """What lasts shorter than the minimum never starts."""
    assert dog([0, 1, 1, 0, 1, 1, 1, 0], durations=Durations(0.0, 0.3, 0.0, 100)) == [(4, 7)]


def test_near_runs_are_one_event() -> None:
    """A gap of the merge gap or less does not end an event; a longer one does."""
    assert dog([1, 0, 0, 1, 0, 0, 0, 1], durations=Durations(0.0, 0.0, 0.2, 100)) == [(0, 4), (7, 8)]


def test_a_long_event_is_ended_and_begun_anew() -> None:
    """No event lasts longer than the maximum."""
    assert dog([1] * 25, durations=Durations(0.0, 0.0, 0.5, 1.0)) == [(0, 10), (10, 20), (20, 25)]


def test_the_rest_of_a_long_event_need_not_prove_itself() -> None:
    """It goes on without a stretch of the minimum duration, until it falls below the off-threshold."""
    levels = Thresholds(on=0.7, off=0.3, minimum_s=0.5)
    values = [0.8] * 10 + [0.5, 0.8, 0.5, 0.8] + [0.2] * 6 + [0.8] * 4
    assert dog(values, levels, Durations(0.2, 0.0, 0.1, 1.0)) == [(0, 10), (10, 14)]


def test_an_event_is_told_as_soon_as_it_counts() -> None:
    """It starts with the frame that makes it long enough, and with its own onset."""
    subject = decoder(HALF, Durations(0.0, 0.3, 0.0, 100))
    told = [[(e.state, e.onset_s) for e in subject.push(s)] for s in frames([[1.0, 0, 0]] * 4)]
    assert told == [[], [], [(EventState.STARTED, 0.0)], [(EventState.UPDATED, 0.0)]]


def test_provisional_scores_start_nothing() -> None:
    """They are for the eye."""
    subject = decoder(HALF, NONE_OF_IT)
    assert subject.push(Scores(start_s=0, end_s=1, probabilities=np.ones(3, np.float32), provisional=True)) == []
    assert subject.end(1.0) == []


def test_only_tracked_labels_make_events() -> None:
    """What is not tracked is not heard."""
    messages = decoded(decoder(HALF, NONE_OF_IT, tracked=(1,)), [[1.0, 1.0, 1.0]] * 3)
    assert {event.label for event in messages} == {"Cat"}


def test_each_label_has_its_own_thresholds() -> None:
    """What is enough for one label is not for another."""
    subject = EventDecoder(
        labels=LABELS,
        tracked=(0, 1, 2),
        thresholds=[Thresholds(0.3, 0.3), Thresholds(0.6, 0.6), Thresholds(0.9, 0.9)],
        durations=NONE_OF_IT,
        smoothing=MedianFilter(length=1),
        early=False,
        source="",
        model="",
    )
    assert {event.label for event in decoded(subject, [[0.7, 0.7, 0.7]])} == {"Dog", "Cat"}


@pytest.mark.parametrize(("time_s", "offset_s"), [(0.25, 0.25), (0.3, 0.3), (5.0, 0.3), (0.0, 0.0)])
def test_ends_at_the_latest_when_it_is_told(time_s: float, offset_s: float) -> None:
    """`end` closes an event at the sound's end, and never before its onset."""
    subject = decoder(HALF, NONE_OF_IT)
    for scores in frames([[1.0, 0, 0]] * 3):
        subject.push(scores)
    (ended,) = subject.end(time_s)
    assert ended.offset_s == pytest.approx(offset_s)
    assert subject.end(time_s) == []


def test_goes_on_after_an_end() -> None:
    """After `end` the next events have new numbers and no memory of the old ones."""
    subject = decoder(HALF, Durations(0.0, 0.2, 10.0, 100), length=3)
    first = decoded(subject, [[1.0, 0, 0]] * 5)
    second = decoded(subject, [[1.0, 0, 0]] * 5)
    assert {event.id for event in first} == {1}
    assert {event.id for event in second} == {2}
    assert [(e.state, e.onset_s, e.offset_s) for e in first] == [(e.state, e.onset_s, e.offset_s) for e in second]


def peeked(first: int, row: list[float]) -> Scores:
    """A provisional frame."""
    return Scores(first * FRAME_S, (first + 1) * FRAME_S, np.array(row, np.float32), provisional=True)


def test_a_suspected_event_is_started_under_the_same_number() -> None:
    """Once; a second peek says nothing new."""
    subject = decoder(HALF, Durations(rise_s=0.0, minimum_s=0.2, merge_gap_s=0.0, maximum_s=1e9), early=True)
    told = [*subject.push(peeked(0, [0.9, 0, 0])), *subject.push(peeked(0, [0.95, 0, 0]))]
    for scores in frames([[0.8, 0, 0]] * 3 + [[0, 0, 0]] * 2):
        told += subject.push(scores)
    told += subject.end(0.5)
    assert [event.state.value for event in told] == ["suspected", "started", "updated", "ended"]
    assert {event.id for event in told} == {1}


def test_a_suspicion_that_is_not_borne_out_is_withdrawn() -> None:
    """When the final scores have come to its frame; the next event has a number of its own."""
    subject = decoder(HALF, Durations(rise_s=0.0, minimum_s=0.2, merge_gap_s=0.0, maximum_s=1e9), early=True)
    told = subject.push(peeked(1, [0.9, 0, 0]))
    for scores in frames([[0.1, 0, 0], [0.8, 0, 0], [0.1, 0, 0], [0.1, 0, 0]]):
        told += subject.push(scores)
    assert [event.state.value for event in told] == ["suspected", "withdrawn"]
    told = [*subject.push(peeked(4, [0, 0.9, 0])), *subject.end(0.5)]
    assert [(event.state.value, event.id) for event in told] == [("suspected", 2), ("withdrawn", 2)]


def test_a_short_dip_does_not_withdraw_a_suspicion() -> None:
    """As long as a rise lasts, what was at the on-threshold may yet come to be the event."""
    subject = decoder(Thresholds(0.8, 0.3, 0.3), Durations(0.5, 0.2, 0.0, 1e9), early=True)
    told = subject.push(peeked(0, [0.9, 0, 0]))
    for scores in frames([[0.9, 0, 0]] * 2 + [[0.5, 0, 0]] * 2 + [[0.9, 0, 0]] * 3):
        told += subject.push(scores)
    assert [(e.state.value, e.id) for e in told] == [("suspected", 1), ("started", 1)]


def test_a_suspicion_is_withdrawn_though_the_score_hovers() -> None:
    """A rise that may yet become an event does not bear it out; the event that comes of it is another one."""
    subject = EventDecoder(
        labels=LABELS, tracked=(0,), thresholds=[Thresholds(0.8, 0.3)] * 3, durations=Durations(1.0, 0.2, 0.0, 1e9),
        smoothing=MedianFilter(length=1), early=True, source="", model="",
    )  # fmt: skip
    told = subject.push(peeked(1, [0.9, 0, 0]))
    for scores in frames([[0.5, 0, 0]] * 4 + [[0.9, 0, 0]] * 3):
        told += subject.push(scores)
    assert [(e.state.value, e.id) for e in told] == [("suspected", 1), ("withdrawn", 1), ("started", 2), ("updated", 2)]


@given(
    st.lists(st.tuples(st.booleans(), st.floats(0, 1, width=32)), max_size=60),
    st.sampled_from([1, 3]),
    st.sampled_from([0.0, 0.2, 0.3]),
)
def test_every_suspicion_has_an_outcome(values: list[tuple[bool, float]], length: int, gap_s: float) -> None:
    """Whatever the peeks say: each suspected event is started or withdrawn, and final events are as without peeks."""
    rules = Durations(rise_s=0.4, minimum_s=0.2, merge_gap_s=gap_s, maximum_s=1.0)
    levels = Thresholds(on=0.7, off=0.4)
    subject, plain = decoder(levels, rules, length, early=True), decoder(levels, rules, length)
    told, wanted, at = [], [], 0
    for provisional, score in values:
        if provisional:
            told += subject.push(peeked(at, [score, 0, 0]))
        else:
            (frame,) = frames([[score, 0, 0]])
            moved = Scores(at * FRAME_S, (at + 1) * FRAME_S, frame.probabilities, provisional=False)
            told += subject.push(moved)
            wanted += plain.push(moved)
            at += 1
    told += subject.end(at * FRAME_S)
    wanted += plain.end(at * FRAME_S)
    sure = [(e.state, e.onset_s, e.offset_s) for e in told if e.state not in UNSURE]
    assert sure == [(e.state, e.onset_s, e.offset_s) for e in wanted]
    for number in {event.id for event in told}:
        states = [event.state.value for event in told if event.id == number if event.state is not EventState.UPDATED]
        assert states in (["suspected", "withdrawn"], ["suspected", "started", "ended"], ["started", "ended"])
