"""`devices` and `config`: what there is."""

from __future__ import annotations

import argparse

from auricle import settings
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
