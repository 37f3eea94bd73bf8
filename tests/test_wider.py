"""The network made wider for the further classes: what was there stays, and what is added hears what it was taught."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'auricle[train]'")
pytest.importorskip("mido", reason="mido is not installed: pip install 'auricle[train]'")

import torch
from training import jobs, lessons, wider
from training.further import LABELS, ROWS
from training.labels import CLASSES, CORE, INDEX
from training.lessons import Book
from training.made import NAMES
from training.mixtures import ABSENT, BLOCKS, PRESENT, UNKNOWN
from training.network import CHANNELS, FRAMES_PER_STEP, WIDER, Student, half_precision
from training.reader import Scaler
from training.wider import Branch, Shelf

CORE_ROWS = [INDEX[label] for label in CORE]
FLUTE, GLOCKENSPIEL = LABELS.index("Flute"), LABELS.index("Glockenspiel")
AS_IT_IS = Scaler(torch.zeros(64), torch.ones(64))
FRAMES = 39 * FRAMES_PER_STEP


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """As in the recipe: small images are slow on several."""
    torch.set_num_threads(1)


def stirred(module: torch.nn.Module, seed: int) -> None:
    """Gives batch norms what training would: means, deviations, scales and shifts of their own."""
    torch.manual_seed(seed)
    for part in module.modules():
        if isinstance(part, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            for values, lowest in (
                (part.running_mean, -0.5),
                (part.running_var, 0.5),
                (part.weight, 0.5),
                (part.bias, -0.5),
            ):
                assert values is not None
                values.data.uniform_(lowest, lowest + 1.0)


def student() -> Student:
    """A network that has learnt nothing yet."""
    torch.manual_seed(1)
    made = Student(len(CLASSES), 527, CHANNELS).eval()
    stirred(made, 2)
    return made


@torch.no_grad()
def test_the_old_answers_stay_and_the_new_ones_are_the_branchs() -> None:
    """The core's and the teacher's, for sounds of another length than any that was learnt from."""
    narrow, branch = student(), Branch().eval()
    stirred(branch, 3)
    logmel = torch.randn(2, 80, 64)
    own, taught = narrow(logmel)
    wide_own, wide_taught = wider.widened(narrow, branch)(logmel)
    assert torch.allclose(wide_own[..., CORE_ROWS], own[..., CORE_ROWS], atol=1e-5)
    assert torch.allclose(wide_taught, taught, atol=1e-5)
    seen = wider.shelf(narrow, AS_IT_IS, logmel.numpy().astype(np.float16), np.zeros((2, len(LABELS)), np.uint8))
    apart = branch(seen.before.float(), seen.between.float(), seen.embedding.float())
    assert torch.allclose(
        wide_own[..., [ROWS[label] for label in LABELS]], apart, atol=0.02
    )  # a shelf is in half precision


def test_old_channels_do_not_read_new_ones() -> None:
    """Zeros in the file, so that rounding cannot make them read."""
    wide = wider.widened(student(), Branch())
    assert (wide.blocks[-1].conv2.weight[: CHANNELS[-1], CHANNELS[-1] :] == 0.0).all()
    for head in (wide.fc_audioset.weight[CORE_ROWS], wide.fc_teacher.weight):
        assert (head[:, CHANNELS[-1] :] == 0.0).all()


def test_a_branch_tells_apart_what_lies_in_weak_channels() -> None:
    """Two labels, each in a channel with a twentieth of the others' deviation; those say nothing."""
    rng = np.random.default_rng(0)
    count, blocks = 1200, 2
    embedding = rng.normal(0.0, 3.0, (count, blocks, CHANNELS[-1])).astype(np.float16)
    codes = np.full((count, len(LABELS)), ABSENT, np.uint8)
    for label, channel in ((FLUTE, 1), (GLOCKENSPIEL, 2)):
        embedding[..., channel] *= 0.05
        chosen = rng.random(count) < 0.3
        embedding[chosen, :, channel] += 1.0
        codes[chosen, label] = PRESENT
    before = torch.zeros(count, CHANNELS[-2], blocks, 2, dtype=torch.float16)
    between = torch.zeros(count, CHANNELS[-1], blocks, 2, dtype=torch.float16)
    learnt, unseen = slice(0, 1100), slice(1100, None)
    shelf = Shelf(before[learnt], between[learnt], torch.from_numpy(embedding[learnt]), torch.from_numpy(codes[learnt]))
    told: list[int] = []
    branch = wider.fit([shelf] * 5, 0, lambda done, loss: told.append(done))
    assert told == list(range(1, wider.EPOCHS * 5 * 18 + 1))
    with torch.no_grad():
        logits = branch(before[unseen].float(), between[unseen].float(), torch.from_numpy(embedding[unseen]).float())
    scores = torch.sigmoid(logits).mean(1).numpy()
    for label in (FLUTE, GLOCKENSPIEL):
        holds = codes[unseen, label] == PRESENT
        assert scores[holds, label].mean() > 5.0 * scores[~holds, label].mean()


def test_a_sound_with_another_behind_it_is_both() -> None:
    """What is mixed holds the labels of both, and no sound is lost: it is at least as loud as it was."""
    rng = np.random.default_rng(0)
    sounds, others = (np.full((count, FRAMES, 64), -30.0, np.float16) for count in (200, 1))
    codes, theirs = (np.full((count, len(LABELS)), ABSENT, np.uint8) for count in (200, 1))
    codes[:, FLUTE], theirs[0, GLOCKENSPIEL] = PRESENT, UNKNOWN
    logmel, known = wider.varied(rng, sounds, codes, others, theirs)
    is_mixed = known[:, GLOCKENSPIEL] == UNKNOWN
    assert 0.4 < is_mixed.mean() < 0.8
    assert (known[:, FLUTE] == PRESENT).all()
    assert (np.delete(known, (FLUTE, GLOCKENSPIEL), 1) == ABSENT).all()
    assert (codes[:, GLOCKENSPIEL] == ABSENT).all()  # what was given is as it was
    assert logmel.shape == sounds.shape
    assert logmel.astype(np.float32).std() > 1.0


def test_a_wide_student_is_written_once(tmp_path: Path) -> None:
    """From its books, and not again while it is newer than these."""
    rng = np.random.default_rng(0)
    names = ("Flute", "Siren", "noise")
    np.savez(
        tmp_path / "made.npz",
        kind=np.repeat([NAMES.index(name) for name in names], 30).astype(np.int16),
        logmel=rng.normal(-30.0, 9.0, (90, FRAMES, 64)).astype(np.float16),
        teacher=np.full((90, 527), 0.01, np.float16),
    )
    for name, blocks in (("clips", 39), ("lessons", BLOCKS)):
        logmel = rng.normal(-30.0, 9.0, (8, blocks * FRAMES_PER_STEP, 64)).astype(np.float16)
        targets = np.full((8, blocks, len(CLASSES)), ABSENT, np.uint8)
        lessons.keep(Book(logmel, targets, np.full((8, 527), 0.01, np.float16)), tmp_path / f"{name}.npz")
    jobs.keep((student(), AS_IT_IS), tmp_path / "narrow.pt")
    job = wider.WiderJob(
        title="wide",
        student=tmp_path / "narrow.pt",
        made=tmp_path / "made.npz",
        clips=(tmp_path / "clips.npz",),
        lessons=(tmp_path / "lessons.npz",),
        columns=tuple(range(len(LABELS))),
        seed=0,
        path=tmp_path / "wide.pt",
    )
    wider.learn(job)
    wide, scaler = jobs.recall(job.path)
    assert [block.conv2.out_channels for block in wide.blocks] == list(WIDER)
    assert torch.equal(scaler.mean, AS_IT_IS.mean)
    rounded = half_precision(student())
    assert torch.equal(wide.blocks[0].conv1.weight, rounded.blocks[0].conv1.weight)
    written = job.path.stat().st_mtime_ns
    wider.learn(job)
    assert job.path.stat().st_mtime_ns == written
