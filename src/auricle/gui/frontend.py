"""DemoFrontend: a window's content for anything that ranks sounds, with no backend of its own.

Put one behind it by overriding `start`, `stop` and `exit_demo`, and give it results with `show`. All methods belong to
the thread that runs Tk's mainloop.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Mapping, Sequence
from tkinter import ttk

from auricle.errors import SettingsError
from auricle.gui.areas import Bottom, Middle, Top
from auricle.gui.look import Look
from auricle.gui.pictures import PictureLabel
from auricle.gui.pulse import Pulse
from auricle.gui.rows import SoundRow
from auricle.gui.states import State
from auricle.gui.table import RowTable
from auricle.gui.theme import Theme

FRAME_MS = 40
"""Between two movements of the bars: 25 times a second, within the 30 that are allowed; half as often near their end."""
_NEAR_PX = 12
_FULL_SIZE = (900, 640)
"""From this size on, in the theme's pixels, fonts have the theme's size."""
_MOST_ROWS = 1000
_TEXTS = {
    State.IDLE: "Start",
    State.STARTING: "Starting…",
    State.RUNNING: "Stop",
    State.STOPPING: "Stopping…",
    State.FAILED: "Start",
}


class DemoFrontend(tk.Canvas):
    """Three areas that follow every resize.

    `top_widgets`: area, banner, title, switch. `mid_widgets`: area, card, header, table, and row 1, row 2, … .
    `bottom_widgets`: area, exit, logo 1, logo 2, … . A widget that was left out is absent.
    """

    def __init__(
        self, parent: tk.Misc, *, theme: Theme, top: Top | None, middle: Middle | None, bottom: Bottom | None
    ) -> None:
        """The content of `parent`, to be packed or gridded there; an area that is None is left out."""
        super().__init__(parent, highlightthickness=0, borderwidth=0)
        self.look = Look(root=self, theme=theme)
        self.thresholds: Mapping[str, float] = {}
        """By label: where its bar has a mark, and from where on its row is highlighted."""
        self.top_widgets: dict[str, tk.Widget] = {}
        self.mid_widgets: dict[str, tk.Widget] = {}
        self.bottom_widgets: dict[str, tk.Widget] = {}
        self._state, self._zoom, self._layout_waits = State.IDLE, 1.0, False
        self.pulse = Pulse(widget=self, beat=self.beat, pause_ms=FRAME_MS)
        """The only timer; asleep while nothing moves."""
        self.grid_propagate(False)
        self.columnconfigure(0, weight=1)
        self.rowconfigure(1, weight=1)
        if top is not None:
            self._build_top(top)
        if middle is not None:
            self._build_middle(middle)
        if bottom is not None:
            self._build_bottom(bottom)
        self.configure(background=theme.background, width=self.look.px(900), height=self.look.px(640))
        self.bind("<Configure>", lambda _: self.ask_layout())
        self.bind("<Destroy>", self._destroyed)

    @property
    def state(self) -> State:
        """What is going on; setting it changes the look of the switch."""
        return self._state

    @state.setter
    def state(self, state: State) -> None:
        self._state = state
        if "switch" in self.top_widgets:
            switch = self.top_widgets["switch"]
            style = "Stop.TButton" if state in (State.STARTING, State.RUNNING) else "Start.TButton"
            switch.configure(text=_TEXTS[state], style=style)  # type: ignore[call-arg]
            switch.state(["disabled" if state is State.STOPPING else "!disabled"])  # type: ignore[attr-defined]

    @property
    def rows(self) -> list[SoundRow]:
        """The rows of the ranking, the first one first."""
        return self._table.rows if "table" in self.mid_widgets else []

    def start(self) -> None:
        """Start was pressed. Override it; `self.state` is yours to set."""
        self.state = State.RUNNING

    def stop(self) -> None:
        """Stop was pressed. Override it; `self.state` is yours to set."""
        self.state = State.IDLE

    def exit_demo(self) -> None:
        """Exit was pressed. Override it where a backend has to end first."""
        self.winfo_toplevel().destroy()

    def toggle(self) -> None:
        """Starts or stops, as the state asks for."""
        if self.state in (State.IDLE, State.FAILED):
            self.start()
        elif self.state is not State.STOPPING:
            self.stop()

    def show(self, ranking: Sequence[tuple[str, float]]) -> None:
        """Shows labels with their scores of 0…1, the highest first; rows beyond them are empty."""
        for k, row in enumerate(self.rows):
            if k < len(ranking):
                label, score = ranking[k]
                row.show(label, score, self.thresholds.get(label))
            elif row.label:
                row.clear()
        self.pulse.wake()

    def beat(self, elapsed_s: float) -> int:
        """Moves the bars; milliseconds until it wants to be called again, or 0 where nothing moves any more."""
        far_px = max((row.step(elapsed_s) for row in self.rows), default=0)
        return FRAME_MS if far_px > _NEAR_PX else 2 * FRAME_MS if far_px else 0

    def use_theme(self, theme: Theme) -> None:
        """Changes colours and fonts."""
        self.look.use(theme)
        self.configure(background=theme.background)
        self.arrange()
        for row in self.rows:
            row.arrange()

    def zoom(self, factor: float) -> None:
        """Fonts `factor` times the theme's, within half and twice."""
        self._zoom = min(2.0, max(0.5, factor))
        self.ask_layout()

    @property
    def zoomed(self) -> float:
        """The factor that `zoom` has set."""
        return self._zoom

    def ask_layout(self) -> None:
        """Lays everything out anew, once, when Tk is idle."""
        if not self._layout_waits:
            self._layout_waits = True
            self.after_idle(self._lay_out)

    def arrange(self) -> None:
        """Fits fonts, pictures and rows to the size. Whoever adds widgets extends it."""
        width, height = self.winfo_width() / self.look.scale, self.winfo_height() / self.look.scale
        changed = self.look.resize(self._zoom * min(1.0, width / _FULL_SIZE[0], height / _FULL_SIZE[1]))
        tall = round(1.5 * self.look.linespace("title"))
        for widgets, room in ((self.top_widgets, tall), (self.bottom_widgets, round(0.55 * tall))):
            for name, widget in widgets.items():
                if isinstance(widget, PictureLabel):
                    share = 0.3 if name == "banner" else 0.15
                    widget.fit((max(1, round(share * self.winfo_width())), room))
        if "table" in self.mid_widgets:
            self._table.arrange(fonts_changed=changed)

    def _lay_out(self) -> None:
        self._layout_waits = False
        if self.winfo_exists() and self.winfo_width() > 1:
            self.arrange()

    def _build_top(self, top: Top) -> None:
        pad = self.look.px(16)
        area = self.top_widgets["area"] = ttk.Frame(self, padding=(pad, pad, pad, 0))
        area.grid(row=0, column=0, sticky="ew")
        area.columnconfigure(1, weight=1)
        if top.banner is not None:
            banner = PictureLabel(area, picture=top.banner, theme=self.look.theme, box=(1, 1))
            banner.grid(row=0, column=0, padx=(0, self.look.px(14)))
            self.top_widgets["banner"] = banner
        title = self.top_widgets["title"] = ttk.Label(area, text=top.title, style="Title.TLabel")
        title.grid(row=0, column=1, sticky="w")
        switch = ttk.Button(area, text=_TEXTS[State.IDLE], style="Start.TButton", command=self.toggle, width=9)
        switch.grid(row=0, column=2, sticky="e")
        self.top_widgets["switch"] = switch

    def _build_middle(self, middle: Middle) -> None:
        if not 1 <= middle.rows <= _MOST_ROWS:
            raise SettingsError(f"A ranking has from 1 to {_MOST_ROWS} rows, not {middle.rows}; change TOP_K.")
        pad = self.look.px(16)
        area = self.mid_widgets["area"] = ttk.Frame(self, padding=(pad, self.look.px(12)))
        area.grid(row=1, column=0, sticky="nsew")
        area.columnconfigure(0, weight=1, uniform="panes")
        area.rowconfigure(0, weight=1)
        card = self.mid_widgets["card"] = ttk.Frame(area, style="Card.TFrame", padding=self.look.px(2))
        card.grid(row=0, column=0, sticky="nsew")
        card.columnconfigure(0, weight=1)
        card.rowconfigure(1, weight=1)
        header = ttk.Frame(card, style="Inner.TFrame", padding=(self.look.px(12), self.look.px(8), self.look.px(12), 0))
        header.grid(row=0, column=0, sticky="ew")
        header.columnconfigure(1, weight=1)
        for column, text in enumerate(middle.header):
            label = ttk.Label(header, text=text, style="CardMuted.TLabel")
            label.grid(row=0, column=column, padx=(0, self.look.px(14) if column == 0 else 0), sticky="w")
        self.mid_widgets["header"] = header
        self._table = RowTable(card, count=middle.rows, look=self.look)
        self._table.grid(row=1, column=0, sticky="nsew", padx=self.look.px(4), pady=self.look.px(4))
        self.mid_widgets["table"] = self._table
        self.mid_widgets |= {f"row {row.rank}": row for row in self._table.rows}

    def _build_bottom(self, bottom: Bottom) -> None:
        pad = self.look.px(16)
        area = self.bottom_widgets["area"] = ttk.Frame(self, padding=(pad, 0, pad, self.look.px(12)))
        area.grid(row=2, column=0, sticky="ew")
        area.columnconfigure(len(bottom.logos), weight=1)
        for k, picture in enumerate(bottom.logos):
            logo = PictureLabel(area, picture=picture, theme=self.look.theme, box=(1, 1))
            logo.grid(row=0, column=k, padx=(0, self.look.px(10)))
            self.bottom_widgets[f"logo {k + 1}"] = logo
        leave = ttk.Button(area, text=bottom.exit_text, style="Quiet.TButton", command=self.exit_demo)
        leave.grid(row=0, column=len(bottom.logos) + 2, sticky="e")
        self.bottom_widgets["exit"] = leave

    def _destroyed(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self:
            self.pulse.stop()
            self.look.drop()
