"""Training: the same seed gives the same student, and half precision changes little."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'auricle[train]'")

import torch
from training import fit
from training.changes import Change
from training.labels import CLASSES
from training.lessons import FRAMES, Book
from training.mixtures import ABSENT, BLOCKS, PRESENT
from training.network import CHANNELS, FRAMES_PER_STEP, Student
from training.reader import Schedule
from training.teachers import CLASSES as LESSONS

CHANGE = Change(1.0, 1.0, 1.0, 1.0)
SCHEDULE = Schedule(
    steps=3, crops=4, lessons=4, crop_change=CHANGE, lesson_change=CHANGE, rate=1e-3, decay=0.05, average=0.99,
    detect=1.0, distil=1.0, rank=1.0, cut=0.5, mixup=0.5, mask=0.5, pause=0.0, style=0.5, silence=0.6,
)  # fmt: skip


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """As in the recipe: sums of several threads come in any order."""
    torch.set_num_threads(1)


def book(rows: int, blocks: int) -> Book:
    """Sounds of one class after another, between moments of nothing; some are nothing but noise."""
    rng = np.random.default_rng(rows)
    logmel = rng.normal(-60.0, 5.0, (rows, blocks * FRAMES_PER_STEP, 64)).astype(np.float16)
    targets = np.full((rows, blocks, len(CLASSES)), ABSENT, np.uint8)
    for row in range(rows - 2):
        targets[row, 2:-2, row % 10] = PRESENT
    return Book(logmel, targets, rng.random((rows, LESSONS)).astype(np.float16))


def trained(seed: int) -> tuple[dict[str, torch.Tensor], list[float]]:
    """Weights after three steps, and the losses."""
    losses: list[float] = []
    student, _ = fit.fit(
        book(12, 39), book(12, BLOCKS), (SCHEDULE,), seed, None, lambda step, loss: losses.append(loss)
    )
    return student.state_dict(), losses


@pytest.mark.parametrize("tiles", [False, True])
def test_the_same_seed_gives_the_same_student_and_another_gives_another(
    monkeypatch: pytest.MonkeyPatch, tiles: bool
) -> None:
    """In either precision."""
    monkeypatch.setattr(fit, "TILES", tiles)
    (one, losses), (again, _), (other, _) = trained(1), trained(1), trained(2)
    assert len(losses) == SCHEDULE.steps
    assert all(np.isfinite(losses))
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert not torch.equal(one["fc_audioset.weight"], other["fc_audioset.weight"])


def test_half_precision_changes_the_loss_by_less_than_a_hundredth(monkeypatch: pytest.MonkeyPatch) -> None:
    """bfloat16 keeps two or three digits."""
    losses = []
    for tiles in (False, True):
        monkeypatch.setattr(fit, "TILES", tiles)
        losses.append(trained(1)[1])
    np.testing.assert_allclose(losses[1], losses[0], rtol=0.01)
    assert losses[0] != losses[1]


def test_every_image_of_the_network_has_its_channels_last() -> None:
    """One layer in another order costs a tenth of a step."""
    student, orders = Student(3, 5, CHANNELS), []
    for block in student.blocks:
        for part in block.children():
            part.register_forward_hook(lambda _, __, image: orders.append(image.stride(1)))
    student(torch.zeros(2, FRAMES, 64))
    assert orders == [1] * (4 * len(CHANNELS))
