"""Held-out recordings, changed before they are heard: what is counted, and what the changes are."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'auricle[train]'")

from training import robustness
from training.corpus import Clip
from training.frontend import RATE
from training.labels import CLASSES, INDEX, Contents
from training.listen import Listener, Scores
from training.robustness import Judge, Tally

BARK = Clip("esc10/bark.ogg", "dog", 1, Contents(("Dog",), ()), np.zeros(1, np.int16), {})
ROOM = Clip("room.ogg", "room_noise", 1, Contents((), ()), np.zeros(1, np.int16), {})


class Told(Listener):
    """Stands for a student, whose training takes half an hour: it hears the same in whatever is that long, and in all else nothing."""

    def __init__(self, scores: dict[float, dict[str, float]]) -> None:
        self._scores = scores

    def frames(self, audio: np.ndarray) -> tuple[Scores, Scores]:
        """Frames of 128 ms."""
        own = np.full((max(1, len(audio) // 4096), len(CLASSES)), 0.001, np.float32)
        for label, score in self._scores.get(len(audio) / RATE, {}).items():
            own[:, INDEX[label]] = score
        return own, own


THRESHOLDS = {"on": dict.fromkeys(robustness.JUDGED, 0.5), "minimum_s": {"Rain": 3.0}}


def test_clips_and_their_events_are_counted() -> None:
    """A bark, named right by all of it and wrongly by its loudest two seconds, with one right event of two."""
    heard = {5.0: {"Dog": 0.9, "Rain": 0.8, "Speech": 0.4}, 2.0: {"Sneeze": 0.9}}
    judge, tally = Judge(Told(heard), THRESHOLDS), Tally()
    judge.clip(BARK, np.zeros(5 * RATE, np.float32), tally)
    assert (tally.clips, tally.by_five_seconds, tally.by_loudest_two, tally.found, tally.events) == (1, 1, 0, 1, 2)
    assert "5 s 100.0%, loudest 2 s 0.0% of 1; found 100%, right 50.0% of 2 events" in tally.line()


def test_false_events_are_counted_where_they_last_long_enough() -> None:
    """In a room of half a minute a dog and rain, in two seconds of it a dog alone: rain takes three."""
    sounds = {"Dog": 0.9, "Rain": 0.8, "Speech": 0.4}
    judge, tally = Judge(Told({36.0: sounds, 2.0: sounds}), THRESHOLDS), Tally()
    judge.calm(ROOM, np.zeros(36 * RATE, np.float32), tally)
    assert tally.false == 2
    assert tally.hours == pytest.approx(0.01)
    judge.calm(ROOM, np.zeros(2 * RATE, np.float32), tally)
    assert tally.false == 3


def test_what_a_recording_may_hold_is_no_false_event() -> None:
    """Nor what it does hold."""
    judge, tally = Judge(Told({5.0: {"Dog": 0.9, "Rain": 0.8}}), THRESHOLDS), Tally()
    clip = Clip("a.ogg", "speech", 1, Contents(("Dog",), ("Rain",)), np.zeros(1, np.int16), {})
    judge.calm(clip, np.zeros(5 * RATE, np.float32), tally)
    assert tally.false == 0


def test_a_card_without_durations_and_with_fewer_labels_will_do() -> None:
    """What it does not know makes no event."""
    judge, tally = Judge(Told({5.0: {"Dog": 0.9, "Rain": 0.8}}), {"on": {"Dog": 0.5}}), Tally()
    judge.clip(BARK, np.zeros(5 * RATE, np.float32), tally)
    assert tally.events == 1


def test_every_change_leaves_the_length_and_what_is_louder_is_clipped() -> None:
    """Twenty decibels quieter is a tenth."""
    audio = np.float32(0.5) * np.sin(np.arange(RATE, dtype=np.float32))
    found = robustness.changed(audio, np.random.default_rng(0))
    assert all(len(heard) == len(audio) for heard in found.values())
    assert np.allclose(found["20 dB quieter"] * 10.0, audio)
    assert np.abs(found["20 dB louder and clipped"]).max() == 1.0
    noise = found["under coloured noise at 10 dB"] - audio
    assert np.mean(audio**2) / np.mean(noise**2) == pytest.approx(10.0, rel=0.2)


def test_a_sample_rate_takes_what_lies_over_half_of_it() -> None:
    """Of tones at 1, 6 and 12 kHz all are in the recording, two at 16 kHz, and one at 8 kHz; an odd length stays."""
    seconds = np.arange(RATE + 1) / RATE
    tones = np.sin(2.0 * np.pi * np.outer([1000.0, 6000.0, 12000.0], seconds))
    audio = (0.2 * tones.sum(0)).astype(np.float32)
    found = robustness.changed(audio, np.random.default_rng(0))
    for how, kept in (("unchanged", (1, 1, 1)), ("sampled at 16 kHz", (1, 1, 0)), ("sampled at 8 kHz", (1, 0, 0))):
        assert len(found[how]) == len(audio)
        level = np.abs(np.fft.rfft(found[how][:RATE]))[[1000, 6000, 12000]] / (0.1 * RATE)
        assert np.allclose(level, kept, atol=0.02)
