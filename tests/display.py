"""A display of our own, on a machine without a screen; and what is on it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping

from PIL import Image, ImageGrab

from tests.virtual_microphone import DEADLINE_S

SCREEN = (1600, 1000)


class Display:
    """One Xvfb; ends only what it started."""

    def __init__(self) -> None:
        read, write = os.pipe()
        width, height = SCREEN
        command = [
            "Xvfb",
            "-displayfd",
            str(write),
            "-screen",
            "0",
            f"{width}x{height}x24",
            "-dpi",
            "96",
            "-nolisten",
            "tcp",
        ]
        quiet = subprocess.DEVNULL
        self._server = subprocess.Popen(command, pass_fds=(write,), stdout=quiet, stderr=quiet)
        os.close(write)
        with os.fdopen(read) as stream:
            self.name = f":{stream.readline().strip()}"

    @staticmethod
    def missing() -> list[str]:
        """What it needs and what is not installed."""
        found = [name for name in ("Xvfb", "xdotool") if shutil.which(name) is None]
        try:
            import tkinter  # noqa: F401
        except ImportError:
            found.append("a Python with Tk (python3-tk)")
        return found

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """`base`, for a program that shall open its window here."""
        return {**base, "DISPLAY": self.name}

    def press(self, *words: str) -> None:
        """What xdotool does with these words."""
        subprocess.run(["xdotool", *words], env=self.environment(os.environ), check=True, timeout=DEADLINE_S)

    def picture(self) -> Image.Image:
        """What is on the screen."""
        return ImageGrab.grab(xdisplay=self.name)

    def close(self) -> None:
        """Ends it."""
        self._server.terminate()
        self._server.wait(DEADLINE_S)
