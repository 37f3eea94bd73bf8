"""Classes that no human labelled here: how far the student agrees with its teacher on recordings that it never met.

A clip counts as holding a class where the teacher gives it at least 0.3, as not holding it under 0.05; what lies between is left out.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from training.corpus import Clip, recording
from training.evidence import CALM, Heard, Proof, event_peak, precision_over
from training.frontend import RATE
from training.listen import clip_scores, to_whole_seconds, weights_of
from training.mixtures import BLOCK
from training.teacher import CLASSES, Teacher

LONGEST = 10 * RATE
SURE, HARDLY = 0.3, 0.05


@dataclass(frozen=True)
class Agreement(Proof):
    """The evidence on one of the teacher's classes."""

    number: int


def teach(teacher: Teacher, clips: list[Clip]) -> dict[str, NDArray[np.float32]]:
    """The teacher's scores of the first ten seconds of each clip, one clip at a time."""
    scores = {}
    for clip in clips:
        audio = to_whole_seconds(clip.audio()[:LONGEST])
        scores[clip.path] = teacher(torch.from_numpy(audio)[None])[0].numpy()
    return scores


def judge(heard: list[Heard], taught: dict[str, NDArray[np.float32]], number: int) -> Agreement | None:
    """The evidence on the teacher's class of that number; None where the teacher hardly ever hears it."""
    known = [item for item in heard if item.path in taught and not HARDLY < taught[item.path][number] < SURE]
    truth = np.array([bool(taught[item.path][number] >= SURE) for item in known])
    if truth.sum() < 8:
        return None
    blocks = LONGEST // BLOCK
    columns = [item.taught[:blocks, number : number + 1] for item in known]
    weights = [weights_of(item.own[:blocks]) for item in known]
    scores = np.array([clip_scores(*both)[0] for both in zip(columns, weights, strict=True)], np.float64)
    peaks = np.array([event_peak(column[:, 0]) for column in columns])
    hours = (
        sum(item.seconds for item, yes in zip(known, truth, strict=True) if not yes and item.folder in CALM) / 3600.0
    )
    calm = np.array([item.folder in CALM for item in known]) & ~truth
    positive = [item for item, yes in zip(known, truth, strict=True) if yes]
    threshold = 0.95
    for candidate in np.linspace(0.15, 0.9, 51):
        hits, misses = int((peaks[truth] >= candidate).sum()), int((peaks[~truth] >= candidate).sum())
        if hits >= 9 * misses and int((peaks[calm] >= candidate).sum()) <= int(hours):
            threshold = float(candidate)
            break
    hits, misses = int((peaks[truth] >= threshold).sum()), int((peaks[~truth] >= threshold).sum())
    return Agreement(
        number=number,
        positives=len(positive),
        recordings=len({recording(item.path) for item in positive}),
        folds=len({item.fold for item in positive}),
        average_precision=precision_over(truth, scores),
        threshold=round(threshold, 3),
        recall=hits / len(positive),
        precision=hits / max(1, hits + misses),
        false_per_hour=float((peaks[calm] >= threshold).sum()) / max(hours, 1e-9),
    )


def verdicts(heard: list[Heard], taught: dict[str, NDArray[np.float32]]) -> list[Agreement]:
    """The evidence on all of the teacher's classes that it hears often enough."""
    judged = (judge(heard, taught, number) for number in range(CLASSES))
    return [verdict for verdict in judged if verdict is not None]
