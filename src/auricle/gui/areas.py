"""What the three areas of a DemoFrontend show; the only places in it that have defaults."""

from __future__ import annotations

from dataclasses import dataclass

from auricle.config import ConfDef
from auricle.gui.pictures import Picture


@dataclass(frozen=True)
class Top:
    """The top area: banner, title, Start/Stop."""

    title: str
    banner: Picture | None = None


@dataclass(frozen=True)
class Middle:
    """The middle area: a header and the ranking."""

    rows: int = ConfDef().TOP_K
    """1 to 1000; what does not fit is reached with the wheel."""
    header: tuple[str, str, str] = ("#", "Sound", "Confidence")


@dataclass(frozen=True)
class Bottom:
    """The bottom area: Exit, and a row of logos."""

    exit_text: str = "Exit"
    logos: tuple[Picture, ...] = ()
