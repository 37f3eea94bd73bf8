"""What several tests start from: golden files beside the repository, formula weights, small cards and networks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from auricle.card import Architecture, FrontEndFacts, ModelCard, Thresholds
from auricle.models import panns_graphs
from auricle.models.runtime import OnnxNetwork

REPOSITORY = Path(__file__).parents[1]
SHARED = REPOSITORY.parent / "shared"

Arrays = Mapping[str, NDArray[np.float32]]


def golden(name: str) -> Path:
    """A file of ../shared/golden; the test is skipped, with the reason, where it is absent."""
    path = SHARED / "golden" / name
    if not path.is_file():
        pytest.skip(f"{path} is absent; it lies beside the repository and is never committed to it")
    return path


def golden_arrays(name: str) -> dict[str, NDArray[np.float32]]:
    """The arrays of a golden npz."""
    with np.load(golden(name)) as arrays:
        return {key: arrays[key] for key in arrays}


def noise(samples: int, seed: int) -> NDArray[np.float32]:
    """White noise, a tenth of full scale."""
    return (0.1 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


def cut(audio: NDArray[np.float32], size: int) -> list[NDArray[np.float32]]:
    """`audio` in blocks of `size` samples."""
    return [audio[start : start + size] for start in range(0, len(audio), size)]


def pieces(audio: NDArray[np.float32], sizes: list[int]) -> list[NDArray[np.float32]]:
    """`audio` in blocks of these sizes, which add up to its length."""
    ends = np.cumsum([0, *sizes]).tolist()
    return [audio[first:last] for first, last in pairwise(ends)]


def one_sentence(error: Exception) -> None:
    """Asserts that `error` is what a person should see: one line, not too long, with a full stop."""
    text = str(error)
    assert "\n" not in text
    assert len(text) < 1000
    assert text.endswith((".", "`", "?"))


def small_card() -> ModelCard:
    """A network of two small blocks over 16 mel bands of 8 kHz sound, which runs in no time."""
    return ModelCard(
        name="small",
        title="A small network",
        version="1",
        description="For tests.",
        licence="MIT",
        citation="none",
        source="tests",
        weights="weights.safetensors",
        sha256="",
        architecture=Architecture(
            family="panns-vgg", kernel=3, channels=(4, 6), pools=((2, 2), (2, 1)), head="decision-linear-softmax"
        ),
        front_end=FrontEndFacts(
            rate=8000,
            window="hann",
            window_size=256,
            hop=128,
            n_mels=16,
            fmin=50.0,
            fmax=4000.0,
            scaler_mean=tuple(float(-30 - k) for k in range(16)),
            scaler_std=tuple(10.0 + 0.1 * k for k in range(16)),
        ),
        window_s=1.0,
        labels=("Dog", "Cat", "Speech"),
        thresholds={label: Thresholds(on=0.6, off=0.4) for label in ("Dog", "Cat", "Speech")},
    )


def card_json(card: ModelCard) -> dict[str, Any]:
    """`card` as its JSON file has it."""
    shape, sound = card.architecture, card.front_end
    plain = ("name", "title", "version", "description", "licence", "citation", "source", "weights", "sha256")
    return {
        "format": 1,
        **{key: getattr(card, key) for key in plain},
        "architecture": {
            "family": shape.family,
            "kernel": shape.kernel,
            "channels": list(shape.channels),
            "pools": [list(pool) for pool in shape.pools],
            "head": shape.head,
        },
        "front_end": {
            **{k: getattr(sound, k) for k in ("rate", "window", "window_size", "hop", "n_mels", "fmin", "fmax")},
            "scaler": {"mean": list(sound.scaler_mean), "std": list(sound.scaler_std)},
        },
        "window_s": card.window_s,
        "labels": list(card.labels),
        "thresholds": {
            "on": {label: t.on for label, t in card.thresholds.items()},
            "off": {label: t.off for label, t in card.thresholds.items()},
        },
    }


def shapes(card: ModelCard) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the tensors of `card`'s network, written out once more, independently of models/panns.py."""
    kernel, inputs = card.architecture.kernel, 1
    found: dict[str, tuple[int, ...]] = {}
    for number, outputs in enumerate(card.architecture.channels, start=1):
        for half in (1, 2):
            found[f"conv_block{number}.conv{half}.weight"] = (outputs, inputs, kernel, kernel)
            for part in ("weight", "bias", "running_mean", "running_var"):
                found[f"conv_block{number}.bn{half}.{part}"] = (outputs,)
            inputs = outputs
    found["fc_audioset.weight"] = (len(card.labels), inputs)
    found["fc_audioset.bias"] = (len(card.labels),)
    return found


def random_tensors(card: ModelCard, seed: int) -> dict[str, NDArray[np.float32]]:
    """Weights that make a lively network: scores neither all 0 nor all 1."""
    return lively(shapes(card), seed)


def lively(wanted: Mapping[str, tuple[int, ...]], seed: int) -> dict[str, NDArray[np.float32]]:
    """Such weights of these names and shapes."""
    rng = np.random.default_rng(seed)
    tensors = {}
    for name, shape in wanted.items():
        values = rng.standard_normal(shape)
        if name.endswith("running_var"):
            values = 1.0 + 0.5 * np.abs(values)
        elif len(shape) == 1 and name.endswith("weight"):
            values = 1.0 + 0.2 * values
        elif len(shape) > 1:
            values *= np.sqrt(2.0 / np.prod(shape[1:]))
        else:
            values *= 0.1
        tensors[name] = values.astype(np.float32)
    return tensors


def network(card: ModelCard, tensors: Arrays) -> OnnxNetwork:
    """`card`'s network in ONNX Runtime."""
    form = "int8" if card.int8 else "float32"
    return OnnxNetwork(trunk=panns_graphs.trunk(card, tensors, form), head=panns_graphs.head(card, tensors), threads=1)


def cnn9_card() -> ModelCard:
    """The card of the seed demo's network, Cnn9_GMP_64x64."""
    scaler = json.loads(golden("cnn9_gmp_64x64_scaler.json").read_text())
    return replace(
        small_card(),
        name="cnn9",
        architecture=Architecture(
            family="panns-vgg",
            kernel=3,
            channels=(64, 128, 256, 512),
            pools=((2, 2), (2, 2), (2, 2), (1, 1)),
            head="embedding-max",
        ),
        front_end=FrontEndFacts(
            rate=32000,
            window="hann",
            window_size=1024,
            hop=512,
            n_mels=64,
            fmin=50.0,
            fmax=14000.0,
            scaler_mean=tuple(scaler["means"]),
            scaler_std=tuple(scaler["stddevs"]),
        ),
        labels=tuple(f"class {k}" for k in range(527)),
        thresholds={},
    )


def formula_tensors() -> dict[str, NDArray[np.float32]]:
    """The formula weights of golden/cnn9_gmp_64x64.npz, as ../shared/README.md states them."""
    wanted = json.loads(golden("cnn9_gmp_64x64_tensors.json").read_text())
    tensors = {}
    for k, name in enumerate(sorted(wanted)):
        shape = tuple(wanted[name])
        s = np.sin(0.7 * (np.arange(int(np.prod(shape)), dtype=np.float64) + 1.0) + k).reshape(shape)
        tensors[name] = _formula(name, s).astype(np.float32)
    return tensors


def _formula(name: str, s: NDArray[np.float64]) -> NDArray[np.float64]:
    if name.endswith("num_batches_tracked"):
        return 0.0 * s
    if name.endswith("running_var"):
        return 1.0 + 0.5 * np.abs(s)
    if name.endswith(("running_mean", "bias")):
        return 0.1 * s
    if ".bn" in name:
        return 1.0 + 0.2 * s
    if name == "fc_audioset.weight":
        return 0.002 * s
    return np.asarray(s * np.sqrt(1.0 / np.prod(s.shape[1:])))
