"""Training one student from books: in each step some crops of clips as they are, much changed, and some composed lessons."""

import copy
import itertools
import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from training.labels import CLASSES
from training.lessons import Book
from training.mixtures import ABSENT, PRESENT, UNKNOWN
from training.network import CHANNELS, Student, pool_scores
from training.reader import QUIET, Batch, Reader, Scaler, Schedule
from training.teachers import CLASSES as LESSONS

SMOOTHING = 0.05
TILES = bool(torch.cpu.get_capabilities().get("amx_bf16"))  # bfloat16 halves the time of a step there only


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
    """How far the logits are from the teachers' (Ba and Caruana, arXiv 1312.6184), where a teacher is not quite sure of nothing."""
    wanted = torch.logit(batch.teacher.clamp(1e-4, 0.999))
    whole = batch.is_taught
    return functional.smooth_l1_loss(taught.mean(1)[whole], wanted[whole]) * whole.float().mean()


def loss_of(logits: Tensor, taught: Tensor, batch: Batch, schedule: Schedule) -> Tensor:
    """What is there, by clips and by frames, what is louder, and what the teachers hear; what is unknown counts nothing."""
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
        with torch.autocast("cpu", torch.bfloat16, enabled=TILES):
            logits, taught = student(batch.logmel)
        loss = loss_of(logits.float(), taught.float(), batch, schedule)
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
    student, scaler = start if start else (Student(len(CLASSES), LESSONS, CHANNELS), Scaler.of(clips))
    steps = itertools.count(1)
    for number, schedule in enumerate(schedules):
        reader = Reader(clips, lessons, scaler, schedule, seed * len(schedules) + number)
        student = _train(student, reader, schedule, lambda loss: say(next(steps), loss))
    return student, scaler
