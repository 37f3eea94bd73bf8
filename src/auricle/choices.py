"""Where settings and the model's card meet: what the user chose, else what the card says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from auricle.card import FrontEndFacts, ModelCard, Thresholds
from auricle.config import ConfDef
from auricle.errors import SettingsError
from auricle.labels import audioset, groups, subset

_FACTS = {
    "SAMPLERATE": "rate",
    "MODEL_WINSIZE": "window_size",
    "STFT_HOPSIZE": "hop",
    "STFT_WINDOW": "window",
    "N_MELS": "n_mels",
    "MEL_FMIN": "fmin",
    "MEL_FMAX": "fmax",
}
"""Settings that repeat a fact of the model's card."""


def odd(frames: float) -> int:
    """The odd number nearest to `frames`, at least 1."""
    return 2 * round(max(0.0, frames - 1) / 2) + 1


def thresholds(conf: ConfDef, card: ModelCard) -> list[Thresholds]:
    """One pair for each label: per label from the settings, else for all from the settings, else the card's."""
    given: Mapping[str, dict[str, float]] = {
        "on": {subset.known(name, card.labels): value for name, value in conf.ON_THRESHOLDS.items()},
        "off": {subset.known(name, card.labels): value for name, value in conf.OFF_THRESHOLDS.items()},
    }
    pairs = []
    for label in card.labels:
        fact = card.thresholds[label]
        on = given["on"].get(label, fact.on if conf.ON_THRESHOLD is None else conf.ON_THRESHOLD)
        # A lower on-threshold takes the card's off-threshold down with it.
        usual = min(fact.off, on) if conf.OFF_THRESHOLD is None else conf.OFF_THRESHOLD
        off = given["off"].get(label, usual)
        if off > on:
            raise SettingsError(f"The off-threshold of “{label}”, {off:g}, is above its on-threshold {on:g}; lower it.")
        pairs.append(Thresholds(on=on, off=off))
    return pairs


def asked_for(names: Sequence[str], labels: Sequence[str]) -> list[groups.Group]:
    """The groups that LABELS names, where one word may hold several names between commas. Raises LabelError."""
    known = {name.casefold() for name in (*labels, *audioset.names(), *audioset.groups())}
    split = [part for name in names for part in ([name] if name.casefold() in known else name.split(","))]
    return groups.chosen([part.strip() for part in split if part.strip()], labels)


def check_facts(conf: ConfDef, facts: FrontEndFacts) -> None:
    """Raises SettingsError where a setting differs from what the weights were trained on."""
    for key, name in _FACTS.items():
        wanted, fact = getattr(conf, key), getattr(facts, name)
        if wanted is not None and wanted != fact:
            raise SettingsError(
                f"{key}={wanted} does not fit the model, whose weights were trained with {fact}; leave it out."
            )
