"""Tools: choosing the input and the model, and the level meter, in one row."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk

from auricle.gui.look import Look
from auricle.gui.meter import LevelMeter


class ChoiceMenu(ttk.Menubutton):
    """A button with a menu of names; what is in it is asked for whenever it opens."""

    def __init__(
        self,
        parent: tk.Misc,
        *,
        look: Look,
        title: str,
        usual: str,
        names: Callable[[], Sequence[str]],
        chosen: Callable[[str], None],
        more: Sequence[tuple[str, Callable[[], None]]],
    ) -> None:
        """`usual`: what the empty name is called; `more`: further lines of the menu with what they do."""
        super().__init__(parent, style="Quiet.TMenubutton")
        self._look, self._title, self._usual = look, title, usual
        self._names, self._choose, self._more = names, chosen, more
        self._menu = tk.Menu(self, tearoff=False, postcommand=self._fill, borderwidth=1, relief="solid")
        self.configure(menu=self._menu)
        self.value = ""
        self._room = look.px(260)

    @property
    def menu(self) -> tk.Menu:
        """The menu; `postcommand` fills it."""
        return self._menu

    def show(self, value: str) -> None:
        """Marks `value` as the one that is taken."""
        self.value = value
        self.fit(self._room)

    def fit(self, room: int) -> None:
        """Takes at most `room` pixels: title and value, or as much of the value as fits."""
        self._room = room
        text = f"{self._title}: {self.value or self._usual}"
        self.configure(text=self._look.fitted("text", text, max(1, room - self._look.px(44))))

    def arrange(self) -> None:
        """Takes on fonts and theme."""
        theme = self._look.theme
        self._menu.configure(
            font=self._look.font("text"), background=theme.surface, foreground=theme.text,
            activebackground=theme.hot, activeforeground=theme.text, activeborderwidth=0,
        )  # fmt: skip

    def _fill(self) -> None:
        self._menu.delete(0, "end")
        names = ["", *(name for name in self._names() if name)]
        if self.value not in names:
            names.append(self.value)
        for name in names:
            mark = "✓" if name == self.value else "   "
            self._menu.add_command(label=f"{mark} {name or self._usual}", command=lambda name=name: self._choose(name))  # type: ignore[misc]
        if self._more:
            self._menu.add_separator()
        for text, action in self._more:
            self._menu.add_command(label=f"    {text}", command=action)


class Tools(ttk.Frame):
    """The row under the title."""

    def __init__(self, parent: tk.Misc, *, look: Look) -> None:
        """With the meter; `hold` adds the menus."""
        super().__init__(parent)
        self._look = look
        self._menus: list[ChoiceMenu] = []
        self.meter = LevelMeter(self, look=look)
        self.meter.grid(row=0, column=9, sticky="ew")
        self.columnconfigure(9, weight=1)

    def hold(self, menu: ChoiceMenu) -> None:
        """Takes a menu, one of its children, into the row."""
        menu.grid(row=0, column=len(self._menus), padx=(0, self._look.px(8)))
        self._menus.append(menu)

    def arrange(self, width: int) -> None:
        """Shares out `width` pixels."""
        room = min(self._look.px(280), round(0.33 * width))
        for menu in self._menus:
            menu.fit(room)
            menu.arrange()
        self.meter.arrange()
