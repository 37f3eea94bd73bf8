"""Where settings and the model's card meet: what the user chose, else what the card says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from auricle.card import FrontEndFacts, ModelCard, Thresholds
from auricle.config import ConfDef
from auricle.errors import ModelError, SettingsError
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


def place(conf: ConfDef) -> str:
    """Where the chosen model is: MODEL's name, or the path in MODEL_PATH, which is never a name. Raises ModelError."""
    if not conf.MODEL_PATH:
        return conf.MODEL
    path = Path(conf.MODEL_PATH).absolute()
    if not path.exists():
        raise ModelError(
            f"MODEL_PATH={conf.MODEL_PATH}: cannot read the model's card, since there is no such folder or file; "
            "name one that holds a card.json and its weights."
        )
    return str(path)


def odd(frames: float) -> int:
    """The odd number nearest to `frames`, at least 1."""
    return 2 * round(max(0.0, frames - 1) / 2) + 1


def thresholds(conf: ConfDef, card: ModelCard) -> list[Thresholds]:
    """Those of each label: per label from the settings, else for all from the settings, else the card's."""
    given_on = _by_label("ON_THRESHOLDS", conf.ON_THRESHOLDS, card.labels)
    given_off = _by_label("OFF_THRESHOLDS", conf.OFF_THRESHOLDS, card.labels)
    given_minimum = _by_label("MIN_DURATIONS", conf.MIN_DURATIONS, card.labels)
    pairs = []
    for label in card.labels:
        fact = card.thresholds[label]
        on = given_on.get(label, fact.on if conf.ON_THRESHOLD is None else conf.ON_THRESHOLD)
        # A lower on-threshold takes the card's off-threshold down with it.
        usual = min(fact.off, on) if conf.OFF_THRESHOLD is None else conf.OFF_THRESHOLD
        off = given_off.get(label, usual)
        if off > on:
            raise SettingsError(f"The off-threshold of “{label}”, {off:g}, is above its on-threshold {on:g}; lower it.")
        pairs.append(Thresholds(on=on, off=off, minimum_s=given_minimum.get(label, fact.minimum_s)))
    return pairs


def _by_label(key: str, values: Mapping[str, float], labels: Sequence[str]) -> dict[str, float]:
    """`values` under the names that the model writes. Raises SettingsError where one stands in it twice."""
    found: dict[str, float] = {}
    for name, value in values.items():
        label = subset.known(name, labels)
        if label in found:
            raise SettingsError(f"{key} has “{label}” twice, in upper and lower case; leave one out.")
        found[label] = value
    return found


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
