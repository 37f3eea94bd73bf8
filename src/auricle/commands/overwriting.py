"""What a command reads is not what it writes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from auricle.config import ConfDef
from auricle.errors import SettingsError


def refuse_overwriting(
    outputs: Iterable[Path], recordings: Iterable[Path], words: Sequence[str], conf: ConfDef
) -> None:
    """Raises SettingsError where an output is one of `recordings` (“-”: standard input), or is read for the settings in `words`."""
    read = {identity for path in (*recordings, *_named(words, conf)) if (identity := _identity(path)) is not None}
    for output in outputs:
        if _identity(output) in read:
            raise SettingsError(f"{output}: is read by this command; write to another file.")


def _named(words: Sequence[str], conf: ConfDef) -> Iterator[Path]:
    """The files that settings name: of settings, of labels, and of a model by its path, which may be a folder."""
    for word in words:
        key, _, value = word.partition("=")
        if key.upper() == "CONFIG":
            yield Path(value)
    by_path = conf.MODEL if Path(conf.MODEL).name != conf.MODEL else ""
    for named in filter(None, (conf.SUBSET_LABELS_PATH, conf.MODEL_PATH, by_path)):
        yield Path(named)
        if Path(named).is_dir():
            yield from Path(named).iterdir()


def _identity(path: Path) -> tuple[int, int] | None:
    """Of the file, whatever links lead to it; None where there is none, or a device, which may be read and written."""
    try:
        status = os.fstat(0) if str(path) == "-" else path.stat()
    except (OSError, ValueError):
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None
