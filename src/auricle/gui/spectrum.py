"""Spectrum: the last ten seconds as the model hears them, scrolling."""

from __future__ import annotations

import tkinter as tk
from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from auricle.gui.items import ItemCanvas
from auricle.gui.look import Look
from auricle.gui.theme import Theme, rgb
from auricle.messages import Frames

SECONDS = 10.0
_SPARE_PX = 96
"""Columns that are painted before they scroll into view must not overwrite those that are still in view."""
_LAG_S = 0.15
"""Frames come in bursts; the picture scrolls steadily, so far behind them."""


class Spectrum(ItemCanvas):
    """One picture, written round and round and shown twice side by side: scrolling costs two moves and no copy."""

    def __init__(self, parent: tk.Misc, *, look: Look) -> None:
        """An empty spectrogram."""
        super().__init__(parent, width=1, height=1, border=0)
        self._look = look
        self._photo = f"auricle-spectrum{str(self).replace('.', '_')}"
        self.tk.call("image", "create", "photo", self._photo)
        self._halves = [self.create_image(0, 0, anchor="nw", image=self._photo) for _ in range(2)]
        self._size, self._waiting = (0, 0), False
        self._rows: tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]] | None = None
        """For each pixel row the mel bands below and above it, and how near it is to the latter."""
        self._mels = 0
        self.begin(frame_s=0.016, loudness=(0.0, 1.0))
        self.bind("<Configure>", lambda event: self._resized(event.width, event.height))
        self.bind("<Destroy>", lambda _: self.tk.call("image", "delete", self._photo))

    def begin(self, *, frame_s: float, loudness: tuple[float, float]) -> None:
        """Starts anew, for frames that come every `frame_s` seconds; `loudness`: silence and loud, in their unit."""
        self._frame_s, self._loudness = frame_s, loudness
        self._kept: deque[NDArray[np.float32]] = deque(maxlen=round(SECONDS / frame_s) + 1)
        self._count = 0  # frames so far
        self._painted = 0  # columns so far
        self._head = 0.0  # the column that is at the right edge now
        self._clear()

    def push(self, frames: Sequence[Frames]) -> None:
        """Paints frames where they will scroll in."""
        for some in frames:
            self._kept.extend(some.logmel)
            self._count += len(some.logmel)
        if frames:
            self._paint()

    def step(self, elapsed_s: float) -> None:
        """Scrolls."""
        if self._head >= self._painted or not self._size[0]:
            return
        behind_s = (self._painted - self._head) / self._speed
        haste = min(3.0, max(0.5, behind_s / _LAG_S))
        self._head = min(float(self._painted), self._head + haste * self._speed * elapsed_s)
        self._place()

    def arrange(self) -> None:
        """Paints everything anew, after a change of size or theme."""
        self._waiting = False
        width, height = self.winfo_width(), self.winfo_height()
        if width < 2 or height < 2:
            return
        self._size = (width, height)
        self.configure(background=self._look.theme.heat[0])
        self._colours = palette(self._look.theme)
        self.tk.call(self._photo, "configure", "-width", width + _SPARE_PX, "-height", height)
        self._clear()
        self._head = self._painted = max(0, int(self._count * self._speed * self._frame_s) - width)
        self._paint()
        self._head = float(self._painted)
        self._place()

    @property
    def _speed(self) -> float:
        """Columns per second."""
        return self._size[0] / SECONDS

    def _resized(self, width: int, height: int) -> None:
        if (width, height) != self._size and not self._waiting:
            self._waiting = True
            self.after_idle(self.arrange)

    def _clear(self) -> None:
        width, height = self._size
        if width:
            self.tk.call(self._photo, "put", self._look.theme.heat[0], "-to", 0, 0, width + _SPARE_PX, height)

    def _paint(self) -> None:
        width, height = self._size
        if not width:
            return
        end = int(self._count * self._speed * self._frame_s)
        first = max(self._painted, end - width - _SPARE_PX // 2)
        self._painted = end
        if end <= first:
            return
        oldest = self._count - len(self._kept)
        index = (np.arange(first, end) / (self._speed * self._frame_s)).astype(int) - oldest
        bands = np.array([self._kept[k] for k in np.clip(index, 0, len(self._kept) - 1)])
        picture = self._colours[self._levels(bands, height)]
        size = width + _SPARE_PX
        at = first % size
        for part, x in ((picture[:, : size - at], at), (picture[:, size - at :], 0)):
            if part.shape[1]:
                data = b"P6 %d %d 255\n" % (part.shape[1], height) + part.tobytes()
                self.tk.call(self._photo, "put", data, "-format", "ppm", "-to", x, 0)

    def _levels(self, bands: NDArray[np.float32], height: int) -> NDArray[np.intp]:
        """Frames (columns, mels) as colour numbers (height, columns), low tones at the bottom."""
        low, high = self._loudness
        if self._rows is None or self._rows[0].shape != (height,) or self._mels != bands.shape[1]:
            self._mels = bands.shape[1]
            place = np.linspace(self._mels - 1, 0, height, dtype=np.float32)
            below = np.clip(place.astype(int), 0, max(0, self._mels - 2))
            self._rows = below, np.minimum(below + 1, self._mels - 1), (place - below)[:, None]
        below, above, weight = self._rows
        share = np.clip((bands.T - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
        levels = share[below] * (1 - weight) + share[above] * weight
        return np.asarray(levels * np.float32(len(self._colours) - 1)).astype(np.intp)

    def _place(self) -> None:
        width, size = self._size[0], self._size[0] + _SPARE_PX
        x = self._painted // size * size - round(self._head) + width
        self.put(self._halves[0], x, 0)
        self.put(self._halves[1], x - size, 0)


def palette(theme: Theme) -> NDArray[np.uint8]:
    """The theme's colours from silence to loud, blended into 256, uint8 (256, 3)."""
    stops = np.array([rgb(colour) for colour in theme.heat], float)
    place = np.linspace(0, len(stops) - 1, 256)
    blended = [np.interp(place, np.arange(len(stops)), stops[:, channel]) for channel in range(3)]
    return np.stack(blended, axis=1).round().astype(np.uint8)
