"""AudioSet's classes and their ontology (Gemmeke et al. 2017, ICASSP), which ship with the package."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources


@cache
def names() -> tuple[str, ...]:
    """The display names of the 527 classes, in the order of published models' outputs."""
    return tuple(row["display_name"] for row in _rows("audioset.csv"))


@cache
def groups() -> dict[str, tuple[str, ...]]:
    """Every name of the ontology, with itself and all names below it, in the ontology's order."""
    rows = {row["mid"]: row for row in _rows("ontology.csv")}

    def below(mid: str) -> list[str]:
        children = rows[mid]["children"].split()
        return [mid, *(name for child in children for name in below(child))]

    return {row["name"]: tuple(dict.fromkeys(rows[m]["name"] for m in below(mid))) for mid, row in rows.items()}


@cache
def presets() -> dict[str, tuple[str, ...]]:
    """The presets in plain words, each with the names of the ontology that it asks for."""
    found: dict[str, list[str]] = {}
    for row in _rows("presets.csv"):
        found.setdefault(row["preset"], []).append(row["item"])
    return {preset: tuple(items) for preset, items in found.items()}


def _rows(file: str) -> list[dict[str, str]]:
    text = (resources.files("auricle.labels") / file).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines(), strict=True))
