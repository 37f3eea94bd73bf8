"""Recordings as sources."""

from __future__ import annotations

import contextlib
import os
import struct
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from auricle.errors import FileError, SourceError
from auricle.messages import SourceState
from auricle.sources.file import FileSource
from tests.material import noise, one_sentence

FORMATS = {"wav": 1e-4, "flac": 1e-4, "aiff": 1e-4, "ogg": 0.1, "mp3": 0.1}
"""And how far a sample may be off."""


def opened(path: Path, channel: int = 0, chunk: int = 1024) -> FileSource:
    """A source for `path`."""
    return FileSource(path=path, channel=channel, chunk_length=chunk)


def heard(source: FileSource) -> NDArray[np.float32]:
    """All of its sound; the blocks follow each other."""
    parts: list[NDArray[np.float32]] = []
    for block in source.blocks():
        assert block.start == sum(map(len, parts))
        assert block.audio.dtype == np.float32
        assert block.lost == 0
        parts.append(block.audio)
    return np.concatenate(parts)


def tone(rate: int, seconds: float) -> NDArray[np.float32]:
    """A soft tone of 440 Hz."""
    return (0.3 * np.sin(2 * np.pi * 440 * np.arange(round(rate * seconds)) / rate)).astype(np.float32)


def refused(path: Path, message: str) -> None:
    """Asserts that opening or reading `path` ends in one sentence."""
    with pytest.raises(FileError, match=message) as caught:
        heard(opened(path))
    one_sentence(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("ending", FORMATS)
def test_reads_every_format(tmp_path: Path, ending: str) -> None:
    """WAV, FLAC, AIFF, OGG and MP3 come back as they were written, each as well as it can."""
    path, audio = tmp_path / f"a.{ending}", tone(44100, 0.5)
    soundfile.write(path, audio, 44100)
    source = opened(path)
    got = heard(source)
    assert len(got) == len(audio)
    np.testing.assert_allclose(got[2000:-2000], audio[2000:-2000], atol=FORMATS[ending])
    assert source.name == str(path)
    assert source.duration_s == pytest.approx(0.5)


def test_an_mp3_is_not_silent_after_its_beginning(tmp_path: Path) -> None:
    """Whatever the blocks, an MP3 of a plain tone is the tone that soundfile reads at once."""
    path = tmp_path / "a.mp3"
    soundfile.write(path, tone(44100, 0.5), 44100)
    wanted, _ = soundfile.read(path, dtype="float32")
    for chunk in (100, 1024, 4096):
        np.testing.assert_allclose(heard(opened(path, chunk=chunk)), wanted, atol=1e-6)


@pytest.mark.parametrize("rate", [8000, 11025, 44100, 48000, 96000, 192000])
@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_reads_any_rate_and_depth(tmp_path: Path, rate: int, subtype: str) -> None:
    """From 8 to 192 kHz, from 8 bits to doubles."""
    path, audio = tmp_path / "a.wav", tone(rate, 0.1)
    soundfile.write(path, audio, rate, subtype=subtype)
    blocks = list(opened(path).blocks())
    assert {block.rate for block in blocks} == {rate}
    np.testing.assert_allclose(np.concatenate([b.audio for b in blocks]), audio, atol=1e-2)


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg"])
def test_takes_the_mean_or_one_of_seven_channels(tmp_path: Path, ending: str) -> None:
    """CHANNEL 0 is the mean of all, CHANNEL 3 the third; there is no eighth."""
    path = tmp_path / f"a.{ending}"
    audio = np.stack([(k + 1) / 10 * tone(32000, 0.1) for k in range(7)], axis=1)
    soundfile.write(path, audio, 32000)
    np.testing.assert_allclose(heard(opened(path)), audio.mean(axis=1), atol=0.02)
    np.testing.assert_allclose(heard(opened(path, channel=3)), audio[:, 2], atol=0.02)
    with pytest.raises(SourceError, match="has 7 channels, there is no CHANNEL 8"):
        opened(path, channel=8)


@pytest.mark.parametrize("ending", FORMATS)
def test_reads_a_single_sample(tmp_path: Path, ending: str) -> None:
    """A recording of one sample is a recording."""
    path = tmp_path / f"a.{ending}"
    soundfile.write(path, np.array([0.25], np.float32), 32000)
    assert len(heard(opened(path))) >= 1


@pytest.mark.parametrize("chunk", [16, 999, 1024, 100_000])
def test_blocks_have_the_length_asked_for(tmp_path: Path, chunk: int) -> None:
    """All but the last."""
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(5000, seed=1), 32000)
    lengths = [len(block.audio) for block in opened(path, chunk=chunk).blocks()]
    assert set(lengths[:-1]) <= {chunk}
    assert sum(lengths) == 5000


def test_a_file_is_closed_when_it_is_read_or_not_wanted(tmp_path: Path) -> None:
    """At once: what Ctrl-C raises while Python clears an object away is lost."""
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(5000, seed=1), 32000)
    read, left, unwanted = opened(path), opened(path), opened(path)
    heard(read)
    begun = left.blocks()
    next(begun)
    begun.close()
    unwanted.discard()
    assert all(source._file.closed for source in (read, left, unwanted))
    assert unwanted.duration_s == 5000 / 32000


def test_close_ends_the_iteration(tmp_path: Path) -> None:
    """At the next block; closing twice does no harm."""
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(5000, seed=1), 32000)
    source = opened(path)
    blocks = source.blocks()
    next(blocks)
    before = source.state
    source.close()
    source.close()
    assert list(blocks) == []
    assert (before, source.state) == (SourceState.RUNNING, SourceState.ENDED)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """No such file."""
    refused(tmp_path / "nothing.wav", "no such file")
    refused(tmp_path / "no folder" / "nothing.wav", "no such file")


def test_a_folder_is_no_recording(tmp_path: Path) -> None:
    """A directory."""
    refused(tmp_path, "a folder, not a recording")


@pytest.mark.parametrize("ending", FORMATS)
def test_an_empty_file_is_no_recording(tmp_path: Path, ending: str) -> None:
    """Nothing in it."""
    path = tmp_path / f"a.{ending}"
    path.write_bytes(b"")
    refused(path, "empty")


@pytest.mark.parametrize("ending", FORMATS)
def test_text_is_no_recording(tmp_path: Path, ending: str) -> None:
    """A text file named .wav, .mp3 and so on."""
    path = tmp_path / f"a.{ending}"
    path.write_text("This is the minutes of the meeting of the bird club.\n" * 50)
    refused(path, "not a recording that can be read|holds no sound|truncated or damaged")


@pytest.mark.parametrize("ending", ["wav", "flac", "aiff", "ogg"])
def test_a_recording_without_sound_is_refused(tmp_path: Path, ending: str) -> None:
    """A header and no samples."""
    path = tmp_path / f"a.{ending}"
    soundfile.write(path, np.zeros(0, np.float32), 32000)
    refused(path, "holds no sound|not a recording|empty")


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("ending", FORMATS)
def test_a_truncated_recording_is_refused(tmp_path: Path, ending: str, kept: float) -> None:
    """What breaks off is not silently taken for the whole."""
    path = tmp_path / f"a.{ending}"
    soundfile.write(path, noise(320_000, seed=2), 32000)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    refused(path, "truncated")


@pytest.mark.parametrize("ending", FORMATS)
def test_a_truncated_header_is_refused(tmp_path: Path, ending: str) -> None:
    """Twenty bytes are no recording."""
    path = tmp_path / f"a.{ending}"
    soundfile.write(path, noise(3200, seed=2), 32000)
    path.write_bytes(path.read_bytes()[:20])
    refused(path, r"a\.")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_recording_of_no_numbers_is_refused(tmp_path: Path, bad: float, channels: int) -> None:
    """NaN and infinity are damage, and it is said where."""
    path, audio = tmp_path / "a.wav", np.zeros((32000, channels), np.float32)
    audio[16000] = bad
    soundfile.write(path, audio, 32000, subtype="FLOAT")
    refused(path, r"not a number .* at 0\.500 s")


def test_opposite_infinities_are_refused(tmp_path: Path) -> None:
    """Two channels whose mean is not a number."""
    path = tmp_path / "a.wav"
    soundfile.write(path, np.array([[np.inf, -np.inf]] * 10, np.float32), 32000, subtype="FLOAT")
    refused(path, "not a number")


@pytest.mark.parametrize(("value", "subtype"), [(1e30, "FLOAT"), (1e300, "DOUBLE")])
def test_absurd_levels_are_refused(tmp_path: Path, value: float, subtype: str) -> None:
    """A level beyond anything that sound can have is damage too, rather than a warning further on."""
    path = tmp_path / "a.wav"
    soundfile.write(path, np.full((1000, 2), value), 32000, subtype=subtype)
    refused(path, "not a number|far beyond full scale")


def lying(path: Path, *, data: int, riff: int | None = None) -> None:
    """A WAV of 1000 samples whose header states other lengths, in bytes."""
    sound = (noise(1000, seed=3) * 32767).astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", 1, 1, 32000, 64000, 2, 16)
    chunks = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", data) + sound
    path.write_bytes(b"RIFF" + struct.pack("<I", len(chunks) if riff is None else riff) + chunks)


@pytest.mark.parametrize("data", [4000, 2002, 0x7FFFFFF0])
def test_a_header_that_promises_more_is_refused(tmp_path: Path, data: int) -> None:
    """More bytes than there are: the recording has been cut off."""
    path = tmp_path / "a.wav"
    lying(path, data=data)
    refused(path, "truncated, its header promises")


def test_a_header_that_promises_less_is_believed(tmp_path: Path) -> None:
    """What follows the sound is not sound: programs put titles there."""
    path = tmp_path / "a.wav"
    lying(path, data=1000)
    assert len(heard(opened(path))) == 500


@pytest.mark.parametrize("data", [0, 0x7FFFF000, 0xFFFFFFFF])
def test_a_header_that_states_no_length(tmp_path: Path, data: int) -> None:
    """A recording that was never finished is refused with the way to read it, which is as a stream."""
    path = tmp_path / "a.wav"
    lying(path, data=data)
    refused(path, "never finished, .* `auricle detect - < FILE`")


def test_a_length_within_a_sample_is_rounded_down(tmp_path: Path) -> None:
    """999 samples and a byte are 999 samples, as they are in a stream."""
    path = tmp_path / "a.wav"
    lying(path, data=1999)
    assert len(heard(opened(path))) == 999


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are text there")
def test_a_name_need_not_be_utf_8(tmp_path: Path) -> None:
    """On Linux a name is bytes, whatever they are."""
    path = tmp_path / os.fsdecode(b"\xff\xfe.wav")
    soundfile.write(os.fsencode(path), noise(100, seed=1), 32000)
    assert len(heard(opened(path))) == 100


@pytest.mark.parametrize("name", ["a\0b.wav", "a" * 300 + ".wav", "loop.wav"])
def test_a_name_that_leads_nowhere_is_one_sentence(tmp_path: Path, name: str) -> None:
    """A null character, too many letters, a symbolic link to itself."""
    (tmp_path / "loop.wav").symlink_to("loop.wav")
    with pytest.raises(FileError, match=r"no such file|cannot be read .* check the path") as caught:
        opened(tmp_path / name)
    one_sentence(caught.value)


def test_raw_samples_in_a_file_want_to_be_a_stream(tmp_path: Path) -> None:
    """A file does not say what its samples are; a stream has settings for it."""
    path = tmp_path / "a.raw"
    path.write_bytes(bytes(100))
    refused(path, "raw samples, .* PIPE_FORMAT")


@pytest.mark.parametrize("rate", [1, 99, 1_000_000, 4_000_000_000])
def test_a_rate_that_no_sound_has_is_refused(tmp_path: Path, rate: int) -> None:
    """Resampling from it would take memory without end; one that libsndfile has no words for is named too."""
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(100, seed=1), 32000)
    data = path.read_bytes()
    path.write_bytes(data[:24] + struct.pack("<I", rate) + data[28:])
    refused(path, f"a rate of {rate} Hz")


@contextlib.contextmanager
def nobody() -> Iterator[None]:
    """Without root's rights, which know no permissions."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="permissions are another matter on Windows")
@pytest.mark.parametrize("closed", ["file", "folder"])
def test_a_recording_that_may_not_be_read_is_named(tmp_path: Path, closed: str) -> None:
    """No permission for the file, or for the folder that it is in."""
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "a.wav"
    soundfile.write(path, noise(100, seed=1), 32000)
    ways = [folder, *(parent for parent in folder.parents if parent.stat().st_uid == os.getuid())]
    modes = {way: way.stat().st_mode for way in ways[:4]}
    try:
        for way in modes:
            way.chmod(0o755)
        (path if closed == "file" else folder).chmod(0)
        with nobody():
            refused(path, "may not read it|cannot be read")
    finally:
        for way, mode in modes.items():
            way.chmod(mode)


def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    """A recording of an hour, sparse on the disk, is read in as little memory as one of a second."""
    path, rate = tmp_path / "long.wav", 8000
    bytes_of_sound = 3600 * rate * 2
    form = struct.pack("<HHIIHH", 1, 1, rate, 2 * rate, 2, 16)
    with path.open("wb") as stream:
        stream.write(b"RIFF" + struct.pack("<I", 36 + bytes_of_sound) + b"WAVEfmt " + struct.pack("<I", 16) + form)
        stream.write(b"data" + struct.pack("<I", bytes_of_sound))
        stream.truncate(44 + bytes_of_sound)
    samples = 0
    tracemalloc.start()
    try:
        for block in opened(path, chunk=16384).blocks():
            samples += len(block.audio)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert samples == 3600 * rate


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A short recording in each format."""
    found = {}
    for ending in FORMATS:
        path = tmp_path_factory.mktemp("whole") / f"a.{ending}"
        soundfile.write(path, noise(2000, seed=4), 32000)
        found[ending] = path.read_bytes()
    return found


@settings(max_examples=150, deadline=None)
@given(
    ending=st.sampled_from(sorted(FORMATS)),
    changes=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), min_size=1, max_size=6),
)
def test_a_damaged_header_is_sound_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory,
    recordings: dict[str, bytes],
    ending: str,
    changes: list[tuple[int, int]],
) -> None:
    """Whichever bytes of a header are wrong, sound comes out or one sentence."""
    data = bytearray(recordings[ending])
    for place, value in changes:
        data[place % len(data)] = value
    path = tmp_path_factory.mktemp("damaged") / f"a.{ending}"
    path.write_bytes(data)
    try:
        for number, block in enumerate(opened(path).blocks()):
            assert np.isfinite(block.audio).all()
            if number > 100:
                break
    except FileError as error:
        one_sentence(error)
