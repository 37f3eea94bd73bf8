"""`window`: the live window; and the program behind it."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from auricle import settings
from auricle.app import Auricle
from auricle.errors import AuricleError, DeviceError, WindowError
from auricle.models import store
from auricle.sources import microphone
from auricle.stages import Source

if TYPE_CHECKING:
    import tkinter as tk

    from auricle.gui.engine import Choice, Listener, Session
    from auricle.gui.window import DemoApp

DEMONSTRATION = "Demonstration recording"
_SMALLEST = (360, 420)
_USUAL = (1000, 720)
_CANDIDATES = 4
"""Labels that are ranked for each row that is shown, so that the order can be kept steady."""
_LOUDNESS = {"panns": (-65.0, 15.0), "efficientat": (-1.0, 2.0)}
"""Log-mel figures, in each front end's unit, that the spectrogram shows as silence and as loud."""


def window(arguments: argparse.Namespace) -> int:
    """Opens the window; it listens when Start is pressed."""
    return show(Auricle(settings.load(arguments.words)), begin=False, fallback=False)


def can_show() -> bool:
    """Whether there is a display, as far as one can tell without opening it, and a Python with Tk."""
    if sys.platform not in ("win32", "darwin") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        import tkinter  # noqa: F401
    except ImportError:
        return False
    return True


def show(auricle: Auricle, *, begin: bool, fallback: bool) -> int:
    """The window until it is closed. `begin`: listens at once; `fallback`: without a microphone, to the demonstration."""
    from auricle.gui.engine import Choice
    from auricle.gui.keys import bind_keys
    from auricle.gui.theme import theme_named
    from auricle.gui.window import CLOSING_S, DemoApp

    conf = auricle.conf
    theme = replace(theme_named(conf.THEME), title_fontsize=conf.TITLE_FONTSIZE, table_fontsize=conf.TABLE_FONTSIZE)
    root = _root()
    app = DemoApp(
        root,
        engine=Backend(auricle=auricle, fallback=fallback),
        theme=theme,
        rows=conf.TOP_K,
        choice=Choice(source="", model=""),
        closing_s=CLOSING_S,
    )
    app.pack(fill="both", expand=True)
    bind_keys(root, app)
    root.protocol("WM_DELETE_WINDOW", app.exit_demo)
    root.report_callback_exception = lambda kind, error, _: _broke(app, kind, error)
    if begin:
        app.start()
    with _leaving_on_signal(app):
        root.mainloop()
    if app.abandoned:  # a thread that hangs inside a device would hang Python's end as well
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
    return 0


class Backend:
    """The engine behind the window: this configuration, with whatever input and model are chosen in it.

    Threads: `look` and `open` may wait, and are called from one thread at a time; the others from any.
    """

    def __init__(self, *, auricle: Auricle, fallback: bool) -> None:
        """`fallback`: where there is no microphone, the demonstration recording is heard."""
        conf = auricle.conf
        wider = replace(conf, TOP_K=min(1000, _CANDIDATES * conf.TOP_K))
        self._auricles = {"": Auricle(wider)}
        self._fallback, self._sources = fallback, list[str]()
        self._one = threading.Lock()  # PortAudio is for one thread at a time

    def sources(self) -> list[str]:
        """The inputs, as of the last look, and the demonstration."""
        return [*self._sources, DEMONSTRATION]

    def models(self) -> list[str]:
        """The installed ones."""
        with contextlib.suppress(AuricleError):
            return [model.card.name for model in store.installed()]
        return []

    def look(self) -> None:
        """Asks PortAudio for its devices. Raises DeviceError."""
        with self._one:
            microphone.refresh()
            self._sources = [device.name for device in microphone.inputs()]

    def open(self, choice: Choice, listener: Listener) -> Session:
        """Loads the model and opens the source. Raises AuricleError."""
        from auricle.gui.engine import Session

        auricle = self._auricle(choice.model)
        step_s = auricle.live_tagger().step_s
        limits, reasons = auricle.thresholds, auricle.reasons()
        source, remark = self._source(auricle, choice.source)
        pipeline = auricle.pipeline(source, listener, live=True, see=listener.see)
        facts = auricle.card.front_end
        return Session(
            source=DEMONSTRATION if remark else choice.source or source.name,
            model=auricle.card.name,
            labels=auricle.names,
            thresholds=limits,
            left_out=_left_out(auricle),
            known=auricle.card.labels,
            step_s=step_s,
            frame_s=facts.hop / facts.rate,
            loudness=_LOUDNESS[facts.kind],
            remark=remark,
            top=auricle.tracker.top,
            why=reasons.why,
            run=pipeline.run,
            close=source.close,
        )

    def _auricle(self, model: str) -> Auricle:
        if model not in self._auricles:
            self._auricles[model] = Auricle(replace(self._auricles[""].conf, MODEL=model, MODEL_PATH=""))
        return self._auricles[model]

    def _source(self, auricle: Auricle, name: str) -> tuple[Source, str]:
        """The source, and a remark where it is not the one that was wanted."""
        if name == DEMONSTRATION:
            return auricle.demonstration(), ""
        wanted = Auricle(replace(auricle.conf, DEVICE=name or auricle.conf.DEVICE))
        with self._one:
            try:
                return wanted.microphone(), ""
            except DeviceError:
                microphone.refresh()  # PortAudio sees a device that was plugged in only when it starts
                self._sources = [device.name for device in microphone.inputs()]
            try:
                return wanted.microphone(), ""
            except DeviceError as error:
                if not self._fallback or wanted.conf.DEVICE:
                    raise
                why = str(error).split(";")[0].rstrip(".")
                return auricle.demonstration(), f"{why}: playing the demonstration recording instead."


def _broke(app: DemoApp, kind: type[BaseException], error: BaseException) -> None:
    """Says that a callback has failed, where the user looks; the window goes on."""
    text = f"Something broke inside the window ({kind.__name__}: {error}); if it stays, leave and start again."
    print(f"auricle: {text}", file=sys.stderr)
    app.panes.notice.say(text, is_error=True)


def _left_out(auricle: Auricle) -> dict[str, str]:
    """Labels that make no events of their own, each with the reason."""
    part_of = {auricle.card.labels[k]: group.name for group in auricle.groups for k in group.members}
    return {
        label: f"{label} is heard as part of {part_of[label]}; look there."
        if label in part_of
        else f"{label} is not followed; LABELS, ALLOW, DENY or SUBSET_LABELS_PATH leaves it out."
        for label in auricle.card.labels
        if label not in auricle.names
    }


def _root() -> tk.Tk:
    """Tk's main window, at its usual size. Raises WindowError where there is no display."""
    import tkinter as tk

    try:
        root = tk.Tk(className="Auricle")
    except tk.TclError as error:
        raise WindowError(f"There is no window without a display ({error}); use `auricle listen`.") from None
    root.title("Auricle")
    scale = max(1.0, root.winfo_fpixels("1i") / 96.0)
    width = min(round(scale * _USUAL[0]), root.winfo_screenwidth())
    height = min(round(scale * _USUAL[1]), root.winfo_screenheight())
    root.geometry(f"{width}x{height}")
    root.minsize(*_SMALLEST)
    return root


@contextlib.contextmanager
def _leaving_on_signal(app: DemoApp) -> Iterator[None]:
    """Ctrl-C and SIGTERM leave as the Exit button does; a second one does not wait."""

    def leave(*_: object) -> None:
        app.leave_soon()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    previous = {number: signal.signal(number, leave) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
