"""DemoFrontend: areas, widgets by name, state and switch, resizing, bad input."""

from __future__ import annotations

import random
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("tkinter", reason="no window without a Python with Tk (python3-tk)")

from PIL import Image

from auricle.errors import SettingsError
from auricle.gui import DARK, LIGHT, Bottom, DemoFrontend, Middle, State, Top
from auricle.gui import pictures as pictures_module
from auricle.gui.pictures import PictureLabel
from tests.display import SCREEN, Display
from tests.gui.pumping import pump, resize, settle, state
from tests.material import REPOSITORY

if TYPE_CHECKING:
    import tkinter as tk

RANKING = [("Dog", 0.93), ("Baby cry, infant cry", 0.61), ("Rain", 0.33), ("Crowing, cock-a-doodle-doo", 0.2)]


def frontend(root: tk.Tk, **areas: Any) -> DemoFrontend:
    """One with every area, unless told otherwise, shown at 900 × 700."""
    picture = Image.new("RGBA", (300, 100), "red")
    given = {"top": Top("Test", picture), "middle": Middle(6), "bottom": Bottom(logos=(picture,)), **areas}
    made = DemoFrontend(root, theme=LIGHT, **given)
    made.pack(fill="both", expand=True)
    resize(root, 900, 700)
    return made


def test_the_widgets_have_names(root: tk.Tk) -> None:
    """The three dictionaries hold what the class says, and nothing else."""
    demo = frontend(root)
    assert set(demo.top_widgets) == {"area", "banner", "title", "switch"}
    assert set(demo.mid_widgets) == {"area", "card", "header", "table", *(f"row {k}" for k in range(1, 7))}
    assert set(demo.bottom_widgets) == {"area", "exit", "logo 1"}


@pytest.mark.parametrize("left_out", ["top", "middle", "bottom"])
def test_each_area_can_be_left_out(root: tk.Tk, left_out: str) -> None:
    """Its dictionary is empty then, and everything else works."""
    demo = frontend(root, **{left_out: None})
    name = {"top": "top_widgets", "middle": "mid_widgets", "bottom": "bottom_widgets"}[left_out]
    assert getattr(demo, name) == {}
    demo.toggle()
    demo.show(RANKING)
    resize(root, 400, 500)
    assert demo.state is State.RUNNING


def test_it_is_the_content_of_any_parent(root: tk.Tk) -> None:
    """It works inside a frame, twice in one window, and in a window of its own."""
    import tkinter as tk
    from tkinter import ttk

    frame, other = ttk.Frame(root), tk.Toplevel(root)
    frame.pack()
    for parent in (frame, frame, other):
        demo = DemoFrontend(parent, theme=DARK, top=Top("Test"), middle=Middle(2), bottom=Bottom())
        demo.pack()
        demo.show(RANKING)
        settle(root)
        assert demo.rows[0].label == "Dog"
    demo.exit_demo()
    settle(root)
    assert not other.winfo_exists()
    assert root.winfo_exists()


def test_the_switch_shows_the_state(root: tk.Tk) -> None:
    """Its text and style follow the state, which is a value of its own; pressing it starts and stops."""
    demo = frontend(root)
    switch: Any = demo.top_widgets["switch"]
    looks = {}
    for each in State:
        demo.state = each
        looks[each] = (switch["text"], switch["style"], switch.instate(["disabled"]))
    assert looks[State.IDLE] == looks[State.FAILED] == ("Start", "Start.TButton", False)
    assert looks[State.RUNNING] == ("Stop", "Stop.TButton", False)
    assert looks[State.STOPPING][2]
    assert len(set(looks.values())) == 4
    demo.state = State.IDLE
    switch.invoke()
    assert demo.state is State.RUNNING
    switch.configure(text="renamed by somebody")
    switch.invoke()
    assert state(demo) is State.IDLE


def test_the_three_methods_can_be_overridden(root: tk.Tk) -> None:
    """Start, Stop and Exit call them, each once."""
    calls = []

    class Mine(DemoFrontend):
        def start(self) -> None:
            calls.append("start")
            self.state = State.STARTING

        def stop(self) -> None:
            calls.append("stop")
            self.state = State.STOPPING

        def exit_demo(self) -> None:
            calls.append("exit")

    demo = Mine(root, theme=LIGHT, top=Top("Test"), middle=None, bottom=Bottom())
    switch: Any = demo.top_widgets["switch"]
    leave: Any = demo.bottom_widgets["exit"]
    for button in (switch, switch, switch, leave):
        button.invoke()
    assert calls == ["start", "stop", "exit"]


def test_rows_show_rank_sound_and_score(root: tk.Tk) -> None:
    """Bars glide to their scores; a row above its threshold is hot; what is beyond the ranking is empty."""
    demo = frontend(root)
    demo.thresholds = {"Dog": 0.5, "Rain": 0.4}
    demo.show(RANKING)
    pump(root, lambda: abs(demo.rows[0].drawn - 0.93) < 0.01, "the bar has arrived")
    assert [(row.rank, row.label, round(row.score, 2)) for row in demo.rows[:4]] == [
        (k + 1, label, score) for k, (label, score) in enumerate(RANKING)
    ]
    assert [row.is_hot for row in demo.rows[:4]] == [True, False, False, False]
    assert all(row.label == "" for row in demo.rows[4:])
    demo.show([])
    pump(root, lambda: demo.rows[0].drawn == 0.0, "the bar is empty")


def test_bars_do_not_jump(root: tk.Tk) -> None:
    """A bar on its way to a score passes through what lies between."""
    demo = frontend(root)
    row = demo.rows[0]
    row.show("Dog", 0.9, 0.5)
    seen = []
    while row.step(0.034):
        seen.append(row.drawn)
    assert len(seen) >= 5
    assert seen == sorted(seen)
    assert all(later - earlier < 0.5 for earlier, later in pairwise(seen))


@pytest.mark.parametrize("rows", [0, -1, 1001])
def test_an_impossible_number_of_rows_is_one_sentence(root: tk.Tk, rows: int) -> None:
    """0 rows and more than 1000 are refused."""
    with pytest.raises(SettingsError, match="from 1 to 1000 rows"):
        DemoFrontend(root, theme=LIGHT, top=None, middle=Middle(rows), bottom=None)


def test_a_thousand_rows_fit_in_any_window(root: tk.Tk) -> None:
    """As many as fit are shown, and the wheel reaches the last one."""
    demo = frontend(root, middle=Middle(1000))
    demo.show([(f"Sound {k}", 1 - k / 1000) for k in range(1000)])
    settle(root)
    table: Any = demo.mid_widgets["table"]
    assert 5 <= table.visible < 40
    assert demo.rows[0].winfo_ismapped()
    table.scroll(10_000)
    settle(root)
    assert demo.rows[999].winfo_ismapped()
    assert not demo.rows[0].winfo_ismapped()
    table.scroll(-10_000)
    settle(root)
    assert demo.rows[0].winfo_ismapped()


@pytest.mark.parametrize(("width", "height"), [(360, 420), (900, 700), SCREEN])
def test_everything_fits_at_every_size(root: tk.Tk, width: int, height: int) -> None:
    """Down to 360 × 420 and up to the full screen: no widget is cut, six rows are in view, text can be read."""
    demo = frontend(root)
    demo.show(RANKING)
    resize(root, width, height)
    for widgets in (demo.top_widgets, demo.mid_widgets, demo.bottom_widgets):
        for name, widget in widgets.items():
            assert widget.winfo_ismapped(), name
            x, y = widget.winfo_rootx() - root.winfo_rootx(), widget.winfo_rooty() - root.winfo_rooty()
            assert 0 <= x <= x + widget.winfo_width() <= width, name
            assert 0 <= y <= y + widget.winfo_height() <= height, name
    title, switch = demo.top_widgets["title"], demo.top_widgets["switch"]
    assert title.winfo_x() + title.winfo_reqwidth() <= switch.winfo_x()
    assert demo.look.linespace("text") >= 10
    assert demo.look.linespace("table") >= 13


def test_pictures_keep_their_aspect_and_are_rescaled_once_per_idle(
    root: tk.Tk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty sizes at once rescale a picture once; whatever the size, it is three times as wide as high."""
    demo = frontend(root)
    banner: Any = demo.top_widgets["banner"]
    drawn: list[str] = []
    put = pictures_module.put

    def counted(interpreter: Any, name: str, image: Image.Image) -> str:
        drawn.append(name)
        return put(interpreter, name, image)

    monkeypatch.setattr(pictures_module, "put", counted)
    for k in range(50):
        banner.fit((300 - 3 * k, 120 - k))
    settle(root)
    assert len([name for name in drawn if "banner" in name or "picture" in name]) == 1
    for box in ((300, 50), (50, 300), (7, 3), (1, 1)):
        banner.fit(box)
        settle(root)
        width, height = banner.shown
        assert width <= box[0]
        assert height <= box[1]
        assert width == pytest.approx(3 * height, abs=3)


def test_fifty_resizes_at_random_leave_it_whole(root: tk.Tk) -> None:
    """After each one the rows fill the middle, and no image or font is left over."""
    demo = frontend(root)
    demo.show(RANKING)
    rng = random.Random(0)
    settle(root)
    images = len(root.tk.call("image", "names"))
    for _ in range(50):
        resize(root, rng.randint(360, 1600), rng.randint(420, 1000))
        assert demo.rows[0].winfo_width() > 250
    resize(root, 900, 700)
    assert len(root.tk.call("image", "names")) < images + 200
    assert len([name for name in root.tk.call("font", "names") if str(name).startswith("auricle")]) == 5


@pytest.mark.parametrize("kind", ["missing", "broken", "folder"])
def test_a_bad_picture_is_a_placeholder_and_one_warning(root: tk.Tk, tmp_path: Path, kind: str) -> None:
    """A file that is missing, not a picture, or a folder: one sentence, and the window is as usual."""
    path = tmp_path / "banner.png"
    if kind == "broken":
        path.write_bytes(b"\x89PNG\r\n\x1a\nthis is no picture")
    elif kind == "folder":
        path.mkdir()
    with pytest.warns(UserWarning, match="cannot show this picture") as warned:
        demo = frontend(root, top=Top("Test", path))
    assert len(warned) == 1
    assert isinstance(demo.top_widgets["banner"], PictureLabel)
    assert demo.top_widgets["banner"].shown > (1, 1)


def test_the_theme_can_be_changed_while_it_runs(root: tk.Tk) -> None:
    """Light, dark and light again: every colour follows, no matter how often."""
    demo = frontend(root)
    demo.show(RANKING)
    for theme in (DARK, LIGHT, DARK):
        demo.use_theme(theme)
        settle(root)
        assert demo["background"] == theme.background
        assert demo.rows[1]["background"] == theme.surface


def test_fonts_can_be_enlarged(root: tk.Tk) -> None:
    """Ctrl + makes them larger, within bounds."""
    demo = frontend(root)
    before = demo.look.linespace("table")
    demo.zoom(1.5)
    settle(root)
    assert demo.look.linespace("table") > before
    demo.zoom(100.0)
    assert demo.zoomed == 2.0


def test_the_example_runs(display: Display) -> None:
    """examples/own_frontend.py opens its window, shows scores when Start is pressed, and leaves with 0."""
    example = REPOSITORY / "examples" / "own_frontend.py"
    code = (
        "import runpy, tkinter as tk\n"
        "loop = tk.Tk.mainloop\n"
        "def press(self, n=0):\n"
        "    demo = next(iter(self.children.values()))\n"
        "    demo.top_widgets['switch'].invoke()\n"
        "    def look():\n"
        "        if demo.rows[0].drawn > 0:\n"
        "            print(demo.rows[0].label, demo.state.value)\n"
        "            demo.bottom_widgets['exit'].invoke()\n"
        "        else:\n"
        "            self.after(20, look)\n"
        "    look()\n"
        "    loop(self)\n"
        "tk.Tk.mainloop = press\n"
        f"runpy.run_path({str(example)!r}, run_name='__main__')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=display.environment({}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("running\n")
    assert example.read_text(encoding="utf-8").count("\n") <= 30
