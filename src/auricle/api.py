"""The same from Python: `load_model`, `detect`, `listen`, as `import auricle` offers them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from auricle import settings
from auricle.app import Auricle
from auricle.messages import Event
from auricle.sinks.inbox import Inbox
from auricle.tagging import Model


def load_model(name: str, **values: Any) -> Model:
    """The model called `name`, or the one in the folder `name`, ready to hear. Keyword arguments are settings.

    Raises ModelError where there is none or it is damaged, SettingsError for a setting that does not fit.
    """
    return Auricle(settings.load(values={**values, "MODEL": name})).model


def detect(
    source: str | Path | NDArray[np.generic] | BinaryIO, *, rate: int | None = None, **values: Any
) -> Iterator[Event]:
    """The events in a recording, in the order in which they end.

    `source`: a path, an array of samples with its `rate` in Hz, or an open binary stream. Keyword arguments are
    settings, as `auricle -h` lists them. Raises AuricleError.
    """
    auricle = Auricle(settings.load(values=values))
    return auricle.events(auricle.recording(source, rate))


@contextlib.contextmanager
def listen(**values: Any) -> Iterator[Inbox]:
    """The microphone, until the block is left; iterate it for events as they start and as they end.

    Keyword arguments are settings. Raises AuricleError.
    """
    conf = settings.load(values=values)
    auricle = Auricle(conf)
    _ = auricle.live_tagger(), auricle.thresholds  # what may be wrong is found before the microphone is opened
    source, inbox = auricle.microphone(), Inbox(length=conf.QUEUE_LENGTH)
    pipeline = auricle.pipeline(source, inbox, live=True)

    def run() -> None:
        try:
            pipeline.run()
            inbox.close()
        except BaseException as error:
            inbox.fail(error)

    thread = threading.Thread(target=run, name="pipeline", daemon=True)
    thread.start()
    try:
        yield inbox
    finally:
        source.close()
        thread.join()
