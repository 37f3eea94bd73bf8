"""The network made wider: sixteen more channels in its last block, which hear the further classes, and rows for these.

They are learnt when the network is done. Its own channels do not read the new ones, so that no other answer can change. What it
makes of every sound is computed once, on which the new channels learn quickly.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training import further, jobs, lessons, made, phrases
from training.changes import Change, added, changed
from training.further import LABELS, ROWS, Codes
from training.lessons import Book
from training.mixtures import PRESENT, UNKNOWN
from training.network import CHANNELS, POOLS, WIDER, Student, half_precision, pool_scores
from training.progress import progress
from training.reader import Scaler

OLD, MORE = CHANNELS[-1], WIDER[-1] - CHANNELS[-1]
CHANGE = Change(3.0, 3.0, 3.0, 0.5)
MIXED = 0.6  # share of changed sounds with another one in the background
EVERY = 4  # so many lessons, one is read
EPOCHS, BATCH, RATE, DECAY, DROPOUT = 8, 64, 3e-3, 0.02, 0.1
SHRUNK = 0.5  # between its layers the new channels would else be the loudest, and 8 bits coarser for the old ones
PIECE = 4  # sounds that the network hears at once: beside another training sixteen take nearly twice as long


class Branch(nn.Module):
    """The new channels and the rows over all channels, beside a network that stays as it is."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(CHANNELS[-2], MORE, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(MORE)
        self.conv2 = nn.Conv2d(WIDER[-1], MORE, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(MORE)
        self.norm = nn.BatchNorm1d(WIDER[-1])  # channels have deviations from 3 to 0.03: without it gradients reach few
        self.rows = nn.Linear(WIDER[-1], len(LABELS))
        nn.init.constant_(self.rows.bias, -4.0)  # most sounds are absent most of the time

    def forward(self, before: Tensor, between: Tensor, embedding: Tensor) -> Tensor:
        """Framewise logits (n, blocks, labels) of what the network's last block reads, has between its layers, and gives."""
        image = functional.relu(self.bn1(self.conv1(before)))
        image = functional.relu(self.bn2(self.conv2(torch.cat([between, image], 1))))
        frames = torch.cat([embedding, image.mean(3).transpose(1, 2)], 2)
        frames = self.norm(frames.flatten(0, 1)).view(frames.shape)
        logits: Tensor = self.rows(functional.dropout(frames, DROPOUT, self.training))
        return logits


@dataclass(frozen=True)
class Shelf:
    """Sounds of one length in half precision, as Branch reads them, and what is true of them (n, labels)."""

    before: Tensor
    between: Tensor
    embedding: Tensor
    codes: Tensor


@torch.no_grad()
def shelf(student: Student, scaler: Scaler, logmel: NDArray[np.float16], codes: Codes) -> Shelf:
    """What the network makes of sounds (n, frames, 64)."""
    student.eval()
    found: list[tuple[Tensor, Tensor, Tensor]] = []
    for piece in np.array_split(logmel, max(1, len(logmel) // PIECE)):
        before = scaler(torch.from_numpy(piece.astype(np.float32))).unsqueeze(1)
        for block in student.blocks[:-1]:
            before = block(before)
        last = student.blocks[-1]
        between = functional.relu(last.bn1(last.conv1(before)))
        embedding = functional.relu(last.bn2(last.conv2(between))).mean(3).transpose(1, 2)
        found.append((before.half(), between.half(), embedding.half()))
    before, between, embedding = (torch.cat(parts) for parts in zip(*found, strict=True))
    return Shelf(before, between, embedding, torch.from_numpy(codes))


def varied(
    rng: np.random.Generator, sounds: NDArray[np.float16], codes: Codes, others: NDArray[np.float16], theirs: Codes
) -> tuple[NDArray[np.float16], Codes]:
    """The sounds moved in pitch, coloured, at other levels and of other bandwidth, many with one of the others in the background."""
    logmel, codes = changed(rng, sounds, CHANGE), codes.copy()
    for row in np.flatnonzero(rng.random(len(sounds)) < MIXED):
        pick = int(rng.integers(len(others)))
        other = torch.from_numpy(others[pick].astype(np.float32))
        level_db = float(logmel[row].amax() - other.amax()) + rng.uniform(-20.0, 3.0)
        logmel[row] = added(logmel[row], other + level_db)
        codes[row] = np.maximum(codes[row], theirs[pick])
    return logmel.numpy().astype(np.float16), codes


def fit(shelves: list[Shelf], seed: int, say: Callable[[int, float], None]) -> Branch:
    """The branch that names the shelves' sounds: binary cross-entropy of clips, pooled by Σp² / Σp."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    branch = Branch()
    batches = [(number, at) for number, one in enumerate(shelves) for at in range(0, len(one.codes), BATCH)]
    optimiser = torch.optim.AdamW(branch.parameters(), lr=RATE, weight_decay=DECAY)
    course = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=EPOCHS * len(batches), pct_start=0.05)
    for epoch in range(EPOCHS):
        orders = [rng.permutation(len(one.codes)) for one in shelves]
        for done, place in enumerate(rng.permutation(len(batches)), 1):
            number, at = batches[place]
            one, rows = shelves[number], torch.from_numpy(np.sort(orders[number][at : at + BATCH]))
            logits = branch(one.before[rows].float(), one.between[rows].float(), one.embedding[rows].float())
            codes = one.codes[rows]
            scores = pool_scores(logits).clamp(1e-6, 1.0 - 1e-6)
            loss = functional.binary_cross_entropy(scores, (codes == PRESENT).float(), reduction="none")
            loss = (loss * (codes != UNKNOWN)).sum(1).mean()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(branch.parameters(), 5.0)
            optimiser.step()
            course.step()
            say(epoch * len(batches) + done, float(loss.detach()))
    return branch.eval()


@torch.no_grad()
def widened(student: Student, branch: Branch) -> Student:
    """One network of both; where old channels, and rows of the core, would read new ones stand zeros."""
    wide = Student(len(ROWS), len(student.fc_teacher.bias), WIDER).eval()
    state = {name: torch.zeros_like(value) for name, value in wide.state_dict().items()}
    for name, value in student.state_dict().items():  # the old ones come first in every direction
        state[name][tuple(slice(0, length) for length in value.shape)] = value
    block, learnt = f"conv_block{len(POOLS)}", branch.state_dict()
    for name, value in learnt.items():
        if name.startswith(("conv", "bn")) and value.dim():
            state[f"{block}.{name}"][OLD:] = value
    for part in ("weight", "bias"):
        state[f"{block}.bn1.{part}"][OLD:] *= SHRUNK
    state[f"{block}.conv2.weight"][OLD:, OLD:] /= SHRUNK
    scale = learnt["norm.weight"] / (learnt["norm.running_var"] + branch.norm.eps).sqrt()
    shift = learnt["norm.bias"] - scale * learnt["norm.running_mean"]
    places = [ROWS[label] for label in LABELS]
    state["fc_audioset.weight"][places] = branch.rows.weight * scale
    state["fc_audioset.bias"][places] = branch.rows.bias + branch.rows.weight @ shift
    wide.load_state_dict(state)
    return wide


@dataclass(frozen=True)
class WiderJob:
    """A student made wider by made sounds, the clips that it learnt from itself, and its lessons."""

    title: str
    student: Path
    made: Path
    clips: tuple[Path, ...]
    lessons: tuple[Path, ...]
    columns: tuple[int, ...]
    seed: int
    path: Path


def learn(job: WiderJob) -> None:
    """Write one wider student, unless it is there and newer than what it comes from."""
    torch.set_num_threads(1)
    if job.path.exists() and job.path.stat().st_mtime > max(job.made.stat().st_mtime, job.student.stat().st_mtime):
        return
    student, scaler = jobs.recall(job.student)
    student, columns = half_precision(student), list(job.columns)
    sounds, clips = (
        made.read(job.made),
        lessons.join([lessons.read(path) for path in job.clips]),
    )
    books = [(sounds.logmel, further.of_made(sounds, columns)), (clips.logmel, further.of_book(clips, columns))]
    everything = np.concatenate([book[0] for book in books]), np.concatenate([book[1] for book in books])
    phrase = np.flatnonzero(sounds.kind < len(phrases.names()))
    again = np.concatenate([phrase, np.arange(len(sounds.kind), len(everything[0]))])  # of signals there are enough
    books.append(varied(np.random.default_rng(job.seed), everything[0][again], everything[1][again], *everything))
    for path in job.lessons:
        book = lessons.read(path)
        book = Book(book.logmel[::EVERY], book.targets[::EVERY], book.teacher[::EVERY])
        books.append((book.logmel, further.of_book(book, columns)))
    shelves = [shelf(student, scaler, *book) for book in books]
    say = progress(job.title, EPOCHS * sum(-(-len(one.codes) // BATCH) for one in shelves))
    jobs.keep((widened(student, fit(shelves, job.seed, say)), scaler), job.path)
