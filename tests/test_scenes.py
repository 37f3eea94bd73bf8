"""What held-out sounds are put into: scenes with known onsets, near and far, and recordings changed before they are heard."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'auricle[train]'")

from training import robustness, scenes
from training.corpus import Clip
from training.frontend import RATE
from training.labels import CLASSES, INDEX, Contents
from training.listen import Listener, Scores
from training.robustness import Judge, Tally
from training.scenes import Setting

NEAR, FAR = Setting(10, 0.0, False), Setting(10, 0.0, True)


def clips() -> list[Clip]:
    """Three short barks and a minute of room noise."""
    rng = np.random.default_rng(1)
    fade = np.linspace(1.0, 0.0, RATE // 2)
    barks = [(8000 * fade * np.sin(np.arange(RATE // 2) * pitch)).astype(np.int16) for pitch in (0.05, 0.08, 0.11)]
    noise = (300 * rng.standard_normal(60 * RATE)).astype(np.int16)
    found = [Clip(f"esc10/{n}.ogg", "dog", 1, Contents(("Dog",), ()), bark, {}) for n, bark in enumerate(barks)]
    return [*found, Clip("room.ogg", "room_noise", 1, Contents((), ()), noise, {})]


@pytest.mark.parametrize("setting", [NEAR, FAR, Setting(10, -20.0, False)])
def test_a_sound_is_where_the_truth_says(setting: Setting) -> None:
    """Ten decibels over the room from its onset on, and not before."""
    audio, sounds = scenes.scene(np.random.default_rng(3), clips(), setting)
    truth = list(sounds)
    assert len(truth) > 5
    assert len(audio) == scenes.SCENE_S * RATE
    for label, onset_s, offset_s in truth:
        before, within = (
            float(np.sqrt(np.mean(audio[round(a * RATE) : round(b * RATE)] ** 2)))
            for a, b in ((onset_s - 0.3, onset_s), (onset_s, offset_s))
        )
        assert label == "Dog"
        assert within > 2.5 * before


def test_from_afar_the_same_sounds_come_at_the_same_times() -> None:
    """Another level is another level and nothing else; a room is heard after a sound, never before it."""
    (near, truth), (far, again), (quiet, _) = (
        scenes.scene(np.random.default_rng(3), clips(), setting) for setting in (NEAR, FAR, Setting(10, -20.0, False))
    )
    found = list(truth)
    assert found == list(again)
    assert np.allclose(quiet * 10.0, near, atol=1e-6)
    first, ends = round(found[0][1] * RATE), [round(offset_s * RATE) for _, _, offset_s in found]
    assert np.array_equal(near[:first], far[:first])
    assert all(np.abs(far - near)[end : end + RATE // 10].max() > 1e-4 for end in ends)


class Always(Listener):
    """Stands for a student, whose training takes half an hour: whatever it hears are the same scores."""

    def __init__(self, scores: dict[str, float]) -> None:
        self._scores = scores

    def frames(self, audio: np.ndarray) -> tuple[Scores, Scores]:
        """Frames of 128 ms."""
        own = np.full((max(1, len(audio) // 4096), len(CLASSES)), 0.001, np.float32)
        for label, score in self._scores.items():
            own[:, INDEX[label]] = score
        return own, own


THRESHOLDS = {"on": dict.fromkeys(robustness.JUDGED, 0.5), "minimum_s": {"Rain": 3.0}}


def test_clips_and_false_events_are_counted() -> None:
    """A bark named right, with one right event of two; and rain heard in a room, which makes an event where it lasts three seconds."""
    bark, *_, noise = clips()
    judge, tally = Judge(Always({"Dog": 0.9, "Rain": 0.8, "Speech": 0.4}), THRESHOLDS), Tally()
    judge.clip(bark, np.zeros(5 * RATE, np.float32), tally)
    assert (tally.clips, tally.by_five_seconds, tally.by_loudest_two, tally.found, tally.events) == (1, 1, 1, 1, 2)
    judge.calm(noise, np.zeros(36 * RATE, np.float32), tally)
    assert tally.false == 2
    assert tally.hours == pytest.approx(0.01)
    judge.calm(noise, np.zeros(2 * RATE, np.float32), tally)
    assert tally.false == 3
    assert "right 50.0% of 2 events; 3 false events in 0.01 h" in tally.line()


def test_what_a_clip_may_hold_is_no_false_event() -> None:
    """Nor what it does hold."""
    judge, tally = Judge(Always({"Dog": 0.9, "Rain": 0.8}), THRESHOLDS), Tally()
    clip = Clip("a.ogg", "speech", 1, Contents(("Dog",), ("Rain",)), np.zeros(RATE, np.int16), {})
    judge.calm(clip, np.zeros(5 * RATE, np.float32), tally)
    assert tally.false == 0


def test_every_change_leaves_the_length_and_no_full_scale_is_passed() -> None:
    """Twenty decibels quieter is a tenth; louder is clipped."""
    audio = np.float32(0.5) * np.sin(np.arange(RATE, dtype=np.float32))
    for how, heard in robustness.changed(audio, np.random.default_rng(0)).items():
        assert len(heard) == len(audio), how
    found = robustness.changed(audio, np.random.default_rng(0))
    assert np.allclose(found["20 dB quieter"] * 10.0, audio)
    assert np.abs(found["20 dB louder and clipped"]).max() == 1.0


def test_settings_have_names_of_their_own() -> None:
    """As they are printed."""
    names = [str(setting) for setting in (*scenes.NEAR, *scenes.AFAR)]
    assert len(set(names)) == len(names)
    assert names[-3:] == ["+10 dB, in a room", "+10 dB, -20 dB", "+10 dB, +20 dB"]
