"""What an unknown name was probably meant to be."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name most like `name`, in any case, or an empty text; each part between commas counts too, as in “Violin, fiddle”."""
    names: dict[str, str] = {}
    whole = list(known)
    for full in whole:
        names.setdefault(full.casefold(), full)
    for full in whole:
        for part in full.split(","):
            names.setdefault(part.strip().casefold(), full)
    near = difflib.get_close_matches(name.strip().casefold(), names, n=1)
    return names[near[0]] if near else ""
