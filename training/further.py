"""Further classes: rows of the network's last layer, learnt on made sounds when the rest of the network is done and stays as it is.

What is true: an instrument's phrase is that instrument, which its sample library says; else the teacher's word, at least 0.3 for yes,
under 0.05 for no, and what lies between is unknown. The network's other answers are not touched.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training import jobs, lessons, made, phrases, synthesis
from training.made import NAMES, Made
from training.mixtures import ABSENT, PRESENT, UNKNOWN
from training.network import Student, half_precision, pool_scores
from training.reader import Scaler

LABELS = tuple(name for name in phrases.names() if name not in phrases.NO_LABEL)
SURE, HARDLY = 0.3, 0.05
EPOCHS, BATCH, RATE, DECAY = 12, 64, 4e-3, 0.02
LEAST_DEVIATION = 0.05  # of a direction of the embeddings, which have deviations from 3 to 0.03

Codes = NDArray[np.uint8]


@dataclass(frozen=True)
class Rows:
    """One row for each of LABELS: weight (labels, 256), bias (labels,)."""

    weight: Tensor
    bias: Tensor


def opinion(teacher: NDArray[np.floating], columns: list[int]) -> Codes:
    """Present, absent or unknown by the teacher's scores (n, 527), for the teacher's classes of those numbers."""
    scores = teacher[:, columns]
    codes = np.where(scores >= SURE, PRESENT, np.where(scores < HARDLY, ABSENT, UNKNOWN))
    return codes.astype(np.uint8)


def truth(made: Made, columns: list[int]) -> Codes:
    """The same for made sounds, of which instruments and standard tones are known."""
    codes = opinion(made.teacher, columns)
    for kind in np.unique(made.kind):
        name, rows = NAMES[kind], made.kind == kind
        if name in phrases.names():
            codes[rows] = ABSENT
            for other in set(phrases.SEVERAL.get(name, ())) - set(phrases.NO_LABEL):
                codes[rows, LABELS.index(other)] = UNKNOWN
            if name in LABELS:
                codes[rows, LABELS.index(name)] = PRESENT
        elif name in synthesis.SOUNDS:  # these have a label of their own already
            codes[rows] = ABSENT
    return codes


@torch.no_grad()
def embeddings(student: Student, scaler: Scaler, logmel: NDArray[np.float16]) -> NDArray[np.float16]:
    """What the network's last layer sees: (n, blocks, 256)."""
    student.eval()
    found = []
    for piece in np.array_split(logmel, max(1, len(logmel) // 16)):
        found.append(student.embed(scaler(torch.from_numpy(piece.astype(np.float32)))).numpy().astype(np.float16))
    return np.concatenate(found)


@dataclass(frozen=True)
class RowsJob:
    """The rows of one student, learnt on made sounds and on the books that it learnt from itself."""

    title: str
    student: Path
    made: Path
    books: tuple[Path, ...]
    columns: tuple[int, ...]
    seed: int


@dataclass(frozen=True)
class Shelf:
    """Sounds of one length: embeddings (n, blocks, 256) and truths (n, labels)."""

    embedding: NDArray[np.float16]
    codes: Codes


def _whitening(shelves: list[Shelf]) -> tuple[Tensor, Tensor]:
    """Mean (256,) of the embeddings, and the matrix that makes their directions equally strong, so that gradients reach them all."""
    some = np.concatenate([one.embedding[::20].reshape(-1, one.embedding.shape[2]) for one in shelves])
    sample = torch.from_numpy(some.astype(np.float32)).double()
    mean = sample.mean(0)
    variance, directions = torch.linalg.eigh((sample - mean).T @ (sample - mean) / len(sample))
    return mean.float(), (directions / (variance.clamp(min=0.0).sqrt() + LEAST_DEVIATION)).float()


def fit(shelves: list[Shelf], seed: int) -> Rows:
    """Rows that name the shelves' sounds: binary cross-entropy of clips, pooled as clips always are."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    mean, whitening = _whitening(shelves)
    layer = nn.Linear(len(mean), len(LABELS))
    nn.init.zeros_(layer.weight)
    nn.init.constant_(layer.bias, -4.0)
    batches = [(number, at) for number, one in enumerate(shelves) for at in range(0, len(one.codes), BATCH)]
    optimiser = torch.optim.AdamW(layer.parameters(), lr=RATE, weight_decay=DECAY)
    course = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, EPOCHS * len(batches))
    for _ in range(EPOCHS):
        orders = [rng.permutation(len(one.codes)) for one in shelves]
        for place in rng.permutation(len(batches)):
            number, at = batches[place]
            rows = np.sort(orders[number][at : at + BATCH])
            sounds = (torch.from_numpy(shelves[number].embedding[rows].astype(np.float32)) - mean) @ whitening
            codes = torch.from_numpy(shelves[number].codes[rows])
            scores = pool_scores(layer(sounds)).clamp(1e-6, 1.0 - 1e-6)
            loss = nn.functional.binary_cross_entropy(scores, (codes == PRESENT).float(), reduction="none")
            loss = (loss * (codes != UNKNOWN)).sum(1).mean()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            course.step()
    weight = layer.weight.detach() @ whitening.T
    return Rows(weight, layer.bias.detach() - weight @ mean)


def beside(student: Path) -> Path:
    """The file of a student's rows."""
    return student.with_suffix(".rows")


def learn(job: RowsJob) -> None:
    """Write the rows of one student, as the model's file will hold them, unless they are there and newer than the made sounds."""
    torch.set_num_threads(1)
    path = beside(job.student)
    if path.exists() and path.stat().st_mtime > job.made.stat().st_mtime:
        return
    student, scaler = jobs.recall(job.student)
    student, columns, shelves = half_precision(student), list(job.columns), []
    say = jobs.progress(job.title, 1 + len(job.books))
    sounds = made.read(job.made)
    shelves.append(Shelf(embeddings(student, scaler, sounds.logmel), truth(sounds, columns)))
    for number, written in enumerate(job.books, 1):
        say(number, 0.0)
        book = lessons.read(written)
        shelves.append(Shelf(embeddings(student, scaler, book.logmel), opinion(book.teacher, columns)))
    rows = fit(shelves, job.seed)
    unfinished = path.with_suffix(".part")
    torch.save({"weight": rows.weight.half().float(), "bias": rows.bias.half().float()}, unfinished)
    unfinished.replace(path)
    say(1 + len(job.books), 0.0)


def recall(path: Path) -> Rows:
    """Read what `learn` wrote."""
    kept = torch.load(path, weights_only=True)
    return Rows(kept["weight"], kept["bias"])


@torch.no_grad()
def frames(rows: Rows, embedding: NDArray[np.float16]) -> NDArray[np.float32]:
    """Framewise probabilities of one sound: (blocks, 256) to (blocks, labels)."""
    sound = torch.from_numpy(embedding.astype(np.float32))
    return torch.sigmoid(sound @ rows.weight.T + rows.bias).numpy()
