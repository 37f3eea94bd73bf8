"""Finds the steps of a model's 8-bit form on real sound, and what that form loses there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from auricle.card import Int8Facts, ModelCard
from auricle.errors import ModelError
from auricle.models import networks, panns_graphs
from auricle.models.networks import Tensors
from auricle.models.runtime import OnnxGraph, OnnxNetwork

Array = NDArray[np.float32]
_GAINS_DB = (-20.0, 0.0, 20.0)
"""Every network that has an 8-bit form hears decibels."""


def calibrate(
    card: ModelCard,
    tensors: Tensors,
    clips: Sequence[Array],
    truths: Sequence[str],
    labels: Sequence[int],
    progress: Callable[[int], None],
) -> Int8Facts:
    """The facts for the card, from `clips`, each a log-mel (t, n_mels) of at least a pooled frame.

    The steps are those of every second clip, and what they lose is measured on the others; all are heard as they are, louder and
    more quietly. `truths`: what is to be heard in each
    clip; where it is empty, the label of the highest score in single precision counts as right, if that reaches its
    on-threshold. `labels`: the indices of those that count. `progress` is told after each of a clip's two hearings how many
    have been done. Raises ModelError where the network has no 8-bit form.
    """
    if not networks.rounds(card):
        raise ModelError(f"{card.name} is a network without an 8-bit form; it runs in single precision only.")
    found = _reach(card, tensors, clips[::2], progress)
    forms = [_scores(replace(card, int8=found), tensors, form) for form in ("float32", "int8")]
    right = np.zeros(2)
    named = hearings = 0
    columns = list(labels)
    for number in range(1, len(clips), 2):
        for gain_db in _GAINS_DB:
            scores = [score(clips[number] + np.float32(gain_db))[columns] for score in forms]
            best = [columns[int(np.argmax(score))] for score in scores]
            sure = float(scores[0].max()) >= card.thresholds[card.labels[best[0]]].on
            truth = card.labels.index(truths[number]) if truths else best[0]
            if truths or sure:
                hearings += 1
                named += gain_db == 0.0
                right += [answer == truth for answer in best]
        progress(len(clips[::2]) + number // 2 + 1)
    return replace(found, clips=named, lost_points=round(100.0 * float(right[0] - right[1]) / max(1, hearings), 2))


def _reach(card: ModelCard, tensors: Tensors, clips: Sequence[Array], progress: Callable[[int], None]) -> Int8Facts:
    """The least and greatest figures of all clips, as they are and as if recorded louder and more quietly."""
    network = OnnxGraph(graph=panns_graphs.reach(card, tensors), threads=1)
    figures = []
    for number, clip in enumerate(clips):
        for gain_db in _GAINS_DB:
            figures.append([float(figure) for figure in network.run(logmel=clip + np.float32(gain_db))])
        progress(number + 1)
    table = np.array(figures)
    # An image that is zero throughout has some step all the same.
    peaks = np.maximum(table[:, 2:].max(axis=0), 1e-6)
    return Int8Facts(
        lowest=float(table[:, 0].min()),
        highest=float(table[:, 1].max()),
        peaks=tuple(float(peak) for peak in peaks),
        clips=0,
        lost_points=0.0,
    )


def _scores(card: ModelCard, tensors: Tensors, form: str) -> Callable[[Array], Array]:
    blueprint = networks.build(card, tensors, form)
    network = OnnxNetwork(trunk=blueprint.trunk, head=blueprint.head, threads=1)
    return lambda clip: network.pool(network.run(clip)[0])
