"""What held-out clips say of each class: average precision, recall, precision and false alarms at the chosen threshold.

Every clip here was heard by a student that had not been trained on its fold. Negative sounds (speech, music, room noise, other
beeps, coloured noise) count by time: a threshold must let at most one false event per hour through.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training import acoustics, synthesis
from training.corpus import Clip, recording
from training.frontend import RATE
from training.labels import CLASSES, ESC10, INDEX, SILENCE
from training.listen import Listener, Scores, clip_scores
from training.mixtures import SAMPLES

LOWEST, HIGHEST = 0.3, 0.9  # thresholds stay within these
CALM = ("speech", "speech_babble", "music", "room_noise", "noise", "beeps")


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
class Verdict:
    """The evidence on one class."""

    label: str
    positives: int
    recordings: int
    folds: int
    average_precision: float
    threshold: float
    recall: float
    precision: float
    false_per_hour: float


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


def event_peak(frames: NDArray[np.float32]) -> float:
    """The highest threshold at which a median over three frames and two frames' minimum duration still leave an event."""
    if len(frames) < 4:
        return float(frames.min())
    smooth = np.median(np.stack([frames[:-2], frames[1:-1], frames[2:]]), axis=0)
    return float(np.minimum(smooth[:-1], smooth[1:]).max())


def average_precision(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """Mean, over the true clips, of the precision among all that score at least as high."""
    order = np.argsort(-scores, kind="stable")
    hits = truth[order]
    if not hits.any():
        return 0.0
    return float((np.cumsum(hits)[hits] / (np.flatnonzero(hits) + 1)).mean())


def _threshold(yes: NDArray[np.float64], esc_no: NDArray[np.float64], calm: NDArray[np.float64], hours: float) -> float:
    """The lowest that lets at most one calm event per hour through and keeps nine of ten events on other clips right."""
    allowed = int(hours)
    needed = float(np.sort(calm)[::-1][allowed]) + 0.02 if len(calm) > allowed else LOWEST
    for candidate in np.linspace(LOWEST, HIGHEST, 61):
        hits, misses = int((yes >= candidate).sum()), int((esc_no >= candidate).sum())
        if candidate >= needed and hits >= 9 * misses:
            return float(candidate)
    return HIGHEST


def judge(heard: list[Heard], label: str) -> Verdict:
    """The evidence on one class over all held-out recordings of which it is known whether they hold it."""
    column = INDEX[label]
    known = [item for item in heard if label in item.present or label not in item.unknown]
    truth = np.array([label in item.present for item in known])
    peaks = np.array([event_peak(item.own[:, column]) for item in known])
    scores = np.array([float(clip_scores(item.own)[column]) for item in known])
    calm = np.array([item.folder in CALM for item in known]) & ~truth
    others = np.array([item.folder in ESC10 for item in known]) & ~truth
    hours = sum(item.seconds for item, is_calm in zip(known, calm, strict=True) if is_calm) / 3600.0
    threshold = _threshold(peaks[truth], peaks[others], peaks[calm], hours)
    hits, misses = int((peaks[truth] >= threshold).sum()), int((peaks[others | calm] >= threshold).sum())
    positive = [item for item, is_true in zip(known, truth, strict=True) if is_true]
    return Verdict(
        label=label,
        positives=len(positive),
        recordings=len({recording(item.path) for item in positive}),
        folds=len({item.fold for item in positive}),
        average_precision=average_precision(truth, scores),
        threshold=round(threshold, 2),
        recall=hits / max(1, len(positive)),
        precision=hits / max(1, hits + misses),
        false_per_hour=float((peaks[calm] >= threshold).sum()) / max(hours, 1e-9),
    )


def verdicts(heard: list[Heard]) -> list[Verdict]:
    """The evidence on every class but Silence, which the level alone decides."""
    return [judge(heard, label) for label in CLASSES if label != SILENCE]
