"""The keys of the window."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import replace

from auricle.gui.theme import THEMES
from auricle.gui.window import DemoApp

_ZOOM = 1.15
_TAKES_SPACE = ("TButton", "TMenubutton", "TCombobox", "TEntry", "Menu")
"""Widgets for which the space bar means something of its own."""


def bind_keys(root: tk.Tk, app: DemoApp) -> None:
    """Binds every key that `panels.KEYS` lists."""

    def fills_screen() -> bool:
        """As the window manager sees it, which may have ways of its own to change it."""
        return bool(root.attributes("-fullscreen"))

    def space(event: tk.Event[tk.Misc]) -> None:
        if not isinstance(event.widget, tk.Misc) or event.widget.winfo_class() not in _TAKES_SPACE:
            app.toggle()

    def escape() -> None:
        if not app.panes.close():
            screen() if fills_screen() else app.exit_demo()

    def screen() -> None:
        root.attributes("-fullscreen", not fills_screen())

    def theme() -> None:
        now, names = app.look.theme, list(THEMES)
        place = names.index(now.name) if now.name in names else -1
        following = THEMES[names[(place + 1) % len(names)]]
        app.use_theme(replace(following, title_fontsize=now.title_fontsize, table_fontsize=now.table_fontsize))

    root.bind("<space>", space)
    actions: dict[str, Callable[[], object]] = {
        "<Escape>": escape,
        "<Control-q>": app.exit_demo,
        "<F1>": app.panes.open_help,
        "<F11>": screen,
        "<Control-f>": lambda: app.panes.explain(""),
        "<Control-t>": theme,
        "<Control-0>": lambda: app.zoom(1.0),
    }
    for key in ("plus", "equal", "KP_Add"):
        actions[f"<Control-{key}>"] = lambda: app.zoom(app.zoomed * _ZOOM)
    for key in ("minus", "KP_Subtract"):
        actions[f"<Control-{key}>"] = lambda: app.zoom(app.zoomed / _ZOOM)
    for key, action in actions.items():
        root.bind(key, lambda _, action=action: action())  # type: ignore[misc]
