"""The streaming log-mel spectrogram."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from auricle.features.logmel import LogMel
from auricle.features.mel import slaney_filterbank
from tests.material import cnn9_card, cut, golden_arrays, noise, pieces

TOLERANCE_DB = 1e-3


def panns(hop: int) -> LogMel:
    """The front end of the PANNs family."""
    bank = slaney_filterbank(rate=32000, fft_size=1024, n_mels=64, fmin=50, fmax=14000)
    return LogMel(filterbank=bank, window_size=1024, hop=hop)


def tiny() -> LogMel:
    """A small one, for many runs."""
    bank = slaney_filterbank(rate=8000, fft_size=64, n_mels=8, fmin=50, fmax=4000)
    return LogMel(filterbank=bank, window_size=64, hop=16)


def frames(front_end: LogMel, blocks: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """All frames of a sound, whose numbers follow each other."""
    parts = [*(front_end.push(block) for block in blocks), front_end.flush()]
    count = 0
    for part in parts:
        assert part.start == count
        count += len(part.logmel)
    return np.concatenate([part.logmel for part in parts])


@pytest.mark.parametrize("size", [160, 999, 1024, 64000])
@pytest.mark.parametrize("clip", [0, 1])
def test_equals_the_panns_front_end(clip: int, size: int) -> None:
    """The log-mel of the PANNs reference code to a thousandth of a dB, edge frames included."""
    arrays = golden_arrays("panns_frontend_hop320.npz")
    result = frames(panns(320), cut(arrays[f"waveform{clip}"], size))
    np.testing.assert_allclose(result, arrays[f"logmel{clip}"], atol=TOLERANCE_DB, rtol=0)


@pytest.mark.parametrize(("sound", "wanted"), [("waveform", "logmel"), ("long_waveform", "long_logmel")])
def test_equals_the_front_end_of_the_seed(sound: str, wanted: str) -> None:
    """The log-mel of the seed demo, once scaled as its file says, to a thousandth of a dB, edge frames included."""
    arrays, facts = golden_arrays("cnn9_gmp_64x64.npz"), cnn9_card().front_end
    result = frames(panns(512), cut(arrays[sound], 1024))
    unscaled = arrays[wanted] * np.array(facts.scaler_std) + np.array(facts.scaler_mean)
    np.testing.assert_allclose(result, unscaled, atol=TOLERANCE_DB, rtol=0)


@settings(max_examples=60, deadline=None)
@given(sizes=st.lists(st.integers(0, 700), max_size=12))
def test_the_same_bits_for_any_cut(sizes: list[int]) -> None:
    """However the sound is cut, the frames are the same to the last bit."""
    audio = noise(sum(sizes), seed=1)
    blocks = pieces(audio, sizes)
    np.testing.assert_array_equal(frames(tiny(), blocks), frames(tiny(), [audio]))


@pytest.mark.parametrize("size", [1, 160, 999, 1024])
def test_the_same_bits_for_the_usual_cuts(size: int) -> None:
    """Single samples and usual blocks give the same bits as one huge block."""
    audio = noise(20000, seed=2)
    np.testing.assert_array_equal(frames(panns(320), cut(audio, size)), frames(panns(320), [audio]))


@pytest.mark.parametrize("samples", [0, 1, 2, 511, 512, 513, 1023, 1024, 1025, 5000])
def test_a_sound_of_any_length_has_its_frames(samples: int) -> None:
    """A sound of n samples has 1 + n // hop frames, all of them finite; no sound has none."""
    result = frames(panns(320), [noise(samples, seed=3)])
    assert result.shape == (1 + samples // 320 if samples else 0, 64)
    assert np.isfinite(result).all()


@pytest.mark.parametrize("samples", [1, 2, 512, 513])
def test_short_sounds_are_mirrored_as_the_reference_does(samples: int) -> None:
    """Sounds shorter than half a window are mirrored again and again, as numpy's reflection does."""
    audio = noise(samples, seed=4)
    padded = np.pad(audio, 512, mode="reflect")
    bank = slaney_filterbank(rate=32000, fft_size=1024, n_mels=64, fmin=50, fmax=14000)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1024) / 1024)
    for k, frame in enumerate(frames(panns(320), [audio])):
        power = np.abs(np.fft.rfft(padded[k * 320 : k * 320 + 1024] * hann)) ** 2
        np.testing.assert_allclose(frame, 10 * np.log10(np.maximum(1e-10, bank @ power)), atol=TOLERANCE_DB)


def test_silence_is_the_floor() -> None:
    """Digital silence is −100 dB in every band, neither infinite nor a warning."""
    np.testing.assert_allclose(frames(panns(512), [np.zeros(5000, np.float32)]), -100.0)


def test_a_flushed_front_end_starts_anew() -> None:
    """After `flush`, and after `reset` in the middle, the next sound is computed as if it were the first."""
    audio = noise(3000, seed=5)
    front_end = panns(320)
    first = frames(front_end, [audio])
    np.testing.assert_array_equal(frames(front_end, [audio]), first)
    front_end.push(noise(3333, seed=6))
    front_end.reset()
    np.testing.assert_array_equal(frames(front_end, [audio]), first)


def test_frames_come_soon() -> None:
    """No more than eight frames and a window of sound ever wait."""
    front_end = panns(512)
    pushed = given_out = 0
    for block in cut(noise(64000, seed=7), 160):
        pushed += len(block)
        given_out += len(front_end.push(block).logmel)
        assert given_out * 512 > pushed - 9 * 512 - 1024


def test_memory_does_not_grow() -> None:
    """A stream that never ends is held in constant memory."""
    front_end, block = panns(320), noise(1024, seed=8)

    def turn(times: int) -> int:
        for _ in range(times):
            front_end.push(block)
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        early = max(turn(1) for _ in range(20))
        assert max(turn(1) for _ in range(200)) < early + 16384
    finally:
        tracemalloc.stop()
