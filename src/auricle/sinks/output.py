"""A file that appears under its name only when it is whole."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from auricle.errors import OutputError


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """A UTF-8 text stream that becomes `path` when the block is left without an error, and vanishes otherwise.

    A device or a named pipe is written directly. Raises OutputError where it cannot be written or the disk is full.
    """
    if path.is_dir():
        raise OutputError(f"{path}: a folder; name a file in it.")
    try:
        if path.exists() and not path.is_file():
            with path.open("w", encoding="utf-8", errors="surrogateescape") as stream:
                yield stream
            return
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
                yield stream
            Path(temporary).chmod(_usual_mode())
            Path(temporary).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
            raise
    except OSError as error:
        if error.filename is None and error.errno is None:
            raise
        raise OutputError(f"{path}: cannot be written ({error.strerror}); choose another place with -o.") from None


def _usual_mode() -> int:
    """The permissions that a file made in the usual way would have."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
