"""Figures that need no library: accuracy, who was taken for whom, average precision, recall, precision, false alarms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auricle.evaluation.manifest import Clip, Span


@dataclass(frozen=True, eq=False)
class Heard:
    """One recording and what the model made of it; "class" is a label of the manifest."""

    clip: Clip
    scores: NDArray[np.float32]
    """Of the whole clip, one for each class."""
    first: frozenset[str]
    """The classes to which the likeliest of all the model's labels belongs."""
    events: tuple[Span, ...]
    """What was decoded of the classes; no two of one class overlap."""
    frames: NDArray[np.float32]
    """Smoothed scores (frames, classes); empty where the manifest says no times."""
    edges: NDArray[np.float64]
    """Where frames begin, and where the last one ends, seconds (frames + 1,)."""


@dataclass(frozen=True, eq=False)
class Accuracy:
    """How often the likeliest label is the right one, among clips with exactly one label."""

    clips: int
    among_classes: float
    """The highest score of the manifest's labels."""
    among_all: float
    """The highest score of all the model's labels."""
    confusion: NDArray[np.int64]
    """(classes, classes): row is the truth, column the answer among the manifest's labels."""


@dataclass(frozen=True)
class ClassFigures:
    """One label of the manifest."""

    label: str
    clips: int
    """That hold it."""
    sounds: int
    """Of it in all of them, where the manifest says times; else 0."""
    average_precision: float
    recall: float
    """Share of its clips in which an event of it was decoded."""
    precision: float | None
    """Share of clips with such an event that hold it; None: there was no event."""
    false_alarms_per_hour: float | None
    """Of sound without it; None: there is no such sound."""


def average_precision(truth: NDArray[np.bool_], scores: NDArray[np.floating]) -> float:
    """Σ (recall gained) × precision over falling thresholds; equal scores share one. `truth` holds at least one True."""
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(truth[order])
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    precision = hits[last] / (last + 1)
    return float(np.sum(np.diff(hits[last], prepend=0) * precision) / hits[-1])


def accuracy(heard: Sequence[Heard], labels: Sequence[str]) -> Accuracy | None:
    """None where no clip has exactly one label, or there is only one label to choose from."""
    single = [item for item in heard if len(item.clip.labels) == 1]
    if not single or len(labels) < 2:
        return None
    confusion = np.zeros((len(labels), len(labels)), np.int64)
    for item in single:
        confusion[labels.index(item.clip.labels[0]), int(np.argmax(item.scores))] += 1
    return Accuracy(
        clips=len(single),
        among_classes=float(np.trace(confusion) / len(single)),
        among_all=sum(item.clip.labels[0] in item.first for item in single) / len(single),
        confusion=confusion,
    )


def by_class(heard: Sequence[Heard], labels: Sequence[str], *, timed: bool) -> list[ClassFigures]:
    """The figures of each label; `timed`: the clips say from when to when their sounds last."""
    scores = np.array([item.scores for item in heard])
    return [_class(heard, label, scores[:, k], timed) for k, label in enumerate(labels)]


def merged(spans: Sequence[Span]) -> tuple[Span, ...]:
    """What overlaps made one, class by class, in order of onset; an event that was cut at MAX_DURATION stays two."""
    found: list[Span] = []
    open_at: dict[str, int] = {}
    for span in sorted(spans, key=lambda span: span.onset_s):
        at = open_at.get(span.label)
        if at is not None and span.onset_s < found[at].offset_s:
            found[at] = Span(span.label, found[at].onset_s, max(found[at].offset_s, span.offset_s))
        else:
            open_at[span.label] = len(found)
            found.append(span)
    return tuple(found)


def _class(heard: Sequence[Heard], label: str, scores: NDArray[np.float32], timed: bool) -> ClassFigures:
    truth = np.array([label in item.clip.labels for item in heard])
    fired = np.array([any(event.label == label for event in item.events) for item in heard])
    hits = int((truth & fired).sum())
    if timed:
        false = sum(_false(event, item.clip) for item in heard for event in item.events if event.label == label)
        hours = sum(item.clip.duration_s for item in heard) / 3600.0
    else:
        without = [item for item in heard if label not in item.clip.labels]
        false = sum(event.label == label for item in without for event in item.events)
        hours = sum(item.clip.duration_s for item in without) / 3600.0
    return ClassFigures(
        label=label,
        clips=int(truth.sum()),
        sounds=sum(span.label == label for item in heard for span in item.clip.spans),
        average_precision=average_precision(truth, scores),
        recall=hits / int(truth.sum()),
        precision=hits / int(fired.sum()) if fired.any() else None,
        false_alarms_per_hour=false / hours if hours else None,
    )


def _false(event: Span, clip: Clip) -> bool:
    """Whether it meets no sound of its label."""
    return not any(
        span.label == event.label and span.onset_s < event.offset_s and event.onset_s < span.offset_s
        for span in clip.spans
    )
