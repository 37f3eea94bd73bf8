"""Figures about when sounds begin and end, by sed_scores_eval, which lives in this module only."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from auricle.errors import EvaluationError
from auricle.evaluation.figures import Heard

COLLAR_S = 0.5
"""By which an event's onset may miss the sound's."""
_NO_MATTER_S = 1e6
"""An offset collar that every offset keeps."""
_PSDS1 = {"dtc_threshold": 0.7, "gtc_threshold": 0.7, "alpha_ct": 0.0, "alpha_st": 1.0, "max_efpr": 100.0}
"""Scenario 1 of DCASE's task 4: detection and ground truth criteria, costs, false positives per hour at most."""
_DECIMALS = 6


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
        names = [str(k) for k in range(len(heard))]
        truth = {
            name: [(span.onset_s, span.offset_s, column[span.label]) for span in item.clip.spans]
            for name, item in zip(names, heard, strict=True)
        }
        durations = {name: item.clip.duration_s for name, item in zip(names, heard, strict=True)}
        scores = {
            name: self._library.frame(item.frames, item.edges, columns) for name, item in zip(names, heard, strict=True)
        }
        events = {name: self._events(item, labels, columns) for name, item in zip(names, heard, strict=True)}
        psds, psds_by, *_ = self._library.psds(scores, truth, durations, **_PSDS1, unit_of_time="hour")
        fscore, *_ = self._library.fscore(
            events, truth, threshold=0.5, onset_collar=COLLAR_S, offset_collar=_NO_MATTER_S, time_decimals=_DECIMALS
        )
        return OnsetFigures(
            psds1=float(psds),
            psds1_by_label={label: float(psds_by[column[label]]) for label in labels},
            collar_f1=float(np.mean([fscore[name] for name in columns])),
            collar_f1_by_label={label: float(fscore[column[label]]) for label in labels},
        )

    def _events(self, item: Heard, labels: Sequence[str], columns: list[str]) -> Any:
        """Decoded events as scores of 0 and 1, whose frames begin and end where events do."""
        ends = [0.0, item.clip.duration_s, *(s for event in item.events for s in (event.onset_s, event.offset_s))]
        edges = np.unique(np.round(ends, _DECIMALS))
        middles = (edges[1:] + edges[:-1]) / 2
        scores = np.zeros((len(middles), len(labels)))
        for event in item.events:
            scores[(middles > event.onset_s) & (middles < event.offset_s), labels.index(event.label)] = 1.0
        return self._library.frame(scores, edges, columns)


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
            "`pip install 'auricle[evaluate]'`, or leave onset and offset out of the manifest."
        ) from None
    return SimpleNamespace(frame=create_score_dataframe, fscore=fscore, psds=psds)
