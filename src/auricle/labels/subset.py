"""Narrowing a model's labels: a CSV subset as the PANNs demo has it, and lists of names to allow or deny."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from auricle.errors import LabelError
from auricle.labels import audioset
from auricle.labels.near import nearest

COLUMNS = ("index", "mid", "display_name")
_LARGEST = 1_000_000


def read_subset(path: Path) -> list[str]:
    """The display names in a CSV of index, mid, display_name. Raises LabelError."""
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST + 1)  # a device may never end
        if len(content) > _LARGEST:
            raise LabelError(
                f"{path}: not a list of labels, since it has more than {_LARGEST} bytes; check SUBSET_LABELS_PATH."
            )
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except OSError as error:
        raise LabelError(f"{path}: cannot read the labels ({error.strerror}); check SUBSET_LABELS_PATH.") from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise LabelError(f"{path}: not a CSV of labels ({error}); check SUBSET_LABELS_PATH.") from None
    if not rows or not set(COLUMNS) <= set(rows[0]):
        raise LabelError(
            f"{path}: not a list of labels; its first line must read {','.join(COLUMNS)}, and labels follow."
        )
    names = [row["display_name"] for row in rows]
    if not all(names):
        raise LabelError(f"{path}: line {names.index(next(n for n in names if not n)) + 2} has no display_name.")
    return names


def tracked(labels: Sequence[str], *, subset: Sequence[str], allow: Sequence[str], deny: Sequence[str]) -> list[int]:
    """Indices of the labels that are in `subset` and in `allow` (where these are not empty), and not in `deny` unless `allow` names them.

    Raises LabelError for a name that the model does not know, and where nothing is left.
    """
    by_name = {label.casefold(): index for index, label in enumerate(labels)}
    chosen = set(range(len(labels)))
    for names in (subset, allow):
        if names:
            chosen &= {_index(name, by_name, labels) for name in names}
    allowed = {name.casefold() for name in allow}
    elsewhere = {name.casefold() for name in audioset.names()} - set(
        by_name
    )  # denying what is never heard does no harm
    denied = [name for name in deny if name.casefold() not in allowed | elsewhere]
    chosen -= {_index(name, by_name, labels) for name in denied}
    if not chosen:
        raise LabelError("No label is left to track; loosen SUBSET_LABELS_PATH, ALLOW or DENY.")
    return sorted(chosen)


def known(name: str, labels: Sequence[str]) -> str:
    """The label as the model writes it, for a name in any case. Raises LabelError."""
    return labels[_index(name, {label.casefold(): index for index, label in enumerate(labels)}, labels)]


def _index(name: str, by_name: dict[str, int], labels: Sequence[str]) -> int:
    if name.casefold() in by_name:
        return by_name[name.casefold()]
    near = nearest(name, labels)
    hint = f"did you mean “{near}”?" if near else "`auricle models show NAME` lists a model's labels."
    raise LabelError(f"The model has no label “{name}”; {hint}")
