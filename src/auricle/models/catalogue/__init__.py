"""The published models: catalogue.json says where each is, what is known of its file, and the card it will have."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from auricle.errors import ModelError


@dataclass(frozen=True)
class Expected:
    """What is known of a file before it is there."""

    size: int | None
    """Bytes."""
    sha256: str
    """Hexadecimal; empty: not known. So for `md5`."""
    md5: str


@dataclass(frozen=True)
class Entry:
    """A published model."""

    name: str
    title: str
    description: str
    mean_average_precision: float | None
    """On AudioSet's evaluation set, as published."""
    parameters: int | None
    mega_multiplications: float | None
    """Millions for a second of sound, as it is heard live, where the card does not tell them."""
    licence: str
    file: str
    """Name of the published file, on mirrors too."""
    urls: tuple[str, ...]
    """Where it is, the first address first."""
    expected: Expected
    about_bytes: int
    """Size of the file, roughly where it is not published."""
    thresholds: dict[str, Any]
    """"default": on and off for every label, "labels": on and off for some, found on recordings (docs/)."""
    card: dict[str, Any]
    """The card's fields, but for the labels and what the weights tell."""


@cache
def entries() -> dict[str, Entry]:
    """Every published model by name, in the catalogue's order."""
    data = json.loads((Path(__file__).parent / "catalogue.json").read_text(encoding="utf-8"))
    return {item["name"]: _entry(item) for item in data["models"]}


def find(name: str) -> Entry:
    """The published model called `name`. Raises ModelError."""
    known = {key.casefold(): entry for key, entry in entries().items()}
    if name.casefold() in known:
        return known[name.casefold()]
    near = difflib.get_close_matches(name.casefold(), known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}."
    raise ModelError(f"There is no published model “{name}”; {hint}")


_NO_CARD = (
    "mAP",
    "parameters",
    "mega_multiplications",
    "file",
    "urls",
    "bytes",
    "sha256",
    "md5",
    "thresholds",
    "about_bytes",
)


def _entry(item: dict[str, Any]) -> Entry:
    return Entry(
        name=item["name"],
        title=item["title"],
        description=item["description"],
        mean_average_precision=item["mAP"],
        parameters=item["parameters"],
        mega_multiplications=item.get("mega_multiplications"),
        licence=item["licence"],
        file=item["file"],
        urls=tuple(item["urls"]),
        expected=Expected(size=item["bytes"], sha256=item["sha256"], md5=item["md5"]),
        about_bytes=item["bytes"] or item["about_bytes"],
        thresholds=item["thresholds"],
        card={"format": 1, **{key: value for key, value in item.items() if key not in _NO_CARD}},
    )
