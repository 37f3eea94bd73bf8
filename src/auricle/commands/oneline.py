"""One line of plain text for the terminal, whatever a file's name holds."""

from __future__ import annotations


def one_line(text: str) -> str:
    """`text` with its line breaks and control characters escaped, as Python writes them."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
