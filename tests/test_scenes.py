"""Scenes with known onsets, heard near by, in a room, and at other levels."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'auricle[train]'")

from training import scenes
from training.corpus import Clip
from training.frontend import RATE
from training.labels import Contents

NEAR = scenes.NEAR[3]
FAR, QUIETER, LOUDER = scenes.OTHERWISE


def clips() -> list[Clip]:
    """Three short barks and a minute of room noise."""
    rng = np.random.default_rng(1)
    fade = np.linspace(1.0, 0.0, RATE // 2)
    barks = [(8000 * fade * np.sin(np.arange(RATE // 2) * pitch)).astype(np.int16) for pitch in (0.05, 0.08, 0.11)]
    noise = (300 * rng.standard_normal(60 * RATE)).astype(np.int16)
    found = [Clip(f"esc10/{n}.ogg", "dog", 1, Contents(("Dog",), ()), bark, {}) for n, bark in enumerate(barks)]
    return [*found, Clip("room.ogg", "room_noise", 1, Contents((), ()), noise, {})]


@pytest.mark.parametrize("setting", [NEAR, FAR, QUIETER])
def test_a_sound_begins_and_ends_where_the_truth_says(setting: scenes.Setting) -> None:
    """Ten decibels over the room from its first milliseconds on, and not before."""
    audio, sounds = scenes.scene(np.random.default_rng(3), clips(), setting)
    truth = list(sounds)
    assert len(truth) > 5
    assert len(audio) == scenes.SCENE_S * RATE
    for label, onset_s, offset_s in truth:
        before, first, within = (
            float(np.sqrt(np.mean(audio[round(a * RATE) : round(b * RATE)] ** 2)))
            for a, b in ((onset_s - 0.3, onset_s), (onset_s, onset_s + 0.03), (onset_s, offset_s))
        )
        assert label == "Dog"
        assert first > 2.5 * before
        assert within / before == pytest.approx(11.0**0.5, rel=0.1)


def test_otherwise_the_same_sounds_come_at_the_same_times() -> None:
    """Another level is another level and nothing else; a room is heard after a sound, never before it."""
    (near, truth), (far, again), (quiet, _), (loud, _) = (
        scenes.scene(np.random.default_rng(3), clips(), setting) for setting in (NEAR, FAR, QUIETER, LOUDER)
    )
    found = list(truth)
    assert found == list(again)
    assert np.allclose(quiet * 10.0, near, atol=1e-6)
    assert np.allclose(loud, np.clip(near * 10.0, -1.0, 1.0), atol=1e-5)
    first, ends = round(found[0][1] * RATE), [round(offset_s * RATE) for _, _, offset_s in found]
    assert np.array_equal(near[:first], far[:first])
    assert all(np.abs(far - near)[end : end + RATE // 10].max() > 1e-4 for end in ends)


def test_a_room_leaves_a_sounds_level() -> None:
    """Over the sound's own length, and a second of reverberation follows."""
    sound = scenes.sound_of(clips()[0])
    heard = scenes.reverberant(np.random.default_rng(0), sound)
    assert len(heard) == len(sound) + RATE
    assert np.mean(heard[: len(sound)] ** 2) == pytest.approx(1.0, rel=1e-3)


def test_settings_have_names_of_their_own() -> None:
    """As they are printed."""
    names = [setting.name for setting in (*scenes.NEAR, *scenes.OTHERWISE)]
    assert len(set(names)) == len(names)
