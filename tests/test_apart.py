"""False events at thresholds that were chosen without them."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'auricle[train]'")

from training import apart, evidence
from training.corpus import FOLDS
from training.evidence import FRAME_S, Heard
from training.labels import CLASSES, INDEX


def heard(folder: str, fold: int, score: float, present: tuple[str, ...] = (), unknown: tuple[str, ...] = ()) -> Heard:
    """Ten minutes of one score for Dog, and none for all else."""
    own = np.zeros((int(10.0 / FRAME_S), len(CLASSES)), np.float32)
    own[:, INDEX["Dog"]] = score
    return Heard(f"{folder}/{fold}/{score}", folder, fold, present, unknown, 600.0, own, own)


def test_a_mistake_that_only_one_fold_knows_is_counted_though_the_cards_threshold_leaves_it_out() -> None:
    """Speech at 0.69 in fold 2 and a cat at 0.65 in fold 3; what may be a dog is neither right nor wrong."""
    sounds = [heard("dog", fold, 0.9, ("Dog",)) for fold in FOLDS] + [heard("music", fold, 0.2) for fold in FOLDS]
    sounds += [heard("speech", 2, 0.69), heard("sneeze", 3, 0.65), heard("speech", 4, 0.8, unknown=("Dog",))]
    assert evidence.judge(sounds, [], "Dog").false_per_hour == 0.0
    found = apart.judge(sounds, "Dog")
    assert found.thresholds[FOLDS.index(2)] < 0.69
    assert min(on for fold, on in zip(FOLDS, found.thresholds, strict=True) if fold != 2) >= 0.69
    assert (found.positives, found.hits, found.wrong, found.false) == (4, 4, 0, 1)
    assert found.hours == pytest.approx(5 / 6)
    assert "1 false events in 0.83 h; recall 100%" in found.line()
