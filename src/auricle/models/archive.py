"""The members of a zip archive that are stored as they are, as torch writes them (APPNOTE.TXT 6.3.10, PKWARE).

Python's zipfile builds a large object for each entry, however small the file; this reads only what torch's files have.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

from auricle.models.unpickle import Budget

_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_LONGEST_COMMENT = 1 << 16


@dataclass(frozen=True, slots=True)
class Member:
    """One file in the archive."""

    header: int
    """Where its local header begins."""
    size: int
    crc: int


def members(stream: BinaryIO, length: int, budget: Budget) -> dict[str, Member]:
    """Every member by name, of a seekable archive of `length` bytes. Raises ValueError, RefusedError."""
    start, size = _directory(stream, length)
    if not 0 <= start <= start + size <= length:
        raise ValueError("its table of contents lies outside")
    budget.spend(size)
    stream.seek(start)
    table = stream.read(size)
    found: dict[str, Member] = {}
    at = 0
    while at < size:
        fields = _unpack(_ENTRY, table, at, b"PK\1\2")
        method, crc, stored, full = fields[4], fields[7], fields[8], fields[9]
        name_length, extra_length, comment_length, header = fields[10], fields[11], fields[12], fields[16]
        at += _ENTRY.size
        name = table[at : at + name_length].decode("utf-8", "replace")
        extra = table[at + name_length : at + name_length + extra_length]
        full, stored, header = _wide(extra, [full, stored, header])
        at += name_length + extra_length + comment_length
        if method != 0 or stored != full or fields[3] & 1:
            raise ValueError(f"{name[:80]} in it is compressed or encrypted, which torch never does")
        budget.spend(400 + 4 * name_length)
        found[name] = Member(header=header, size=full, crc=crc)
    return found


def position(stream: BinaryIO, length: int, member: Member) -> int:
    """Where the member's bytes begin. Raises ValueError where they do not fit the file."""
    stream.seek(member.header)
    fields = _unpack(_LOCAL, stream.read(_LOCAL.size), 0, b"PK\3\4")
    start = member.header + _LOCAL.size + int(fields[9]) + int(fields[10])
    if start + member.size > length:
        raise ValueError("it ends too early")
    return start


def _directory(stream: BinaryIO, length: int) -> tuple[int, int]:
    """Where the table of contents begins, and its size, both in bytes."""
    tail_start = max(0, length - _LONGEST_COMMENT - _END.size)
    stream.seek(tail_start)
    tail = stream.read(length - tail_start)
    end = tail.rfind(b"PK\5\6")
    if end < 0:
        raise ValueError("it ends too early")
    fields = _unpack(_END, tail, end, b"PK\5\6")
    size, start = fields[5], fields[6]
    locator = end - _LOCATOR.size
    if locator >= 0 and tail[locator : locator + 4] == b"PK\6\7":
        stream.seek(min(_unpack(_LOCATOR, tail, locator, b"PK\6\7")[2], length))
        wide = _unpack(_END64, stream.read(_END64.size), 0, b"PK\6\6")
        size, start = wide[8], wide[9]
    return int(start), int(size)


def _wide(extra: bytes, narrow: list[int]) -> list[int]:
    """The 64-bit figures that stand in the zip64 field of `extra` for those that 32 bits do not hold."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<2H", extra, at)
        if kind == 1:
            values = iter(struct.iter_unpack("<Q", extra[at + 4 : at + 4 + size // 8 * 8]))
            return [next(values, (n,))[0] if n == 0xFFFFFFFF else n for n in narrow]
        at += 4 + size
    return narrow


def _unpack(form: struct.Struct, data: bytes, at: int, signature: bytes) -> tuple[int, ...]:
    if len(data) < at + form.size or data[at : at + 4] != signature:
        raise ValueError("its table of contents is damaged")
    return form.unpack_from(data, at)
