"""Theme: colours, fonts and sizes of the window, as one frozen value; a light and a dark one ship."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from auricle.config import ConfDef
from auricle.errors import SettingsError

_DEFAULTS = ConfDef()
_FAMILIES = ("Segoe UI", "SF Pro Text", "Inter", "Cantarell", "Ubuntu", "Noto Sans", "DejaVu Sans", "Helvetica")


@dataclass(frozen=True)
class Theme:
    """How the window looks. Colours are #rrggbb, font sizes points, other sizes pixels at 96 dpi.

    A theme of one's own: `dataclasses.replace(LIGHT, name="mine", accent="#7a1fa2")`; `faults` checks its contrast.
    """

    name: str
    """Unlike every other theme's."""
    background: str
    surface: str
    """Of the cards that lie on the background."""
    outline: str
    text: str
    muted: str
    """Text of lesser weight."""
    accent: str
    """The Start switch, and the bars of sounds above their threshold."""
    on_accent: str
    """Text on the accent."""
    hot: str
    """The background of a row whose sound is above its threshold."""
    calm: str
    """The bars of sounds below their threshold."""
    trough: str
    """What a bar has not filled."""
    danger: str
    """The Stop switch, the clipping light, errors."""
    on_danger: str
    notice: str
    """The background of a sentence that says what to do."""
    on_notice: str
    heat: tuple[str, ...]
    """The spectrogram's colours, from silence to loud."""
    families: tuple[str, ...]
    """Font families; the first one that is installed is taken."""
    title_fontsize: int
    table_fontsize: int
    text_fontsize: int
    """Of everything that is neither title nor row."""
    radius: int
    """Of the corners of buttons."""


LIGHT = Theme(
    name="light",
    background="#f3f5f7",
    surface="#ffffff",
    outline="#d5dbe1",
    text="#171c22",
    muted="#566170",
    accent="#0b766c",
    on_accent="#ffffff",
    hot="#e2f2f0",
    calm="#74869f",
    trough="#e6eaee",
    danger="#b3261e",
    on_danger="#ffffff",
    notice="#fff3d6",
    on_notice="#5c4300",
    heat=("#f8fafb", "#cfe5e6", "#6fb7b7", "#1f7f86", "#173f66", "#1a1033"),
    families=_FAMILIES,
    title_fontsize=_DEFAULTS.TITLE_FONTSIZE,
    table_fontsize=_DEFAULTS.TABLE_FONTSIZE,
    text_fontsize=11,
    radius=9,
)
DARK = Theme(
    name="dark",
    background="#12161b",
    surface="#1b2027",
    outline="#303842",
    text="#edf1f5",
    muted="#a0abb9",
    accent="#3ecfbd",
    on_accent="#04201c",
    hot="#173430",
    calm="#7f90a8",
    trough="#2b323c",
    danger="#f2837b",
    on_danger="#2b0603",
    notice="#3a2f12",
    on_notice="#f7d98b",
    heat=("#161b21", "#173a4d", "#1d6f7d", "#35b39a", "#b7dd7a", "#fff6c4"),
    families=_FAMILIES,
    title_fontsize=_DEFAULTS.TITLE_FONTSIZE,
    table_fontsize=_DEFAULTS.TABLE_FONTSIZE,
    text_fontsize=11,
    radius=9,
)
THEMES = {theme.name: theme for theme in (LIGHT, DARK)}
"""The themes that ship, by name."""
_TEXTS = (
    ("text", "background"),
    ("text", "surface"),
    ("text", "hot"),
    ("muted", "background"),
    ("muted", "surface"),
    ("muted", "hot"),
    ("accent", "surface"),
    ("accent", "hot"),
    ("danger", "surface"),
    ("on_accent", "accent"),
    ("on_danger", "danger"),
    ("on_notice", "notice"),
)
"""Text and what it stands on: 4.5 to 1 (WCAG 2.2 AA, 1.4.3)."""
_SHAPES = (("accent", "trough"), ("calm", "trough"), ("calm", "surface"), ("text", "trough"))
"""Shapes that carry meaning and what they stand on: 3 to 1 (WCAG 2.2 AA, 1.4.11)."""


def theme_named(name: str) -> Theme:
    """The theme that ships under `name`. Raises SettingsError."""
    if name not in THEMES:
        near = difflib.get_close_matches(name, THEMES, n=1)
        hint = f"did you mean “{near[0]}”?" if near else f"there are {' and '.join(THEMES)}."
        raise SettingsError(f"There is no theme “{name}”; {hint}")
    return THEMES[name]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21, as WCAG 2.2 defines it."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def faults(theme: Theme) -> list[str]:
    """Where `theme` has less contrast than WCAG AA asks for; empty where it passes."""
    found = []
    for pairs, least in ((_TEXTS, 4.5), (_SHAPES, 3.0)):
        for front, back in pairs:
            ratio = contrast(getattr(theme, front), getattr(theme, back))
            if ratio < least:
                found.append(f"{theme.name}: {front} on {back} is {ratio:.2f} to 1, less than {least}")
    return found


def rgb(colour: str) -> tuple[int, int, int]:
    """#rrggbb as three numbers of 0…255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    channels = [value / 255 for value in rgb(colour)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
