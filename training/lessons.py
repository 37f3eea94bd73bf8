"""Books: log-mels, truths and the teacher's scores of many mixtures, or of the clips as they are; written once, read many times."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
import torch
from numpy.typing import NDArray

from training.corpus import Clip
from training.frontend import RATE, PannsFrontEnd
from training.mixtures import BLOCK, Composer, truth_of
from training.network import FRAMES_PER_STEP
from training.teachers import Teachers

FRAMES = 160
CHUNK = 32
PIECE = 39 * BLOCK  # five seconds
SPEEDS = (0.84, 1.0, 1.19)


@dataclass(frozen=True)
class Book:
    """Arrays over lessons: logmel (n, 160, 64), targets (n, 20, classes), teacher (n, 1048); over clips 312 frames, 39 blocks."""

    logmel: NDArray[np.float16]
    targets: NDArray[np.uint8]
    teacher: NDArray[np.float16]


def join(books: list[Book]) -> Book:
    """One book of several."""
    return Book(
        np.concatenate([book.logmel for book in books]),
        np.concatenate([book.targets for book in books]),
        np.concatenate([book.teacher for book in books]),
    )


def write(composer: Composer, teachers: Teachers, count: int, say: Callable[[int, float], None]) -> Book:
    """A book of `count` lessons; `say` is told how many are done."""
    front_end, logmels, targets, scores = PannsFrontEnd(), [], [], []
    for start in range(0, count, CHUNK):
        lessons = [composer.write(number) for number in range(start, min(start + CHUNK, count))]
        audio = torch.from_numpy(np.stack([lesson.audio for lesson in lessons]))
        logmels.append(front_end(audio)[:, :FRAMES].numpy().astype(np.float16))
        targets.append(np.stack([lesson.targets for lesson in lessons]))
        scores.append(teachers(audio).numpy().astype(np.float16))
        say(start + len(lessons), 0.0)
    return Book(np.concatenate(logmels), np.concatenate(targets), np.concatenate(scores))


def pieces(audio: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """A sound's whole five seconds, one after another; a short sound is filled up with silence."""
    count = max(1, len(audio) // PIECE)
    return list(np.pad(audio, (0, max(0, PIECE - len(audio))))[: count * PIECE].reshape(count, PIECE))


def copy_out(clips: list[Clip], teachers: Teachers, speeds: tuple[float, ...]) -> Book:
    """A book of the clips, played at so many times their speed."""
    front_end, logmels, targets, scores = PannsFrontEnd(), [], [], []
    for clip in clips:
        for speed in speeds:
            for sound in pieces(soxr.resample(clip.audio(), RATE * speed, RATE)):
                audio = torch.from_numpy(sound[None])
                logmels.append(front_end(audio)[:, : PIECE // BLOCK * FRAMES_PER_STEP].numpy().astype(np.float16))
                targets.append(truth_of(clip, sound)[None])
                scores.append(teachers(audio).numpy().astype(np.float16))
    return Book(np.concatenate(logmels), np.concatenate(targets), np.concatenate(scores))


def keep(book: Book, path: Path) -> None:
    """Write a book to a file, in one step."""
    unfinished = path.with_suffix(".part.npz")
    np.savez(unfinished, logmel=book.logmel, targets=book.targets, teacher=book.teacher)
    unfinished.replace(path)


def read(path: Path) -> Book:
    """Read what `keep` wrote."""
    with np.load(path) as file:
        return Book(file["logmel"], file["targets"], file["teacher"])
