"""Training one student from books: in each step some crops of clips as they are, much changed, and some composed lessons."""

import copy
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.labels import CLASSES, SILENCE
from training.lessons import FRAMES, Book
from training.mixtures import ABSENT, BLOCKS, PRESENT, UNKNOWN
from training.network import FRAMES_PER_STEP, Student, pool_scores
from training.teacher import CLASSES as LESSONS

QUIET = CLASSES.index(SILENCE)
DECIBEL = math.log(10.0) / 10.0
SMOOTHING = 0.05


@dataclass(frozen=True)
class Change:
    """How far log-mels are changed: bands moved (at most), decibels of a smooth curve over the bands and of the level (deviations)."""

    warp: float
    colour: float
    gain: float


@dataclass(frozen=True)
class Schedule:
    """How long and how fast: steps of so many crops and lessons each, their changes, and the weights of the losses."""

    steps: int
    crops: int
    lessons: int
    crop_change: Change
    lesson_change: Change
    rate: float
    decay: float
    average: float
    detect: float
    distil: float
    rank: float
    mixup: float
    mask: float
    pause: float
    silence: float


@dataclass(frozen=True)
class Scaler:
    """Mean and standard deviation of each mel band over the sounding frames of a book."""

    mean: Tensor
    std: Tensor

    @staticmethod
    def of(book: Book) -> "Scaler":
        """The scaler of a book, from about a thousand of its lessons."""
        frames = torch.from_numpy(book.logmel[:: max(1, len(book.logmel) // 1000)].astype(np.float32)).flatten(0, 1)
        sounding = frames[frames.mean(dim=1) > -90.0]
        return Scaler(sounding.mean(0), sounding.std(0))

    def __call__(self, logmel: Tensor) -> Tensor:
        """Log-mel in decibels to the network's input."""
        return (logmel - self.mean) / self.std


@dataclass(frozen=True)
class Batch:
    """Log-mel (n, frames, 64), block targets (n, frames / 8, classes), teacher's scores (n, 527), shares (n, classes).

    A share is that of a class in the sound's power; all are zero where that is not known.
    """

    logmel: Tensor
    targets: Tensor
    teacher: Tensor
    share: Tensor


class Deck:
    """Row numbers of a book, shuffled again whenever all have been drawn."""

    def __init__(self, rows: int, rng: np.random.Generator) -> None:
        self._rows, self._rng = rows, rng
        self._order = np.empty(0, np.int64)

    def draw(self, count: int) -> NDArray[np.int64]:
        """The next rows, in ascending order."""
        while len(self._order) < count:
            self._order = np.concatenate([self._order, self._rng.permutation(self._rows)])
        chosen, self._order = self._order[:count], self._order[count:]
        return np.sort(chosen)


class Reader:
    """Draws batches from two books: crops and lessons, changed, mixed with one another, and with masked bands."""

    def __init__(self, clips: Book, lessons: Book, scaler: Scaler, schedule: Schedule, seed: int) -> None:
        self._clips, self._lessons, self._scaler, self._schedule = clips, lessons, scaler, schedule
        self._rng = np.random.default_rng(seed)
        self._crop_deck = Deck(len(clips.logmel), self._rng)
        self._lesson_deck = Deck(len(lessons.logmel), self._rng)

    def __call__(self) -> Batch:
        """The next batch."""
        parts = [(self._crops(), self._schedule.crop_change)]
        if self._schedule.lessons:
            chosen = self._of(self._lessons, self._lesson_deck.draw(self._schedule.lessons))
            parts.append((chosen, self._schedule.lesson_change))
        logmel = torch.cat([self._change(torch.from_numpy(book.logmel.astype(np.float32)), how) for book, how in parts])
        targets = torch.cat([torch.from_numpy(book.targets) for book, _ in parts])
        teacher = torch.cat([torch.from_numpy(book.teacher.astype(np.float32)) for book, _ in parts])
        batch = Batch(logmel, targets, teacher, shares(targets))
        mixed = self._mix(batch, torch.from_numpy(self._rng.permutation(len(targets))))
        return Batch(self._mask(self._scaler(mixed.logmel)), mixed.targets, mixed.teacher, mixed.share)

    @staticmethod
    def _of(book: Book, rows: NDArray[np.int64]) -> Book:
        return Book(book.logmel[rows], book.targets[rows], book.teacher[rows])

    def _crops(self) -> Book:
        """Stretches of clips, of a lesson's length, each around a block in which something is surely heard."""
        logmels, targets, rows = [], [], self._crop_deck.draw(self._schedule.crops)
        for row in rows:
            truth = self._clips.targets[row]
            sounding = np.flatnonzero((np.delete(truth, QUIET, 1) == PRESENT).any(1))
            block = int(self._rng.choice(sounding)) if len(sounding) else 0
            start = min(max(0, block - int(self._rng.integers(BLOCKS))), len(truth) - BLOCKS)
            targets.append(truth[start : start + BLOCKS])
            logmels.append(self._clips.logmel[row, start * FRAMES_PER_STEP :][:FRAMES])
        return Book(np.stack(logmels), np.stack(targets), self._clips.teacher[rows])

    def _change(self, logmel: Tensor, how: Change) -> Tensor:
        """Pitch a little up or down, another level, and a smooth random curve over the bands; digital silence stays."""
        count, _, bands = logmel.shape
        shift = torch.from_numpy(self._rng.uniform(-how.warp, how.warp, count).astype(np.float32))
        place = (torch.arange(bands) + shift[:, None]).clamp(0.0, bands - 1.001)
        low = place.long()[:, None, :].expand(logmel.shape)
        part = (place - place.floor())[:, None, :]
        moved = torch.gather(logmel, 2, low) * (1.0 - part) + torch.gather(logmel, 2, low + 1) * part
        knots = torch.from_numpy(self._rng.normal(0.0, how.colour, (count, 1, 7)).astype(np.float32))
        curve = functional.interpolate(knots, bands, mode="linear", align_corners=True)
        gain = torch.from_numpy(self._rng.normal(0.0, how.gain, (count, 1, 1)).astype(np.float32))
        return torch.where(moved > -99.0, (moved + curve + gain).clamp(min=-100.0), moved)

    def _mix(self, batch: Batch, partner: Tensor) -> Batch:
        """Mixup in the power domain: with some probability a lesson gets another one of similar level laid over it."""
        count = len(partner)
        level = batch.logmel.amax(dim=(1, 2))
        chosen = torch.from_numpy(self._rng.random(count) < self._schedule.mixup)
        chosen &= (level > -60.0) & (level[partner] > -60.0)
        ratio_db = torch.from_numpy(self._rng.uniform(-12.0, 6.0, count).astype(np.float32))
        other = batch.logmel[partner] + (level - level[partner] + ratio_db)[:, None, None]
        mixed = torch.logaddexp(batch.logmel * DECIBEL, other * DECIBEL) / DECIBEL
        both = torch.maximum(batch.targets, batch.targets[partner])
        both[..., QUIET] = torch.minimum(batch.targets[..., QUIET], batch.targets[partner][..., QUIET])
        part = torch.sigmoid(ratio_db * DECIBEL)[:, None]
        share = batch.share * (1.0 - part) + batch.share[partner] * part
        share = share / share.sum(1, keepdim=True).clamp(min=1e-9)
        return Batch(
            torch.where(chosen[:, None, None], mixed, batch.logmel),
            torch.where(chosen[:, None, None], both, batch.targets),
            torch.where(chosen[:, None], torch.maximum(batch.teacher, batch.teacher[partner]), batch.teacher),
            torch.where(chosen[:, None], share, batch.share),
        )

    def _mask(self, scaled: Tensor) -> Tensor:
        """SpecAugment (Park et al., arXiv 1904.08779); along time only where onsets do not count."""
        for row in range(len(scaled)):
            if self._rng.random() < self._schedule.pause:
                width = int(self._rng.integers(1, 31))
                start = int(self._rng.integers(FRAMES - width))
                scaled[row, start : start + width] = 0.0
            if self._rng.random() < self._schedule.mask:
                width = int(self._rng.integers(1, 13))
                low = int(self._rng.integers(64 - width))
                scaled[row, :, low : low + width] = 0.0
        return scaled


def shares(targets: Tensor) -> Tensor:
    """All of the power is the one class's that is surely there; where none or several are, nothing is known."""
    present = (targets == PRESENT).any(1)
    present[:, QUIET] &= present.sum(1) == 1  # a sound and a pause: the sound comes first
    return present.float() * (present.sum(1, keepdim=True) == 1)


def ranking(logits: Tensor, batch: Batch) -> Tensor:
    """Cross-entropy of one class among all, over the frames that may hold it; a class that may be there too is no rival."""
    heard = ((batch.targets != ABSENT) & (batch.share > 0.0)[:, None]).any(2, keepdim=True).float()
    means = (logits * heard).sum(1) / heard.sum(1).clamp(min=1.0)
    rival = (batch.share > 0.0) | (batch.targets != UNKNOWN).all(1)
    chances = functional.log_softmax(means.masked_fill(~rival, -1e4), 1)
    others = (chances * rival).sum(1) / rival.sum(1)  # smoothed labels (Szegedy et al., arXiv 1512.00567, section 7)
    named = batch.share.sum(1)
    return -((1.0 - SMOOTHING) * (batch.share * chances).sum(1) + SMOOTHING * others * named).mean()


def imitation(taught: Tensor, batch: Batch) -> Tensor:
    """How far the logits are from the teacher's (Ba and Caruana, arXiv 1312.6184), where the teacher is not quite sure of nothing."""
    wanted = torch.logit(batch.teacher.clamp(1e-4, 0.999))
    return functional.smooth_l1_loss(taught.mean(1), wanted)


def loss_of(logits: Tensor, taught: Tensor, batch: Batch, schedule: Schedule) -> Tensor:
    """What is there, by clips and by frames, what is louder, and what the teacher hears; what is unknown counts nothing."""
    known = (batch.targets != UNKNOWN).float()
    truth = (batch.targets == PRESENT).float()
    truth[..., QUIET] *= schedule.silence
    frames = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    framewise = (frames * known).mean(1).sum(1).mean()
    present = (batch.targets == PRESENT).any(1)
    certain = present | (batch.targets == ABSENT).all(1)
    scores = pool_scores(logits).clamp(1e-6, 1.0 - 1e-6)
    wanted = present.float()
    wanted[:, QUIET] *= schedule.silence
    clips = functional.binary_cross_entropy(scores, wanted, reduction="none")
    clipwise = (clips * certain.float()).sum(1).mean()
    return (
        schedule.detect * (clipwise + 0.5 * framewise)
        + schedule.rank * ranking(logits, batch)
        + schedule.distil * imitation(taught, batch)
    )


def learning_rate(schedule: Schedule, step: int) -> float:
    """A short rise, then half a cosine down to nothing."""
    warm = max(1, schedule.steps // 20)
    if step < warm:
        return schedule.rate * (step + 1) / warm
    return schedule.rate * 0.5 * (1.0 + math.cos(math.pi * (step - warm) / max(1, schedule.steps - warm)))


Trained = tuple[Student, Scaler]


def _train(student: Student, reader: Reader, schedule: Schedule, say: Callable[[float], None]) -> Student:
    """The student after all steps of a schedule, averaged over the last of them."""
    student = student.train()
    average = copy.deepcopy(student).eval()
    optimiser = torch.optim.AdamW(student.parameters(), lr=schedule.rate, weight_decay=schedule.decay)
    for step in range(schedule.steps):
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(schedule, step)
        batch = reader()
        logits, taught = student(batch.logmel)
        loss = loss_of(logits, taught, batch, schedule)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(student.parameters(), 5.0)
        optimiser.step()
        keep = min(schedule.average, (1.0 + step) / (10.0 + step))
        with torch.no_grad():
            for kept, now in zip(average.state_dict().values(), student.state_dict().values(), strict=True):
                kept.lerp_(now, 1.0 - keep) if kept.is_floating_point() else kept.copy_(now)
        say(float(loss.detach()))
    return average


def fit(
    clips: Book,
    lessons: Book,
    schedules: tuple[Schedule, ...],
    seed: int,
    start: Trained | None,
    say: Callable[[int, float], None],
) -> Trained:
    """A student after one schedule and then the next, and its scaler; it may start from another. The same seed gives the same."""
    torch.manual_seed(seed)
    student, scaler = start if start else (Student(len(CLASSES), LESSONS), Scaler.of(clips))
    steps = itertools.count(1)
    for number, schedule in enumerate(schedules):
        reader = Reader(clips, lessons, scaler, schedule, seed * len(schedules) + number)
        student = _train(student, reader, schedule, lambda loss: say(next(steps), loss))
    return student, scaler
