"""`doctor`: one screen that says whether Auricle can work here, and what to do where it cannot."""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Iterator
from importlib.metadata import version

import numpy as np

from auricle import settings
from auricle.app import Auricle
from auricle.errors import AuricleError
from auricle.messages import Frames
from auricle.sources import microphone
from auricle.sources.microphone import Microphone

_LISTEN_S = 1.0
_RUNS = 40
_LIBRARIES = ("numpy", "onnxruntime", "onnx", "sounddevice", "soundfile", "soxr", "omegaconf", "rich", "safetensors")


def doctor(arguments: argparse.Namespace) -> int:
    """Prints each check as it is done; 1 if the model cannot run or no microphone can be heard."""
    auricle = Auricle(settings.load(arguments.words))
    print(f"Auricle {version('auricle')}, Python {platform.python_version()}, {platform.platform()}")
    print("  " + ", ".join(f"{name} {version(name)}" for name in _LIBRARIES))
    failures, can_detect = list[str](), True
    for check in (_model, _devices, _sound):
        try:
            for line in check(auricle):
                print(f"✓ {line}", flush=True)
        except AuricleError as error:
            if str(error) not in failures:  # one check may stumble over what another has found already
                print(f"✗ {error}", flush=True)
            failures.append(str(error))
            can_detect &= check is not _model
    if not failures:
        print("Auricle can work here.")
    elif can_detect:
        print("Auricle cannot hear here; `auricle detect FILE` works.")
    else:
        print("Auricle cannot work here.")
    return 1 if failures else 0


def _model(auricle: Auricle) -> Iterator[str]:
    began_s = time.perf_counter()
    tagger, facts = auricle.live_tagger(), auricle.card.front_end
    frames = np.zeros((round(tagger.step_s * facts.rate / facts.hop), facts.n_mels), np.float32)
    tagger.push(Frames(0, frames))
    yield f"model {auricle.card.name}: {len(auricle.card.labels)} classes, loaded in {1000 * (time.perf_counter() - began_s):.0f} ms"
    times_ms = []
    for _ in range(_RUNS):
        began_s = time.perf_counter()
        tagger.push(Frames(0, frames))
        times_ms.append(1000 * (time.perf_counter() - began_s))
    step_ms = float(np.median(times_ms))
    share = step_ms / (1000 * tagger.step_s)
    yield f"one step takes {step_ms:.1f} ms, every {1000 * tagger.step_s:.0f} ms: {share:.1%} of one core"


def _devices(auricle: Auricle) -> Iterator[str]:
    found = microphone.inputs()
    chosen = microphone.select(found, auricle.conf.DEVICE)
    others = [device.name for device in found if device != chosen]
    yield f"input “{chosen.name}” ({chosen.host_api}, {chosen.rate} Hz, {chosen.channels} channels)"
    if others:
        yield f"other inputs: {', '.join(others)}"


def _sound(auricle: Auricle) -> Iterator[str]:
    source = auricle.microphone()
    peak, power, heard = 0.0, 0.0, 0
    rate = 0
    for block in source.blocks():
        rate = block.rate
        if len(block.audio) == 0:
            raise _silent(source, "delivers no samples; is another program holding it?")
        peak = max(peak, float(np.max(np.abs(block.audio))))
        power += float(np.sum(np.square(block.audio)))
        heard += len(block.audio)
        if heard >= _LISTEN_S * rate:
            source.close()
    if peak == 0.0:
        raise _silent(source, "delivers digital silence; is it muted?")
    level = 20 * np.log10(max(1e-10, (power / heard) ** 0.5))
    clipped = ", and it clips: turn it down" if peak >= 1.0 else ""
    yield f"sound arrives: {heard} samples at {rate} Hz, level {level:.1f} dBFS, peak {20 * np.log10(peak):.1f} dBFS{clipped}"


def _silent(source: Microphone, what: str) -> AuricleError:
    source.close()
    return AuricleError(f"“{source.name}” {what} Choose another with DEVICE=, as `auricle devices` lists them.")
