"""Arrays as sources."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from auricle.errors import SourceError
from auricle.messages import SourceState
from auricle.sources.array import ArraySource, as_mono
from tests.material import noise, one_sentence


def source(audio: NDArray[Any], rate: int = 32000, channel: int = 0, chunk: int = 1024) -> ArraySource:
    """One for `audio`."""
    return ArraySource(audio=audio, rate=rate, channel=channel, chunk_length=chunk, name="array")


@given(samples=st.integers(1, 5000), chunk=st.integers(1, 6000))
def test_gives_every_sample_once(samples: int, chunk: int) -> None:
    """In order, in blocks of the length asked for."""
    audio = noise(samples, seed=1)
    blocks = list(source(audio, chunk=chunk).blocks())
    np.testing.assert_array_equal(np.concatenate([block.audio for block in blocks]), audio)
    assert [block.start for block in blocks] == list(range(0, samples, chunk))
    assert {(block.rate, block.lost) for block in blocks} == {(32000, 0)}


@pytest.mark.parametrize(
    ("audio", "wanted"),
    [
        (np.array([0.5, -1.0]), [0.5, -1.0]),
        (np.array([0.5, -1.0], np.float16), [0.5, -1.0]),
        (np.array([16384, -32768], np.int16), [0.5, -1.0]),
        (np.array([2**30, -(2**31)], np.int32), [0.5, -1.0]),
        (np.array([64, -128], np.int8), [0.5, -1.0]),
        (np.array([[0.5, 0.1], [-1.0, 0.0]]), [0.3, -0.5]),
    ],
)
def test_full_scale_is_one(audio: NDArray[Any], wanted: list[float]) -> None:
    """Floats as they are, integers by their type's full scale, channels by their mean."""
    np.testing.assert_allclose(as_mono(audio, 8000, 0, "array"), wanted, atol=1e-6)
    assert as_mono(audio, 8000, 0, "array").dtype == np.float32


def test_chooses_a_channel() -> None:
    """CHANNEL 2 of two; there is no third."""
    audio = np.array([[0.5, 0.1], [-1.0, 0.0]])
    np.testing.assert_allclose(as_mono(audio, 8000, 2, "array"), [0.1, 0.0])
    with pytest.raises(SourceError, match="array has 2 channels, there is no CHANNEL 3"):
        as_mono(audio, 8000, 3, "array")


@pytest.mark.parametrize(
    "audio",
    [
        np.zeros(0),
        np.zeros((0, 2)),
        np.zeros((5, 0)),
        np.zeros((2, 2, 2)),
        np.array(0.5),
        np.array([True, False]),
        np.array([1 + 1j]),
        np.array(["a"]),
        np.array([1, 2], np.uint8),
        np.array([np.nan]),
        np.array([1.0, np.inf]),
        np.array([1e300]),
        np.array([[np.inf, -np.inf]]),
        np.zeros((1, 5000)),
        np.ma.array([0.1, 0.2], mask=[False, True]),
        [[0.1], [0.2, 0.3]],
        [],
        None,
    ],
    ids=str,
)
def test_refuses_what_is_no_sound(audio: Any) -> None:
    """Nothing, too many axes, channels first, other types, no numbers, masked ones: one sentence."""
    with pytest.raises(SourceError, match="array") as caught:
        source(audio)
    one_sentence(caught.value)


def test_a_list_of_numbers_is_an_array() -> None:
    """So is a masked array in which nothing is masked."""
    np.testing.assert_allclose(as_mono([0.5, -1.0], 8000, 0, "array"), [0.5, -1.0])
    np.testing.assert_allclose(as_mono(np.ma.array([0.5, -1.0]), 8000, 0, "array"), [0.5, -1.0])


@pytest.mark.parametrize("rate", ["32000", None, [32000], True, np.ones(2)])
def test_refuses_a_rate_that_is_no_number(rate: Any) -> None:
    """Text, nothing, a list, yes."""
    with pytest.raises(SourceError, match="a rate is a number of samples per second") as caught:
        as_mono(noise(5, seed=1), rate, 0, "array")
    one_sentence(caught.value)


@pytest.mark.parametrize("rate", [0, -1, 99, 768001])
def test_refuses_a_rate_that_is_none(rate: int) -> None:
    """No sound has it, and resampling from it would take memory without end."""
    with pytest.raises(SourceError, match=f"a rate of {rate} Hz"):
        source(noise(5, seed=1), rate=rate)


def test_close_ends_the_iteration() -> None:
    """At the next block."""
    subject = source(noise(5000, seed=1))
    blocks = subject.blocks()
    next(blocks)
    subject.close()
    assert list(blocks) == []
    assert subject.state is SourceState.ENDED
