"""Auricle names the sounds around you, live, on one ordinary CPU core; nothing leaves the machine.

    model = auricle.load_model("bundled")
    for event in auricle.detect("street.wav"): ...
    with auricle.listen() as events: ...

Importing it loads nothing heavy: each name below is fetched at its first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auricle.api import detect, listen, load_model
    from auricle.audio.ring import RingBuffer
    from auricle.card import ModelCard
    from auricle.config import ConfDef
    from auricle.errors import AuricleError
    from auricle.messages import Block, Event, EventState, Frames, Health, Scores
    from auricle.tagging import Model

    __version__: str

_HOMES = {
    "detect": "api",
    "listen": "api",
    "load_model": "api",
    "RingBuffer": "audio.ring",
    "ModelCard": "card",
    "ConfDef": "config",
    "AuricleError": "errors",
    "Block": "messages",
    "Event": "messages",
    "EventState": "messages",
    "Frames": "messages",
    "Health": "messages",
    "Scores": "messages",
    "Model": "tagging",
}

__all__ = [
    "AuricleError",
    "Block",
    "ConfDef",
    "Event",
    "EventState",
    "Frames",
    "Health",
    "Model",
    "ModelCard",
    "RingBuffer",
    "Scores",
    "__version__",
    "detect",
    "listen",
    "load_model",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("auricle")
    if name in _HOMES:
        return getattr(importlib.import_module(f"auricle.{_HOMES[name]}"), name)
    raise AttributeError(f"module “auricle” has no “{name}”")


def __dir__() -> list[str]:
    return __all__
