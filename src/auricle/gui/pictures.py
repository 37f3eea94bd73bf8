"""Pictures: Auricle's own, drawn; files of the user's; and how either comes onto the screen at any size."""

from __future__ import annotations

import io
import math
import tkinter as tk
import warnings
from pathlib import Path
from tkinter import ttk
from typing import Any, TypeAlias

from PIL import Image, ImageDraw, UnidentifiedImageError

from auricle.gui.theme import Theme, rgb

Picture: TypeAlias = "str | Path | Image.Image"
"""A file, or an image that is there already."""
_FINE = 4
"""Drawn so many times larger and reduced, so that edges are smooth."""


def put(interpreter: Any, name: str, image: Image.Image) -> str:
    """Makes or replaces Tk's photo `name`, and gives its name."""
    data = io.BytesIO()
    image.save(data, "PNG", compress_level=1)
    interpreter.call("image", "create", "photo", name, "-format", "png", "-data", data.getvalue())
    return name


def mixed(one: str, other: str, share: float) -> str:
    """The colour that `share` of the way leads from `one` to `other`."""
    return "#" + "".join(f"{round(a + share * (b - a)):02x}" for a, b in zip(rgb(one), rgb(other), strict=True))


def plate(*, back: str, fill: str, line: str, radius: int) -> Image.Image:
    """A rounded rectangle, to be cut in nine: corners of `radius` and one more pixel in the middle."""
    size = 2 * radius + 3
    large = Image.new("RGB", (_FINE * size, _FINE * size), back)
    box = (0, 0, _FINE * size - 1, _FINE * size - 1)
    ImageDraw.Draw(large).rounded_rectangle(box, radius=_FINE * radius, fill=fill, outline=line, width=_FINE)
    return large.resize((size, size), Image.Resampling.LANCZOS)


def cap(*, height: int, fill: str, back: str, left: bool) -> Image.Image:
    """The round end of a bar."""
    width = max(1, height // 2)
    large = Image.new("RGB", (_FINE * width, _FINE * height), back)
    box = (0 if left else -_FINE * width, 0, _FINE * width * (2 if left else 1) - 1, _FINE * height - 1)
    ImageDraw.Draw(large).ellipse(box, fill=fill)
    return large.resize((width, height), Image.Resampling.LANCZOS)


def logo(theme: Theme) -> Image.Image:
    """Auricle's mark: an ear made of two arcs, and a dot that sounds."""
    size = 512
    image = Image.new("RGBA", (size, size), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((0, 0, size - 1, size - 1), radius=118, fill=theme.accent)
    for reach, width in ((170, 46), (88, 40)):
        box = (size // 2 - reach, size // 2 - reach, size // 2 + reach, size // 2 + reach)
        draw.arc(box, 150, 62, fill=theme.on_accent, width=width)
        for angle in (150, 62):
            x, y = (size / 2 + (reach - width / 2) * f(math.radians(angle)) for f in (math.cos, math.sin))
            draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=theme.on_accent)
    draw.ellipse((size // 2 - 26, size // 2 - 26, size // 2 + 26, size // 2 + 26), fill=theme.on_accent)
    return image


def banner(theme: Theme) -> Image.Image:
    """The mark, and a sound that goes into it."""
    height = 256
    image = Image.new("RGBA", (round(2.6 * height), height), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    for k in range(13):
        swing = 0.14 + 0.86 * abs(math.sin(0.9 * k + 0.4)) * math.sin(math.pi * (k + 1) / 14)
        x, half = 14 + 30 * k, 0.42 * height * swing
        colour = (*rgb(theme.accent), round(60 + 195 * (k + 1) / 13))
        draw.rounded_rectangle((x - 7, height / 2 - half, x + 7, height / 2 + half), radius=7, fill=colour)
    mark = logo(theme).resize((height, height), Image.Resampling.LANCZOS)
    image.alpha_composite(mark, (image.width - height, 0))
    return image


def placeholder(theme: Theme) -> Image.Image:
    """What stands where a picture should be."""
    image = Image.new("RGBA", (256, 256), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((8, 8, 247, 247), radius=28, outline=theme.muted, width=10)
    draw.line((60, 196, 116, 120, 150, 164, 176, 138, 204, 196), fill=theme.muted, width=10)
    draw.ellipse((164, 60, 200, 96), fill=theme.muted)
    return image


def opened(picture: Picture, theme: Theme) -> Image.Image:
    """The picture in memory; a placeholder and one warning for a file that is missing or no picture."""
    if isinstance(picture, Image.Image):
        return picture
    try:
        with Image.open(picture) as image:
            return image.convert("RGBA")
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        what = (
            "not a picture" if isinstance(error, UnidentifiedImageError) else getattr(error, "strerror", None) or error
        )
        warnings.warn(f"{picture}: cannot show this picture ({what}); name another file.", stacklevel=4)
        return placeholder(theme)


class PictureLabel(ttk.Label):
    """A picture in a box: as large as fits, its aspect kept; rescaled at most once per idle."""

    def __init__(self, parent: tk.Misc, *, picture: Picture, theme: Theme, box: tuple[int, int]) -> None:
        """`box`: the width and height that it may take, screen pixels."""
        super().__init__(parent)
        self._image = opened(picture, theme)
        self._photo = f"auricle-picture{str(self).replace('.', '_')}"
        self._box, self._shown, self._waiting = box, (0, 0), False
        self.bind("<Destroy>", lambda _: self.tk.call("image", "delete", self._photo) if self._shown[0] else None)
        self._draw()

    @property
    def shown(self) -> tuple[int, int]:
        """Width and height on the screen."""
        return self._shown

    def change(self, picture: Picture, theme: Theme) -> None:
        """Shows another picture."""
        self._image, self._shown = opened(picture, theme), (1, 1)
        self._ask()

    def fit(self, box: tuple[int, int]) -> None:
        """Takes as much of `box` as the aspect allows, soon."""
        if box != self._box:
            self._box = box
            self._ask()

    def _ask(self) -> None:
        if not self._waiting:
            self._waiting = True
            self.after_idle(self._draw)

    def _draw(self) -> None:
        self._waiting = False
        if not self.winfo_exists():
            return
        factor = min(self._box[0] / self._image.width, self._box[1] / self._image.height)
        size = (max(1, round(self._image.width * factor)), max(1, round(self._image.height * factor)))
        if size != self._shown:
            self._shown = size
            self.configure(image=put(self.tk, self._photo, self._image.resize(size, Image.Resampling.LANCZOS)))
