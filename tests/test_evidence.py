"""The figures that choose thresholds for the bundled model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch", reason="torch is not installed: pip install 'auricle[train]'")

from training import evidence
from training.evidence import FRAME_S, Heard, event_peak
from training.labels import CLASSES, INDEX

from auricle.card import Thresholds
from auricle.config import ConfDef
from auricle.events.decoder import EventDecoder
from auricle.events.hysteresis import Durations
from auricle.events.smoothing import MedianFilter
from auricle.messages import Scores


def has_event(frames: list[float], on: float, minimum_s: float) -> bool:
    """Whether the decoder makes an event of these scores."""
    decoder = EventDecoder(
        labels=["Dog"],
        tracked=[0],
        thresholds=[Thresholds(on, on / 10, minimum_s)],
        durations=Durations(ConfDef.MAX_RISE, ConfDef.MIN_DURATION, ConfDef.MERGE_GAP, ConfDef.MAX_DURATION),
        smoothing=MedianFilter(length=3),
        early=False,
        source="",
        model="",
    )
    events = []
    for k, score in enumerate(frames):
        scores = Scores(k * FRAME_S, (k + 1) * FRAME_S, np.array([score], np.float32), provisional=False)
        events += decoder.push(scores)
    return bool(events + decoder.end(len(frames) * FRAME_S))


@settings(max_examples=200, deadline=None)
@given(
    frames=st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]), min_size=1, max_size=40),
    minimum_s=st.sampled_from([0.0, 0.35, 1.0, 2.0]),
)
def test_the_peak_is_the_highest_threshold_that_leaves_an_event(frames: list[float], minimum_s: float) -> None:
    """Of the decoder itself, in a word that fills its recording too; what is too short for an event has none."""
    peak = event_peak(np.array(frames, np.float32), max(minimum_s, ConfDef.MIN_DURATION))
    assert has_event(frames, peak, minimum_s) == (peak > 0.0)
    assert not has_event(frames, peak + 0.04, minimum_s)


def heard(path: str, folder: str, present: tuple[str, ...], seconds: float, cymbal: float) -> Heard:
    """A recording of one score for Cymbal, and none for all else."""
    own = np.zeros((max(1, int(seconds / FRAME_S)), len(CLASSES)), np.float32)
    own[:, INDEX["Cymbal"]] = cymbal
    return Heard(path, folder, 1, present, (), seconds, own, own)


def test_beyond_the_core_every_other_recording_counts_and_no_stroke_too_short_for_an_event() -> None:
    """Ten cymbals and one that lasts a tenth of a second; a snake that sounds like one, of no class of the core."""
    cymbals = [heard(f"cymbal/{k}.ogg", "music_oneshot", ("Cymbal",), 1.0, 0.8) for k in range(10)]
    stroke = heard("hat/0.ogg", "music_oneshot", ("Cymbal",), 0.1, 0.1)
    found = evidence.judge([*cymbals, stroke, heard("snake.ogg", "other:snake_rattle", (), 3.0, 0.9)], [], "Cymbal")
    assert (found.positives, found.recall) == (10, 1.0)
    assert found.precision == pytest.approx(10 / 11)
    assert found.average_precision < 1.0


@pytest.mark.parametrize(
    ("calm", "wanted"),
    [
        ([0.1], 0.41),  # nine of ten events right decides
        ([0.6], 0.61),  # no event in calm recordings does
        ([0.85], 0.90),  # it counts more than that half are found
        ([0.99], 0.50),  # where none is quiet, what names most
    ],
)
def test_the_threshold_is_the_lowest_that_keeps_calm_recordings_calm(calm: list[float], wanted: float) -> None:
    """Ten sounds from 0.5 to 0.95; one of another kind at 0.4."""
    yes = np.linspace(0.5, 0.95, 10)
    assert evidence.lowest_threshold(yes, np.array([0.4, 0.4]), np.array(calm), 0.9, 0.0) == pytest.approx(
        wanted, abs=0.011
    )


def test_no_calm_recording_makes_an_event_of_the_student_that_ships() -> None:
    """Which knows them all: its loudest mistake is under the threshold, and counts nothing else."""
    dogs = [named(f"dog/{k}.ogg", "dog", ("Dog",), 0.7) for k in range(10)]
    room = named("room.ogg", "room_noise", (), 0.2)
    assert evidence.judge([*dogs, room], [], "Dog").threshold == evidence.LOWEST
    mistaken, barking = named("room.ogg", "room_noise", (), 0.5), named("speech.ogg", "speech", ("Dog",), 0.9)
    found = evidence.judge([*dogs, room], [mistaken, barking], "Dog")
    assert (found.threshold, found.recall, found.false_per_hour, found.positives) == (0.51, 1.0, 0.0, 10)


def named(path: str, folder: str, present: tuple[str, ...], dog: float) -> Heard:
    """Three seconds of one score for Dog."""
    own = np.zeros((23, len(CLASSES)), np.float32)
    own[:, INDEX["Dog"]] = dog
    return Heard(path, folder, 1, present, (), 3.0, own, own)
