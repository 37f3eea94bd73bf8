"""An interpreter for the pickles of torch checkpoints, which runs nothing that they name.

Python's own Unpickler builds whatever a pickle asks for, and even with a find_class of one's own it lets a few bytes
fill the memory. This one knows the opcodes that torch writes (Python's pickletools documents them), keeps every name it
is given as an inert `Name`, refuses names that no checkpoint of weights needs, and stops when the objects cost more than
they may. Tensors stay descriptions (`Tensor`) until models/checkpoint.py reads their numbers.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from typing import IO, Any, Protocol, cast

from auricle.models.torch_names import LARGEST, Name, Opaque, RefusedError, Tensor, call, is_known, persistent

_COST = 192
"""Bytes that an object and its place on the stack are taken to cost; no small object of CPython costs more."""


class Stream(Protocol):
    """What pickletools reads from."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes."""

    def readline(self) -> bytes:
        """One line with its newline."""


class Budget:
    """How many bytes may still be spent on what a file asks for."""

    def __init__(self, *, size: int) -> None:
        """`size` in bytes."""
        self._left = size

    def spend(self, size: int) -> None:
        """Takes `size` bytes. Raises RefusedError when there are not so many left."""
        self._left -= size
        if self._left < 0:
            raise RefusedError("asks for far more memory than it is long")


def load(stream: Stream, budget: Budget) -> Any:
    """What the pickle that `stream` begins with describes: dicts, lists, tuples, texts, numbers, Tensor, Opaque.

    Reads no further than the pickle's end. Raises RefusedError, and ValueError where it is not a pickle.
    """
    machine = _Machine(budget)
    while True:
        opcode = _OPCODES.get(stream.read(1))
        if opcode is None:
            raise ValueError("the pickle ends early, or is none")
        if opcode.name == "STOP":
            return machine.pop()
        if opcode.name not in _LITERALS and opcode.name not in _OPERATIONS:
            raise RefusedError(f"uses the pickle operation {opcode.name}, which weights never need")
        machine.step(opcode.name, _argument(opcode, stream))


def _argument(opcode: pickletools.OpcodeInfo, stream: Stream) -> Any:
    if opcode.name == "GLOBAL":  # two lines; pickletools would look for escapes in them
        return [stream.readline().removesuffix(b"\n").decode() for _ in range(2)]
    return opcode.arg.reader(cast(IO[bytes], stream)) if opcode.arg else None


_MARK = Opaque()


class _Machine:
    """The stack and memo of one pickle. Each operation takes time in proportion to what it consumes."""

    def __init__(self, budget: Budget) -> None:
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._budget = budget

    def step(self, name: str, argument: Any) -> None:
        if name in _LITERALS:
            self.push(argument, 4 * len(argument) if isinstance(argument, (str, bytes)) else 0)
        else:
            _OPERATIONS[name](self, argument)

    def push(self, value: Any, size: int = 0) -> None:
        self._budget.spend(_COST + size)
        if type(value) is int and not -LARGEST < value < LARGEST:
            value = Opaque()
        self._stack.append(value)

    def pop(self) -> Any:
        if not self._stack or self._stack[-1] is _MARK:
            raise ValueError("the pickle takes what it has not put down")
        return self._stack.pop()

    def pop_many(self, count: int) -> tuple[Any, ...]:
        return tuple(self.pop() for _ in range(count))[::-1]

    def to_mark(self) -> list[Any]:
        for first in range(len(self._stack) - 1, -1, -1):
            if self._stack[first] is _MARK:
                items = self._stack[first + 1 :]
                del self._stack[first:]
                return items
        raise ValueError("the pickle has no mark")

    def remember(self, index: int | None) -> None:
        index = len(self._memo) if index is None else index
        if not 0 <= index < 1 << 31 or not self._stack:
            raise ValueError("the pickle remembers nothing, or under an odd number")
        self._budget.spend(_COST)
        self._memo[index] = self._stack[-1]

    def recall(self, index: int) -> None:
        if index not in self._memo:
            raise ValueError("the pickle recalls what it has not kept")
        self.push(self._memo[index])

    def extend(self, items: list[Any]) -> None:
        target = self._container(list)
        if isinstance(target, list):
            target.extend(items)

    def fill(self, items: list[Any]) -> None:
        target = self._container(dict)
        if len(items) % 2:
            raise ValueError("the pickle has a key without a value")
        if isinstance(target, dict):
            self._budget.spend(_COST * len(items))
            # Only plain keys: a tuple of tuples of tuples would be hashed deeper than the interpreter's own stack.
            target.update((k, v) for k, v in zip(items[::2], items[1::2], strict=True) if isinstance(k, (str, int)))

    def name(self, module: object, name: object) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise ValueError("the pickle has a name that is no text")
        if not is_known(module, name):
            raise RefusedError(f"asks to run {module}.{name}"[:100] + ", which weights never need")
        self.push(Name(module, name))

    def call(self) -> None:
        function, arguments = self.pop_many(2)
        if not isinstance(function, (Name, Opaque)) or not isinstance(arguments, tuple):
            raise ValueError("the pickle calls something that is no function")
        self.push(call(function, arguments))

    def build(self) -> None:
        self.pop()
        self._container(dict, Tensor)

    def _container(self, *kinds: type[Any]) -> Any:
        if not self._stack or self._stack[-1] is _MARK or not isinstance(self._stack[-1], (*kinds, Opaque)):
            raise ValueError("the pickle fills something that is no container")
        return self._stack[-1]


_OPCODES = {opcode.code.encode("latin-1"): opcode for opcode in pickletools.opcodes}
_LITERALS = frozenset(
    (
        *("BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT", "BINSTRING", "SHORT_BINSTRING"),
        *("BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
    )
)
_OPERATIONS: dict[str, Callable[[_Machine, Any], None]] = {
    "PROTO": lambda m, _: None,
    "FRAME": lambda m, _: None,
    "NONE": lambda m, _: m.push(None),
    "NEWTRUE": lambda m, _: m.push(True),
    "NEWFALSE": lambda m, _: m.push(False),
    "MARK": lambda m, _: m.push(_MARK),
    "POP_MARK": lambda m, _: m.to_mark().clear(),
    "EMPTY_DICT": lambda m, _: m.push({}),
    "EMPTY_LIST": lambda m, _: m.push([]),
    "EMPTY_TUPLE": lambda m, _: m.push(()),
    "EMPTY_SET": lambda m, _: m.push(Opaque()),
    "TUPLE": lambda m, _: m.push(tuple(m.to_mark())),
    "TUPLE1": lambda m, _: m.push(m.pop_many(1)),
    "TUPLE2": lambda m, _: m.push(m.pop_many(2)),
    "TUPLE3": lambda m, _: m.push(m.pop_many(3)),
    "LIST": lambda m, _: m.push(m.to_mark()),
    "APPEND": lambda m, _: m.extend([m.pop()]),
    "APPENDS": lambda m, _: m.extend(m.to_mark()),
    "ADDITEMS": lambda m, _: m.to_mark().clear(),
    "SETITEM": lambda m, _: m.fill(list(m.pop_many(2))),
    "SETITEMS": lambda m, _: m.fill(m.to_mark()),
    "BINPUT": lambda m, index: m.remember(index),
    "LONG_BINPUT": lambda m, index: m.remember(index),
    "MEMOIZE": lambda m, _: m.remember(None),
    "BINGET": lambda m, index: m.recall(index),
    "LONG_BINGET": lambda m, index: m.recall(index),
    "GLOBAL": lambda m, lines: m.name(*lines),
    "STACK_GLOBAL": lambda m, _: m.name(*m.pop_many(2)),
    "REDUCE": lambda m, _: m.call(),
    "NEWOBJ": lambda m, _: m.call(),
    "BUILD": lambda m, _: m.build(),
    "BINPERSID": lambda m, _: m.push(persistent(m.pop())),
}
