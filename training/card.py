"""The card of the bundled model: which classes ship, and everything a user should know about them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from training import bundle, evidence
from training.agreement import Agreement
from training.evidence import Heard, Proof, Verdict
from training.further import INSTRUMENTS, ROWS
from training.labels import CORE, ESC10, MINIMUM_S, SYNTHETIC
from training.listen import Accuracy
from training.network import Student
from training.reader import Scaler
from training.trials import Finding

VERSION = "2.2"
SILENCE_THRESHOLD = 0.4  # taught as 0.6
SAME = (
    "Animal", "Domestic animals, pets", "Bark", "Bow-wow", "Fowl", "Chicken, rooster", "Cluck", "Clock", "Tick", "Ocean", "Rain on surface",
)  # fmt: skip
"""What the teacher calls sounds that the core has a name for (cocks that crow cluck, too): one sound should make one event."""
OFF, OFF_MOST = 0.05, 0.4
"""An event ends under 0.05, or under two fifths of its on-threshold where that is less."""

DESCRIPTION = (
    "A VGG-like convolutional network of the PANNs family with a framewise head, trained from scratch on ESC-10 folds 1–4 and "
    "freely licensed recordings, and taught by the scores of EfficientAT mn04 (MIT) and YAMNet (Apache-2.0) on the very same "
    "mixtures. Smoke alarm, DTMF, dial tone and busy signal were learnt from sounds synthesised after ISO 8201, ITU-T Q.23 and "
    "E.180, not from recordings. Instruments were learnt from a library of sampled notes, beside bells and whistles by formula "
    "as counter-examples; Music from recordings and from ensembles of those samples."
)
LICENCE = "MIT (weights); clips of the training set under CC BY ask for the attributions in ATTRIBUTION.csv"
CITATION = (
    "Kong et al., PANNs, arXiv 1912.10211 (architecture); Piczak, ESC: Dataset for Environmental Sound Classification, 2015; "
    "Schmid et al., arXiv 2211.04772 (first teacher); Howard et al., arXiv 1704.04861 (the second's network); "
    "Gemmeke et al., Audio Set, 2017 (class names)"
)
LIMITS = (
    "Trained on about two hours of recordings: expect less in noise, far from the microphone and for kinds of a sound it never met. "
    "The four synthetic classes and the instruments but Cymbal were learnt from and tested on sounds made for it, "
    "not on recordings of the real thing. It is no safety device: do not rely on it to hear a smoke alarm, "
    "a cry for help or an intruder, and do not use it to watch people without their consent."
)


HUMAN = "human labels, recordings held out"
FORMULA = "formula (synthesised sounds, made anew)"
TAUGHT = "agreement with the teacher (EfficientAT mn04), recordings held out"
NAMED = "names of a sample library, another one held out"
"""Kinds of evidence."""


@dataclass(frozen=True)
class Facts:
    """The card without the weights' hash, and the weights."""

    card: dict[str, Any]
    weights: bytes


def ships(verdict: Verdict) -> bool:
    """Whether the evidence suffices for a class beyond the core."""
    enough = verdict.positives >= 8 and verdict.recordings >= 4 and verdict.folds >= 3
    works = verdict.average_precision >= 0.6 and verdict.recall >= 0.5 and verdict.precision >= 0.8
    return enough and works and verdict.false_per_hour <= 1.0


def is_taught(verdict: Agreement) -> bool:
    """Whether the student has learnt a class from its teacher alone."""
    enough = verdict.positives >= 10 and verdict.recordings >= 5 and verdict.folds >= 2
    works = verdict.average_precision >= 0.6 and verdict.recall >= 0.4 and verdict.precision >= 0.8
    return enough and works and verdict.false_per_hour <= 1.0


def is_heard(finding: Finding) -> bool:
    """Whether the evidence suffices for a further class."""
    works = finding.average_precision >= 0.6 and finding.recall >= 0.4 and finding.precision >= 0.8
    return finding.positives >= 10 and finding.folds >= 3 and works and finding.false_per_hour <= 1.0


def _kind(proof: Proof) -> str:
    if isinstance(proof, Agreement):
        return TAUGHT
    if isinstance(proof, Finding):
        return NAMED
    return FORMULA if isinstance(proof, Verdict) and proof.label in SYNTHETIC else HUMAN


def rows(kinds: dict[str, str], names: list[str]) -> list[tuple[str, int]]:
    """The head that answers for each label, and the number of its row there, by the kind of its evidence."""
    numbers = {label: ("own", number) for label, number in ROWS.items()}
    numbers |= {label: ("taught", names.index(label)) for label, kind in kinds.items() if kind == TAUGHT}
    return [numbers[label] for label in kinds]


def _evidence(verdict: Proof) -> dict[str, Any]:
    return {
        "kind": _kind(verdict),
        "positives": verdict.positives,
        "recordings": verdict.recordings,
        "average_precision": round(verdict.average_precision, 3),
        "recall_at_threshold": round(verdict.recall, 3),
        "precision_at_threshold": round(verdict.precision, 3),
        "false_events_per_hour": round(verdict.false_per_hour, 2),
        **({"share_of_noises_and_beeps": round(verdict.false_on_noise, 3)} if isinstance(verdict, Verdict) else {}),
    }


def _metrics(accuracies: dict[int, Accuracy]) -> dict[str, Any]:
    if not accuracies:
        return {"how": "not measured yet"}
    folds = {
        str(fold): {
            "top1_5s": round(accuracy.five_seconds, 4),
            "top1_5s_all_labels": round(accuracy.all_labels, 4),
            "top1_loudest_2s": round(accuracy.loudest_two, 4),
            "clips": accuracy.clips,
        }
        for fold, accuracy in sorted(accuracies.items())
    }
    means = {
        key: round(sum(float(fold[key]) for fold in folds.values()) / len(folds), 6)  # rounded once more for show
        for key in ("top1_5s", "top1_5s_all_labels", "top1_loudest_2s")
    }
    how = (
        "ESC-10, each fold held out from training in turn (all other clips of its recordings and sources too); the model that "
        "ships was then trained on all four folds by the same recipe"
    )
    confusion = sum(accuracy.confusion for accuracy in accuracies.values())
    table = {"labels": list(ESC10.values()), "rows_are_truth": np.asarray(confusion).tolist()}
    return {"esc10_folds": folds, "esc10_mean": means, "esc10_confusion": table, "how": how}


def proofs_of(
    heard: list[Heard], shipped: list[Heard], taught: list[Agreement], findings: list[Finding], names: list[str]
) -> dict[str, Proof]:
    """The evidence on each class beside the core that ships: classes with human labels, taught ones, then further ones."""
    proofs: dict[str, Proof] = {v.label: v for v in evidence.verdicts(heard, shipped) if v.label in CORE or ships(v)}
    learnt = {names[verdict.number]: verdict for verdict in taught if is_taught(verdict)}
    proofs |= {label: v for label, v in learnt.items() if label not in {*SAME, *CORE, *proofs, *INSTRUMENTS}}
    return proofs | {finding.label: finding for finding in findings if is_heard(finding)}


def compose(
    student: Student,
    scaler: Scaler,
    accuracies: dict[int, Accuracy],
    proofs: dict[str, Proof],
    names: list[str],
) -> Facts:
    """Choose the classes by their evidence and write everything down."""
    labels = [*CORE, *(label for label in proofs if label not in CORE)]
    unnamed = [label for label in labels if label not in names]
    if unnamed:
        raise ValueError(f"not AudioSet classes: {', '.join(unnamed)}")
    kinds = {label: _kind(proofs[label]) if label in proofs else HUMAN for label in labels}
    on = {label: proofs[label].threshold if label in proofs else SILENCE_THRESHOLD for label in labels}
    thresholds = {
        "on": on,
        "off": {label: round(min(OFF, OFF_MOST * value), 3) for label, value in on.items()},
        "minimum_s": {label: MINIMUM_S[label] for label in labels if label in MINIMUM_S},
    }
    facts = {
        "format": 1,
        "name": "bundled",
        "title": "Auricle's bundled model",
        "version": VERSION,
        "description": DESCRIPTION,
        "licence": LICENCE,
        "citation": CITATION,
        "source": "trained by `make train` (training/ in Auricle's repository)",
        "architecture": bundle.architecture(),
        "front_end": bundle.front_end(scaler),
        "window_s": 2.0,
        "labels": labels,
        "thresholds": thresholds,
        "metrics": _metrics(accuracies),
        "evidence": {label: _evidence(proofs[label]) for label in labels if label in proofs},
        "limits": LIMITS,
    }
    return Facts(facts, bundle.weights(student, rows(kinds, names)))
