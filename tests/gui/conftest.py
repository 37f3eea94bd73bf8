"""A display for every test of this folder, and windows that leave nothing behind."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.display import Display

if TYPE_CHECKING:
    import tkinter as tk


@pytest.fixture(scope="session")
def display() -> Iterator[Display]:
    """A screen of our own; the tests are skipped, with the reason, where there can be none."""
    missing = Display.missing()
    if missing:
        pytest.skip(f"no window without {', '.join(missing)}; `make test` installs them on Debian")
    screen = Display()
    yield screen
    screen.close()


@pytest.fixture
def root(display: Display, monkeypatch: pytest.MonkeyPatch) -> Iterator[tk.Tk]:
    """A main window on it, whose callbacks raise into the test; collected by this thread, as Tk demands."""
    import tkinter as tk

    monkeypatch.setenv("DISPLAY", display.name)
    window = tk.Tk()
    broken: list[BaseException] = []
    window.report_callback_exception = lambda kind, error, trace: broken.append(error)
    yield window
    with contextlib.suppress(tk.TclError):  # where the test has closed it
        window.destroy()
    del window
    gc.collect()
    if broken:
        raise broken[0]
