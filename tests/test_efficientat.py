"""EfficientAT: its front end and mn04 with the real weights equal the reference; so does a random one in torch."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from auricle.card import ModelCard
from auricle.errors import CardError
from auricle.features.kaldi import EmphasisedLogMel
from auricle.features.mel import kaldi_filterbank
from auricle.labels import audioset
from auricle.models import convert, networks
from auricle.models.runtime import OnnxNetwork
from tests.material import SHARED, cut, golden_arrays, noise

WEIGHTS = SHARED / "models" / "mn04_as" / "mn04_as_mAP_432.pt"
CLIPS = ("1_dog", "2_baby_cry", "3_helicopter", "4_rooster", "1_sneeze", "2_rain")


def front_end() -> EmphasisedLogMel:
    """EfficientAT's."""
    bank = kaldi_filterbank(rate=32000, fft_size=1024, n_mels=128, fmin=0, fmax=15000)
    return EmphasisedLogMel(filterbank=bank, window_size=800, hop=320)


def tiny() -> EmphasisedLogMel:
    """A small one, for many runs."""
    bank = kaldi_filterbank(rate=8000, fft_size=64, n_mels=8, fmin=0, fmax=4000)
    return EmphasisedLogMel(filterbank=bank, window_size=50, hop=16)


def frames(maker: EmphasisedLogMel, blocks: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """All frames of a sound, whose numbers follow each other."""
    parts = [*(maker.push(block) for block in blocks), maker.flush()]
    count = 0
    for part in parts:
        assert part.start == count
        count += len(part.logmel)
    return np.concatenate([part.logmel for part in parts])


@cache
def mn04() -> tuple[ModelCard, convert.Tensors, OnnxNetwork]:
    """The real weights."""
    if not WEIGHTS.exists():
        pytest.skip(f"{WEIGHTS} is absent; it lies beside the repository and is never committed to it")
    card, tensors = convert.adopt(WEIGHTS, model="mn04", labels=audioset.names())
    blueprint = networks.build(card, tensors, "float32")
    return card, tensors, OnnxNetwork(trunk=blueprint.trunk, head=blueprint.head, threads=1)


def clip(name: str) -> NDArray[np.float32]:
    """The recording of ../shared/golden/mn04_as.npz, as ../shared/README.md says it was made."""
    fold, label = name.split("_", 1)
    folder = SHARED / "data" / "esc10" / f"fold{fold}" / label
    if not folder.exists():
        pytest.skip(f"{folder} is absent; it lies beside the repository and is never committed to it")
    audio, rate = soundfile.read(sorted(folder.iterdir())[0], dtype="float32")
    return np.asarray(soxr.resample(audio, rate, 32000, "HQ"), np.float32)[:160000]


@pytest.mark.parametrize("size", [1, 160, 999, 160000])
@pytest.mark.parametrize("name", ["1_dog", "1_sneeze"])
def test_the_front_end_equals_the_reference(name: str, size: int) -> None:
    """The log-mel of the reference code to 1e-3, edge frames included, in blocks of any size."""
    arrays = golden_arrays("mn04_as.npz")
    waveform = arrays[f"{name}_waveform"]
    if size == 1:
        waveform = waveform[:4000]
    got = frames(front_end(), cut(waveform, size))
    wanted = arrays[f"{name}_logmel"].T
    if size == 1:
        got, wanted = got[:10], wanted[:10]  # the end of the shortened sound is mirrored
    np.testing.assert_allclose(got, wanted, atol=1e-3)


@settings(deadline=None, max_examples=50)
@given(samples=st.integers(0, 700), sizes=st.lists(st.integers(0, 200), max_size=8))
def test_the_front_end_does_not_depend_on_the_cut(samples: int, sizes: list[int]) -> None:
    """The same frames to the last bit, and as many as it says, and again after a flush."""
    audio, at, blocks = noise(samples, 3), 0, []
    for size in sizes:
        blocks.append(audio[at : at + size])
        at += size
    maker = tiny()
    once = frames(maker, [*blocks, audio[at:]])
    again = frames(maker, [audio])
    np.testing.assert_array_equal(once, again)
    if samples > 64:
        assert len(once) == 1 + (samples - 1) // 16
    maker.push(audio)
    maker.reset()
    np.testing.assert_array_equal(frames(maker, [audio]), again)


def test_kaldi_bands_are_triangles_on_the_mel_scale() -> None:
    """Each rises to about 1 and falls again; neighbours add up to 1 between the first and the last centre."""
    bank = kaldi_filterbank(rate=32000, fft_size=1024, n_mels=20, fmin=0, fmax=15000)
    assert bank.shape == (20, 513)
    assert bank.max() <= 1
    assert (bank.max(axis=1) > 0.7).all()
    centres = bank.argmax(axis=1)
    assert (np.diff(centres) > 0).all()
    inside = slice(centres[0] + 1, centres[-1])
    np.testing.assert_allclose(bank.sum(axis=0)[inside], 1, atol=1e-6)
    assert bank[:, 481:].max() == 0  # 15 kHz is bin 480


@pytest.mark.parametrize("name", CLIPS)
def test_mn04_equals_the_reference(name: str) -> None:
    """The real weights on real recordings: embeddings and 527 probabilities to 1e-3, through this front end."""
    arrays, (_, _, network) = golden_arrays("mn04_as.npz"), mn04()
    embeddings, _ = network.run(frames(front_end(), [clip(name)]))
    np.testing.assert_allclose(embeddings.mean(axis=0), arrays[f"{name}_embedding"], atol=1e-3)
    np.testing.assert_allclose(network.pool(embeddings), arrays[f"{name}_probs"], atol=1e-3)


def test_the_card_says_what_the_weights_are() -> None:
    """Widths, strides and the number of parameters."""
    card, tensors, _ = mn04()
    assert card.architecture.channels == (8, 8, 16, 16, 16, 16, 16, 32, 32, 32, 32, 48, 48, 64, 64, 64, 384)
    assert networks.build(card, tensors, "float32").pooled_frames == 32
    assert sum(t.size for k, t in tensors.items() if not k.endswith(("_mean", "_var"))) == 983_599


@pytest.mark.parametrize("count", [1, 16, 31, 33, 200])
def test_any_number_of_frames_is_a_clip(count: int) -> None:
    """Also fewer than one row stands for."""
    _, _, network = mn04()
    embeddings, _ = network.run(np.zeros((count, 128), np.float32))
    assert embeddings.shape == (-(-count // 32), 384)
    assert network.pool(embeddings).shape == (527,)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"features.4.block.2.conc_se_layers.0.fc1.bias": None}, r"fc1\.bias is missing;"),
        ({"features.3.block.1.0.weight": np.zeros((32, 1, 5, 5))}, r"is 32 × 1 × 5 × 5 instead of 32 × 1 × 3 × 3"),
        ({"classifier.5.bias": np.zeros(10)}, "tell 10 classes apart, but there are 527 labels"),
        ({"features.16.0.weight": None}, r"features\.16\.0\.weight is missing"),
        ({"features.0.1.bias": np.full(8, np.nan)}, "no numbers"),
    ],
)
def test_weights_of_another_network_are_refused(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    """The tensor that is missing or misshapen is named."""
    from safetensors.numpy import save_file

    _, tensors, _ = mn04()
    changed = {**tensors, **{name: value.astype(np.float32) for name, value in change.items() if value is not None}}
    for name, value in change.items():
        if value is None:
            del changed[name]
    save_file(changed, tmp_path / "other.safetensors")
    with pytest.raises(CardError, match=words):
        convert.adopt(tmp_path / "other.safetensors", model="mn04", labels=audioset.names())


def test_other_strides_are_another_network() -> None:
    """They are the family's own, and rows would stand for other frames than the card says."""
    card, tensors, _ = mn04()
    shape = replace(card.architecture, pools=((1, 1), *card.architecture.pools[1:]))
    with pytest.raises(CardError, match="not a network of the EfficientAT family that this Auricle knows"):
        networks.build(replace(card, architecture=shape), tensors, "float32")


@pytest.mark.slow
def test_mn04_names_the_recordings_of_esc10() -> None:
    """At least 95 % of 400 clips of 5 s, the ten classes read off AudioSet's names, nothing trained."""
    from benchmarks import esc10

    folder = SHARED / "data" / "esc10"
    if not folder.exists():
        pytest.skip(f"{folder} is absent; it lies beside the repository and is never committed to it")
    card, _, network = mn04()
    answers = esc10.whole(card, network, folder)
    right = [answer == label for label, given in answers.items() for answer in given]
    assert len(right) >= 300
    assert np.mean(right) >= 0.95
