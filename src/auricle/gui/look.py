"""Look: a theme made real in one Tk interpreter: named fonts, ttk styles, rounded buttons.

Fonts and images are Tk's own, by name, without Python objects behind them: such an object would delete its image from
whatever thread the garbage collector happens to run in.
"""

from __future__ import annotations

import tkinter as tk
from tkinter import font as tkfont
from tkinter import ttk
from typing import Any

from auricle.gui import pictures
from auricle.gui.theme import Theme

_LEAST_PT = 8
_MOST_MEASURES = 4096
_ROLES = {"title": "bold", "table": "normal", "hot": "bold", "text": "normal", "strong": "bold"}
"""Fonts and their weights: the title, rows, rows above their threshold, everything else, and what stands out in it."""


class Look:
    """Fonts and styles of one theme. Widgets name fonts by `font(role)`, and follow when `resize` changes them."""

    def __init__(self, *, root: tk.Misc, theme: Theme) -> None:
        """Makes fonts of its own, and the theme's ttk styles where this interpreter has not got them yet."""
        self._root, self._tk = root, root.tk
        self.theme = theme
        self.scale = max(1.0, root.winfo_fpixels("1i") / 96.0)
        """Screen pixels for one of the theme's."""
        self._prefix = f"auricle{str(root).replace('.', '_')}_{id(self)}"
        self._family = next((name for name in theme.families if name in tkfont.families(root)), "TkDefaultFont")
        self._sizes: dict[str, int] = {}
        self._measures: dict[tuple[str, ...], int] = {}
        for role, weight in _ROLES.items():
            self._tk.call("font", "create", self.font(role), "-family", self._family, "-weight", weight)
        self.resize(1.0)
        self.use(theme)

    def font(self, role: str) -> str:
        """The name of the font of `role`: title, table, hot, text or strong."""
        return f"{self._prefix}_{role}"

    def px(self, pixels: float) -> int:
        """The theme's pixels as the screen's."""
        return round(pixels * self.scale)

    def linespace(self, role: str) -> int:
        """Height of a line, screen pixels."""
        return self._measured((role,), "metrics", self.font(role), "-linespace")

    def width(self, role: str, text: str) -> int:
        """Of `text` on the screen, pixels."""
        return self._measured((role, text), "measure", self.font(role), text)

    def fitted(self, role: str, text: str, width: int) -> str:
        """`text`, or as much of it as fits into `width` pixels and “…”."""
        if self.width(role, text) <= width:
            return text
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if self.width(role, text[:middle].rstrip() + "…") <= width:
                low = middle
            else:
                high = middle - 1
        return text[:low].rstrip() + "…"

    def _measured(self, what: tuple[str, ...], *question: str) -> int:
        """What Tk says of a font, asked once."""
        if what not in self._measures:
            if len(self._measures) >= _MOST_MEASURES:
                self._measures.clear()
            self._measures[what] = int(self._tk.call("font", *question))
        return self._measures[what]

    def resize(self, factor: float) -> bool:
        """Fonts of `factor` times the theme's size, but never too small to read; True if anything changed."""
        theme = self.theme
        points = {"title": theme.title_fontsize, "table": theme.table_fontsize, "text": theme.text_fontsize}
        points |= {"hot": points["table"], "strong": points["text"]}
        least = {role: min(size, _LEAST_PT + 2 * (role in ("title", "table", "hot"))) for role, size in points.items()}
        sizes = {role: max(least[role], round(size * factor)) for role, size in points.items()}
        if sizes == self._sizes:
            return False
        self._sizes = sizes
        self._measures.clear()
        for role, size in sizes.items():
            self._tk.call("font", "configure", self.font(role), "-size", size)
        ttk.Style(self._root).configure("Treeview", rowheight=round(1.5 * self.linespace("text")))
        return True

    def use(self, theme: Theme) -> None:
        """Makes `theme` the one that ttk widgets take; widgets that draw themselves are told by their owner."""
        self.theme = theme
        style = ttk.Style(self._root)
        name = f"auricle-{theme.name}"
        if name not in style.theme_names():
            style.theme_create(name, parent="clam")
            style.theme_use(name)
            for background in ("background", "surface"):
                self._buttons(style, theme, background)
        style.theme_use(name)
        self._plain(style, theme)
        self._pressed(style, theme)
        self._filled(style, theme)

    def drop(self) -> None:
        """Frees the fonts; nothing may use them any more."""
        for role in _ROLES:
            self._tk.call("font", "delete", self.font(role))

    def _plain(self, style: ttk.Style, theme: Theme) -> None:
        """Frames and labels."""
        common: dict[str, Any] = {"font": self.font("text"), "foreground": theme.text, "borderwidth": 0}
        style.configure(".", background=theme.background, focuscolor=theme.accent, **common)
        style.configure("TLabel", background=theme.background)
        style.configure("Title.TLabel", font=self.font("title"))
        style.configure("Muted.TLabel", foreground=theme.muted)
        style.configure(
            "Card.TFrame", background=theme.surface, bordercolor=theme.outline, relief="solid", borderwidth=1
        )
        style.configure("Inner.TFrame", background=theme.surface)
        style.configure("Card.TLabel", background=theme.surface)
        style.configure("CardTitle.TLabel", background=theme.surface, font=self.font("strong"))
        style.configure("CardMuted.TLabel", background=theme.surface, foreground=theme.muted)
        style.configure("Notice.TFrame", background=theme.notice)
        style.configure("Notice.TLabel", background=theme.notice, foreground=theme.on_notice)
        style.configure("Error.TFrame", background=theme.danger)
        style.configure("Error.TLabel", background=theme.danger, foreground=theme.on_danger)

    def _pressed(self, style: ttk.Style, theme: Theme) -> None:
        """Buttons."""
        buttons = {"Start": theme.on_accent, "Stop": theme.danger, "Quiet": theme.text, "CardQuiet": theme.text}
        for kind, colour in buttons.items():
            large = kind in ("Start", "Stop")
            style.configure(
                f"{kind}.TButton", foreground=colour, anchor="center", font=self.font("strong" if large else "text")
            )
            style.configure(f"{kind}.TButton", padding=(self.px(10), self.px(5 if large else 2)))
            style.map(f"{kind}.TButton", foreground=[("disabled", theme.muted)])
        style.configure("Quiet.TMenubutton", foreground=theme.text, padding=(self.px(10), self.px(2)))
        style.configure("Quiet.TMenubutton", arrowcolor=theme.muted, arrowsize=self.px(5))

    def _filled(self, style: ttk.Style, theme: Theme) -> None:
        """Fields and lists."""
        field = {"fieldbackground": theme.surface, "background": theme.surface, "foreground": theme.text}
        lines = {"bordercolor": theme.outline, "lightcolor": theme.surface, "darkcolor": theme.surface}
        style.configure(
            "TCombobox", arrowcolor=theme.muted, insertcolor=theme.text, padding=self.px(5), **field, **lines
        )
        style.map("TCombobox", bordercolor=[("focus", theme.accent)], fieldbackground=[("readonly", theme.surface)])
        style.configure(
            "Treeview", **field, bordercolor=theme.surface, lightcolor=theme.surface, darkcolor=theme.surface
        )
        style.configure(
            "Treeview.Heading", background=theme.surface, foreground=theme.muted, relief="flat", padding=self.px(4)
        )
        style.map("Treeview.Heading", background=[("active", theme.surface)])
        style.map("Treeview", background=[("selected", theme.hot)], foreground=[("selected", theme.text)])
        style.configure(
            "Vertical.TScrollbar", background=theme.trough, troughcolor=theme.surface, arrowcolor=theme.muted
        )
        style.configure("Vertical.TScrollbar", **lines)
        style.configure("Treeview", rowheight=round(1.5 * self.linespace("text")))

    def _buttons(self, style: ttk.Style, theme: Theme, background: str) -> None:
        """Rounded buttons, cut in nine so that they stretch, for each of the looks."""
        prefix = "" if background == "background" else "Card"
        back, radius = getattr(theme, background), self.px(theme.radius)
        fills = {"Start": (theme.accent, theme.accent), "Stop": (theme.surface, theme.danger)}
        for kind, (colour, edge) in {**fills, "Quiet": (theme.surface, theme.outline)}.items():
            images = {}
            for state, shade in {"": 0.0, "active": 0.08, "pressed": 0.18, "disabled": 0.0, "focus": 0.0}.items():
                fill = theme.trough if state == "disabled" else pictures.mixed(colour, theme.text, shade)
                line = {"disabled": theme.outline, "focus": theme.text}.get(state, edge)
                images[state] = self._plate(f"{kind}{state or 'normal'}", background, back, fill, line, radius)
            order = [(state, images[state]) for state in ("disabled", "pressed", "focus", "active")]
            for widget in ("TButton", "TMenubutton"):
                element = f"{prefix}{kind}.{widget}.plate"
                style.element_create(element, "image", images[""], *order, border=radius, sticky="nsew")
                style.layout(f"{prefix}{kind}.{widget}", _layout(element, widget))

    def _plate(self, state: str, name: str, back: str, fill: str, line: str, radius: int) -> str:
        image = f"auricle-{self.theme.name}-{name}-{state}"
        return pictures.put(self._tk, image, pictures.plate(back=back, fill=fill, line=line, radius=radius))


def _layout(element: str, widget: str) -> Any:
    part = widget[1:]
    label = (f"{part}.label", {"sticky": "nsew"})
    if widget == "TMenubutton":
        arrow = ("Menubutton.indicator", {"side": "right", "sticky": ""})
        return [
            (
                element,
                {"sticky": "nsew", "children": [arrow, ("Menubutton.padding", {"sticky": "we", "children": [label]})]},
            )
        ]
    return [(element, {"sticky": "nsew", "children": [("Button.padding", {"sticky": "nsew", "children": [label]})]})]
