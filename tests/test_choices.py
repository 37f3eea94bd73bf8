"""Settings against the model's card."""

from __future__ import annotations

from dataclasses import replace

import pytest

from auricle.card import Thresholds
from auricle.choices import thresholds
from auricle.config import ConfDef
from auricle.errors import SettingsError
from tests.material import one_sentence, small_card


def test_a_labels_own_setting_wins_over_that_for_all_and_that_over_the_cards() -> None:
    """A lower on-threshold takes the card's off-threshold down with it."""
    card = small_card()
    assert thresholds(ConfDef(), card) == [Thresholds(0.6, 0.4)] * 3
    conf = ConfDef(ON_THRESHOLD=0.3, ON_THRESHOLDS={"dog": 0.7}, OFF_THRESHOLDS={"Cat": 0.1})
    assert thresholds(conf, card) == [Thresholds(0.7, 0.4), Thresholds(0.3, 0.1), Thresholds(0.3, 0.3)]


def test_a_labels_own_duration_wins_over_the_cards() -> None:
    """What neither names has none of its own, and follows MIN_DURATION."""
    card = small_card()
    card = replace(
        card, thresholds=card.thresholds | {"Dog": Thresholds(0.6, 0.4, 1.0), "Cat": Thresholds(0.6, 0.4, 1.0)}
    )
    found = thresholds(ConfDef(MIN_DURATIONS={"cat": 0.5}), card)
    assert {label: limits.minimum_s for label, limits in zip(card.labels, found, strict=True)} == {
        label: {"Dog": 1.0, "Cat": 0.5}.get(label, 0.0) for label in card.labels
    }


@pytest.mark.parametrize(
    ("conf", "message"),
    [
        (ConfDef(ON_THRESHOLDS={"Dog": 0.6, "dog": 0.3}), "ON_THRESHOLDS has “Dog” twice"),
        (ConfDef(OFF_THRESHOLDS={"CAT": 0.2, "cat": 0.3}), "OFF_THRESHOLDS has “Cat” twice"),
        (ConfDef(OFF_THRESHOLDS={"Dog": 0.9}), "off-threshold of “Dog”, 0.9, is above its on-threshold"),
    ],
)
def test_thresholds_may_not_contradict_each_other(conf: ConfDef, message: str) -> None:
    """One label twice, and an event that would end before it begins."""
    with pytest.raises(SettingsError, match=message) as caught:
        thresholds(conf, small_card())
    one_sentence(caught.value)
