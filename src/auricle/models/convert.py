"""A file of weights, as somebody published it, becomes a card and the tensors that its network needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

from auricle.card import ModelCard
from auricle.errors import CardError, CheckpointError
from auricle.models import catalogue, networks
from auricle.models.cardfile import parse_card
from auricle.models.checkpoint import read_checkpoint

Tensors = dict[str, NDArray[np.float32]]
SUFFIXES = (".pth", ".pt", ".ckpt", ".bin", ".safetensors")


def read_tensors(path: Path) -> Tensors:
    """The tensors of a torch checkpoint or a safetensors file, as float32. Raises CheckpointError."""
    if path.suffix == ".safetensors":
        try:
            tensors: dict[str, NDArray[Any]] = load(path.read_bytes())
        except OSError as error:
            raise CheckpointError(f"{path}: cannot read the weights ({error.strerror}).") from None
        except (SafetensorError, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(f"{path}: not a safetensors file ({error}); download it again.") from None
    else:
        tensors = read_checkpoint(path)
    return {name: np.asarray(tensor.real, np.float32) for name, tensor in _in_blocks(tensors).items()}


def adopt(path: Path, *, model: str, labels: Sequence[str]) -> tuple[ModelCard, Tensors]:
    """The card and the tensors of the published network that `path` holds; `model` names it in the catalogue.

    Where `model` is empty, it is the first one that the tensors fit, one whose file has the same name before others.
    `labels` are AudioSet's. Raises CheckpointError, and CardError where the tensors are of another network.
    """
    tensors = read_tensors(path)
    fitting: dict[str, tuple[ModelCard, Tensors]] = {}
    refused: dict[str, CardError] = {}
    for entry in catalogue.entries().values():
        if fitting and not entry.card["architecture"]["channels"]:
            continue  # it takes any widths, also those of a network that has just been recognised
        try:
            fitting[entry.name] = _fit(entry, tensors, labels)
        except CardError as error:
            refused[entry.name] = error
    name = catalogue.find(model).name if model else _first(fitting, path)
    if name in fitting:
        return fitting[name]
    if fitting:
        other = _first(fitting, path)
        raise CardError(f"{path}: these are the weights of {other}, not of {name}; name {other}, or another file.")
    if model:
        raise refused[name]
    raise CardError(
        f"{path}: the weights are of none of the networks {', '.join(refused)}; say which one is meant to learn why."
    )


def _first(names: Iterable[str], path: Path) -> str:
    """The one whose published file is called like `path`, else the first; empty where there is none."""
    return min(names, key=lambda name: Path(catalogue.find(name).file).stem != path.stem, default="")


def outline(entry: catalogue.Entry, labels: Sequence[str]) -> ModelCard | None:
    """The card that the entry's model will have; None where only its weights tell its shape."""
    if not entry.card["architecture"]["channels"]:
        return None
    return parse_card(_data(entry, labels), where=entry.name)


def _fit(entry: catalogue.Entry, tensors: Tensors, labels: Sequence[str]) -> tuple[ModelCard, Tensors]:
    data = _data(entry, labels)
    shape = data["architecture"]
    if not shape["channels"]:
        data = {**data, "architecture": networks.completed(shape, tensors)}
    card = parse_card(data, where=entry.name)
    classes = _classes(tensors)
    if classes not in (None, len(labels)):
        raise CardError(f"{entry.name}: the weights tell {classes} classes apart, but there are {len(labels)} labels.")
    networks.build(card, tensors, "float32")
    return card, {name: np.ascontiguousarray(tensors[name]) for name in networks.needed(card, tensors)}


def _data(entry: catalogue.Entry, labels: Sequence[str]) -> dict[str, Any]:
    """The card, as its file has it, but for what the weights tell."""
    rest = {"labels": list(labels), "weights": "weights.safetensors", "thresholds": _thresholds(entry, labels)}
    return {**entry.card, **rest}


def _thresholds(entry: catalogue.Entry, labels: Sequence[str]) -> dict[str, dict[str, float]]:
    """The catalogue's thresholds for every label, as a card has them."""
    known = entry.thresholds["labels"]
    pairs = {label: known.get(label, entry.thresholds["default"]) for label in labels}
    return {side: {label: pair[k] for label, pair in pairs.items()} for k, side in enumerate(("on", "off"))}


def _classes(tensors: Tensors) -> int | None:
    for name in ("fc_audioset.bias", "classifier.5.bias"):
        if name in tensors and tensors[name].ndim == 1:
            return len(tensors[name])
    return None


def _in_blocks(tensors: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """E-PANNs numbers its twelve convolutions through; here they go by blocks of two, as in Cnn14."""
    if "conv12.weight" not in tensors or "conv_block1.conv1.weight" in tensors:
        return tensors
    names = {
        f"{kind}{number}": f"conv_block{(number + 1) // 2}.{kind}{2 - number % 2}"
        for kind in ("conv", "bn")
        for number in range(1, 13)
    }
    split = (name.split(".", 1) for name in tensors)
    return {
        ".".join([names.get(first, first), *rest]): tensor
        for (first, *rest), tensor in zip(split, tensors.values(), strict=True)
    }
