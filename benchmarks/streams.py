"""`python -m benchmarks.streams WEIGHTS FOLDER`: events that an EfficientAT model finds in streams made of ESC-10.

A stream is 24 s of faint noise with sounds of ESC-10 in it, each cut to its first unbroken stretch of at most 3 s, with
pauses of 1 to 2.5 s. It goes through the front end, the tagger and the decoder with the card's own thresholds. An event
is right where it overlaps a sound of its class by name; what else bears the name of one of the ten classes is false. The
thresholds in the catalogue were chosen on these very streams, one figure for each class.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from auricle.card import ModelCard
from auricle.config import ConfDef
from auricle.events.decoder import EventDecoder
from auricle.events.hysteresis import Durations
from auricle.events.smoothing import MedianFilter
from auricle.labels import audioset
from auricle.messages import Event, EventState, Frames
from auricle.models import assembly
from benchmarks.esc10 import LABELS, arguments, clips, logmel

STREAMS, SOUNDS, LENGTH_S, RATE = 60, 5, 24.0, 32000
SLACK_S = 0.3
_NOISE, _QUIET = 10 ** (-60 / 20), 10 ** (-22 / 20)

Sound = tuple[str, float, float]
"""Its class, and where it begins and ends, seconds."""


def first_stretch(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """From the first loud moment until 0.3 s without one, at most 3 s."""
    loud = np.flatnonzero(np.sqrt(np.convolve(np.square(audio), np.ones(640) / 640, "same")) > _peak(audio))
    gaps = np.flatnonzero(np.diff(loud) > 0.3 * RATE)
    last = loud[gaps[0]] if len(gaps) else loud[-1]
    return audio[loud[0] : min(last, loud[0] + 3 * RATE) + 1]


def _peak(audio: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.convolve(np.square(audio), np.ones(640) / 640, "same")).max() * _QUIET)


def stream(
    chance: np.random.Generator, sounds: list[tuple[str, NDArray[np.float32]]]
) -> tuple[NDArray[np.float32], list[Sound]]:
    """The sound, and what is in it."""
    audio = (_NOISE * chance.standard_normal(round(LENGTH_S * RATE))).astype(np.float32)
    at_s, found = 3.0, []
    for label, clip in sounds:
        sound, first = first_stretch(clip), round(at_s * RATE)
        end = first + len(sound)
        if len(sound) < 0.2 * RATE or end > len(audio) - 2 * RATE:
            continue
        audio[first:end] += sound * np.float32(0.3 / np.abs(sound).max())
        found.append((label, at_s, end / RATE))
        at_s = end / RATE + 1 + 1.5 * chance.random()
    return audio, found


def events(model: assembly.Loaded, frames: NDArray[np.float32]) -> list[Event]:
    """The ended events of a recording."""
    card = model.card
    decoder = EventDecoder(
        labels=card.labels,
        tracked=range(len(card.labels)),
        thresholds=[card.thresholds[label] for label in card.labels],
        durations=Durations(ConfDef.MAX_RISE, ConfDef.MIN_DURATION, ConfDef.MERGE_GAP, ConfDef.MAX_DURATION),
        smoothing=MedianFilter(length=3),
        early=False,
        source="stream",
        model=card.name,
    )
    tagger = model.recordings(step_s=1)
    scores = [*tagger.push(Frames(0, frames)), *tagger.flush()]
    found = [event for given in scores for event in decoder.push(given)]
    return [event for event in [*found, *decoder.end(LENGTH_S)] if event.state is EventState.ENDED]


def judge(
    card: ModelCard, found: list[Event], sounds: list[Sound], counts: dict[str, Counter[str]], errors: list[list[float]]
) -> None:
    """Adds to the counts of each class, and to the errors of onsets and offsets."""
    for label, names in LABELS.items():
        given = [event for event in found if event.label in names]
        used: set[int] = set()
        for _, start_s, end_s in (sound for sound in sounds if sound[0] == label):
            hits = [
                event
                for event in given
                if event.onset_s < end_s + SLACK_S and (event.offset_s or LENGTH_S) > start_s - SLACK_S
            ]
            counts[label]["found" if hits else "missed"] += 1
            used |= {event.id for event in hits}
            if hits:
                best = max(hits, key=lambda event: event.peak)
                errors[0].append(best.onset_s - start_s)
                errors[1].append((best.offset_s or LENGTH_S) - end_s)
        counts[label]["false"] += sum(event.id not in used for event in given)


def main() -> None:
    """Prints a table by class, and how far onsets and offsets are off."""
    words = arguments("streams", __doc__)
    card, tensors = assembly.read(str(words.weights), model="", labels=audioset.names())
    model = assembly.load(card, tensors, threads=1, precision="float32")
    material = list(clips(words.folder))
    chance = np.random.default_rng(1)
    order = chance.permutation(len(material))[: STREAMS * SOUNDS].reshape(STREAMS, SOUNDS)
    counts: dict[str, Counter[str]] = {label: Counter() for label in LABELS}
    errors: list[list[float]] = [[], []]
    for picked in order:
        audio, sounds = stream(chance, [material[k] for k in picked])
        judge(card, events(model, logmel(audio, card)), sounds, counts, errors)
    table = Table("class", "found", "missed", "false events")
    for label, count in [*counts.items(), ("all", sum(counts.values(), Counter[str]()))]:
        table.add_row(label, *(str(count[kind]) for kind in ("found", "missed", "false")))
    console = Console(width=100)
    console.print(table)
    for name, values, within_s in (("onset", errors[0], 0.3), ("offset", errors[1], 0.5)):
        share = np.mean(np.abs(values) < within_s)
        console.print(f"{name}: median {np.median(values):+.2f} s, within {within_s} s: {100 * share:.0f} %")


if __name__ == "__main__":
    main()
