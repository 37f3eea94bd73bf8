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

    A link is followed, an older file's permissions are kept, and what is no regular file (a device, a named pipe,
    /dev/stdout) is written directly. Raises OutputError where it cannot be written or the disk is full.
    """
    if path.is_dir():
        raise OutputError(f"{path}: a folder; name a file in it.")
    try:
        if _is_special(path):
            with path.open("w", encoding="utf-8", errors="surrogateescape") as stream:
                yield stream
            return
        target = Path(os.path.realpath(path))
        handle, temporary = tempfile.mkstemp(prefix=".auricle-", suffix=".part", dir=target.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
                yield stream
            Path(temporary).chmod(target.stat().st_mode & 0o7777 if target.exists() else _usual_mode())
            Path(temporary).replace(target)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
            raise
    except OSError as error:
        if isinstance(error, BrokenPipeError) or error.errno is None:
            raise
        raise OutputError(f"{path}: cannot be written ({error.strerror}); choose another place.") from None


def _is_special(path: Path) -> bool:
    links = [path, *path.parents]
    return (path.exists() and not path.is_file()) or any(str(link) in ("/dev", "/proc") for link in links)


def _usual_mode() -> int:
    """The permissions that a file made in the usual way would have."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
