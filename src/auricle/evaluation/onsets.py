"""Figures about when sounds begin and end, by sed_scores_eval, which lives in this module only."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auricle.errors import EvaluationError
from auricle.evaluation.figures import Heard
from auricle.evaluation.manifest import Span

COLLAR_S = 0.5
"""By which an event's onset may miss the sound's."""
_NO_MATTER_S = 1e6
"""An offset collar that every offset keeps."""
_PSDS1 = {"dtc_threshold": 0.7, "gtc_threshold": 0.7, "alpha_ct": 0.0, "alpha_st": 1.0, "max_efpr": 100.0}
"""Scenario 1 of DCASE's task 4: detection and ground truth criteria, costs, false positives per hour at most."""
_DECIMALS = 6
_PIECE_S = 60.0
"""The library's memory grows with the cube of a recording's length: from twice this on, it is judged in pieces."""


@dataclass(frozen=True)
class OnsetFigures:
    """Threshold-independent, and at the model's own thresholds."""

    psds1: float
    psds1_by_label: dict[str, float]
    """Without the penalty for differences between classes."""
    collar_f1: float
    """Mean over the labels."""
    collar_f1_by_label: dict[str, float]


class Judge:
    """Says how well onsets were found."""

    def __init__(self) -> None:
        """Raises EvaluationError where sed_scores_eval is not installed."""
        self._library = _library()

    def figures(self, heard: Sequence[Heard], labels: Sequence[str]) -> OnsetFigures:
        """Of recordings with times; each of `labels` stands for one sound at least."""
        columns = [f"label {k}" for k in range(len(labels))]
        column = dict(zip(labels, columns, strict=True))
        try:
            psds, psds_by = self._psds(heard, columns, column)
            fscore = self._fscore(heard, labels, columns, column)
        except MemoryError:
            raise EvaluationError(
                "A recording is too long for sed_scores_eval to judge in this machine's memory; cut it into shorter ones."
            ) from None
        return OnsetFigures(
            psds1=psds,
            psds1_by_label={label: psds_by[column[label]] for label in labels},
            collar_f1=float(np.mean([fscore[name] for name in columns])),
            collar_f1_by_label={label: fscore[column[label]] for label in labels},
        )

    def _psds(
        self, heard: Sequence[Heard], columns: list[str], column: dict[str, str]
    ) -> tuple[float, dict[str, float]]:
        pieces = {str(k): piece for k, piece in enumerate(piece for item in heard for piece in _pieces(item))}
        psds, psds_by, *_ = self._library.psds(
            {name: self._library.frame(piece.frames, piece.edges, columns) for name, piece in pieces.items()},
            {name: _truth(piece.spans, column) for name, piece in pieces.items()},
            {name: piece.duration_s for name, piece in pieces.items()},
            **_PSDS1,
            unit_of_time="hour",
        )
        return float(psds), {name: float(psds_by[name]) for name in columns}

    def _fscore(
        self, heard: Sequence[Heard], labels: Sequence[str], columns: list[str], column: dict[str, str]
    ) -> dict[str, float]:
        fscore, *_ = self._library.fscore(
            {str(k): self._events(item, labels, columns) for k, item in enumerate(heard)},
            {str(k): _truth(item.clip.spans, column) for k, item in enumerate(heard)},
            threshold=0.5,
            onset_collar=COLLAR_S,
            offset_collar=_NO_MATTER_S,
            time_decimals=_DECIMALS,
        )
        return {name: float(fscore[name]) for name in columns}

    def _events(self, item: Heard, labels: Sequence[str], columns: list[str]) -> Any:
        """Decoded events as scores of 0 and 1, whose frames begin and end where events do."""
        ends = [0.0, item.clip.duration_s, *(s for event in item.events for s in (event.onset_s, event.offset_s))]
        edges = np.unique(np.round(ends, _DECIMALS))
        middles = (edges[1:] + edges[:-1]) / 2
        scores = np.zeros((len(middles), len(labels)))
        for event in item.events:
            scores[(middles > event.onset_s) & (middles < event.offset_s), labels.index(event.label)] = 1.0
        return self._library.frame(scores, edges, columns)


@dataclass(frozen=True, eq=False)
class _Piece:
    """A stretch of a recording, whose times count from its own beginning."""

    duration_s: float
    spans: tuple[Span, ...]
    frames: NDArray[np.float32]
    edges: NDArray[np.float64]


def _pieces(item: Heard) -> Iterator[_Piece]:
    """The recording, where it is long cut between sounds: where an event is least likely to go on."""
    edges, spans = item.edges, item.clip.spans
    between = np.minimum(item.frames[:-1], item.frames[1:]).max(axis=1, initial=0.0)  # at edges[1:-1]
    free = np.ones(len(edges), bool)
    for span in spans:
        free &= (edges <= span.onset_s) | (edges >= span.offset_s)
    first = 0
    while edges[-1] - edges[first] > 2 * _PIECE_S:
        places = np.flatnonzero(free & (edges >= edges[first] + _PIECE_S) & (edges < edges[-1]))
        near = places[edges[places] <= edges[first] + 2 * _PIECE_S]
        if not len(places):
            break
        last = int(near[np.argmin(between[near - 1])] if len(near) else places[0])
        yield _piece(item, first, last)
        first = last
    yield _piece(item, first, len(edges) - 1)


def _piece(item: Heard, first: int, last: int) -> _Piece:
    start_s, end_s = item.edges[first], item.edges[last]
    is_last = last == len(item.edges) - 1
    inside = [
        Span(span.label, span.onset_s - start_s, span.offset_s - start_s)
        for span in item.clip.spans
        if span.onset_s >= start_s and (span.onset_s < end_s or is_last)
    ]
    duration_s = float((item.clip.duration_s if is_last else end_s) - start_s)
    return _Piece(duration_s, tuple(inside), item.frames[first:last], item.edges[first : last + 1] - start_s)


def _truth(spans: Sequence[Span], column: dict[str, str]) -> list[tuple[float, float, str]]:
    return [(float(span.onset_s), float(span.offset_s), column[span.label]) for span in spans]


def _library() -> SimpleNamespace:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what its dependencies' sources say to newer Pythons
            from sed_scores_eval.base_modules.scores import create_score_dataframe
            from sed_scores_eval.collar_based import fscore
            from sed_scores_eval.intersection_based import psds
    except ImportError:
        raise EvaluationError(
            "Onsets are judged by sed_scores_eval, which is not installed; "
            "`.venv/bin/pip install -c constraints.txt -e '.[evaluate]'` in Auricle's folder, "
            "or leave onset and offset out of the manifest."
        ) from None
    return SimpleNamespace(frame=create_score_dataframe, fscore=fscore, psds=psds)
