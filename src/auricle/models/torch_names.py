"""What the names in a torch checkpoint's pickle stand for: a short list, and everything else is refused.

None of them is ever imported: a name is two texts, and what torch would build is described by `Storage` and `Tensor`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

LARGEST = 1 << 60
"""Integers beyond are no size, offset or key of any checkpoint."""


class RefusedError(Exception):
    """The pickle asks for something that weights never need; its text completes "the file …"."""


@dataclass(frozen=True, slots=True)
class Name:
    """A global that the pickle names, as text; it is never imported."""

    module: str
    name: str


class Opaque:
    """Something that is no tensor and is not looked into."""


@dataclass(frozen=True, slots=True)
class Storage:
    """A run of numbers somewhere in the file."""

    kind: str
    """Name of torch's class, as FloatStorage."""
    key: str
    count: int
    """Numbers in it."""
    start: int
    """Where a view begins in the storage that `key` names, in numbers; 0 but in legacy files."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor that has not been read yet; offset, sizes and strides in numbers."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def is_known(module: str, name: str) -> bool:
    """Whether a checkpoint of weights may name `module`.`name`."""
    is_storage = module in ("torch", "torch.cuda", "torch.storage") and name in _STORAGES
    return is_storage or (module, name) in _CALLS or name in _INERT.get(module, ())


def call(function: Name | Opaque, arguments: tuple[Any, ...]) -> Any:
    """What calling `function` makes, described and not done. Raises ValueError, RefusedError."""
    made = _CALLS.get((function.module, function.name)) if isinstance(function, Name) else None
    return made(arguments) if made else Opaque()


def persistent(identity: Any) -> Storage:
    """The storage that a persistent identity points to. Raises ValueError, RefusedError."""
    match identity:
        case ("storage", Name(name=kind), str() | int() as key, _, int(count), *view):
            return Storage(kind, str(key), count, _view_start(view))
        case ("module", *_):
            raise RefusedError("holds a program, not only weights")
    raise ValueError("the pickle names a storage that is none")


def _view_start(view: list[Any]) -> int:
    """Legacy files may say that a storage is a part of another: (its own key, first number, count)."""
    match view:
        case [] | [None]:
            return 0
        case [(_, int(start), int())]:
            return start
    raise ValueError("the pickle has a view that is none")


def _ordered_dict(arguments: tuple[Any, ...]) -> Any:
    if arguments and arguments != ([],):
        raise RefusedError("fills a dictionary in a way that torch does not")
    return {}


def _tensor(arguments: tuple[Any, ...]) -> Any:
    match arguments:
        case (Storage() as storage, int(offset), tuple(shape), tuple(strides), *_) if len(shape) == len(strides) <= 32:
            if all(type(n) is int and 0 <= n < LARGEST for n in (storage.start, offset, *shape, *strides)):
                return Tensor(storage, storage.start + offset, shape, strides)
    raise ValueError("the pickle has a tensor that is none")


def _parameter(arguments: tuple[Any, ...]) -> Any:
    if not arguments or not isinstance(arguments[0], (Tensor, Opaque)):
        raise ValueError("the pickle has a parameter that is none")
    return arguments[0]


_CALLS: dict[tuple[str, str], Callable[[tuple[Any, ...]], Any]] = {
    ("collections", "OrderedDict"): _ordered_dict,
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
}
"""What torch makes tensors and dictionaries of."""
_STORAGES = frozenset(
    f"{kind}Storage"
    for kind in (
        *("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool"),
        *("ComplexFloat", "ComplexDouble"),
    )
)
_INERT = {
    "numpy": ("dtype", "ndarray"),
    "numpy.core.multiarray": ("scalar", "_reconstruct"),
    "numpy._core.multiarray": ("scalar", "_reconstruct"),
    "_codecs": ("encode",),
    "torch": ("Size", "device", "float16", "float32", "float64", "bfloat16", "int64"),
    "collections": ("defaultdict", "Counter"),
    "argparse": ("Namespace",),
    "__builtin__": ("set", "dict", "list", "long", "int", "bytes"),
    "builtins": ("set", "dict", "list", "int"),
}
"""What stands beside the weights in checkpoints; whatever these would make is an Opaque, and is skipped."""
