"""The VGG-like PANNs family as an ONNX graph."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from auricle.card import Architecture
from auricle.errors import CardError
from auricle.models import panns
from tests.material import (
    cnn9_card,
    formula_tensors,
    golden_arrays,
    network,
    noise,
    random_tensors,
    shapes,
    small_card,
)


def frames(count: int, seed: int) -> NDArray[np.float32]:
    """Something like a log-mel for the small network."""
    return (-40.0 + 100.0 * noise(count * 16, seed)).reshape(count, 16).astype(np.float32)


def test_equals_the_network_of_the_seed() -> None:
    """With the formula weights, Cnn9_GMP_64x64 gives the reference's embeddings and scores to 1e-4."""
    arrays, card = golden_arrays("cnn9_gmp_64x64.npz"), cnn9_card()
    tensors, facts = formula_tensors(), card.front_end
    panns.check(card, tensors)
    net = network(card, tensors)
    for prefix in ("", "long_"):
        logmel = arrays[f"{prefix}logmel"] * np.array(facts.scaler_std) + np.array(facts.scaler_mean)
        embeddings, _ = net.run(logmel.astype(np.float32))
        np.testing.assert_allclose(embeddings, arrays[f"{prefix}embedding"], atol=1e-4)
        if not prefix:
            np.testing.assert_allclose(net.pool(embeddings), arrays["probs"], atol=1e-4)


def by_hand(tensors: dict[str, NDArray[np.float32]], logmel: NDArray[np.float32]) -> NDArray[np.float64]:
    """The small network's embeddings, computed the slow way and without folding anything."""
    card = small_card()
    scaler = card.front_end
    image = ((logmel - np.array(scaler.scaler_mean)) / np.array(scaler.scaler_std))[None]
    for number, (time, mel) in enumerate(card.architecture.pools, start=1):
        for half in (1, 2):
            image = convolved(image, tensors[f"conv_block{number}.conv{half}.weight"].astype(np.float64))
            norm = {p: tensors[f"conv_block{number}.bn{half}.{p}"][:, None, None] for p in PARTS}
            image = (image - norm["running_mean"]) / np.sqrt(norm["running_var"] + 1e-5)
            image = np.maximum(0.0, image * norm["weight"] + norm["bias"])
        channels, height, width = image.shape
        image = image[:, : height // time * time, : width // mel * mel]
        image = image.reshape(channels, height // time, time, width // mel, mel).mean(axis=(2, 4))
    return np.asarray(image.mean(axis=2).T)


PARTS = ("weight", "bias", "running_mean", "running_var")


def convolved(image: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """A 3 × 3 convolution with zeros around."""
    padded = np.pad(image, ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    return np.asarray(np.einsum("ihwyx,oiyx->ohw", windows, weight))


def sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / (1 + e^-x)."""
    return 1.0 / (1.0 + np.exp(-x))


def logit(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Its inverse."""
    return np.log(p / (1.0 - p))


@pytest.mark.parametrize("count", [4, 5, 7, 40])
def test_folds_the_batch_norms(count: int) -> None:
    """A convolution with its batch norm folded in equals the two done one after the other."""
    tensors, logmel = random_tensors(small_card(), seed=1), frames(count, seed=2)
    embeddings, _ = network(small_card(), tensors).run(logmel)
    np.testing.assert_allclose(embeddings, by_hand(tensors, logmel), atol=1e-4)


@pytest.mark.parametrize("head", panns.HEADS)
def test_each_head_pools_as_it_says(head: str) -> None:
    """Frames are linear and sigmoid of their embedding; a clip is pooled as its head's name says."""
    architecture = replace(small_card().architecture, head=head, weighing=3)
    card = replace(small_card(), architecture=architecture, labels=("Dog", "Silence", "Speech", "Cat"))
    tensors = random_tensors(card, seed=3)
    net = network(card, tensors)
    embeddings, probabilities = net.run(frames(30, seed=4))

    def decide(x: NDArray[np.float32]) -> NDArray[np.float64]:
        return sigmoid(x.astype(np.float64) @ tensors["fc_audioset.weight"].T + tensors["fc_audioset.bias"])

    framewise = decide(embeddings)
    mostly = np.average(
        logit(framewise), axis=0, weights=framewise[:, [0, 2]].sum(axis=1)
    )  # of the first three, but not Silence
    clip = {
        "embedding-max": decide(embeddings.max(axis=0)),
        "decision-max": framewise.max(axis=0),
        "decision-linear-softmax": np.square(framewise).sum(axis=0) / framewise.sum(axis=0),
        "decision-odds": sigmoid((logit(np.square(framewise).sum(axis=0) / framewise.sum(axis=0)) + mostly) / 2),
    }[head]
    np.testing.assert_allclose(probabilities, framewise, atol=1e-5)
    np.testing.assert_allclose(net.pool(embeddings), clip, atol=1e-5)


def test_runs_without_a_scaler() -> None:
    """A card without a scaler feeds the frames to the first convolution as they are."""
    card = small_card()
    bare = replace(card, front_end=replace(card.front_end, scaler_mean=(), scaler_std=()))
    tensors, logmel = random_tensors(card, seed=5), frames(12, seed=6)
    scaled = (logmel - np.array(card.front_end.scaler_mean)) / np.array(card.front_end.scaler_std)
    wanted, _ = network(card, tensors).run(logmel)
    got, _ = network(bare, tensors).run(scaled.astype(np.float32))
    np.testing.assert_allclose(got, wanted, atol=1e-4)


def test_pooled_frames_is_the_product_of_the_poolings() -> None:
    """Cnn9 pools eight frames into one, the small network four."""
    pools = ((2, 2), (2, 2), (2, 2), (1, 1))
    assert panns.pooled_frames(replace(small_card().architecture, channels=(1,) * 4, pools=pools)) == 8
    assert panns.pooled_frames(small_card().architecture) == 4


@given(
    pools=st.lists(st.integers(1, 3), min_size=1, max_size=4),
    kernel=st.sampled_from([1, 3, 5]),
)
def test_context_is_how_far_an_output_looks(pools: list[int], kernel: int) -> None:
    """`context` is what one finds by following every layer from a pooled frame back to the first and last input."""
    shape = Architecture("panns-vgg", kernel, (1,) * len(pools), tuple((p, 1) for p in pools), "decision-max")
    pooled = panns.pooled_frames(shape)
    at = 100
    first = last = at
    for pool in reversed(pools):
        first, last = first * pool, last * pool + pool - 1
        for _ in range(2):
            first, last = first - kernel // 2, last + kernel // 2
    assert panns.context(shape) == (at * pooled - first, last - (at * pooled + pooled - 1))


def test_nothing_beyond_the_context_matters() -> None:
    """Frames outside the context change nothing, and the outermost ones inside do."""
    card = small_card()
    net, pooled = network(card, random_tensors(card, seed=7)), panns.pooled_frames(card.architecture)
    before, after = panns.context(card.architecture)
    logmel, at = frames(80, seed=8), 10
    _, wanted = net.run(logmel)

    def change(frame: int) -> float:
        other = logmel.copy()
        other[frame] += 50.0
        return float(np.abs(net.run(other)[1][at] - wanted[at]).max())

    first, last = at * pooled - before, at * pooled + pooled - 1 + after
    assert change(first - 1) < 1e-6
    assert change(last + 1) < 1e-6
    assert change(first) > 1e-6
    assert change(last) > 1e-6


@pytest.mark.parametrize("name", sorted(shapes(small_card())))
def test_refuses_weights_that_lack_a_tensor(name: str) -> None:
    """A missing tensor is named."""
    tensors = random_tensors(small_card(), seed=9)
    del tensors[name]
    with pytest.raises(CardError, match=f"{name} is missing"):
        panns.check(small_card(), tensors)


def test_refuses_weights_of_another_shape() -> None:
    """A tensor of another shape is named, with both shapes."""
    tensors = random_tensors(small_card(), seed=9)
    tensors["fc_audioset.weight"] = np.zeros((2, 6), np.float32)
    with pytest.raises(CardError, match=r"fc_audioset\.weight is 2 × 6 instead of 3 × 6"):
        panns.check(small_card(), tensors)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_refuses_weights_that_are_no_numbers(bad: float) -> None:
    """NaN or infinity among the weights is damage."""
    tensors = random_tensors(small_card(), seed=9)
    tensors["conv_block1.bn1.bias"][2] = bad
    with pytest.raises(CardError, match=r"conv_block1\.bn1\.bias holds values that are no numbers"):
        panns.check(small_card(), tensors)


def test_refuses_a_head_it_does_not_know() -> None:
    """A head of a newer version is named, with those that are known."""
    card = replace(small_card(), architecture=replace(small_card().architecture, head="attention"))
    with pytest.raises(CardError, match="unknown head “attention”"):
        panns.check(card, random_tensors(card, seed=1))


def test_takes_more_tensors_than_it_needs() -> None:
    """What else a checkpoint holds, such as num_batches_tracked, does not matter."""
    panns.check(small_card(), {**random_tensors(small_card(), seed=9), "other": np.zeros(1, np.float32)})


def test_counts_the_multiplications_of_a_second() -> None:
    """Each convolution at the resolution that it works at, and the last layer; 62.5 frames a second."""
    first, second, last = 9 * (1 * 4 + 4 * 4) * 16, 9 * (4 * 6 + 6 * 6) * 8 / 2, 6 * 3 / 4
    assert panns.multiplications(small_card()) == pytest.approx(62.5 * (first + second + last))
