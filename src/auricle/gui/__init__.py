"""The window, and the frontend that it is built on, for windows of one's own. Needs a Python with Tk."""

from auricle.errors import WindowError

try:
    import tkinter as _tkinter  # noqa: F401  (to say what to install, before anything else needs it)
except ImportError:
    raise WindowError(
        "This Python has no Tk, without which there is no window; install it (`sudo apt install python3-tk` on Debian, "
        "`brew install python-tk` on macOS), or use `auricle listen`."
    ) from None

from auricle.gui.areas import Bottom, Middle, Top
from auricle.gui.frontend import DemoFrontend
from auricle.gui.states import State
from auricle.gui.theme import DARK, LIGHT, THEMES, Theme

__all__ = ["DARK", "LIGHT", "THEMES", "Bottom", "DemoFrontend", "Middle", "State", "Theme", "Top"]
