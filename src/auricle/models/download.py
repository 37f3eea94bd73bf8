"""Downloads one file: resumed where it broke off, verified, and under its name only when it is whole."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import http
import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from auricle.errors import ModelError
from auricle.models.catalogue import Expected

Progress = Callable[[int, int | None], None]
"""Called with the bytes that are there and the bytes that there will be, where that is known."""
_PIECE = 1 << 16
_LARGEST = 2 << 30
"""Bytes; no model is larger, and a server that never stops does not fill the disk."""


@dataclass(frozen=True)
class Patience:
    """How long to try."""

    stall_s: float
    """A server that sends nothing for so long is given up, until the next attempt."""
    attempts: int
    pause_s: float
    """Between two attempts; grows with each."""


class WrongError(Exception):
    """The server has something else than the file; its text completes "the file from … "."""


def download(urls: Sequence[str], target: Path, *, expected: Expected, patience: Patience, progress: Progress) -> None:
    """Brings the file to `target`, from the first of `urls` (http or https) that has it.

    What has arrived stays beside it in `target`.part when the connection breaks, and the next call goes on from there.
    Nothing stays when the file turns out to be another one. Raises ModelError. One process at a time: see `locked`.
    """
    part = target.with_name(target.name + ".part")
    failures: dict[str, str] = {}
    for attempt in range(patience.attempts * len(urls)):
        url = urls[attempt % len(urls)]
        if attempt >= len(urls):
            time.sleep(patience.pause_s * (attempt // len(urls)))  # so that a busy server is left in peace for a while
        try:
            _transfer(url, part, expected, patience.stall_s, progress)
            verify(part, expected)
            part.replace(target)
            return
        except WrongError as error:
            part.unlink(missing_ok=True)
            failures[url] = str(error)
            if attempt >= len(urls):
                break
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
                part.unlink(missing_ok=True)
                raise ModelError(f"{target.parent}: cannot be written ({error.strerror}); make room there.") from None
            failures[url] = _reason(error)
        except http.client.HTTPException as error:
            failures[url] = _reason(error)
        except ValueError as error:  # what urllib says of an address that is none
            failures[url] = f"is no address ({error})"
    if part.exists() and part.stat().st_size == 0:
        part.unlink()
    raise ModelError(f"{target.name} cannot be had: {_sentence(failures)}; {_advice(part)}")


def verify(path: Path, expected: Expected) -> None:
    """Raises WrongError where the file's size or hash is not the expected one."""
    if expected.size is not None and path.stat().st_size != expected.size:
        raise WrongError(f"is {path.stat().st_size} bytes long instead of {expected.size}")
    for kind, wanted in (("sha256", expected.sha256), ("md5", expected.md5)):
        if wanted and digest(path, kind) != wanted:
            raise WrongError(f"has another {'SHA-256' if kind == 'sha256' else 'MD5'} than the published one")
    with path.open("rb") as stream:
        if stream.read(64).lstrip().startswith(b"<"):
            raise WrongError("is a web page")


def digest(path: Path, kind: str) -> str:
    """The file's hash, hexadecimal; `kind` is "sha256" or "md5"."""
    total = hashlib.new(kind, usedforsecurity=False)
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            total.update(piece)
    return total.hexdigest()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Only one process at a time is within, for one `path`; others wait. The system lifts it when a process dies.

    Raises ModelError where the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.open("ab")
    except OSError as error:
        raise ModelError(f"{path.parent}: cannot be written ({error.strerror}); set AURICLE_HOME.") from None
    with stream:
        _lock(stream)
        yield


def _lock(stream: BinaryIO) -> None:
    if os.name == "nt":
        import msvcrt

        while True:
            with contextlib.suppress(OSError):  # LK_LOCK waits ten seconds by itself
                msvcrt.locking(stream.fileno(), msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined,unused-ignore]
                return
    else:
        import fcntl

        fcntl.flock(stream, fcntl.LOCK_EX)


def _transfer(url: str, part: Path, expected: Expected, stall_s: float, progress: Progress) -> None:
    """Brings `part` to its full length, from where it ends."""
    have = part.stat().st_size if part.exists() else 0
    if expected.size is not None and have == expected.size:
        return
    if not url.startswith(("http://", "https://")):
        raise WrongError("is not on a web server")
    request = urllib.request.Request(url, headers={"User-Agent": "auricle", "Accept-Encoding": "identity"})  # noqa: S310
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        answer = urllib.request.urlopen(request, timeout=stall_s)  # noqa: S310  (the scheme is checked above)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink(missing_ok=True)
        raise
    with answer:
        if answer.headers.get_content_type() in ("text/html", "application/xhtml+xml"):
            raise WrongError("is a web page")
        goes_on = answer.status == http.HTTPStatus.PARTIAL_CONTENT
        if goes_on and not str(answer.headers.get("Content-Range", "")).startswith(f"bytes {have}-"):
            raise WrongError("begins at another place than was asked for")
        _receive(answer, part, have if goes_on else 0, expected, progress)


def _receive(answer: http.client.HTTPResponse, part: Path, have: int, expected: Expected, progress: Progress) -> None:
    length = answer.headers.get("Content-Length", "")
    promised = have + int(length) if length.isdecimal() else None
    total = expected.size if expected.size is not None else promised
    with part.open("r+b" if have else "wb") as stream:
        stream.seek(have)
        stream.truncate()
        progress(have, total)
        while piece := answer.read(_PIECE):
            stream.write(piece)
            have += len(piece)
            if have > (expected.size or _LARGEST):
                raise WrongError(f"is longer than {expected.size or _LARGEST} bytes")
            progress(have, total)
    if total is not None and have < total:
        raise http.client.IncompleteRead(b"", total - have)


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        reason = http.HTTPStatus(error.code).phrase if error.code in set(http.HTTPStatus) else ""
        return f"answers {error.code} {reason}".strip()
    if isinstance(error, TimeoutError) or isinstance(getattr(error, "reason", None), TimeoutError):
        return "sends nothing"
    if isinstance(error, http.client.HTTPException):
        return "broke off"
    cause = getattr(error, "reason", error)
    return f"cannot be reached ({getattr(cause, 'strerror', None) or cause})"


def _sentence(failures: dict[str, str]) -> str:
    return ", ".join(f"{url.split('/')[2] if '//' in url else url} {reason}" for url, reason in failures.items())


def _advice(part: Path) -> str:
    if part.exists():
        return "run the same command again, and it goes on from where it stopped."
    return "check the network, or set AURICLE_MIRROR to another place."
