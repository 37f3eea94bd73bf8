"""Which arithmetic a model runs in: 8 bits only where they were shown to lose next to nothing, and are faster on this machine."""

from __future__ import annotations

import contextlib
import json
import math
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from auricle.card import ModelCard
from auricle.errors import ModelError
from auricle.models import networks
from auricle.models.networks import Tensors
from auricle.models.runtime import VERSION, OnnxSteps, OnnxStream

MOST_LOST_POINTS = 0.5
LEAST_CLIPS = 30
"""Fewer show nothing."""
_LARGEST = 1_000_000
RUNS = 20
"""Of which the quickest counts."""


def chosen(wanted: str, card: ModelCard, tensors: Tensors, *, notes: Path) -> str:
    """The form to run, "float32" or "int8"; "auto" measures once, and remembers it in the file `notes`.

    Raises ModelError where 8 bits are wanted and the model has no such form.
    """
    facts = card.int8 if networks.rounds(card) else None
    if wanted == "int8" and facts is None:
        raise ModelError(
            f"{card.name} has no 8-bit form yet; run `auricle models quantize {card.name} FILES…`, or leave PRECISION out."
            if networks.rounds(card)
            else f"{card.name} is a network without an 8-bit form; leave PRECISION out."
        )
    if wanted != "auto":
        return wanted
    if facts is None or facts.clips < LEAST_CLIPS or facts.lost_points > MOST_LOST_POINTS:
        return "float32"
    return "int8" if _gain(card, tensors, notes) > 1.0 else "float32"


def _gain(card: ModelCard, tensors: Tensors, notes: Path) -> float:
    """How many times as fast 8 bits are here, as noted, else measured."""
    here = f"{platform.node()} {platform.machine()}, ONNX Runtime {VERSION}"
    key = f"{here}, {card.name} {card.version} {card.sha256[:12]}"
    noted = _noted(notes)
    if key not in noted:
        noted = {**noted, key: round(measured(card, tensors), 2)}
        with contextlib.suppress(OSError):  # what cannot be noted is measured again
            notes.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=notes.parent) as place:
                part = Path(place) / notes.name
                part.write_text(json.dumps(noted, indent=1) + "\n", encoding="utf-8")
                part.replace(notes)
    return noted[key]


def _noted(notes: Path) -> dict[str, float]:
    with contextlib.suppress(OSError, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        if not notes.is_file() or notes.stat().st_size > _LARGEST:
            return {}
        found = json.loads(notes.read_text(encoding="utf-8"))
        return {key: gain for key, gain in found.items() if type(gain) is float and math.isfinite(gain)}
    return {}


def measured(card: ModelCard, tensors: Tensors) -> float:
    """How many times as fast 8 bits are: the quickest of some steps in each form, which take turns."""
    forms = [_step(card, tensors, form) for form in ("float32", "int8")]
    quickest = [float("inf")] * 2
    for _ in range(RUNS):
        for k, step in enumerate(forms):
            began_s = time.perf_counter()
            step()
            quickest[k] = min(quickest[k], time.perf_counter() - began_s)
    return quickest[0] / quickest[1]


def _step(card: ModelCard, tensors: Tensors, form: str) -> Callable[[], object]:
    blueprint = networks.build(card, tensors, form)
    steps = OnnxSteps(
        step=lambda: blueprint.step, peek=lambda: blueprint.peek, rows=blueprint.rows, head=blueprint.head, threads=1
    )
    pooled = blueprint.pooled_frames
    stream = OnnxStream(steps=steps, states=blueprint.states, pooled_frames=pooled, unsettled=blueprint.unsettled)
    logmel = np.zeros((1, pooled, card.front_end.n_mels), np.float32)
    first = 1 + -(-blueprint.delay // pooled)  # every layer has had a frame to give after so many
    stream.step(np.repeat(logmel, first, axis=1), peek=False)
    return lambda: stream.step(logmel, peek=False)
