"""Batches for training: crops of clips, changed, some beginning or ending abruptly in noise, mixed with one another, and lessons."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.changes import DECIBEL, Change, added, changed
from training.labels import CLASSES, SILENCE
from training.lessons import FRAMES, Book
from training.mixtures import ABSENT, BLOCKS, PRESENT, UNKNOWN
from training.network import FRAMES_PER_STEP

QUIET = CLASSES.index(SILENCE)
STILL = 1e-3  # added to the deviation in each band, which may be none


@dataclass(frozen=True)
class Schedule:
    """How long and how fast: steps of so many crops and lessons each, their changes, and the weights of the losses.

    `cut`, `mixup`, `mask`, `pause` and `style` are how often a sound is so changed; `silence` is what Silence is taught as.
    """

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
    cut: float
    mixup: float
    mask: float
    pause: float
    style: float
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
    """Log-mel (n, frames, 64), block targets (n, frames / 8, classes), teachers' scores (n, 1048), and two facts.

    `is_taught` (n,): the teachers heard that very sound. `share` (n, classes): of a class in the sound's power; all are zero
    where that is not known.
    """

    logmel: Tensor
    targets: Tensor
    teacher: Tensor
    is_taught: Tensor
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
    """Draws batches from two books, and changes, mixes and restyles them."""

    def __init__(self, clips: Book, lessons: Book, scaler: Scaler, schedule: Schedule, seed: int) -> None:
        self._clips, self._lessons = clips, lessons
        self._noises = np.flatnonzero((lessons.targets == ABSENT).all((1, 2)))  # lessons of nothing but noise
        self._scaler, self._schedule = scaler, schedule
        self._rng = np.random.default_rng(seed)
        self._crop_deck = Deck(len(clips.logmel), self._rng)
        self._lesson_deck = Deck(len(lessons.logmel), self._rng)

    def __call__(self) -> Batch:
        """The next batch."""
        crops = self._crops(self._crop_deck.draw(self._schedule.crops))
        lessons = self._of(self._lessons, self._lesson_deck.draw(self._schedule.lessons))
        crop_logmel = changed(self._rng, crops.logmel, self._schedule.crop_change)
        lesson_logmel = changed(self._rng, lessons.logmel, self._schedule.lesson_change)
        crop_logmel, crop_targets, is_whole = self._cut(crop_logmel, torch.from_numpy(crops.targets))
        logmel = torch.cat([crop_logmel, lesson_logmel])
        targets = torch.cat([crop_targets, torch.from_numpy(lessons.targets)])
        teacher = np.concatenate([crops.teacher, lessons.teacher])
        is_taught = torch.cat([is_whole, torch.ones(len(lessons.targets), dtype=torch.bool)])
        batch = Batch(logmel, targets, torch.from_numpy(teacher.astype(np.float32)), is_taught, shares(targets))
        mixed = self._mix(batch, torch.from_numpy(self._rng.permutation(len(targets))))
        return replace(mixed, logmel=self._mask(self._style(self._scaler(mixed.logmel), mixed.targets)))

    @staticmethod
    def _of(book: Book, rows: NDArray[np.int64]) -> Book:
        return Book(book.logmel[rows], book.targets[rows], book.teacher[rows])

    def _crops(self, rows: NDArray[np.int64]) -> Book:
        """Stretches of clips, of a lesson's length, each around a block in which something is surely heard."""
        logmels, targets = [], []
        for row in rows:
            truth = self._clips.targets[row]
            sounding = np.flatnonzero((np.delete(truth, QUIET, 1) == PRESENT).any(1))
            block = int(self._rng.choice(sounding)) if len(sounding) else 0
            start = min(max(0, block - int(self._rng.integers(BLOCKS))), len(truth) - BLOCKS)
            targets.append(truth[start : start + BLOCKS])
            logmels.append(self._clips.logmel[row, start * FRAMES_PER_STEP :][:FRAMES])
        return Book(np.stack(logmels), np.stack(targets), self._clips.teacher[rows])

    def _cut(self, logmel: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Lets some begin or end at a random block, in noise; the third tells which stay whole."""
        is_whole = torch.ones(len(targets), dtype=torch.bool)
        if not self._schedule.cut:
            return logmel, targets, is_whole
        is_whole = torch.from_numpy(self._rng.random(len(targets)) >= self._schedule.cut)
        noises = torch.from_numpy(self._lessons.logmel[self._rng.choice(self._noises, len(targets))].astype(np.float32))
        for row in np.flatnonzero(~is_whole.numpy()):
            edge = int(self._rng.integers(1, BLOCKS))
            gone = slice(0, edge) if self._rng.random() < 0.7 else slice(edge, BLOCKS)
            level_db = logmel[row].amax() - noises[row].amax() - self._rng.uniform(0.0, 40.0)
            logmel[row, gone.start * FRAMES_PER_STEP : gone.stop * FRAMES_PER_STEP] = -100.0
            logmel[row] = added(logmel[row], noises[row] + level_db)
            targets[row, gone] = ABSENT
            targets[row, gone, QUIET] = UNKNOWN
        return logmel, targets, is_whole

    def _mix(self, batch: Batch, partner: Tensor) -> Batch:
        """Mixup in the power domain: with some probability a lesson gets another one of similar level laid over it."""
        count = len(partner)
        level = batch.logmel.amax(dim=(1, 2))
        chosen = torch.from_numpy(self._rng.random(count) < self._schedule.mixup)
        chosen &= (level > -60.0) & (level[partner] > -60.0)
        ratio_db = torch.from_numpy(self._rng.uniform(-12.0, 6.0, count).astype(np.float32))
        other = batch.logmel[partner] + (level - level[partner] + ratio_db)[:, None, None]
        both = torch.maximum(batch.targets, batch.targets[partner])
        both[..., QUIET] = torch.minimum(batch.targets[..., QUIET], batch.targets[partner][..., QUIET])
        part = torch.sigmoid(ratio_db * DECIBEL)[:, None]
        share = batch.share * (1.0 - part) + batch.share[partner] * part
        share = share / share.sum(1, keepdim=True).clamp(min=1e-9)
        return Batch(
            torch.where(chosen[:, None, None], added(batch.logmel, other), batch.logmel),
            torch.where(chosen[:, None, None], both, batch.targets),
            torch.where(chosen[:, None], torch.maximum(batch.teacher, batch.teacher[partner]), batch.teacher),
            batch.is_taught & (batch.is_taught[partner] | ~chosen),
            torch.where(chosen[:, None], share, batch.share),
        )

    def _style(self, scaled: Tensor, targets: Tensor) -> Tensor:
        """MixStyle (Zhou et al., arXiv 2104.02008): the mean and deviation of each band come half way at most to another sound's.

        As if heard by the other's microphone. Blocks of Silence count in neither, and stay.
        """
        count = len(scaled)
        sounding = (targets[..., QUIET] != PRESENT).repeat_interleave(FRAMES_PER_STEP, 1)[..., None]
        frames = sounding.sum(1, keepdim=True)
        mean = (scaled * sounding).sum(1, keepdim=True) / frames.clamp(min=1)
        deviation = (((scaled - mean) * sounding).square().sum(1, keepdim=True) / frames.clamp(min=1)).sqrt() + STILL
        partner = torch.from_numpy(self._rng.permutation(count))
        part = torch.from_numpy(self._rng.beta(0.5, 0.5, count).astype(np.float32))[:, None, None]
        part = torch.maximum(part, 1.0 - part)
        moved = (scaled - mean) / deviation * torch.lerp(deviation[partner], deviation, part)
        moved += torch.lerp(mean[partner], mean, part)
        chosen = torch.from_numpy(self._rng.random(count) < self._schedule.style)[:, None, None] & (frames[partner] > 0)
        return torch.where(chosen & sounding, moved, scaled)

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
