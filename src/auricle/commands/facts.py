"""`devices`, `config` and `models`: what there is."""

from __future__ import annotations

import argparse

from auricle import settings
from auricle.models import store
from auricle.sources import microphone


def devices(arguments: argparse.Namespace) -> int:
    """One line for each input; the default one is starred."""
    settings.load(arguments.words)
    found = microphone.inputs()
    chosen = microphone.select(found, "")
    width = max(len(device.name) for device in found)
    print(f"  {'name':<{width}}  {'host API':<18}  {'rate':>8}  channels")
    for device in found:
        star = "*" if device == chosen else " "
        print(f"{star} {device.name:<{width}}  {device.host_api:<18}  {device.rate:>5} Hz  {device.channels:>8}")
    return 0


def config(arguments: argparse.Namespace) -> int:
    """The configuration that the words make of the defaults, as YAML."""
    print(settings.to_yaml(settings.load(arguments.words)), end="")
    return 0


def models(arguments: argparse.Namespace) -> int:
    """What is known of each installed model."""
    settings.load(arguments.words)
    for model in store.installed():
        card = model.card
        print(f"{card.name}: {card.title}, version {card.version}")
        print(f"  {len(card.labels)} classes: {'; '.join(card.labels)}")
        print(f"  {card.front_end.rate} Hz, {model.size_bytes / 1e6:.1f} MB, licence {card.licence}")
        print(f"  {card.description}")
        print(f"  from {card.source}, in {model.folder}")
    return 0
