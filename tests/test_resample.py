"""Resampling as a stream."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from auricle.audio.resample import PassThrough, StreamResampler
from tests.material import cut, noise, pieces

CUTS = [1, 160, 999, 1024]
RATES = [(8000, 32000), (44100, 32000), (48000, 32000), (192000, 32000), (32000, 8000), (11025, 32000)]


def resampled(blocks: list[NDArray[np.float32]], rates: tuple[int, int]) -> NDArray[np.float32]:
    """All that comes out."""
    stream = StreamResampler(input_rate=rates[0], output_rate=rates[1])
    return np.concatenate([*(stream.push(block) for block in blocks), stream.flush()])


@pytest.mark.parametrize("size", CUTS)
@pytest.mark.parametrize("rates", RATES)
def test_same_result_for_any_block_size(rates: tuple[int, int], size: int) -> None:
    """However the sound is cut, the very same samples come out."""
    audio = noise(rates[0] // 4, seed=1)
    np.testing.assert_array_equal(resampled(cut(audio, size), rates), resampled([audio], rates))


@settings(max_examples=30, deadline=None)
@given(sizes=st.lists(st.integers(0, 3000), max_size=20), rates=st.sampled_from(RATES))
def test_same_result_for_any_cut(sizes: list[int], rates: tuple[int, int]) -> None:
    """Blocks of random length, empty ones among them, make no difference either."""
    audio = noise(sum(sizes), seed=2)
    blocks = pieces(audio, sizes)
    np.testing.assert_array_equal(resampled(blocks, rates), resampled([audio], rates))


@pytest.mark.parametrize("rates", RATES)
@pytest.mark.parametrize("samples", [1, 2, 100, 44100])
def test_length_is_that_of_the_sound(rates: tuple[int, int], samples: int) -> None:
    """As much time comes out as went in, to one sample."""
    length = len(resampled([noise(samples, seed=3)], rates))
    assert abs(length - samples * rates[1] / rates[0]) <= 1


@pytest.mark.parametrize("rates", RATES)
@pytest.mark.parametrize("at_s", [0.1, 0.25, 0.4])
def test_a_click_stays_at_its_time(rates: tuple[int, int], at_s: float) -> None:
    """Resampling delays nothing: a click lies where it lay, to one sample."""
    audio = np.zeros(rates[0] // 2, np.float32)
    audio[round(at_s * rates[0])] = 1.0
    found = int(np.argmax(np.abs(resampled(cut(audio, 999), rates))))
    assert abs(found / rates[1] - at_s) <= 1 / min(rates)


@pytest.mark.parametrize("rates", [(44100, 32000), (8000, 32000), (192000, 32000)])
def test_a_tone_stays_what_it_is(rates: tuple[int, int]) -> None:
    """A tone of 1 kHz keeps its pitch, phase and level."""
    audio = np.sin(2 * np.pi * 1000 * np.arange(rates[0]) / rates[0]).astype(np.float32)
    wanted = np.sin(2 * np.pi * 1000 * np.arange(rates[1]) / rates[1])
    middle = slice(rates[1] // 4, rates[1] // 2)
    np.testing.assert_allclose(resampled([audio], rates)[middle], wanted[middle], atol=1e-4)


def test_nothing_in_nothing_out() -> None:
    """A stream without samples gives none."""
    assert len(resampled([], (44100, 32000))) == 0


def test_pass_through_is_the_identity() -> None:
    """Between equal rates every sample stays as it is."""
    audio = noise(100, seed=4)
    stream = PassThrough()
    np.testing.assert_array_equal(np.concatenate([stream.push(audio), stream.flush()]), audio)
