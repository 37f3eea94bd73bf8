"""Themes: frozen values with enough contrast."""

from __future__ import annotations

import dataclasses

import pytest

pytest.importorskip("tkinter", reason="no window without a Python with Tk (python3-tk)")

from auricle.config import ConfDef
from auricle.errors import SettingsError
from auricle.gui.theme import LIGHT, THEMES, contrast, faults, theme_named


def test_contrast_is_that_of_wcag() -> None:
    """Black on white is 21 to 1, a colour on itself 1 to 1, and #767676 on white the well-known 4.54 to 1."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#336699", "#336699") == pytest.approx(1.0)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)
    assert contrast("#ffffff", "#767676") == contrast("#767676", "#ffffff")


@pytest.mark.parametrize("name", sorted(THEMES))
def test_every_theme_passes_wcag_aa(name: str) -> None:
    """Text 4.5 to 1, shapes that carry meaning 3 to 1."""
    assert faults(THEMES[name]) == []


def test_a_pale_theme_is_found_out() -> None:
    """Grey on white is named with its ratio."""
    (fault,) = faults(dataclasses.replace(LIGHT, on_notice="#c0a060"))
    assert "on_notice on notice" in fault


def test_a_theme_does_not_change() -> None:
    """It is frozen."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        LIGHT.text = "#000000"  # type: ignore[misc]


def test_font_sizes_are_the_configuration_s() -> None:
    """TITLE_FONTSIZE 28 and TABLE_FONTSIZE 22, as in the seed, live in ConfDef alone."""
    assert (LIGHT.title_fontsize, LIGHT.table_fontsize) == (28, 22)
    assert (ConfDef().TITLE_FONTSIZE, ConfDef().TABLE_FONTSIZE) == (28, 22)


def test_an_unknown_theme_is_one_sentence() -> None:
    """It names those that there are, or the one that was meant."""
    with pytest.raises(SettingsError, match="did you mean “dark”"):
        theme_named("drak")
    with pytest.raises(SettingsError, match="there are light and dark"):
        theme_named("solarized")
