"""ConfDef: the one typed configuration."""

from __future__ import annotations

import dataclasses

import pytest

from auricle.config import ConfDef

SEED = {
    "TOP_K": 6,
    "AUDIO_CHUNK_LENGTH": 1024,
    "TITLE_FONTSIZE": 28,
    "TABLE_FONTSIZE": 22,
    "SUBSET_LABELS_PATH": "",
    "MODEL_PATH": "",
}
FIELDS = dataclasses.fields(ConfDef)


@pytest.mark.parametrize(("key", "default"), SEED.items())
def test_has_the_names_of_the_seed(key: str, default: object) -> None:
    """Who knows the seed demo finds its settings again."""
    assert getattr(ConfDef(), key) == default


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_key_says_what_it_means(field: dataclasses.Field[object]) -> None:
    """A key is UPPER_CASE, says what it means, and has both ends of its range or neither."""
    assert field.name == field.name.upper()
    assert len(field.metadata["meaning"]) > 5
    assert (field.metadata["low"] is None) == (field.metadata["high"] is None)


@pytest.mark.parametrize("field", [f for f in FIELDS if f.metadata["low"] is not None], ids=lambda field: field.name)
def test_every_default_is_in_its_range(field: dataclasses.Field[object]) -> None:
    """No default would be refused if it were typed."""
    default = getattr(ConfDef(), field.name)
    if isinstance(default, (int, float)):
        assert field.metadata["low"] <= default <= field.metadata["high"]


def test_two_configurations_share_nothing() -> None:
    """A list in one configuration is not that of another."""
    ConfDef().ALLOW.append("Dog")
    assert ConfDef().ALLOW == []
