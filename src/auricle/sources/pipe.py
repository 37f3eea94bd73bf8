"""Sound on a byte stream, such as standard input: WAV, or raw samples."""

from __future__ import annotations

import stat
import struct
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from auricle.errors import FileError
from auricle.messages import Audio, Block, SourceState
from auricle.sources.channels import check_channel, check_finite, check_rate, to_mono

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_ENDLESS = (0, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7FFFF000, 0xFFFFF000)
"""Lengths that programs write into the header of a stream whose length they do not know."""
_SKIP_AT_ONCE = 65536
_READ_AT_ONCE = 1048576


@dataclass(frozen=True)
class RawFormat:
    """How samples are laid out in a byte stream; little endian."""

    encoding: str
    """One of s16le, s24le, s32le, f32le, f64le, u8."""
    rate: int
    channels: int

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample of one channel."""
        return {"u8": 1, "s16le": 2, "s24le": 3, "s32le": 4, "f32le": 4, "f64le": 8}[self.encoding]


class PipeSource:
    """Reads a byte stream to its end, as `ffmpeg … -f wav - | auricle detect -` delivers it."""

    def __init__(self, *, stream: BinaryIO, raw: RawFormat | None, channel: int, chunk_length: int, name: str) -> None:
        """`raw`: the layout; None: a WAV header comes first, and is read now. Raises FileError."""
        self.name = name
        self.state = SourceState.RUNNING
        self._stream, self._channel, self._chunk = stream, channel, chunk_length
        self._format, self._left = (raw, None) if raw else read_wav_header(stream, name)
        check_channel(channel, self._format.channels, name)
        check_rate(self._format.rate, name)

    def blocks(self) -> Generator[Block, None, None]:
        """Blocks as they arrive, until the stream ends. Raises FileError where it breaks off."""
        frame_bytes = self._format.sample_bytes * self._format.channels
        start, rest = 0, b""
        while self.state is not SourceState.ENDED:
            wanted = self._chunk * frame_bytes - len(rest)
            data = _read(self._stream, wanted if self._left is None else min(wanted, self._left), self.name)
            if not data:
                self._check_end(start, rest)
                return
            if self._left is not None:
                self._left -= len(data)
            data = rest + data
            whole = len(data) // frame_bytes * frame_bytes
            rest = data[whole:]
            if whole:
                audio = to_mono(decode(data[:whole], self._format), self._channel)
                check_finite(audio, self.name, start, self._format.rate)
                yield Block(start=start, audio=audio, rate=self._format.rate, lost=0)
                start += len(audio)

    def close(self) -> None:
        """Ends the iteration at the next block."""
        self.state = SourceState.ENDED

    def _check_end(self, frames: int, rest: bytes) -> None:
        if frames == 0:
            raise FileError(f"{self.name}: carried no sound; check the program that writes to it.")
        if self._left:
            at_s = frames / self._format.rate
            raise FileError(
                f"{self.name}: truncated, it breaks off at {at_s:.2f} s, {self._left} bytes early; check the program that writes to it."
            )
        if rest and self._left is None:  # a stated length that ends within a sample is rounded down, as libsndfile does
            raise FileError(f"{self.name}: ends within a sample; check PIPE_FORMAT and PIPE_CHANNELS.")


class PathSource(PipeSource):
    """A named pipe or a device in the file system, which is read once, from its beginning to its end."""

    def __init__(self, *, path: Path, raw: RawFormat | None, channel: int, chunk_length: int) -> None:
        """Opens `path`, which waits for a named pipe's writer; the rest is as for PipeSource. Raises FileError."""
        try:
            stream = path.open("rb")
        except OSError as error:
            raise FileError(f"{path}: cannot be read ({error.strerror}); check the path and its permissions.") from None
        try:
            if stream.isatty():
                raise FileError(f"{path}: a terminal; pipe sound into it, or name a file.")
            super().__init__(stream=stream, raw=raw, channel=channel, chunk_length=chunk_length, name=str(path))
        except BaseException:
            stream.close()
            raise

    def blocks(self) -> Generator[Block, None, None]:
        """As PipeSource's; what was opened is closed at the end."""
        with self._stream:
            yield from super().blocks()


def is_stream(path: Path) -> bool:
    """Whether `path` is neither a file nor a folder: a named pipe, a device, standard input under /dev."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def decode(data: bytes, layout: RawFormat) -> Audio:
    """Whole frames as float32 (n, channels), full scale ±1."""
    samples: NDArray[Any]
    if layout.encoding == "s24le":
        triples = np.frombuffer(data, np.uint8).reshape(-1, 3)
        wide = np.zeros((len(triples), 4), np.uint8)
        wide[:, 1:] = triples
        samples = wide.view("<i4")[:, 0] / 2.0**31
    elif layout.encoding == "u8":
        samples = (np.frombuffer(data, np.uint8) - 128.0) / 128.0
    else:
        kind = {"s16le": "<i2", "s32le": "<i4", "f32le": "<f4", "f64le": "<f8"}[layout.encoding]
        full_scale = {"s16le": 2.0**15, "s32le": 2.0**31}.get(layout.encoding, 1.0)
        with np.errstate(all="ignore"):
            samples = np.frombuffer(data, kind) / full_scale
    with np.errstate(all="ignore"):  # check_finite finds what is damaged
        return samples.astype(np.float32).reshape(-1, layout.channels)


def read_wav_header(stream: BinaryIO, name: str) -> tuple[RawFormat, int | None]:
    """The layout, and the bytes of sound that follow: None where the header leaves it open. Raises FileError."""
    riff = _read_exactly(stream, 12, name)
    if len(riff) < 12 or riff[:4] not in (b"RIFF", b"RF64") or riff[8:] != b"WAVE":
        what = "empty" if not riff else "not a WAV stream"
        raise FileError(
            f"{name}: {what}; pipe WAV, or set PIPE_FORMAT, PIPE_SAMPLERATE and PIPE_CHANNELS for raw samples."
        )
    layout = None
    while True:
        head = _read_exactly(stream, 8, name)
        if len(head) < 8:
            raise FileError(f"{name}: its WAV header breaks off; check the program that writes to it.")
        kind, size = struct.unpack("<4sI", head)
        if kind == b"data":
            if layout is None:
                raise FileError(f"{name}: its WAV header does not say what format the sound has.")
            return layout, None if size in _ENDLESS or riff[:4] == b"RF64" else size
        if kind == b"fmt ":
            layout = _wav_layout(_read_exactly(stream, size + size % 2, name), name)
        else:
            _skip(stream, size + size % 2, name)


def _wav_layout(chunk: bytes, name: str) -> RawFormat:
    if len(chunk) < 16:
        raise FileError(f"{name}: its WAV header breaks off; check the program that writes to it.")
    tag, channels, rate, _, _, bits = struct.unpack("<HHIIHH", chunk[:16])
    if tag == _EXTENSIBLE and len(chunk) >= 26:
        (tag,) = struct.unpack("<H", chunk[24:26])
    encoding = {
        (_PCM, 8): "u8",
        (_PCM, 16): "s16le",
        (_PCM, 24): "s24le",
        (_PCM, 32): "s32le",
        (_FLOAT, 32): "f32le",
        (_FLOAT, 64): "f64le",
    }.get((tag, bits))
    if encoding is None or channels < 1 or rate < 1:
        raise FileError(
            f"{name}: WAV of format {tag} with {bits} bits, {channels} channels at {rate} Hz is not supported; pipe 16-bit PCM."
        )
    return RawFormat(encoding=encoding, rate=rate, channels=channels)


def _read(stream: BinaryIO, size: int, name: str) -> bytes:
    """At least one byte unless the stream has ended; no more than `size`, however much a header makes us ask for.

    Raises FileError where the stream cannot be read.
    """
    read1 = getattr(stream, "read1", stream.read)
    try:
        return bytes(read1(min(size, _READ_AT_ONCE))) if size else b""
    except (OSError, ValueError) as error:  # ValueError: it is closed
        reason = getattr(error, "strerror", None) or str(error).rstrip(".")
        raise FileError(f"{name}: cannot be read ({reason}); check where it comes from.") from None


def _read_exactly(stream: BinaryIO, size: int, name: str) -> bytes:
    parts, left = [], min(size, _SKIP_AT_ONCE)
    while left and (data := _read(stream, left, name)):
        parts.append(data)
        left -= len(data)
    return b"".join(parts)


def _skip(stream: BinaryIO, size: int, name: str) -> None:
    while size and (data := _read(stream, min(size, _SKIP_AT_ONCE), name)):
        size -= len(data)
