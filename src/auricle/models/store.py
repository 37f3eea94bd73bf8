"""Where models are: the one inside the package, and folders that hold a card and its weights."""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

from auricle.card import ModelCard
from auricle.errors import CardError, CheckpointError, ModelError
from auricle.models import catalogue
from auricle.models.cardfile import read_card

CARD_FILE = "card.json"


@dataclass(frozen=True)
class Installed:
    """A model that can be loaded."""

    card: ModelCard
    folder: Path
    size_bytes: int
    """Of its weights file."""


def default_home() -> Path:
    """The user's folder for models: AURICLE_HOME, or where the system keeps a program's data. Raises ModelError."""
    chosen = os.environ.get("AURICLE_HOME")
    try:
        return Path(chosen).expanduser() if chosen else Path(platformdirs.user_data_dir("auricle", appauthor=False))
    except RuntimeError:
        if chosen:
            raise ModelError(f"AURICLE_HOME={chosen}: there is no such home; name a folder without “~”.") from None
        raise ModelError("This user has no home; set AURICLE_HOME to a folder for models.") from None


def models_folder(home: Path) -> Path:
    """Where under `home` each installed model has a folder of its own."""
    return home / "models"


def folders(home: Path) -> dict[str, Path]:
    """The folder of each installed model under `home`, damaged or not, by name."""
    return {card.parent.name: card.parent for card in sorted(models_folder(home).glob("[!.]*/" + CARD_FILE))}


def installed() -> list[Installed]:
    """Every model that can be loaded, the bundled one first, then those in the user's folder by name."""
    found = [look(Path(__file__).parent / "bundled")]
    for folder in folders(default_home()).values():
        with contextlib.suppress(CardError):  # a damaged one is named when it is asked for
            found.append(look(folder))
    return found


def find(name: str) -> Installed:
    """The installed model called `name`, or the one in a folder of that path. Raises ModelError."""
    if not name:
        raise ModelError("MODEL is empty; name an installed model, as `auricle models` lists them.")
    here = folders(default_home())
    if folder := here.get(name, here.get(name.casefold())):
        return look(folder)
    path = Path(name)
    if name.casefold() in catalogue.entries() and not path.exists():
        raise ModelError(f"The model “{name}” is not installed yet; run `auricle models get {name.casefold()}`.")
    models: dict[str, Installed] = {}
    for model in installed():
        models.setdefault(model.card.name, model)  # a folder that calls itself bundled does not take its place
    if name in models:
        return models[name]
    with contextlib.suppress(OSError):  # of a name that no file can have
        if path.is_dir() or path.is_file():
            return look(path if path.is_dir() else path.parent)
    near = difflib.get_close_matches(name, [*models, *catalogue.entries()], n=1)
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
    with contextlib.suppress(OSError):  # of a name that no file can have
        if weights.is_file() and weights.parent == folder:
            return Installed(card=card, folder=folder, size_bytes=weights.stat().st_size)
    raise CardError(f"{folder}: the card names weights “{card.weights}” that are not there; install the model again.")


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
