"""Byte streams as sources."""

from __future__ import annotations

import io
import os
import struct
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from auricle.errors import FileError, SourceError
from auricle.messages import SourceState
from auricle.sources.pipe import PathSource, PipeSource, RawFormat, is_stream
from tests.material import noise, one_sentence

RAW = {"u8": 1, "s16le": 2, "s24le": 3, "s32le": 4, "f32le": 4, "f64le": 8}


def source(data: bytes | io.RawIOBase, raw: RawFormat | None = None, channel: int = 0, chunk: int = 1024) -> PipeSource:
    """One for a stream of `data`."""
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    return PipeSource(stream=stream, raw=raw, channel=channel, chunk_length=chunk, name="-")  # type: ignore[arg-type]


def heard(subject: PipeSource) -> NDArray[np.float32]:
    """All of its sound; the blocks follow each other."""
    parts: list[NDArray[np.float32]] = []
    for block in subject.blocks():
        assert block.start == sum(map(len, parts))
        parts.append(block.audio)
    return np.concatenate(parts)


def wav(audio: NDArray[np.float32], subtype: str = "PCM_16", rate: int = 32000) -> bytes:
    """A WAV file's bytes."""
    stream = io.BytesIO()
    soundfile.write(stream, audio, rate, format="WAV", subtype=subtype)
    return stream.getvalue()


def header(
    *, size: int, tag: int = 1, channels: int = 1, rate: int = 32000, bits: int = 16, extra: bytes = b""
) -> bytes:
    """A WAV header that states whatever it is told to."""
    form = struct.pack("<HHIIHH", tag, channels, rate, 0, 0, bits) + extra
    return b"RIFF\xff\xff\xff\xffWAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", size)


def encoded(audio: NDArray[np.float32], encoding: str) -> bytes:
    """Raw samples."""
    if encoding == "u8":
        return np.round(audio * 128 + 128).astype(np.uint8).tobytes()
    if encoding.startswith("f"):
        return audio.astype(f"<f{RAW[encoding]}").tobytes()
    wide = np.round(audio * 2.0 ** (8 * RAW[encoding] - 1)).astype("<i4").view(np.uint8).reshape(-1, 4)
    return wide[:, : RAW[encoding]].tobytes()


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("channels", [1, 2, 7])
def test_reads_wav(subtype: str, channels: int) -> None:
    """Every kind of sample, any number of channels, as soundfile reads it."""
    audio = noise(3000 * channels, seed=1).reshape(-1, channels)
    data = wav(audio, subtype, rate=44100)
    wanted, _ = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    subject = source(data)
    np.testing.assert_allclose(heard(subject), wanted.mean(axis=1), atol=1e-6)
    assert next(source(data).blocks()).rate == 44100


@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 0xFFFFFFFF, 0x7FFFF000, 0xFFFFF000])
def test_reads_wav_of_unknown_length(size: int) -> None:
    """What programs write that do not know how long the sound will be is read to the stream's end."""
    assert len(heard(source(header(size=size) + bytes(2000)))) == 1000


def test_reads_an_extensible_header_and_skips_what_it_does_not_know() -> None:
    """A list of names before the sound, and 24 bits in the extensible form, as ffmpeg writes them."""
    guid = struct.pack("<HHIH", 22, 24, 0, 1) + bytes(14)
    data = header(size=300, tag=0xFFFE, bits=24, extra=guid)
    listed = data.replace(b"data", b"LIST" + struct.pack("<I", 5) + b"names\0" + b"data")
    assert len(heard(source(listed + bytes(300)))) == 100


def test_what_follows_the_sound_is_not_sound() -> None:
    """The header's length is believed where it is one."""
    assert len(heard(source(header(size=200) + bytes(200) + b"LIST" + bytes(500)))) == 100


@pytest.mark.parametrize("encoding", RAW)
@pytest.mark.parametrize("channels", [1, 3])
def test_reads_raw_samples(encoding: str, channels: int) -> None:
    """Every encoding, full scale ±1."""
    audio = noise(3000, seed=2).reshape(-1, channels)
    got = heard(source(encoded(audio, encoding), RawFormat(encoding, 8000, channels)))
    np.testing.assert_allclose(got, audio.mean(axis=1), atol=1e-2 if encoding == "u8" else 1e-4)


@settings(max_examples=50, deadline=None)
@given(sizes=st.lists(st.integers(1, 50), max_size=40), chunk=st.integers(16, 100))
def test_bytes_may_come_in_any_pieces(sizes: list[int], chunk: int) -> None:
    """A pipe delivers what it likes, in the middle of a sample too."""
    audio = noise(500, seed=3)

    class Trickle(io.RawIOBase):
        def __init__(self) -> None:
            self.rest, self.sizes = encoded(audio, "s24le"), [*sizes]

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            size = min(size, self.sizes.pop() if self.sizes else 7)
            data, self.rest = self.rest[:size], self.rest[size:]
            return data

    got = heard(source(Trickle(), RawFormat("s24le", 8000, 1), chunk=chunk))
    np.testing.assert_allclose(got, audio, atol=1e-4)


def test_blocks_come_as_soon_as_their_bytes() -> None:
    """A live pipe is not waited for until a block is full."""
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as stream, os.fdopen(writer, "wb", buffering=0) as other:
        other.write(bytes(20))
        subject = PipeSource(stream=stream, raw=RawFormat("s16le", 8000, 1), channel=0, chunk_length=1024, name="-")
        blocks = subject.blocks()
        assert len(next(blocks).audio) == 10

        def end() -> None:
            other.write(bytes(6))
            other.close()

        writing = threading.Thread(target=end)
        writing.start()
        assert len(next(blocks).audio) == 3
        assert list(blocks) == []
        writing.join()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"hello, this is text and no sound", "not a WAV stream"),
        (b"RIFF", "not a WAV stream"),
        (b"RIFF\0\0\0\0WAVE", "header breaks off"),
        (header(size=0)[:30], "header breaks off"),
        (b"RIFF\0\0\0\0WAVEdata\0\0\0\0", "does not say what format"),
        (header(size=100), "carried no sound"),
        (header(size=0), "carried no sound"),
        (header(size=1000) + bytes(100), "truncated, it breaks off"),
        (header(size=0) + bytes(101), "ends within a sample"),
        (header(size=0, tag=85) + bytes(100), "not supported"),
        (header(size=0, bits=12) + bytes(100), "not supported"),
        (header(size=0, channels=0) + bytes(100), "not supported"),
        (header(size=0, rate=0) + bytes(100), "not supported"),
        (header(size=0, rate=1) + bytes(100), "a rate of 1 Hz"),
        (header(size=0, rate=0xFFFFFFFF) + bytes(100), "a rate of 4294967295 Hz"),
        (header(size=0, tag=3, bits=32) + struct.pack("<f", np.nan) * 10, "not a number"),
        (header(size=0, tag=3, bits=32) + b"\x01\x00\x80\x7f" * 10, "not a number"),  # a signalling one
        (header(size=0, tag=3, bits=32) + struct.pack("<f", 1e30) * 10, "far beyond full scale"),
        (header(size=0, tag=3, bits=64) + struct.pack("<d", 1e300) * 10, "not a number"),
    ],
)
def test_what_is_no_sound_is_one_sentence(data: bytes, message: str) -> None:
    """Empty, text, broken off, another format, no numbers."""
    with pytest.raises(FileError, match=f"-: .*{message}") as caught:
        heard(source(data))
    one_sentence(caught.value)


@pytest.mark.parametrize(
    ("data", "message"), [(b"", "carried no sound"), (b"\0", "carried no sound"), (bytes(9), "ends within a sample")]
)
def test_raw_bytes_that_are_no_samples(data: bytes, message: str) -> None:
    """Nothing, less than a sample, half a sample too much."""
    with pytest.raises(FileError, match=message):
        heard(source(data, RawFormat("s16le", 8000, 1)))


@pytest.mark.parametrize("size", [1999, 2001])
def test_a_length_within_a_sample_is_rounded_down(size: int) -> None:
    """As it is in a file: the header's odd byte is no sample."""
    assert len(heard(source(header(size=size) + bytes(size)))) == size // 2


def test_a_stream_that_cannot_be_read_is_one_sentence() -> None:
    """One that is closed, and one that is there for writing."""
    closed = io.BytesIO()
    closed.close()
    with pytest.raises(FileError, match="-: cannot be read") as caught:
        source(closed)  # type: ignore[arg-type]
    one_sentence(caught.value)
    with open(os.devnull, "wb", buffering=0) as stream, pytest.raises(FileError, match="-: cannot be read"):  # noqa: PTH123
        source(stream)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes of this kind")
def test_a_named_pipe_is_read_as_a_stream(tmp_path: Path) -> None:
    """By its path, which is its name; a file and a folder are no streams, nor is what does not exist."""
    path, data = tmp_path / "pipe", wav(noise(3000, seed=1))
    os.mkfifo(path)
    writing = threading.Thread(target=lambda: path.write_bytes(data))
    writing.start()
    subject = PathSource(path=path, raw=None, channel=0, chunk_length=1024)
    assert len(heard(subject)) == 3000
    writing.join()
    assert subject.name == str(path)
    assert [is_stream(p) for p in (path, Path(__file__), tmp_path, tmp_path / "nothing")] == [True, False, False, False]


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="there is no /dev/zero")  # noqa: PTH110
def test_a_device_without_a_header_is_one_sentence() -> None:
    """/dev/zero is endless, and no WAV."""
    with pytest.raises(FileError, match="/dev/zero: not a WAV stream"):
        PathSource(path=Path("/dev/zero"), raw=None, channel=0, chunk_length=1024)


def test_a_channel_that_is_not_there() -> None:
    """It is said how many there are."""
    with pytest.raises(SourceError, match="- has 1 channel, there is no CHANNEL 2"):
        source(wav(noise(10, seed=1)), channel=2)


def test_close_ends_the_iteration() -> None:
    """At the next block."""
    subject = source(wav(noise(5000, seed=1)))
    blocks = subject.blocks()
    next(blocks)
    subject.close()
    assert list(blocks) == []
    assert subject.state is SourceState.ENDED


WORD = st.sampled_from([0, 1, 2, 3, 8, 16, 24, 32, 64, 0xFFFE, 0xFFFF]) | st.integers(0, 0xFFFF)
LONG = st.sampled_from([0, 1, 44100, 0x7FFFFFFF, 0xFFFFFFFF]) | st.integers(0, 0xFFFFFFFF)


@settings(max_examples=300, deadline=None)
@given(
    tag=WORD,
    channels=WORD,
    rate=LONG,
    bits=WORD,
    size=LONG,
    extra=st.binary(max_size=40),
    body=st.binary(max_size=300),
    damage=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 255)), max_size=4),
)
def test_any_bytes_are_sound_or_one_sentence(
    tag: int, channels: int, rate: int, bits: int, size: int, extra: bytes, body: bytes, damage: list[tuple[int, int]]
) -> None:
    """Whatever a header claims and whatever follows: finite samples come out, or one sentence."""
    data = bytearray(header(size=size, tag=tag, channels=channels, rate=rate, bits=bits, extra=extra) + body)
    for place, value in damage:
        data[place % len(data)] = value
    try:
        assert np.isfinite(heard(source(bytes(data)))).all()
    except FileError as error:
        one_sentence(error)
