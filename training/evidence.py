"""What held-out clips say of each class: average precision, recall, precision and false alarms at the chosen threshold.

Every clip here was heard by a student that had not been trained on its fold. Speech, music and room noise count by time: a
threshold should let at most one false event per hour through, and none of the student that ships, which knows them. Coloured noise
and other beeps, made anew, are reported apart.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auricle.config import ConfDef
from auricle.evaluation.figures import average_precision
from training import acoustics, synthesis
from training.corpus import Clip, recording
from training.frontend import HOP, RATE
from training.labels import CLASSES, CORE, ESC10, INDEX, MINIMUM_S, SILENCE, SYNTHETIC
from training.listen import Listener, Scores, clip_scores, weights_of
from training.mixtures import SAMPLES
from training.network import FRAMES_PER_STEP

LOWEST, HIGHEST = 0.3, 0.97  # thresholds stay within these
MIN_DURATION = ConfDef.MIN_DURATION
FRAME_S = HOP * FRAMES_PER_STEP / RATE
CALM = ("speech", "speech_babble", "music", "room_noise")
MADE = ("noise", "beeps")

Peaks = NDArray[np.float64]


@dataclass(frozen=True)
class Heard:
    """One held-out recording: what it is, how long, and how a student that never met it scored it."""

    path: str
    folder: str
    fold: int
    present: tuple[str, ...]
    unknown: tuple[str, ...]
    seconds: float
    own: Scores
    taught: Scores


@dataclass(frozen=True)
class Proof:
    """How well a class is heard in recordings of which it is known whether they hold it."""

    positives: int
    recordings: int
    folds: int
    average_precision: float
    threshold: float
    recall: float
    precision: float
    false_per_hour: float


@dataclass(frozen=True)
class Verdict(Proof):
    """The evidence on one class with human labels, or made by formula."""

    label: str
    false_on_noise: float


def hear(listener: Listener, clips: list[Clip]) -> list[Heard]:
    """The listener's scores of held-out clips."""
    return [
        Heard(
            clip.path,
            clip.folder,
            clip.fold,
            clip.contents.present,
            clip.contents.unknown,
            len(clip.samples) / RATE,
            *listener.frames(clip.audio()),
        )
        for clip in clips
    ]


def hear_synthetic(listener: Listener, fold: int, count: int) -> list[Heard]:
    """Sounds made anew by formula, at many levels, in rooms and noise: `count` of each standard, beeps that are none, and noise."""
    rng = np.random.default_rng([2026, fold])
    makers = {**synthesis.SOUNDS, "beeps": synthesis.other_beeps, "noise": acoustics.coloured_noise}
    heard = []
    for name, make in makers.items():
        for number in range(count if name in synthesis.SOUNDS else 4 * count):
            sound = acoustics.transform(rng, make(rng, SAMPLES), room=0.5, tint=0.5)
            sound = sound / np.float32(np.sqrt(np.mean(sound**2)) + 1e-9)
            sound = sound + acoustics.coloured_noise(rng, SAMPLES) * np.float32(
                10.0 ** (-rng.uniform(5.0, 40.0) / 20.0)
            )
            sound = np.clip(sound * np.float32(10.0 ** (rng.uniform(-45.0, -10.0) / 20.0)), -1.0, 1.0)
            present, folder = ((name,), "synthetic") if name in synthesis.SOUNDS else ((), name)
            path = f"{folder}/{fold}/{name}/{number}"
            heard.append(Heard(path, folder, fold, present, ("Music", "Bell"), SAMPLES / RATE, *listener.frames(sound)))
    return heard


def event_peak(frames: NDArray[np.float32], minimum_s: float = MIN_DURATION) -> float:
    """The highest threshold at which Auricle's median filter and the minimum duration still leave an event.

    The median is over three frames, at both ends over two, and so their mean. A sound that is too short for any event has none: 0.
    """
    count = math.ceil(minimum_s / FRAME_S)
    if len(frames) < max(2, count):
        return 0.0
    before, after = frames[1], frames[-2]  # the mean of two is their median with a third that is their mean
    padded = np.concatenate([[(before + frames[0]) / 2.0], frames, [(after + frames[-1]) / 2.0]])
    smooth = np.median(np.lib.stride_tricks.sliding_window_view(padded, 3), axis=1)
    return float(np.lib.stride_tricks.sliding_window_view(smooth, count).min(axis=1).max())


def precision_over(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """Average precision; none where nothing is true."""
    return average_precision(truth, scores) if truth.any() else 0.0


def lowest_threshold(yes: Peaks, others: Peaks, calm: Peaks, hours: float, over: float) -> float:
    """The lowest over `over` at which no more than one false event comes in an hour, nine of ten events are right, and half are found.

    Where there is none, the first of these counts most; then the best harmonic mean of recall and precision.
    """
    found: list[tuple[bool, bool, bool, float, float]] = []
    for candidate in np.linspace(LOWEST, HIGHEST, 68):
        hits = int((yes >= candidate).sum())
        wrong, false = int((others >= candidate).sum()), int((calm >= candidate).sum())
        quiet, right = false <= hours and candidate > over, hits > 0 and hits >= 9 * wrong
        often = 2 * hits >= len(yes)
        if quiet and right and often:
            return float(candidate)
        found.append((quiet, right, often, 2 * hits / max(1, hits + wrong + false + len(yes)), float(candidate)))
    return max(found)[-1]


def judge(heard: list[Heard], shipped: list[Heard], label: str) -> Verdict:
    """The evidence on one class over all held-out recordings that can hold an event and of which it is known whether they do.

    `shipped` are calm recordings as the student hears them that ships: they may raise the threshold, and count nothing else.
    """
    column, minimum_s = INDEX[label], MINIMUM_S.get(label, MIN_DURATION)
    known = [item for item in heard if label in item.present or label not in item.unknown]
    known = [item for item in known if item.seconds >= minimum_s or label in CORE]  # single strokes can make no event
    truth = np.array([label in item.present for item in known])
    peaks = np.array([event_peak(item.own[:, column], minimum_s) for item in known])
    scores = np.array([clip_scores(item.own[:, [column]], weights_of(item.own))[0] for item in known], np.float64)
    calm = np.array([item.folder in CALM for item in known]) & ~truth
    made = np.array([item.folder in MADE for item in known])
    rivals = (*ESC10,) if label in CORE else {item.folder for item in known} - {*MADE, "synthetic"}
    others = np.array([item.folder in rivals for item in known]) & ~truth
    asked = np.ones_like(made) if label in SYNTHETIC else ~made
    if label in SYNTHETIC:
        others |= made
    hours = sum(item.seconds for item, is_calm in zip(known, calm, strict=True) if is_calm) / 3600.0
    known_to_all = [item.own[:, column] for item in shipped if label not in (*item.present, *item.unknown)]
    calmest = max((event_peak(frames, minimum_s) for frames in known_to_all), default=0.0)
    threshold = lowest_threshold(peaks[truth], peaks[others], peaks[calm], hours, calmest)
    hits, misses = int((peaks[truth] >= threshold).sum()), int((peaks[others] >= threshold).sum())
    positive = [item for item, is_true in zip(known, truth, strict=True) if is_true]
    return Verdict(
        label=label,
        positives=len(positive),
        recordings=len({item.path if label in SYNTHETIC else recording(item.path) for item in positive}),
        folds=len({item.fold for item in positive}),
        average_precision=precision_over(truth[asked], scores[asked]),
        threshold=round(threshold, 2),
        recall=hits / max(1, len(positive)),
        precision=hits / max(1, hits + misses),
        false_per_hour=float((peaks[calm] >= threshold).sum()) / max(hours, 1e-9),
        false_on_noise=float((peaks[made] >= threshold).mean()) if made.any() else 0.0,
    )


def verdicts(heard: list[Heard], shipped: list[Heard]) -> list[Verdict]:
    """The evidence on every class but Silence, which the level alone decides."""
    return [judge(heard, shipped, label) for label in CLASSES if label != SILENCE]
