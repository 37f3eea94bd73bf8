"""Model: whole clips."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from auricle.audio.resample import PassThrough, StreamResampler
from auricle.errors import SourceError
from auricle.features.logmel import LogMel
from auricle.features.mel import slaney_filterbank
from auricle.models import assembly, panns
from auricle.sources.array import as_mono
from auricle.stages import FrontEnd, Resampler
from auricle.tagging import Model
from tests.material import noise, random_tensors, small_card

CARD = small_card()
LOADED = assembly.load(CARD, random_tensors(CARD, seed=1), threads=1, precision="float32")
NETWORK = LOADED.network
SPAN_S = 4 * 128 / 8000


def front_end() -> FrontEnd:
    """The card's."""
    facts = CARD.front_end
    bank = slaney_filterbank(
        rate=facts.rate, fft_size=facts.window_size, n_mels=facts.n_mels, fmin=facts.fmin, fmax=facts.fmax
    )
    return LogMel(filterbank=bank, window_size=facts.window_size, hop=facts.hop)


def resampler(rate: int) -> Resampler:
    """To the card's rate."""
    return PassThrough() if rate == 8000 else StreamResampler(input_rate=rate, output_rate=8000)


def model(chunk_frames: int = 10**6) -> Model:
    """The small one."""
    return Model(
        card=CARD,
        network=NETWORK,
        front_end=front_end,
        resampler=resampler,
        as_mono=partial(as_mono, channel=0, name="audio"),
        pooled_frames=panns.pooled_frames(CARD.architecture),
        context=panns.context(CARD.architecture),
        chunk_frames=chunk_frames,
        tagger=partial(LOADED.recordings, step_s=chunk_frames * 128 / 8000),
        score_s=LOADED.score_s,
    )


def offline(audio: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The network run on everything at once: framewise, and the clip."""
    logmel = front_end()
    frames = np.concatenate([logmel.push(audio).logmel, logmel.flush().logmel])
    embeddings, probabilities = NETWORK.run(frames)
    return probabilities, NETWORK.pool(embeddings)


def test_labels_and_card_are_the_models() -> None:
    """In the order of the scores."""
    assert model().labels == CARD.labels == ("Dog", "Cat", "Speech")
    assert model().card is CARD
    assert model().frame_s == pytest.approx(SPAN_S)


@pytest.mark.parametrize("samples", [512, 513, 5000, 40000])
@pytest.mark.parametrize("chunk_frames", [1, 4, 17, 100])
def test_chunks_equal_the_whole(samples: int, chunk_frames: int) -> None:
    """However small the chunks, the scores are those of the network run on the whole clip."""
    audio = noise(samples, seed=2)
    framewise, clip = offline(audio)
    subject = model(chunk_frames)
    frames, times = subject.frames(audio, 8000)
    np.testing.assert_allclose(frames, framewise, atol=1e-4)
    np.testing.assert_allclose(subject.tag(audio, 8000), clip, atol=1e-4)
    np.testing.assert_allclose(times, np.arange(len(frames)) * SPAN_S)


def test_frames_that_are_there_already_are_tagged_too() -> None:
    """`tag_frames` says of a clip's spectral frames what `tag` says of its sound."""
    audio, logmel = noise(5000, seed=4), front_end()
    frames = np.concatenate([logmel.push(audio).logmel, logmel.flush().logmel])
    np.testing.assert_array_equal(model(4).tag_frames(frames), model(4).tag(audio, 8000))


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 44100, 192000])
def test_any_rate_will_do(rate: int) -> None:
    """The same tone at another rate gets the same scores."""

    def tone(at: int) -> NDArray[np.float32]:
        return (0.3 * np.sin(2 * np.pi * 700 * np.arange(2 * at) / at)).astype(np.float32)

    scores = model().tag(tone(rate), rate)
    assert scores.shape == (3,)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, model().tag(tone(8000), 8000), atol=0.02)
    assert len(model().frames(tone(rate), rate)[0]) == pytest.approx(2 / SPAN_S, abs=1)


@pytest.mark.parametrize("rate", [8000, 44100])
@pytest.mark.parametrize("samples", [1, 2, 100])
def test_a_sample_is_a_clip(samples: int, rate: int) -> None:
    """What is shorter than a frame is followed by silence."""
    scores = model().tag(noise(samples, seed=3), rate)
    assert np.isfinite(scores).all()
    assert model().frames(noise(samples, seed=3), rate)[0].shape == (1, 3)


@pytest.mark.parametrize("kind", ["int16", "float64", "stereo"])
def test_any_kind_of_array_will_do(kind: str) -> None:
    """Integers of their full scale, doubles, channels."""
    audio = np.round(noise(5000, seed=4) * 32768) / 32768
    kinds: dict[str, NDArray[Any]] = {
        "int16": (audio * 32768).astype(np.int16),
        "float64": audio.astype(np.float64),
        "stereo": np.stack([2 * audio, 0 * audio], axis=1),
    }
    np.testing.assert_allclose(model().tag(kinds[kind], 8000), model().tag(audio, 8000), atol=1e-4)


@pytest.mark.parametrize(
    ("audio", "rate"),
    [
        (np.zeros(0), 8000),
        (np.zeros((2, 2, 2)), 8000),
        (np.array(["a"]), 8000),
        (np.array([np.nan] * 1000), 8000),
        (np.zeros(10), 0),
        (np.zeros(10), -8000),
    ],
)
def test_what_is_no_sound_is_refused(audio: NDArray[Any], rate: int) -> None:
    """Rather than scored."""
    with pytest.raises(SourceError, match="audio"):
        model().tag(audio, rate)
    with pytest.raises(SourceError, match="audio"):
        model().frames(audio, rate)
