"""Checkpoints are read without torch, as torch reads them, and a hostile one does nothing."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import random
import struct
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auricle.errors import CheckpointError
from auricle.models.checkpoint import read_checkpoint
from auricle.models.torch_names import LARGEST, Opaque, RefusedError
from auricle.models.unpickle import Budget, load

ROOM = 1 << 20
FORMATS = pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])


def saved(folder: Path, content: Any, *, zipped: bool) -> Path:
    """A file that torch wrote in its present format, or in that of 2019."""
    torch = pytest.importorskip("torch", reason="torch writes these files; install the extra “train”")
    path = folder / f"weights-{zipped}.pth"
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    return path


def zipped_pickle(path: Path, data: bytes, **members: bytes) -> Path:
    """An archive as torch lays it out, with `data` as its pickle."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", data)
        for name, content in members.items():
            archive.writestr(f"archive/data/{name}", content)
    return path


@FORMATS
def test_every_kind_of_tensor_is_read_as_torch_reads_it(tmp_path: Path, zipped: bool) -> None:
    """Strides, shared storages, halves, integers, booleans, scalars and empty tensors come out as torch has them."""
    torch = pytest.importorskip("torch", reason="compares with torch")
    base = torch.arange(48, dtype=torch.float32).reshape(6, 8)
    tensors = {
        "plain": base,
        "transposed": base.t(),
        "strided": base[1:4, ::2],
        "expanded": torch.ones(1).expand(4),
        "half": base.half(),
        "bfloat16": base.bfloat16(),
        "double": base.double(),
        "int64": torch.arange(5),
        "uint8": torch.arange(5, dtype=torch.uint8),
        "bool": base > 3,
        "complex": torch.complex(base, -base),
        "scalar": torch.tensor(4.0),
        "empty": torch.zeros(0, 3),
        "parameter": torch.nn.Parameter(base),
    }
    read = read_checkpoint(saved(tmp_path, {"model": tensors}, zipped=zipped))
    assert list(read) == list(tensors)
    for name, tensor in tensors.items():
        wanted = (tensor.float() if name == "bfloat16" else tensor).detach().numpy()
        assert read[name].dtype == wanted.dtype
        assert np.array_equal(read[name], wanted)
        assert read[name].shape == wanted.shape


@FORMATS
@pytest.mark.parametrize("key", ["", "model", "state_dict"])
def test_weights_are_found_beside_other_things(tmp_path: Path, zipped: bool, key: str) -> None:
    """A checkpoint of a training run holds an optimizer's state, NumPy numbers and arrays beside the weights."""
    torch = pytest.importorskip("torch", reason="compares with torch")
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.BatchNorm2d(4))
    optimizer = torch.optim.Adam(network.parameters(), amsgrad=True)
    network(torch.zeros(1, 1, 8, 8)).sum().backward()
    optimizer.step()
    weights = network.state_dict()
    rest = {
        "iteration": 300000,
        "optimizer": optimizer.state_dict(),
        "statistics": {"mAP": np.float64(0.37), "average": np.arange(7.0)},
        "sampler": {"indexes": np.arange(20), "pointer": 3},
        "nothing": None,
    }
    content = {**rest, key: weights} if key else weights
    read = read_checkpoint(saved(tmp_path, content, zipped=zipped))
    assert {name: tensor.shape for name, tensor in read.items()} == {k: tuple(v.shape) for k, v in weights.items()}
    assert all(np.array_equal(read[name], weights[name].numpy()) for name in read)


@FORMATS
def test_the_prefix_of_data_parallel_is_left_out(tmp_path: Path, zipped: bool) -> None:
    """`module.fc.weight` is `fc.weight`, where every name begins so."""
    torch = pytest.importorskip("torch", reason="compares with torch")
    ones = torch.ones(2)
    path = saved(tmp_path, {"module.a": ones, "module.b": ones}, zipped=zipped)
    assert list(read_checkpoint(path)) == ["a", "b"]
    path = saved(tmp_path, {"module.a": ones, "b": ones}, zipped=zipped)
    assert list(read_checkpoint(path)) == ["module.a", "b"]


@FORMATS
def test_what_is_no_weights_is_refused_in_one_sentence(tmp_path: Path, zipped: bool) -> None:
    """A whole network, a list, or a dictionary without tensors is no checkpoint of weights."""
    torch = pytest.importorskip("torch", reason="torch writes these files")
    contents: list[Any] = [[torch.ones(1)], {"a": 1}, 3, {"model": {}}]
    for content in contents:
        with pytest.raises(CheckpointError, match="no tensors by name"):
            read_checkpoint(saved(tmp_path, content, zipped=zipped))
    with pytest.raises(CheckpointError, match=r"which weights never need|holds a program"):
        read_checkpoint(saved(tmp_path, torch.nn.Linear(1, 1), zipped=zipped))


class Malicious:
    """Its pickle calls os.system."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (self.command,)


@FORMATS
def test_a_pickle_that_calls_os_system_runs_nothing(tmp_path: Path, zipped: bool) -> None:
    """It is refused by name, wherever it stands, and the command is not run."""
    torch = pytest.importorskip("torch", reason="torch writes these files")
    proof = tmp_path / "run"
    for content in ({"model": {"a": torch.ones(1)}, "x": Malicious(f"touch {proof}")}, Malicious(f"touch {proof}")):
        with pytest.raises(CheckpointError, match=r"asks to run \w+\.system"):
            read_checkpoint(saved(tmp_path, content, zipped=zipped))
    assert not proof.exists()


def test_files_that_are_no_checkpoints_are_one_sentence(tmp_path: Path) -> None:
    """Missing, empty, text, a folder, a compressed archive, an archive without a pickle."""
    path = tmp_path / "x.pth"
    with pytest.raises(CheckpointError, match="No such file"):
        read_checkpoint(path)
    with pytest.raises(CheckpointError, match="cannot read"):
        read_checkpoint(tmp_path)
    for content in (b"", b"<!DOCTYPE html>", b"PK\3\4", pickle.dumps({"a": 1})):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match="damaged, or no torch checkpoint"):
            read_checkpoint(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", b"0" * 1000)
    with pytest.raises(CheckpointError, match="compressed"):
        read_checkpoint(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme", b"")
    with pytest.raises(CheckpointError, match="no checkpoint at all"):
        read_checkpoint(path)


def tensor_pickle(*, storage: bytes, shape: bytes, strides: bytes) -> bytes:
    """{"w": tensor} by hand, so that its figures can lie."""
    return b"\x80\x02}U\x01wctorch._utils\n_rebuild_tensor_v2\n((U\x07storagectorch\nFloatStorage\nU\x010U\x03cpu" + (
        storage + b"tQK\x00" + shape + strides + b"\x89ccollections\nOrderedDict\n)RtRs."
    )


@pytest.mark.parametrize(
    ("storage", "shape", "strides"),
    [
        (b"K\x04", b"K\x05\x85", b"K\x01\x85"),
        (b"K\x04", b"K\x02\x85", b"K\x09\x85"),
        (b"K\x04", b"J\xff\xff\xff\xff\x85", b"K\x01\x85"),
        (b"K\x04", b"K\x01\x85", b"K\x01K\x01\x86"),
        (b"K\x04", b"J\xff\xff\xff\x7f\x85", b"K\x00\x85"),
        (b"J\xff\xff\xff\x7f", b"K\x04\x85", b"K\x01\x85"),
        (b"\x8a\x08" + struct.pack("<q", LARGEST - 1), b"K\x04\x85", b"K\x01\x85"),
        (b"J\xff\xff\xff\xff", b"K\x00\x85", b"K\x01\x85"),
    ],
    ids=["too long", "stride", "negative", "ranks", "zero stride", "storage", "huge storage", "negative storage"],
)
def test_tensors_that_lie_about_their_size_are_refused(
    tmp_path: Path, storage: bytes, shape: bytes, strides: bytes
) -> None:
    """Whatever the figures say, nothing outside the storage is read and nothing huge is made."""
    data = tensor_pickle(storage=storage, shape=shape, strides=strides)
    with pytest.raises(CheckpointError):
        read_checkpoint(zipped_pickle(tmp_path / "x.pth", data, **{"0": bytes(16)}))


def test_the_same_pickle_without_a_lie_is_read(tmp_path: Path) -> None:
    """The pickle that the lies above are told with is a good one otherwise."""
    data = tensor_pickle(storage=b"K\x04", shape=b"K\x02K\x02\x86", strides=b"K\x01K\x02\x86")
    values = np.arange(4, dtype="<f4")
    read = read_checkpoint(zipped_pickle(tmp_path / "x.pth", data, **{"0": values.tobytes()}))
    assert np.array_equal(read["w"], [[0, 2], [1, 3]])


BOMBS = {
    "lists": b"]" * 4_000_000 + b".",
    "dicts": b"}K\x00K\x00s" * 700_000 + b".",
    "one wide text": b"X" + struct.pack("<I", 3_000_004) + b"a" * 3_000_000 + "😀".encode() + b".",
    "wide texts": (b"X" + struct.pack("<I", 40_004) + b"a" * 40_000 + "😀".encode()) * 75 + b".",
    "nested": b"]q\x00" + b"h\x00h\x00\x86q\x00" * 500_000 + b".",
    "tuple as key": b"}" + b")" + b"\x85" * 3_000_000 + b"K\x00s.",
    "marks": b"(" * 3_000_000 + b"t" * 3_000_000 + b".",
    "long number": b"\x8b" + struct.pack("<i", 3_000_000) + b"\xff" * 3_000_000 + b".",
    "lying length": b"\x8d" + struct.pack("<Q", 1 << 62) + b"a",
    "memo": b"K\x00" + b"r" + b"r".join(struct.pack("<I", n << 12) for n in range(500_000)) + b".",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_memory_stays_below_twice_the_file(tmp_path: Path, bomb: str) -> None:
    """Pickles that make much of few bytes are stopped before the memory holds twice the file's size."""
    path = zipped_pickle(tmp_path / "x.pth", b"\x80\x02" + BOMBS[bomb])
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointError):
            read_checkpoint(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= 2 * path.stat().st_size + ROOM


@FORMATS
@pytest.mark.parametrize("kind", ["float32", "bfloat16", "int64"])
def test_memory_of_a_good_file_stays_below_twice_its_size(tmp_path: Path, zipped: bool, kind: str) -> None:
    """Also where the numbers become wider, and where a large optimizer state is skipped."""
    torch = pytest.importorskip("torch", reason="torch writes these files")
    content = {
        "model": {"w": torch.ones(2_000_000, dtype=getattr(torch, kind))},
        "optimizer": {0: torch.ones(1_000_000)},
    }
    path = saved(tmp_path, content, zipped=zipped)
    tracemalloc.start()
    try:
        read = read_checkpoint(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert np.array_equal(read["w"], np.ones(2_000_000, np.int64 if kind == "int64" else np.float32))
    assert peak <= 2 * path.stat().st_size + ROOM


def test_an_archive_of_many_entries_is_refused(tmp_path: Path) -> None:
    """A table of contents costs more in memory than in the file."""
    path = tmp_path / "x.pth"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(60_000):
            archive.writestr(str(number), b"")
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointError):
            read_checkpoint(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= 2 * path.stat().st_size + ROOM


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner, inner),
    max_leaves=20,
)


def comparable(value: Any) -> Any:
    """`value` as the interpreter keeps it: huge integers and keys are nothing to it."""
    if isinstance(value, bool) or not isinstance(value, (int, dict, list, tuple)):
        return value
    if isinstance(value, int):
        return value if abs(value) < LARGEST else "opaque"
    if isinstance(value, dict):
        items = ((comparable(k), comparable(v)) for k, v in value.items())
        return {k: v for k, v in items if k != "opaque"}
    return type(value)(comparable(item) for item in value)


def without_opaque(value: Any) -> Any:
    """The interpreter's own result, in the same form."""
    if isinstance(value, Opaque):
        return "opaque"
    if isinstance(value, dict):
        return {k: without_opaque(v) for k, v in value.items()}
    return type(value)(map(without_opaque, value)) if isinstance(value, (list, tuple)) else value


@given(value=plain, protocol=st.integers(2, 4))
def test_plain_pickles_are_read_as_python_reads_them(value: Any, protocol: int) -> None:
    """Numbers, texts, lists, tuples and dictionaries, in each protocol that torch has used."""
    # Before protocol 3 bytes are pickled as a call.
    if protocol == 2 and any(name in pickle.dumps(value, protocol) for name in (b"_codecs", b"__builtin__")):
        return
    stream = io.BytesIO(pickle.dumps(value, protocol) + b"rest")
    assert without_opaque(load(stream, Budget(size=1 << 24))) == comparable(value)
    assert stream.read() == b"rest"


@given(data=st.binary(max_size=200))
@settings(max_examples=300)
def test_any_bytes_as_a_pickle_are_read_or_refused(data: bytes) -> None:
    """There is no third way out."""
    with contextlib.suppress(RefusedError, ValueError, EOFError, OverflowError):
        load(io.BytesIO(data), Budget(size=1 << 20))


def small_checkpoints(folder: Path) -> Iterator[bytes]:
    """One file of each format, with everything in it that a flipped bit can hit."""
    torch = pytest.importorskip("torch", reason="torch writes these files")
    base = torch.arange(12, dtype=torch.float32).reshape(3, 4)
    weights = {"module.a": base, "module.b": base.t().half(), "module.c": torch.arange(3), "module.d": base.bfloat16()}
    for zipped in (True, False):
        content = {"model": weights, "optimizer": {"state": {0: base}}, "score": np.float64(1), "more": np.arange(3)}
        yield saved(folder, content, zipped=zipped).read_bytes()


def fuzz(folder: Path, files: int) -> None:
    """Flips, cuts and repeats bytes, and expects tensors or CheckpointError."""
    good = list(small_checkpoints(folder))
    chance = random.Random(4)
    path = folder / "fuzzed.pth"
    outcomes = {True: 0, False: 0}
    for number in range(files):
        data = bytearray(good[number % 2])
        for _ in range(chance.choice((1, 1, 1, 2, 5, 20))):
            at = chance.randrange(len(data))
            action = chance.random()
            if action < 0.7:
                data[at] = chance.choice((data[at] ^ (1 << chance.randrange(8)), chance.randrange(256)))
            elif action < 0.8:
                del data[at : at + min(len(data) - 100, chance.randrange(1, 50))]
            elif action < 0.9:
                data[at:at] = data[at : at + chance.randrange(1, 50)]
            else:
                del data[max(100, at) :]
        path.write_bytes(data)
        try:
            tensors = read_checkpoint(path)
        except CheckpointError as error:
            assert "\n" not in str(error)  # noqa: PT017  (both ways out are good ones)
            outcomes[False] += 1
        else:
            assert all(
                isinstance(tensor, np.ndarray) and float(np.sum(tensor != tensor)) >= 0 for tensor in tensors.values()
            )
            outcomes[True] += 1
    assert all(outcomes.values())


def test_a_thousand_damaged_files_give_tensors_or_one_sentence(tmp_path: Path) -> None:
    """Bytes flipped, cut out, repeated, files cut short."""
    fuzz(tmp_path, 1000)


@pytest.mark.slow
def test_ten_thousand_damaged_files_give_tensors_or_one_sentence(tmp_path: Path) -> None:
    """The same, ten times over, in bounded memory."""
    fuzz(tmp_path, 100)
    tracemalloc.start()
    try:
        fuzz(tmp_path, 10_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= 3 * ROOM
