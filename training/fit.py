"""Training one student from a book of lessons."""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.labels import CLASSES, SILENCE
from training.lessons import Book
from training.mixtures import ABSENT, PRESENT, UNKNOWN
from training.network import Student, pool_scores
from training.teacher import CLASSES as LESSONS


@dataclass(frozen=True)
class Schedule:
    """How long and how fast: steps of `batch` lessons each, and the weights of the losses."""

    steps: int
    batch: int
    rate: float
    last_rate: float
    decay: float
    average: float
    distil: float
    rank: float
    mixup: float
    warp: float
    mask: float
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
    """Scaled log-mel (n, frames, 64), block targets (n, frames / 8, classes), teacher's scores (n, 527)."""

    logmel: Tensor
    targets: Tensor
    teacher: Tensor


class Reader:
    """Draws batches from a book: mixed with one another, coloured, and with masked bands."""

    def __init__(self, book: Book, scaler: Scaler, schedule: Schedule, seed: int) -> None:
        self._book, self._scaler, self._schedule = book, scaler, schedule
        self._rng = np.random.default_rng(seed)
        self._order = np.empty(0, np.int64)

    def _next(self, count: int) -> NDArray[np.int64]:
        while len(self._order) < count:
            self._order = np.concatenate([self._order, self._rng.permutation(len(self._book.logmel))])
        chosen, self._order = self._order[:count], self._order[count:]
        return chosen

    def __call__(self) -> Batch:
        """The next batch."""
        chosen = np.sort(self._next(self._schedule.batch))
        logmel = self._colour(torch.from_numpy(self._book.logmel[chosen].astype(np.float32)))
        targets = torch.from_numpy(self._book.targets[chosen])
        teacher = torch.from_numpy(self._book.teacher[chosen].astype(np.float32))
        partner = torch.from_numpy(self._rng.permutation(len(chosen)))
        batch = self._mix(Batch(logmel, targets, teacher), partner)
        return Batch(self._mask(self._scaler(batch.logmel)), batch.targets, batch.teacher)

    def _colour(self, logmel: Tensor) -> Tensor:
        """Pitch a little up or down, and a smooth random curve of some decibels over the bands; digital silence stays."""
        if self._schedule.warp:
            logmel = self._warp(logmel)
        knots = torch.from_numpy(self._rng.normal(0.0, 2.0, (len(logmel), 1, 7)).astype(np.float32))
        curve = functional.interpolate(knots, logmel.shape[2], mode="linear", align_corners=True)
        return torch.where(logmel > -99.0, logmel + curve, logmel)

    def _warp(self, logmel: Tensor) -> Tensor:
        """Each lesson's bands moved by up to so many bands, read off between two neighbours."""
        shift = torch.from_numpy(self._rng.uniform(-1.0, 1.0, len(logmel)).astype(np.float32)) * self._schedule.warp
        place = (torch.arange(logmel.shape[2]) + shift[:, None]).clamp(0.0, logmel.shape[2] - 1.001)
        low = place.long()[:, None, :].expand(logmel.shape)
        share = (place - place.floor())[:, None, :]
        return torch.gather(logmel, 2, low) * (1.0 - share) + torch.gather(logmel, 2, low + 1) * share

    def _mix(self, batch: Batch, partner: Tensor) -> Batch:
        """Mixup in the power domain: with some probability a lesson gets another one of similar level laid over it."""
        count = len(partner)
        level = batch.logmel.amax(dim=(1, 2))
        chosen = torch.from_numpy(self._rng.random(count) < self._schedule.mixup)
        chosen &= (level > -60.0) & (level[partner] > -60.0)
        gain = level - level[partner] + torch.from_numpy(self._rng.uniform(-10.0, 10.0, count).astype(np.float32))
        other = batch.logmel[partner] + gain[:, None, None]
        mixed = torch.logaddexp(batch.logmel * 0.23025851, other * 0.23025851) / 0.23025851  # ln(10) / 10
        both = torch.maximum(batch.targets, batch.targets[partner])
        silence = CLASSES.index(SILENCE)
        both[..., silence] = torch.minimum(batch.targets[..., silence], batch.targets[partner][..., silence])
        return Batch(
            torch.where(chosen[:, None, None], mixed, batch.logmel),
            torch.where(chosen[:, None, None], both, batch.targets),
            torch.where(chosen[:, None], torch.maximum(batch.teacher, batch.teacher[partner]), batch.teacher),
        )

    def _mask(self, scaled: Tensor) -> Tensor:
        """SpecAugment (Park et al., arXiv 1904.08779) along frequency only, since time carries the onsets."""
        for row in range(len(scaled)):
            if self._rng.random() < self._schedule.mask:
                width = int(self._rng.integers(1, 11))
                low = int(self._rng.integers(64 - width))
                scaled[row, :, low : low + width] = 0.0
        return scaled


def loss_of(logits: Tensor, taught: Tensor, batch: Batch, schedule: Schedule) -> Tensor:
    """Cross-entropies of clips, of frames and of the teacher's scores, each summed over classes; what is unknown counts nothing."""
    known = (batch.targets != UNKNOWN).float()
    silence = CLASSES.index(SILENCE)
    truth = (batch.targets == PRESENT).float()
    truth[..., silence] *= schedule.silence
    frames = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    framewise = (frames * known).mean(1).sum(1).mean()
    present = (batch.targets == PRESENT).any(1)
    certain = present | (batch.targets == ABSENT).all(1)
    scores = pool_scores(logits).clamp(1e-6, 1.0 - 1e-6)
    wanted = present.float()
    wanted[:, silence] *= schedule.silence
    clips = functional.binary_cross_entropy(scores, wanted, reduction="none")
    clipwise = (clips * certain.float()).sum(1).mean()
    heard = pool_scores(taught).clamp(1e-6, 1.0 - 1e-6)
    lessons = functional.binary_cross_entropy(heard, batch.teacher, reduction="none").sum(1).mean()
    present[:, silence] &= present.sum(1) == 1  # a sound and a pause: the sound comes first
    single = (present & certain).sum(1) == 1
    ranks = functional.cross_entropy(torch.logit(scores), present.float().argmax(1), reduction="none")
    ranking = (ranks * single.float()).mean()
    return clipwise + 0.5 * framewise + schedule.rank * ranking + schedule.distil * lessons


def learning_rate(schedule: Schedule, step: int) -> float:
    """A short rise, then half a cosine down to the last rate."""
    warm = max(1, schedule.steps // 20)
    if step < warm:
        return schedule.rate * (step + 1) / warm
    cosine = 0.5 * (1.0 + math.cos(math.pi * (step - warm) / max(1, schedule.steps - warm)))
    return schedule.last_rate + (schedule.rate - schedule.last_rate) * cosine


Trained = tuple[Student, Scaler]


def fit(book: Book, schedule: Schedule, seed: int, start: Trained | None, say: Callable[[int, float], None]) -> Trained:
    """The averaged student after all steps, and its scaler; it may start from another. The same seed gives the same student."""
    torch.manual_seed(seed)
    student, scaler = start if start else (Student(len(CLASSES), LESSONS), Scaler.of(book))
    student = copy.deepcopy(student).train()
    average = copy.deepcopy(student).eval()
    reader = Reader(book, scaler, schedule, seed)
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
        say(step + 1, float(loss.detach()))
    return average, scaler
