"""A trained student at work: frame scores and clip scores of recordings, and the accuracy on ESC-10."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from training.corpus import Clip
from training.frontend import HOP, RATE, PannsFrontEnd
from training.labels import CLASSES, CORE, ESC10, INDEX, SILENCE
from training.network import FRAMES_PER_STEP, Student
from training.reader import Scaler

Scores = NDArray[np.float32]
ESC_COLUMNS = [INDEX[label] for label in ESC10.values()]
SOUNDS = [INDEX[label] for label in CORE if label != SILENCE]
HARDLY = 1e-6


class Listener:
    """Scores of waveforms at 32 kHz, by a student whose training is over."""

    def __init__(self, student: Student, scaler: Scaler) -> None:
        self._student = student.eval()
        self._scaler = scaler
        self._front_end = PannsFrontEnd()

    @torch.no_grad()
    def frames(self, audio: NDArray[np.float32]) -> tuple[Scores, Scores]:
        """Probabilities of each pooled frame (128 ms): of the student's own classes, and of the teacher's."""
        steps = max(1, (1 + len(audio) // HOP) // FRAMES_PER_STEP)
        own, taught = self._student(self._scaler(self._front_end(torch.from_numpy(to_whole_seconds(audio))[None])))
        return torch.sigmoid(own)[0, :steps].numpy(), torch.sigmoid(taught)[0, :steps].numpy()


def to_whole_seconds(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """The audio with silence after it, up to a whole second: few lengths are quicker than many."""
    return np.concatenate([audio, np.zeros(-len(audio) % RATE, np.float32)])


def weights_of(own: Scores) -> Scores:
    """How much is heard in each frame (frames,): the sum of its probabilities of the core's sounds, of a student's own classes."""
    weights: Scores = own[:, SOUNDS].sum(1)
    return weights


def clip_scores(frames: Scores, weights: Scores) -> Scores:
    """Scores of a clip (classes,), from those of its frames and how much is heard in each, as Auricle's decision-odds head has it.

    Its odds are the geometric mean of those of Σp² / Σp and those of the mean logit, so weighted.
    """
    p = np.clip(frames.astype(np.float64), HARDLY, 1.0 - HARDLY)
    once = (p * p).sum(0) / p.sum(0)
    mostly = np.average(np.log(p / (1.0 - p)), axis=0, weights=weights + HARDLY)
    return np.asarray(1.0 / (1.0 + np.exp(-0.5 * (np.log(once / (1.0 - once)) + mostly))), np.float32)


def loudest(audio: NDArray[np.float32], seconds: float) -> NDArray[np.float32]:
    """The stretch of that length with the greatest energy."""
    length = round(seconds * RATE)
    if len(audio) <= length:
        return audio
    energy = np.cumsum(np.concatenate([[0.0], audio.astype(np.float64) ** 2]))
    start = int(np.argmax(energy[length:] - energy[:-length]))
    return audio[start : start + length]


@dataclass(frozen=True)
class Accuracy:
    """Share of ESC-10 clips named right, and who was taken for whom among the ten (rows: truth)."""

    clips: int
    five_seconds: float
    all_labels: float
    loudest_two: float
    confusion: NDArray[np.int64]


def esc10(listener: Listener, clips: list[Clip]) -> Accuracy:
    """Accuracy on the ESC-10 clips among `clips`."""
    right = np.zeros(3)
    confusion = np.zeros((len(ESC_COLUMNS), len(ESC_COLUMNS)), np.int64)
    chosen = [clip for clip in clips if clip.path.startswith("esc10/")]
    for clip in chosen:
        truth = INDEX[ESC10[clip.folder]]
        frames = listener.frames(clip.audio())[0]
        whole = clip_scores(frames, weights_of(frames))
        frames = listener.frames(loudest(clip.audio(), 2.0))[0]
        short = clip_scores(frames, weights_of(frames))
        right += (
            ESC_COLUMNS[int(np.argmax(whole[ESC_COLUMNS]))] == truth,
            int(np.argmax(whole[: len(CLASSES)])) == truth,
            ESC_COLUMNS[int(np.argmax(short[ESC_COLUMNS]))] == truth,
        )
        confusion[ESC_COLUMNS.index(truth), int(np.argmax(whole[ESC_COLUMNS]))] += 1
    share = right / max(1, len(chosen))
    return Accuracy(len(chosen), float(share[0]), float(share[1]), float(share[2]), confusion)
