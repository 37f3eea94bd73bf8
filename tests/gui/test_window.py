"""DemoApp: threads, states, recovery and closing, with real pipelines on fake sound."""

from __future__ import annotations

import gc
import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("tkinter", reason="no window without a Python with Tk (python3-tk)")

from auricle.errors import CardError, DeviceError
from auricle.gui import DARK, LIGHT, State
from auricle.gui.engine import Choice
from auricle.gui.keys import bind_keys
from auricle.gui.window import DemoApp
from auricle.messages import Event, EventState, SourceState
from auricle.testing import Heard
from tests.display import Display
from tests.gui.fakes import KNOWN, FakeEngine
from tests.gui.pumping import pump, resize, settle, state

if TYPE_CHECKING:
    import tkinter as tk


def window(root: tk.Tk, engine: FakeEngine, *, closing_s: float = 1.8) -> DemoApp:
    app = DemoApp(root, engine=engine, theme=LIGHT, rows=3, choice=Choice(source="", model=""), closing_s=closing_s)
    app.pack(fill="both", expand=True)
    bind_keys(root, app)
    root.protocol("WM_DELETE_WINDOW", app.exit_demo)
    resize(root, 1000, 720)
    return app


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    """A backend that hears a dog; whatever hangs in it is released at the end."""
    made = FakeEngine()
    yield made
    made.opening.set()
    for hiss in made.hisses:
        hiss.released.set()
        hiss.close()


def leave(root: tk.Tk, app: DemoApp) -> float:
    """Presses Exit, and gives the seconds until the window is gone, as another thread counts them.

    That thread stands still with the machine, and so a pause of the whole machine does not count; it does not stand still
    with the window.
    """
    gone, ticks = threading.Event(), 0

    def count() -> None:
        nonlocal ticks
        while not gone.wait(0.01):
            ticks += 1

    counting = threading.Thread(target=count, name="clock")
    counting.start()
    try:
        app.exit_demo()
        pump(root, lambda: app.has_left, "the window closes")
    finally:
        gone.set()
        counting.join()
    return 0.01 * ticks


def threads() -> list[str]:
    """The threads that the window has started and that go on."""
    return [thread.name for thread in threading.enumerate() if thread.name in ("pipeline", "devices")]


def test_start_and_stop(root: tk.Tk, engine: FakeEngine) -> None:
    """Idle, starting, running with rows that show the sound, stopping, idle with empty rows and no thread."""
    app = window(root, engine)
    assert state(app) is State.IDLE
    app.toggle()
    assert state(app) is State.STARTING
    pump(root, lambda: app.rows[0].label == "Dog", "the dog is shown")
    assert state(app) is State.RUNNING
    assert app.rows[0].is_hot
    assert app.rows[1].label == "Rain"
    pump(root, lambda: len(app.panes.events.lines) == 1, "the event is shown")
    assert app.panes.events.lines[0][1:3] == ("Dog", "now")
    pump(root, lambda: "one core" in app.panes.status.full, "the status line has figures")
    for part in ("hiss", "fake", "ms per step", "samples lost"):
        assert part in app.panes.status.full
    app.toggle()
    assert app.state is State.STOPPING
    pump(root, lambda: app.state is State.IDLE, "it has stopped")
    assert app.rows[0].label == ""
    assert app.panes.events.lines[0][2].endswith(" s")
    assert threads() == []


def test_no_widget_is_touched_from_another_thread(display: Display, engine: FakeEngine) -> None:
    """Every call into Tk, from the first to the last of a session, comes from the main thread."""
    import tkinter as tk

    class Watched:
        def __init__(self, inner: Any) -> None:
            self.__dict__["inner"] = inner

        def __getattr__(self, name: str) -> Any:
            if threading.current_thread() is not threading.main_thread():
                strays.append(f"{threading.current_thread().name}: {name}")
            calls.append(name)
            return getattr(self.inner, name)

    strays: list[str] = []
    calls: list[str] = []

    def use(root: tk.Tk) -> None:
        root.tk = Watched(root.tk)  # type: ignore[assignment]
        app = window(root, engine)
        app.start()
        pump(root, lambda: bool(app.panes.events.lines), "an event is shown")
        app.panes.explain("Dog")
        app.choose(model="other")
        pump(root, lambda: app.session is not None and app.session.model == "other", "the other model")
        engine.error = DeviceError("It is gone; plug it in.")
        app.restart()
        pump(root, lambda: app.state is State.FAILED, "it fails")
        leave(root, app)

    use(tk.Tk(screenName=display.name))
    assert strays == []
    assert len(calls) > 1000
    gc.collect()


def test_rows_keep_their_places_while_the_ranking_is_much_the_same(root: tk.Tk, engine: FakeEngine) -> None:
    """A lead of 3 % changes nothing, a lead of 10 % does."""
    app = window(root, engine)
    app.show_session([("Dog", 0.50), ("Cat", 0.48)])
    app.show_session([("Cat", 0.51), ("Dog", 0.48)])
    assert [row.label for row in app.rows[:2]] == ["Dog", "Cat"]
    app.show_session([("Cat", 0.58), ("Dog", 0.48)])
    assert [row.label for row in app.rows[:2]] == ["Cat", "Dog"]


def test_a_row_explains_itself(root: tk.Tk, engine: FakeEngine) -> None:
    """A click opens the pane with the score's curve, its thresholds and the reason; Esc closes it, and does not leave."""
    app = window(root, engine)
    app.start()
    pump(root, lambda: bool(app.panes.events.lines), "the dog is an event")
    app.rows[0].event_generate("<Button-1>", x=5, y=5)
    why = app.panes.why
    pump(root, lambda: "is an event now" in str(why.reason["text"]), "the reason")
    assert why.label == "Dog"
    why.ask("rai")
    pump(root, lambda: "highest score was 30%" in str(why.reason["text"]), "the other reason")
    assert len(app.panes.history.of(2)) > 3
    why.ask("cow")
    pump(root, lambda: "Cow is not followed." in str(why.reason["text"]), "the reason for what is left out")
    why.ask("no such thing at all")
    assert "no label like" in str(why.reason["text"])
    root.event_generate("<Escape>")
    settle(root)
    assert not why.winfo_ismapped()
    assert not app.is_closing


def test_a_sound_that_is_not_followed_has_a_curve_too(root: tk.Tk, engine: FakeEngine) -> None:
    """One sees what it scores, without thresholds, and thus whether following it would be worth while."""
    engine.script.append(Heard(0.0, 1e9, KNOWN.index("Cow"), 0.42))
    app = window(root, engine)
    app.start()
    pump(root, lambda: app.state is State.RUNNING, "it runs")
    app.panes.explain("Cow")
    why: Any = app.panes.why
    wanted = "Cow is not followed. Its highest score in the last 30 s was 42%."
    pump(root, lambda: str(why.reason["text"]) == wanted and len(why.points) > 3, "the reason and the curve")
    assert {round(score, 3) for _, score in why.points} == {0.42}
    assert why.limits is None
    leave(root, app)


def test_an_event_of_long_ago_is_remembered(root: tk.Tk, engine: FakeEngine) -> None:
    """The sentence names the time, length and peak of the last event, however old it is, in the next session too."""
    engine.script[0] = Heard(0.0, 0.4, 0, 0.9)
    app = window(root, engine)
    app.start()
    pump(root, lambda: bool(app.panes.events.lines) and app.panes.events.lines[0][2] != "now", "the dog has barked")
    time_of_day, _, length, peak = app.panes.events.lines[0]
    engine.script[0] = Heard(0.0, 1e9, 0, 0.1)
    app.restart()
    pump(root, lambda: app.panes.history.of(0)[-1:] != [] and app.panes.history.of(0)[-1][1] < 0.2, "it runs again")
    app.panes.explain("Dog")
    why: Any = app.panes.why
    wanted = f"Last event that ended: began at {time_of_day}, lasted {length}, peaked at {peak}."
    pump(root, lambda: wanted in str(why.reason["text"]) and "No event" in str(why.reason["text"]), "the sentence")
    leave(root, app)


@pytest.mark.parametrize(
    ("key", "holds"),
    [
        ("<space>", lambda app: app.state is not State.IDLE),
        ("<F1>", lambda app: bool(app.panes.help.winfo_manager())),
        ("<Control-t>", lambda app: app.look.theme.name == DARK.name),
        ("<Control-plus>", lambda app: app.zoomed > 1.0),
        ("<Control-minus>", lambda app: app.zoomed < 1.0),
        ("<Control-q>", lambda app: app.is_closing),
        ("<Escape>", lambda app: app.is_closing),
    ],
)
def test_the_keys_do_what_the_help_says(
    root: tk.Tk, engine: FakeEngine, key: str, holds: Callable[[DemoApp], bool]
) -> None:
    """Space, F1, Ctrl T, Ctrl +, Ctrl −, Ctrl Q, Esc."""
    app = window(root, engine)
    app.focus_force()
    settle(root)
    assert not holds(app)
    root.event_generate(key)
    settle(root)
    assert app.has_left or holds(app)


def test_tab_reaches_every_control(root: tk.Tk, engine: FakeEngine) -> None:
    """From the switch through menus, rows and events to Exit, and round again."""
    app = window(root, engine)
    names = {
        widget: name
        for widgets in (app.top_widgets, app.mid_widgets, app.bottom_widgets)
        for name, widget in widgets.items()
    }
    widget: Any = app.top_widgets["switch"]
    seen = []
    for _ in range(30):
        seen.append(names.get(widget, ""))
        widget = widget.tk_focusNext()
    for name in ("switch", "input", "model", "row 1", "row 3", "events", "help", "exit"):
        assert name in seen, seen


def test_input_and_model_are_chosen_live(root: tk.Tk, engine: FakeEngine) -> None:
    """A choice from either menu restarts what is running, and waits for Start otherwise."""
    app = window(root, engine)
    app.choose(source="another hiss")
    settle(root)
    assert engine.opened == []
    app.start()
    pump(root, lambda: app.state is State.RUNNING, "it runs")
    menu: Any = app.top_widgets["model"]
    menu.menu.tk.call(menu.menu.cget("postcommand"))
    labels = [menu.menu.entrycget(k, "label").strip() for k in range(menu.menu.index("end") + 1)]
    assert labels == ["✓ default", "fake", "other"]
    menu.menu.invoke(2)
    pump(root, lambda: app.session is not None and app.session.model == "other", "the other model runs")
    assert engine.opened == [Choice("another hiss", ""), Choice("another hiss", "other")]
    assert app.state is State.RUNNING
    leave(root, app)


def test_a_missing_microphone_is_said_and_found_again(root: tk.Tk, engine: FakeEngine) -> None:
    """One sentence in the window; when the device comes, it listens by itself."""
    engine.error = DeviceError("There is no microphone; plug one in.")
    app = window(root, engine)
    app.start()
    pump(root, lambda: app.state is State.FAILED, "it fails")
    assert app.panes.notice.text == "There is no microphone; plug one in. Auricle keeps trying."
    pump(root, lambda: bool(app.panes.notice.winfo_ismapped()), "the sentence is seen")
    engine.error = None
    pump(root, lambda: app.state is State.RUNNING, "it runs by itself")
    pump(root, lambda: app.panes.notice.text == "", "the sentence goes")
    leave(root, app)


def test_a_missing_model_is_said(root: tk.Tk, engine: FakeEngine) -> None:
    """Its sentence stays until Start is pressed; nothing tries again by itself."""
    engine.error = CardError("The model is damaged; install it again.")
    app = window(root, engine)
    app.start()
    pump(root, lambda: app.state is State.FAILED, "it fails")
    assert app.panes.notice.text == "The model is damaged; install it again."
    engine.error = None
    app.toggle()
    pump(root, lambda: app.state is State.RUNNING, "it runs")
    leave(root, app)


def test_a_broken_program_is_a_sentence_and_no_traceback(
    root: tk.Tk, engine: FakeEngine, capfd: pytest.CaptureFixture[str]
) -> None:
    """A ZeroDivisionError in the pipeline's thread is told in the window, which goes on."""
    engine.error = ZeroDivisionError("division by zero")
    app = window(root, engine)
    app.start()
    pump(root, lambda: app.state is State.FAILED, "it fails")
    assert "Something broke inside Auricle (ZeroDivisionError: division by zero)" in app.panes.notice.text
    leave(root, app)
    assert "Traceback" not in capfd.readouterr().err


def test_a_source_that_waits_or_is_silent_is_said(root: tk.Tk, engine: FakeEngine) -> None:
    """The pipeline's own sentence stands in the window while it holds, and goes when it does not."""
    app = window(root, engine)
    app.start()
    pump(root, lambda: app.state is State.RUNNING, "it runs")
    engine.hisses[0].state = SourceState.WAITING
    pump(root, lambda: "waiting for it to come back" in app.panes.notice.text, "the sentence")
    engine.hisses[0].state = SourceState.RUNNING
    pump(root, lambda: app.panes.notice.text == "", "the sentence goes")
    engine.hisses[0].audio = engine.hisses[0].audio * 100
    pump(root, lambda: "clips" in app.panes.notice.text and app.panes.meter.clips, "it clips")
    leave(root, app)


def test_a_source_that_ends_is_said(root: tk.Tk, engine: FakeEngine) -> None:
    """A recording that is over leaves an idle window that says so."""
    engine.blocks = 20
    app = window(root, engine)
    app.start()
    pump(root, lambda: "has ended" in app.panes.notice.text, "the sentence")
    assert app.state is State.IDLE


@pytest.mark.parametrize("when", ["idle", "starting", "running", "stopping", "failed", "looking"])
def test_leaving_ends_every_thread(root: tk.Tk, engine: FakeEngine, when: str) -> None:
    """In whatever state Exit is pressed, the window goes within two seconds, and no thread is left."""
    app = window(root, engine)
    if when != "looking":
        settle(root)
    if when in ("starting", "running", "stopping", "failed"):
        if when == "starting":
            engine.opening.clear()
        if when == "failed":
            engine.error = DeviceError("No.")
        app.start()
        wanted = {"starting": State.STARTING, "failed": State.FAILED}.get(when, State.RUNNING)
        pump(root, lambda: app.state is wanted, when)
        if when == "stopping":
            app.stop()
    app.exit_demo()
    engine.opening.set()
    assert leave(root, app) < 2.0
    assert threads() == []
    assert app.abandoned == []


@pytest.mark.parametrize("where", ["opening", "listening"])
def test_a_device_that_hangs_does_not_keep_the_window(root: tk.Tk, engine: FakeEngine, where: str) -> None:
    """It waits with `after`, and the window lives meanwhile; then the thread is left behind, and said to be."""
    if where == "opening":
        engine.opening.clear()
    app = window(root, engine)
    app.start()
    if where == "listening":
        pump(root, lambda: app.state is State.RUNNING, "it runs")
        engine.hisses[0].hang.set()
    else:
        pump(root, lambda: bool(engine.opened), "it opens")
    beats: list[float] = []

    def beat() -> None:
        beats.append(time.monotonic())
        root.after(10, beat)

    beat()
    assert leave(root, app) < 2.0
    assert len(beats) > 50
    assert len(app.abandoned) == 1


def test_stopping_a_device_that_hangs_is_said(root: tk.Tk, engine: FakeEngine) -> None:
    """The window comes back with a sentence, and another input can be started."""
    app = window(root, engine, closing_s=0.3)
    app.start()
    pump(root, lambda: app.state is State.RUNNING, "it runs")
    engine.hisses[0].hang.set()
    app.stop()
    pump(root, lambda: app.state is State.FAILED, "it gives up")
    assert "does not answer" in app.panes.notice.text
    app.toggle()
    pump(root, lambda: app.state is State.RUNNING, "it runs again")
    leave(root, app)


def test_closing_the_window_takes_the_same_way(root: tk.Tk, engine: FakeEngine) -> None:
    """WM_DELETE_WINDOW and a signal's request leave as Exit does."""
    app = window(root, engine)
    app.start()
    pump(root, lambda: app.state is State.RUNNING, "it runs")
    app.leave_soon()
    pump(root, lambda: app.has_left, "it leaves")
    assert threads() == []


@pytest.mark.parametrize(("width", "height"), [(360, 420), (640, 900), (900, 700), (1600, 1000)])
def test_the_window_fits_at_every_size(root: tk.Tk, engine: FakeEngine, width: int, height: int) -> None:
    """Nothing is cut; the panes beside the ranking come and go with the room."""
    app = window(root, engine)
    app.start()
    pump(root, lambda: app.rows[0].label == "Dog", "the dog")
    resize(root, width, height)
    pump(root, lambda: app.panes.aside.winfo_ismapped() == (width >= 640), "the panes come or go")
    for name, widget in {**app.top_widgets, **app.mid_widgets, **app.bottom_widgets}.items():
        if widget.winfo_ismapped():
            x, y = widget.winfo_rootx() - root.winfo_rootx(), widget.winfo_rooty() - root.winfo_rooty()
            assert 0 <= x <= x + widget.winfo_width() <= width, name
            assert 0 <= y <= y + widget.winfo_height() <= height, name
    app.panes.explain("Dog")
    settle(root)
    assert app.panes.why.winfo_ismapped()
    leave(root, app)


def test_fifty_resizes_at_random_while_it_listens(root: tk.Tk, engine: FakeEngine) -> None:
    """The rows stay, nothing breaks, and no picture is left over."""
    app = window(root, engine)
    app.start()
    pump(root, lambda: app.rows[0].label == "Dog", "the dog")
    images = len(root.tk.call("image", "names"))
    rng = random.Random(1)
    for _ in range(50):
        resize(root, rng.randint(360, 1600), rng.randint(420, 1000))
        assert app.rows[0].winfo_width() > 200
        assert app.state is State.RUNNING
    assert len(root.tk.call("image", "names")) < images + 200
    leave(root, app)


def resident_kb() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1]) * 4


@pytest.mark.slow
def test_starting_and_stopping_two_hundred_times(root: tk.Tk, engine: FakeEngine) -> None:
    """No exception, no thread left, no growth of memory, and Tk's objects do not multiply."""
    app = window(root, engine)

    def turn() -> None:
        app.toggle()
        pump(root, lambda: app.state is State.RUNNING and bool(app.rows[0].label), "it runs")
        app.toggle()
        pump(root, lambda: app.state is State.IDLE, "it stops")

    def tk_objects() -> int:
        return len(root.tk.call("image", "names")) + len(root.tk.call("info", "commands"))

    for _ in range(40):
        turn()
    gc.collect()
    memory, objects = resident_kb(), tk_objects()
    for _ in range(160):
        turn()
    gc.collect()
    assert threads() == []
    assert tk_objects() <= objects + 20
    assert resident_kb() - memory < 4_000
    leave(root, app)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_closing_two_hundred_times_at_random_moments(display: Display, engine: FakeEngine) -> None:
    """Whatever it does at that moment: gone within two seconds, no thread left, no exception, no growth of memory."""
    import tkinter as tk

    rng = random.Random(0)
    broken: list[BaseException] = []

    def use(root: tk.Tk) -> None:
        root.report_callback_exception = lambda kind, error, trace: broken.append(error)
        app = window(root, engine)
        if rng.random() < 0.9:
            app.start()
        end_s = time.monotonic() + rng.uniform(0.0, 0.3)
        pump(root, lambda: time.monotonic() >= end_s, "a while")
        if rng.random() < 0.3:
            app.toggle()
        assert leave(root, app) < 2.0

    memory = 0
    for count in range(200):
        use(tk.Tk(screenName=display.name))
        assert threads() == []
        engine.hisses.clear()
        gc.collect()
        if count == 60:
            memory = resident_kb()
    assert broken == []
    assert resident_kb() - memory < 140 * 60


def test_a_long_label_in_the_list_ends_in_dots_until_there_is_room(root: tk.Tk, engine: FakeEngine) -> None:
    """A line shows as much of a label as fits, going on or over, and is still of the whole label."""
    app, label = window(root, engine), "Livestock, farm animals, working animals"
    events, began = app.panes.events, datetime(2026, 1, 1)

    def shown() -> str:
        return str(events.set(events.get_children()[0], "label"))

    for when, offset_s in ((EventState.STARTED, None), (EventState.ENDED, 2.0)):
        events.show(Event(1, when, "fake", label, 1.0, offset_s, 0.97, 0.9, "hiss"), began)
        assert shown().endswith("…")
        assert label.startswith(shown().removesuffix("…"))
        assert events.lines[0] == ("00:00:01", label, "now" if offset_s is None else "1.0 s", "97%")
        assert tuple(map(str, events.item(events.get_children()[0], "values")))[2:] == events.lines[0][2:]
    resize(root, 1600, 900)
    pump(root, lambda: shown() == label, "the whole label fits")
    resize(root, 1000, 720)
    pump(root, lambda: shown().endswith("…"), "it fits no more")
