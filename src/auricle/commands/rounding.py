"""`models quantize NAME FILE…`: gives an installed model an 8-bit form, calibrated on recordings."""

from __future__ import annotations

import contextlib
import itertools
import sys
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from auricle import settings
from auricle.app import Auricle, front_end, resampler
from auricle.errors import ModelError, SourceError
from auricle.models import calibrate, install, networks, store
from auricle.models.precision import LEAST_CLIPS, MOST_LOST_POINTS

_MOST_CLIPS = 3600
"""Of some seconds each; more sound makes no better steps, and all clips are held in memory."""


def quantise(words: Sequence[str], given: Sequence[str]) -> None:
    """Hears the files, as the settings that are `given` say, then writes the steps and the loss into the model's card."""
    name, files = words[0], words[1:]
    model = store.find(name)
    if model.folder == store.installed()[0].folder:
        raise ModelError("The bundled model has its 8-bit form already; `auricle models show bundled` tells its steps.")
    if not networks.rounds(model.card):
        raise ModelError(f"{name} is a network without an 8-bit form; it runs in single precision only.")
    auricle = Auricle(settings.load([*given, f"MODEL={name}", "MODEL_PATH="]))
    for file in files:
        auricle.check(file)
    tensors = store.read_weights(model)
    console = Console(stderr=True)
    quiet = not console.is_terminal
    with Progress(console=console, transient=True, disable=quiet) as bar:
        clips = _clips(auricle, bar, files)
        task = bar.add_task("calibrating", total=len(clips))
        facts = calibrate.calibrate(
            model.card, tensors, clips, [], auricle.tracked, lambda done: bar.update(task, completed=done)
        )
    install.amend(model, facts)
    print(_told(name, len(clips), facts.clips, facts.lost_points), file=sys.stderr)


def _told(name: str, heard: int, named: int, lost_points: float) -> str:
    """What was measured, and what comes of it."""
    if named < LEAST_CLIPS:
        return (
            f"{name} has an 8-bit form now, but named only {named} of {heard // 2} clips, too few to show what it loses: "
            "PRECISION=int8 uses it, PRECISION=auto does not; give it more recordings of sounds that it knows."
        )
    use = "uses it where it is faster" if lost_points <= MOST_LOST_POINTS else "does not use it"
    return (
        f"{name} has an 8-bit form now: of {named} clips that single precision names, it names "
        f"{100 - lost_points:.1f} % the same; PRECISION=auto {use}."
    )


def _clips(auricle: Auricle, bar: Progress, files: Sequence[str]) -> list[NDArray[np.float32]]:
    """Raises SourceError where there is no clip's length of sound."""
    clips: list[NDArray[np.float32]] = []
    for file in bar.track(files, description="reading"):
        clips += itertools.islice(_windows(auricle, file), _MOST_CLIPS - len(clips))
        if len(clips) == _MOST_CLIPS:
            print(f"{file}: no more than {_MOST_CLIPS} clips are heard; what follows is left out.", file=sys.stderr)
            break
    if not clips:
        raise SourceError(
            f"{files[0]}: too short; calibration needs recordings of at least {auricle.card.window_s:g} s, of all that is to be heard."
        )
    return clips


def _windows(auricle: Auricle, file: str) -> Iterator[NDArray[np.float32]]:
    """The log-mel (t, n_mels) of a recording in windows that suit the model; what fills none is left out."""
    facts = auricle.card.front_end
    length = max(auricle.loaded.pooled_frames, round(auricle.card.window_s * facts.rate / facts.hop))
    stage, change, frames = front_end(facts), None, np.zeros((0, facts.n_mels), np.float32)
    with contextlib.closing(auricle.recording(file, None).blocks()) as blocks:
        for block in blocks:
            change = change or resampler(facts.rate, block.rate)
            frames = np.concatenate([frames, stage.push(change.push(block.audio)).logmel])
            while len(frames) >= length:
                yield frames[:length]
                frames = frames[length:]
