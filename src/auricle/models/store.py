"""Where models are: the one inside the package, and folders that hold a card and its weights."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

from auricle.card import ModelCard, read_card
from auricle.errors import CardError, CheckpointError, ModelError

CARD_FILE = "card.json"


@dataclass(frozen=True)
class Installed:
    """A model that can be loaded."""

    card: ModelCard
    folder: Path
    size_bytes: int
    """Of its weights file."""


def installed() -> list[Installed]:
    """Every installed model, the bundled one first."""
    return [look(Path(__file__).parent / "bundled")]


def find(name: str) -> Installed:
    """The installed model called `name`, or the one in a folder of that path. Raises ModelError."""
    models = {model.card.name: model for model in installed()}
    if name in models:
        return models[name]
    path = Path(name)
    if path.is_dir() or path.is_file():
        return look(path if path.is_dir() else path.parent)
    near = difflib.get_close_matches(name, models, n=1)
    hint = (
        f"did you mean {near[0]}?"
        if near
        else f"installed: {', '.join(models)}; a folder with a card.json will do as well."
    )
    raise ModelError(f"There is no model “{name}”; {hint}")


def look(folder: Path) -> Installed:
    """The model in `folder`. Raises CardError where card or weights are missing."""
    card = read_card(folder / CARD_FILE)
    weights = folder / card.weights
    if not weights.is_file() or weights.parent != folder:
        raise CardError(
            f"{folder}: the card names weights “{card.weights}” that are not there; install the model again."
        )
    return Installed(card=card, folder=folder, size_bytes=weights.stat().st_size)


def read_weights(model: Installed) -> dict[str, NDArray[np.float32]]:
    """The model's tensors as float32. Raises CheckpointError, and CardError where they are not the card's."""
    path = model.folder / model.card.weights
    try:
        data = path.read_bytes()
        if model.card.sha256 and hashlib.sha256(data).hexdigest() != model.card.sha256:
            raise CardError(
                f"{path}: not the weights that the card speaks of (another SHA-256); install the model again."
            )
        return {name: np.asarray(tensor, np.float32) for name, tensor in load(data).items()}
    except OSError as error:
        raise CheckpointError(f"{path}: cannot read the weights ({error.strerror}).") from None
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path}: not a safetensors file ({error}); install the model again.") from None
