"""Who was taken for whom, as a picture: a row for each truth, a column for each answer, counts in the squares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

MOST_LABELS = 60
"""More could not be read."""
_SQUARE, _MARGIN, _GAP = 56, 32, 12
_TEXT, _HEADING = 18, 24
_SCALE = 2
"""Pixels for each of the figures above."""
_PAPER, _INK, _PALE, _LINE = (255, 255, 255), (28, 33, 40), (104, 112, 122), (222, 226, 231)
_RIGHT, _WRONG = (19, 111, 99), (196, 78, 30)


def draw(confusion: NDArray[np.int64], labels: Sequence[str], heading: str, stream: BinaryIO) -> None:
    """Writes a PNG of `confusion` (labels, labels), whose rows are the truth."""
    text, big = _font(_TEXT), _font(_HEADING)
    count, square, margin, gap = len(labels), _SQUARE * _SCALE, _MARGIN * _SCALE, _GAP * _SCALE
    names = round(max(text.getlength(label) for label in labels))
    line = round(text.size * 1.4)
    left, top = margin + names + gap, margin + round(big.size * 1.4) + line + gap + names + gap
    totals = round(text.getlength("recordings"))
    width = max(left + count * square + gap + totals, margin + round(big.getlength(heading))) + margin
    image = Image.new("RGB", (width, top + count * square + margin), _PAPER)
    pen = ImageDraw.Draw(image)
    pen.text((margin, margin), heading, font=big, fill=_INK)
    pen.text((left, margin + round(big.size * 1.4)), "taken for …", font=text, fill=_PALE)
    pen.text((left - gap, top - gap), "what it is", font=text, fill=_PALE, anchor="rs")
    pen.text((left + count * square + gap, top - gap), "recordings", font=text, fill=_PALE, anchor="ls")
    for k, label in enumerate(labels):
        middle = top + k * square + square // 2
        pen.text((left - gap, middle), label, font=text, fill=_INK, anchor="rm")
        pen.text(
            (left + count * square + gap + totals, middle), str(confusion[k].sum()), font=text, fill=_PALE, anchor="rm"
        )
        _upwards(image, (left + k * square + (square - line) // 2, top - gap), label, text)
    _squares(pen, confusion, (left, top), text)
    image.save(stream, format="PNG", optimize=True)


def _squares(
    pen: ImageDraw.ImageDraw, confusion: NDArray[np.int64], corner: tuple[int, int], font: ImageFont.FreeTypeFont
) -> None:
    square = _SQUARE * _SCALE
    for (row, column), number in np.ndenumerate(confusion):
        share = number / max(1, confusion[row].sum())
        x, y = corner[0] + column * square, corner[1] + row * square
        fill = _mixed(_RIGHT if row == column else _WRONG, share)
        pen.rectangle((x, y, x + square, y + square), fill=fill, outline=_LINE, width=_SCALE)
        if number:
            ink = _PAPER if share > 0.5 else _INK
            pen.text((x + square // 2, y + square // 2), str(number), font=font, fill=ink, anchor="mm")


def _mixed(colour: tuple[int, int, int], share: float) -> tuple[int, int, int]:
    """From paper to `colour`; a single count can be seen already."""
    amount = 0.12 + 0.88 * share if share else 0.0
    red, green, blue = (round(p + (c - p) * amount) for p, c in zip(_PAPER, colour, strict=True))
    return red, green, blue


def _upwards(image: Image.Image, at: tuple[int, int], words: str, font: ImageFont.FreeTypeFont) -> None:
    """Words that read upwards; `at` is their lower left corner."""
    strip = Image.new("RGB", (round(font.getlength(words)) + _SCALE, round(font.size * 1.4)), _PAPER)
    ImageDraw.Draw(strip).text((0, strip.height // 2), words, font=font, fill=_INK, anchor="lm")
    turned = strip.transpose(Image.Transpose.ROTATE_90)
    image.paste(turned, (at[0], at[1] - turned.height))


def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size * _SCALE)
    assert isinstance(font, ImageFont.FreeTypeFont)  # noqa: S101  (for the type checker: of a size, it is)
    return font
