"""Reads torch checkpoints without torch, and without running a pickle: the zip format (torch ≥ 1.6) and the one before.

The formats are those of torch/serialization.py, as files written by torch show them. A zip archive holds data.pkl, whose
tensors point to members data/<key>. A legacy file is five pickles (magic, version, machine, object, storage keys)
followed by the storages, each an int64 count and its numbers.

The memory in use stays below twice the file's size, plus a megabyte: storages are read one by one, only those that the
weights need, and tensors are views of them; models/unpickle.py holds everything else to a budget.
"""

from __future__ import annotations

import math
import os
import re
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from auricle.errors import CheckpointError
from auricle.models.archive import Member, members, position
from auricle.models.torch_names import RefusedError, Storage, Tensor
from auricle.models.unpickle import Budget, load

_MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
_KEYS = ("model", "state_dict", "model_state_dict", "net", "ema")
"""Under which of its keys a checkpoint holds the weights, where they are not the checkpoint itself."""
_DTYPES = {
    "DoubleStorage": "f8", "FloatStorage": "f4", "HalfStorage": "f2", "BFloat16Storage": "u2",
    "LongStorage": "i8", "IntStorage": "i4", "ShortStorage": "i2", "CharStorage": "i1", "ByteStorage": "u1",
    "BoolStorage": "u1", "ComplexFloatStorage": "c8", "ComplexDoubleStorage": "c16",
}  # fmt: skip
_ROOM = 1 << 19
_PIECE = 1 << 20

Array = NDArray[Any]
Locate = Callable[[Storage], tuple[int, int | None]]
"""Where a storage's numbers begin in the file, and the checksum (CRC-32) of its member, where there is one."""


def read_checkpoint(path: Path) -> dict[str, Array]:
    """The tensors of a checkpoint by name, each with its own dtype (bfloat16 becomes float32), read-only.

    They are looked for under `model` and the like; what stands beside them is skipped, and a `module.` in front of
    every name (DataParallel) is left out. Raises CheckpointError, also for a pickle that asks for anything else.
    """
    try:
        with path.open("rb") as stream:
            length = os.fstat(stream.fileno()).st_size
            return _plain_names(_read(stream, length))
    except OSError as error:
        raise CheckpointError(
            f"{path}: cannot read the checkpoint ({error.strerror}); name a file of weights."
        ) from None
    except RefusedError as error:
        raise CheckpointError(f"{path}: not read, since the file {error}; use weights that you trust.") from None
    except (ValueError, EOFError, RecursionError, OverflowError, UnicodeError, IndexError) as error:
        raise CheckpointError(
            f"{path}: damaged, or no torch checkpoint ({str(error).splitlines()[0] if str(error) else 'ends early'}); "
            "download it again."
        ) from None


def _read(stream: BinaryIO, length: int) -> dict[str, Array]:
    budget = Budget(size=2 * length + _ROOM)
    start = stream.read(len(_MAGIC))
    if start[:4] == b"PK\3\4":
        content, order, locate = _open_zip(stream, length, budget)
    elif start == _MAGIC:
        content, order, locate = _open_legacy(stream, length, budget)
    else:
        raise ValueError("it begins with neither a zip archive nor torch's mark")
    reader = _Reader(stream, length, order, locate, budget)
    views = Budget(size=2 * length + _ROOM)
    return {name: reader.tensor(tensor, views) for name, tensor in _weights(content).items()}


def _open_zip(stream: BinaryIO, length: int, budget: Budget) -> tuple[Any, str, Locate]:
    found = members(stream, length, budget)
    pickles = [name for name in found if name.endswith("data.pkl")]
    if len(pickles) != 1 or any(name.endswith("constants.pkl") for name in found):
        raise RefusedError("holds a program or no checkpoint at all, not just weights")
    folder = pickles[0].removesuffix("data.pkl")

    def at(name: str) -> tuple[int, Member]:
        if name not in found:
            raise ValueError(f"{name[:80]} is missing in it")
        return position(stream, length, found[name]), found[name]

    def locate(storage: Storage) -> tuple[int, int | None]:
        start, member = at(f"{folder}data/{storage.key}")
        if member.size < storage.count * _dtype(storage, "<").itemsize:
            raise ValueError(f"the numbers of storage {storage.key[:20]} end too early")
        return start, member.crc if member.size == storage.count * _dtype(storage, "<").itemsize else None

    order = "<"
    if f"{folder}byteorder" in found:
        stream.seek(at(f"{folder}byteorder")[0])
        order = ">" if stream.read(3) == b"big" else "<"
    start, member = at(pickles[0])
    stream.seek(start)
    return load(_Window(stream, member.size, length), budget), order, locate


def _open_legacy(stream: BinaryIO, length: int, budget: Budget) -> tuple[Any, str, Locate]:
    window = _Window(stream, length - len(_MAGIC), length)
    version, machine, content, keys = (load(window, budget) for _ in range(4))
    if version != 1001 or not isinstance(machine, dict) or not isinstance(keys, list):
        raise ValueError("its version is not one that torch has used")
    order = "<" if machine.get("little_endian", True) else ">"
    storages = _storages(content)
    starts: dict[str, int] = {}
    for key in keys:
        if not isinstance(key, (str, int)) or str(key) not in storages:
            raise ValueError("it lists a storage that no tensor uses")
        count = int.from_bytes(stream.read(8), "little" if order == "<" else "big", signed=True)
        starts[str(key)] = stream.tell()
        end = stream.tell() + count * _dtype(storages[str(key)], order).itemsize
        if count != storages[str(key)].count or not stream.tell() <= end <= length:
            raise ValueError("its numbers end too early")
        stream.seek(end)

    def locate(storage: Storage) -> tuple[int, int | None]:
        if storage.key not in starts:
            raise ValueError("a tensor's storage is missing in it")
        return starts[storage.key], None

    return content, order, locate


def _storages(content: Any) -> dict[str, Storage]:
    """Every storage that is used anywhere in `content`, by key; each container is visited once."""
    found: dict[str, Storage] = {}
    seen: set[int] = set()
    waiting = [content]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Tensor):
            found[item.storage.key] = item.storage
        elif isinstance(item, (dict, list, tuple)) and id(item) not in seen:
            seen.add(id(item))
            waiting.extend(item.values() if isinstance(item, dict) else item)
    return found


def _weights(content: Any) -> dict[str, Tensor]:
    candidates = [content, *(content.get(key) for key in _KEYS)] if isinstance(content, dict) else []
    for candidate in candidates:
        if isinstance(candidate, Mapping):
            tensors = {k: v for k, v in candidate.items() if isinstance(k, str) and isinstance(v, Tensor)}
            if tensors:
                return tensors
    raise ValueError(f"it holds no tensors by name, neither at the top nor under {', '.join(_KEYS)}")


def _plain_names(tensors: dict[str, Array]) -> dict[str, Array]:
    wrapped = all(name.startswith("module.") for name in tensors)
    return {re.sub("^module[.]", "", name) if wrapped else name: tensor for name, tensor in tensors.items()}


def _dtype(storage: Storage, order: str) -> np.dtype[Any]:
    if storage.kind not in _DTYPES or storage.count < 0:
        raise ValueError(f"{storage.kind[:40]} is no storage of numbers")
    return np.dtype(order + _DTYPES[storage.kind])


class _Reader:
    """Reads storages, each once, and lays tensors over them."""

    def __init__(self, stream: BinaryIO, length: int, order: str, locate: Locate, budget: Budget) -> None:
        self._stream, self._length, self._order, self._locate, self._budget = stream, length, order, locate, budget
        self._storages: dict[str, tuple[Storage, Array]] = {}

    def tensor(self, tensor: Tensor, views: Budget) -> Array:
        numbers = self._storage(tensor.storage)
        count = math.prod(tensor.shape)
        views.spend(count * numbers.itemsize)
        reach = sum((n - 1) * stride for n, stride in zip(tensor.shape, tensor.strides, strict=True))
        if count == 0:
            return np.zeros(tensor.shape, numbers.dtype)
        if tensor.offset + reach >= len(numbers):
            raise ValueError("a tensor reaches beyond its storage")
        strides = [stride * numbers.itemsize for stride in tensor.strides]
        return as_strided(numbers[tensor.offset :], tensor.shape, strides, writeable=False)

    def _storage(self, storage: Storage) -> Array:
        known, numbers = self._storages.get(storage.key, (None, np.zeros(0)))
        if known is None:
            numbers = self._numbers(storage)
            self._storages[storage.key] = storage, numbers
        elif (known.kind, known.count) != (storage.kind, storage.count):
            raise ValueError("one storage is used as two kinds")
        return numbers

    def _numbers(self, storage: Storage) -> Array:
        dtype = _dtype(storage, self._order)
        start, crc = self._locate(storage)
        if start + storage.count * dtype.itemsize > self._length:
            raise ValueError("its numbers end too early")
        widened = storage.kind == "BFloat16Storage"
        self._budget.spend(storage.count * dtype.itemsize * (2 if widened else 1))
        numbers = np.empty(storage.count, np.uint32 if widened else dtype)
        self._stream.seek(start)
        checksum = 0
        for first in range(0, storage.count, _PIECE // dtype.itemsize):
            piece = numbers[first : first + _PIECE // dtype.itemsize]
            raw = self._stream.read(len(piece) * dtype.itemsize)
            checksum = zlib.crc32(raw, checksum)
            piece[:] = np.frombuffer(raw, dtype)
            if widened:
                piece <<= np.uint32(16)
        if crc not in (None, checksum):
            raise ValueError("its numbers do not match their checksum")
        if storage.kind == "BoolStorage":
            return np.not_equal(numbers, 0)
        return numbers.view(np.float32) if widened else numbers.astype(dtype.newbyteorder("="), copy=False)


class _Window:
    """The next `size` bytes of a stream, for pickletools: what is larger than a file of this length needs is refused."""

    def __init__(self, stream: BinaryIO, size: int, length: int) -> None:
        self._stream, self._left, self._largest = stream, size, max(length // 8, 1 << 16)

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes."""
        if size > self._largest:
            raise RefusedError("has a text as long as weights are")
        return self._take(self._stream.read(max(0, min(size, self._left))))

    def readline(self) -> bytes:
        """One line, of a length that names and numbers have."""
        return self._take(self._stream.readline(min(self._left, 1000)))

    def _take(self, data: bytes) -> bytes:
        self._left -= len(data)
        return data
