"""What sounds that a student never met say of the further classes: recordings of the fold that was held out, and made sounds.

The made ones are of a sample library that no student was trained on, and signals made anew; each is heard by one of the four students.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.corpus import FOLDS, Clip, recording
from training.evidence import Proof, event_peak, precision_over
from training.fit import Trained
from training.frontend import RATE, PannsFrontEnd
from training.further import ADDED, BESIDE, LABELS, ROWS, Codes
from training.labels import Contents
from training.listen import Scores, clip_scores, to_whole_seconds, weights_of
from training.made import BLOCKS, NAMES, SECONDS, Made
from training.mixtures import ABSENT, BLOCK, PRESENT, UNKNOWN
from training.network import FRAMES_PER_STEP

COLUMNS = [ROWS[label] for label in LABELS]
LONGEST_S = 10
MADE = "made"
THRESHOLDS = np.linspace(0.15, 0.97, 83)


@dataclass(frozen=True)
class Trial:
    """One sound: where it comes from, what it holds (labels,), and its clip scores and event peaks (labels,)."""

    path: str
    folder: str
    fold: int
    seconds: float
    codes: Codes
    scores: NDArray[np.float64]
    peaks: NDArray[np.float64]


@dataclass(frozen=True)
class Finding(Proof):
    """The evidence on one further class that nobody named in a recording."""

    label: str


def _trial(path: str, folder: str, fold: int, seconds: float, codes: Codes, own: Scores) -> Trial:
    frames = own[:, COLUMNS]
    scores = clip_scores(frames, weights_of(own)).astype(np.float64)
    peaks = np.array([event_peak(frames[:, column]) for column in range(frames.shape[1])])
    return Trial(path, folder, fold, seconds, codes, scores, peaks)


@torch.no_grad()
def _frames(trained: Trained, logmel: Tensor) -> Scores:
    """Framewise probabilities of all own classes."""
    student, scaler = trained
    return torch.sigmoid(student.eval()(scaler(logmel))[0]).numpy()


def left_out(codes: Codes, path: str, contents: Contents) -> Codes:
    """The codes, but unknown where what a human named may hold a class besides; of cymbals the file's name says which are hats."""
    kept = codes.copy()
    for label in contents.present:
        if label != "Cymbal" or "hat" in Path(path).stem:
            kept[[LABELS.index(other) for other in BESIDE.get(label, ())]] = UNKNOWN
    return kept


def recordings(trained: Trained, clips: list[Clip], codes: dict[str, Codes]) -> list[Trial]:
    """The clips, of which the teacher heard the first ten seconds."""
    front_end, trials = PannsFrontEnd(), []
    for clip in clips:
        audio = to_whole_seconds(clip.audio()[: LONGEST_S * RATE])
        seconds = min(len(clip.samples), LONGEST_S * RATE) / RATE
        logmel = front_end(torch.from_numpy(audio)[None])[:, : len(audio) // BLOCK * FRAMES_PER_STEP]
        frames = _frames(trained, logmel)[0, : max(1, int(seconds * RATE) // BLOCK)]
        known = left_out(codes[clip.path], clip.path, clip.contents)
        trials.append(_trial(clip.path, clip.folder, clip.fold, seconds, known, frames))
    return trials


def made(trained: Trained, book: Made, codes: Codes, fold: int) -> list[Trial]:
    """A quarter of a book of made sounds."""
    chosen = np.arange(FOLDS.index(fold), len(book.kind), len(FOLDS))
    found = []
    for rows in np.array_split(chosen, max(1, len(chosen) // 16)):
        heard = _frames(trained, torch.from_numpy(book.logmel[rows].astype(np.float32)))[:, :BLOCKS]
        found += [
            _trial(f"{NAMES[book.kind[row]]}/{row}", MADE, fold, SECONDS, codes[row], frames)
            for row, frames in zip(rows, heard, strict=True)
        ]
    return found


def judge(trials: list[Trial], label: str) -> Finding:
    """The evidence on one class over all sounds of which it is known whether they hold it.

    The threshold is the lowest at which no false event comes in all recordings, of whatever kind, and nine in ten
    events are right; 0.97 where there is none.
    """
    column = LABELS.index(label)
    known = [trial for trial in trials if trial.codes[column] in (ABSENT, PRESENT)]
    truth = np.array([trial.codes[column] == PRESENT for trial in known])
    scores, peaks = (np.array([getattr(trial, name)[column] for trial in known]) for name in ("scores", "peaks"))
    elsewhere = np.array([trial.folder != MADE for trial in known]) & ~truth
    hours = sum(trial.seconds for trial, is_real in zip(known, elsewhere, strict=True) if is_real) / 3600.0

    def counts(threshold: float) -> tuple[int, int, int]:
        found = peaks >= threshold
        return int((found & truth).sum()), int((found & ~truth).sum()), int((found & elsewhere).sum())

    def holds(threshold: float) -> bool:
        hits, wrong, false = counts(threshold)
        return false == 0 and hits >= 9 * wrong

    threshold = next((float(value) for value in THRESHOLDS if holds(value)), float(THRESHOLDS[-1]))
    hits, wrong, false = counts(threshold)
    positive = [trial for trial, is_true in zip(known, truth, strict=True) if is_true]
    return Finding(
        label=label,
        positives=len(positive),
        recordings=len({_source(trial) for trial in positive}),
        folds=len({trial.fold for trial in positive}),
        average_precision=precision_over(truth, scores),
        threshold=round(threshold, 2),
        recall=hits / max(1, len(positive)),
        precision=hits / max(1, hits + wrong),
        false_per_hour=false / max(hours, 1e-9),
    )


def _source(trial: Trial) -> str:
    return trial.path if trial.folder == MADE else recording(trial.path)


def findings(trials: list[Trial]) -> list[Finding]:
    """The evidence on every further class that nobody named in a recording."""
    return [judge(trials, label) for label in ADDED]
