"""A recording, read block by block: memory does not grow with its length."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Generator
from pathlib import Path

import numpy as np
import soundfile

from auricle.errors import FileError
from auricle.messages import Block, SourceState
from auricle.sources.channels import check_channel, check_finite, check_rate, to_mono
from auricle.sources.pipe import RawFormat, read_wav_header

_LIE = re.compile(r"^ *(?:RIFF|FORM|riff|data|SSND) *: (\d+) \(should be (\d+)\)", re.MULTILINE)
_OGG_LAST_PAGE = 0x04
_OGG_LARGEST_PAGE = 65307
_MP3_SLACK = 0.02
"""An MP3's length is an estimate where its header does not say it."""


class FileSource:
    """Any recording that libsndfile reads: WAV, FLAC, OGG, MP3, AIFF …, of any rate and number of channels."""

    def __init__(self, *, path: Path, channel: int, chunk_length: int) -> None:
        """Opens `path` and checks its header; `channel` as in ConfDef. Raises FileError."""
        self._path, self._channel, self._chunk = path, channel, chunk_length
        self._file = _open(path)
        self._closed = False
        try:
            check_channel(channel, self._file.channels, str(path))
            check_rate(self._file.samplerate, str(path))
            _check_header(path, self._file)
        except BaseException:  # Ctrl-C too
            self._file.close()
            raise

    @property
    def name(self) -> str:
        """The path as it was given."""
        return str(self._path)

    @property
    def state(self) -> SourceState:
        """Running until closed."""
        return SourceState.ENDED if self._closed else SourceState.RUNNING

    @property
    def duration_s(self) -> float:
        """Length that the header states, seconds."""
        return float(self._file.frames / self._file.samplerate)

    def blocks(self) -> Generator[Block, None, None]:
        """All of it, once. Raises FileError where it breaks off or is not made of numbers."""
        rate, start = int(self._file.samplerate), 0
        with contextlib.closing(self._file):
            while not self._closed:
                try:
                    samples = self._file.read(self._chunk, dtype="float32", always_2d=True)
                except soundfile.LibsndfileError:
                    raise self._broken_off(start / rate) from None
                if len(samples) == 0:
                    self._check_end(start)
                    return
                audio = np.ascontiguousarray(to_mono(samples, self._channel))
                check_finite(audio, self.name, start, rate)
                yield Block(start=start, audio=audio, rate=rate, lost=0)
                start += len(audio)

    def close(self) -> None:
        """Ends the iteration at the next block."""
        self._closed = True

    def discard(self) -> None:
        """Closes the file, unread; left to the object's end, a Ctrl-C in between would be lost."""
        self._file.close()

    def _check_end(self, frames: int) -> None:
        slack = _MP3_SLACK if self._file.format == "MP3" else 0.0
        if frames < self._file.frames * (1.0 - slack):
            raise self._broken_off(frames / self._file.samplerate)

    def _broken_off(self, at_s: float) -> FileError:
        return FileError(
            f"{self._path}: truncated or damaged, it breaks off at {at_s:.2f} s of {self.duration_s:.2f} s; "
            "copy it again, or cut it with another program."
        )


def checked_duration_s(path: Path, channel: int) -> float:
    """Seconds that the header of `path` states. Raises FileError as FileSource does."""
    source = FileSource(path=path, channel=channel, chunk_length=1)
    source.discard()
    return source.duration_s


class _Straight(soundfile.SoundFile):  # type: ignore[misc]  # soundfile has no types
    """Reads from the beginning to the end and never seeks.

    soundfile seeks after every read, to where it is already; from MP3 of few bits libsndfile 1.2.2 then gives silence.
    """

    def seekable(self) -> bool:
        """No: soundfile then leaves it at reading."""
        return False


def _open(path: Path) -> soundfile.SoundFile:
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise FileError(f"{path}: a folder, not a recording; name the files in it.")
        if size == 0:
            raise FileError(f"{path}: empty (0 bytes); record or copy it again.")
        # A name need not be UTF-8 where it is bytes to the system.
        return _Straight(str(path) if sys.platform == "win32" else os.fsencode(path))
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a name that no file can have
        raise FileError(f"{path}: no such file; check the path.") from None
    except soundfile.LibsndfileError as error:
        if not _readable(path):
            raise FileError(f"{path}: you may not read it; change its permissions.") from None
        if (wav := _wav_header(path)) is not None:
            check_rate(wav[0].rate, str(path))  # libsndfile has no words for it
        raise FileError(
            f"{path}: not a recording that can be read ({str(error.error_string).rstrip('.')}); "
            "WAV, FLAC, OGG and MP3 work, and `ffmpeg -i FILE out.wav` converts others."
        ) from None
    except TypeError:  # a name in .raw, which soundfile believes
        raise FileError(
            f"{path}: raw samples, which do not say their layout; read them as a stream: "
            "`auricle detect - PIPE_FORMAT=s16le PIPE_SAMPLERATE=32000 < FILE`."
        ) from None
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror}); check the path and its permissions.") from None


def _readable(path: Path) -> bool:
    try:
        with path.open("rb"):
            return True
    except OSError:
        return False


def _check_header(path: Path, file: soundfile.SoundFile) -> None:
    """Raises FileError where the header promises more than the file holds, or no sound at all."""
    wav = _wav_header(path)
    lies = [(int(stated), int(found)) for stated, found in _LIE.findall(file.extra_info)]
    if wav is not None and wav[1] is None and (lies or file.frames < 1) and file.format != "RF64":
        raise FileError(
            f"{path}: never finished, its header states no length; read it as a stream: `auricle detect - < FILE`."
        )
    for stated, found in lies:
        if stated > found:
            raise FileError(
                f"{path}: truncated, its header promises {stated} bytes and {found} are there; "
                "copy it again, or pipe it in: `auricle detect - < FILE`."
            )
    if file.frames < 1:
        raise FileError(f"{path}: holds no sound (its header states a length of 0); record it again.")
    if file.format == "OGG" and not _ogg_is_whole(path):
        raise FileError(f"{path}: truncated, its last page is missing; copy it again.")


def _wav_header(path: Path) -> tuple[RawFormat, int | None] | None:
    """What a stream of the file's bytes would be taken for, where sound follows; else None."""
    with contextlib.suppress(OSError, FileError), path.open("rb") as stream:
        header = read_wav_header(stream, str(path))
        return header if stream.read(1) else None
    return None


def _ogg_is_whole(path: Path) -> bool:
    """Whether the last Ogg page is marked as the last one (RFC 3533, section 6)."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - _OGG_LARGEST_PAGE))
        tail = stream.read()
    page = tail.rfind(b"OggS\x00")
    return page >= 0 and len(tail) > page + 5 and bool(tail[page + 5] & _OGG_LAST_PAGE)
