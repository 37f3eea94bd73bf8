"""Brings published models into the user's folder: download or file, verify, read, convert, install; and removes them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from urllib.parse import quote

from safetensors.numpy import save

from auricle.card import Int8Facts, ModelCard
from auricle.errors import CardError, ModelError
from auricle.models import cardfile, catalogue, convert, store
from auricle.models.catalogue import Expected
from auricle.models.download import Patience, Progress, WrongError, digest, download, locked, verify

_PINS = "pins.json"
"""SHA-256 of files whose authors publish none, as they were when they first came."""

_LONGEST_NAME = 60
"""Characters; a folder's name may have 255 bytes, in which four may be one character, and more stands before it."""


def get(
    name: str, *, home: Path, mirror: str, labels: Sequence[str], patience: Patience, progress: Progress
) -> store.Installed:
    """Installs the published model `name` under `home`, unless it is there undamaged, and says where.

    `mirror`: empty, or the address (http, https) or folder where files of the published names are. Two processes may do
    this at once: one waits for the other. Raises ModelError.
    """
    entry = catalogue.find(name)
    model = store.models_folder(home) / entry.name
    with _changing(model) as aside:
        present = _undamaged(model)
        if present is not None:
            return present
        file = _bring(entry, home=home, mirror=mirror, patience=patience, progress=progress)
        try:
            card, tensors = convert.adopt(file, model=entry.name, labels=labels)
            installed = _install(model, aside, card, tensors)
            _pin(entry, home, digest(file, "sha256"))
        finally:
            if file.parent == _downloads(home):
                file.unlink()
        return installed


def take(file: Path, *, name: str, home: Path, labels: Sequence[str]) -> store.Installed:
    """Installs the weights in `file` (.pth, .pt, .safetensors) under `home` as `name`, replacing what is there.

    Where `name` is a published model's, the weights must be that network's; where it is empty, the model's own name is
    taken; any other name is given to whichever published network they fit. Raises ModelError.
    """
    known = name.casefold() in catalogue.entries()
    card, tensors = convert.adopt(file, model=name if known else "", labels=labels)
    if name and not known:
        plain = name.replace("-", "").replace("_", "").isalnum() and len(name) <= _LONGEST_NAME
        if not plain or name == "bundled":
            raise ModelError(
                f"“{name}” cannot be a model's name; use letters, digits, - and _, at most {_LONGEST_NAME} in all."
            )
        card = replace(card, name=name)
    source = str(file.resolve()).encode(errors="backslashreplace").decode()  # a name may hold bytes that are no UTF-8
    model = store.models_folder(home) / card.name
    with _changing(model) as aside:
        return _install(model, aside, replace(card, source=source), tensors)


def amend(model: store.Installed, int8: Int8Facts) -> None:
    """Writes the facts of the 8-bit form into the card of an installed model, if that is still `model`; all else stays.

    Raises ModelError.
    """
    path = model.folder / store.CARD_FILE
    part = path.with_name(f".{path.name}.part")
    with _changing(model.folder.absolute()):
        if not path.is_file() or store.look(model.folder) != model:
            raise ModelError(f"{model.card.name} was removed or installed anew meanwhile; run it again.")
        data = {**json.loads(path.read_text(encoding="utf-8")), "int8": asdict(int8)}
        text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
        cardfile.parse_card(json.loads(text), where=str(path))
        try:
            part.write_text(text, encoding="utf-8")
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def remove(name: str, *, home: Path) -> Path:
    """Removes an installed model and says which folder is gone. Raises ModelError, for the bundled one too."""
    if name in store.folders(home):
        model = store.models_folder(home) / name
        with _changing(model) as aside:
            if model.exists():  # another process may have been quicker
                aside.mkdir()
                model.rename(aside / "removed")
                return model
    raise ModelError(
        f"There is no model “{name}” in {store.models_folder(home)}; "
        f"those that can be removed: {', '.join(store.folders(home)) or 'none'}."
    )


def _undamaged(folder: Path) -> store.Installed | None:
    """The model in `folder`, if it is there and its weights are those that its card speaks of."""
    try:
        model = store.look(folder)
        return model if digest(folder / model.card.weights, "sha256") == model.card.sha256 else None
    except (CardError, OSError):
        return None


def _bring(entry: catalogue.Entry, *, home: Path, mirror: str, patience: Patience, progress: Progress) -> Path:
    expected = _expected(entry, home)
    if mirror and not mirror.startswith(("http://", "https://")):
        file = Path(mirror) / entry.file
        try:
            verify(file, expected)
        except OSError as error:
            raise ModelError(
                f"{file}: cannot be read ({error.strerror}); put the file there, or change AURICLE_MIRROR."
            ) from None
        except WrongError as error:
            raise ModelError(f"{file} {error}; get it anew from {entry.card['source']}.") from None
        return file
    downloads = _downloads(home)
    downloads.mkdir(parents=True, exist_ok=True)
    urls = (f"{mirror.rstrip('/')}/{quote(entry.file)}",) if mirror else entry.urls
    download(urls, downloads / entry.file, expected=expected, patience=patience, progress=progress)
    return downloads / entry.file


def _install(model: Path, aside: Path, card: ModelCard, tensors: convert.Tensors) -> store.Installed:
    """Writes weights and card aside, so that no half of them is ever seen; what was there stays until they are whole."""
    new = aside / "new"
    new.mkdir(parents=True)
    data = save(tensors)
    card = replace(card, sha256=hashlib.sha256(data).hexdigest())
    (new / card.weights).write_bytes(data)
    (new / store.CARD_FILE).write_text(cardfile.as_json(card), encoding="utf-8")
    store.look(new)
    if model.exists():
        model.rename(aside / "old")
    new.rename(model)
    return store.look(model)


@contextlib.contextmanager
def _changing(model: Path) -> Iterator[Path]:
    """Only one process at a time changes `model`; gives the name of a folder for what it does meanwhile.

    Whatever happens, that folder goes, and the "old" model in it is back where no new one is; when a process is killed,
    the next one sees to that. Raises ModelError where nothing can be written.
    """
    aside = model.parent / f".unfinished-{model.name}"
    with locked(model.parent / f".{model.name}.lock"):
        try:
            _tidy(model, aside)
            yield aside
        except (OSError, UnicodeError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise ModelError(
                f"{model.parent}: cannot be written ({why}); make room there, or set AURICLE_HOME."
            ) from None
        finally:
            _tidy(model, aside)


def _tidy(model: Path, aside: Path) -> None:
    if not model.exists():
        with contextlib.suppress(FileNotFoundError):
            (aside / "old").rename(model)
    shutil.rmtree(aside, ignore_errors=True)


def _downloads(home: Path) -> Path:
    return home / "downloads"


def _expected(entry: catalogue.Entry, home: Path) -> Expected:
    known = entry.expected
    return known if known.sha256 or known.md5 else replace(known, sha256=_pins(home).get(entry.name, ""))


def _pin(entry: catalogue.Entry, home: Path, sha256: str) -> None:
    if not entry.expected.sha256 and not entry.expected.md5:
        pins = {**_pins(home), entry.name: sha256}
        part = home / f"{_PINS}.part"
        part.write_text(json.dumps(pins, indent=1) + "\n", encoding="utf-8")
        part.replace(home / _PINS)


def _pins(home: Path) -> dict[str, str]:
    try:
        data = json.loads((home / _PINS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in data.items()} if isinstance(data, dict) else {}
