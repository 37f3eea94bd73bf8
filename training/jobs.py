"""The two kinds of long work, each done by a process of its own on one thread: writing a book, and training a student.

Each leaves its result in a file of the work folder and is not done again while that file is there.
"""

from dataclasses import dataclass
from pathlib import Path

import torch

from training import lessons
from training.corpus import load
from training.evidence import CALM
from training.fit import Trained, fit
from training.labels import ESC10
from training.mixtures import Composer, Difficulty
from training.network import POOLS, Student
from training.progress import progress
from training.reader import Scaler, Schedule
from training.teachers import Teachers


@dataclass(frozen=True)
class BookJob:
    """Books of the clips of one fold: lessons, its ESC-10 clips, its speech, music and room noise, and all its others."""

    fold: int
    count: int
    difficulty: Difficulty
    seed: int
    data: Path
    teachers: tuple[Path, Path]
    lessons: Path
    clips: Path
    calm: Path
    others: Path


@dataclass(frozen=True)
class StudentJob:
    """A student trained on some books, from scratch or from another student."""

    name: str
    start: Path | None
    clips: tuple[Path, ...]
    lessons: tuple[Path, ...]
    schedules: tuple[Schedule, ...]
    seed: int
    path: Path


def write_books(job: BookJob) -> None:
    """Write the books of one fold."""
    torch.set_num_threads(1)
    if all(path.exists() for path in (job.lessons, job.clips, job.calm, job.others)):
        return
    clips, teachers = [clip for clip in load(job.data) if clip.fold == job.fold], Teachers(job.teachers)
    ten, calm = ([clip for clip in clips if clip.folder in folders] for folders in (ESC10, CALM))
    lessons.keep(lessons.copy_out(ten, teachers, lessons.SPEEDS), job.clips)
    lessons.keep(lessons.copy_out(calm, teachers, (1.0,)), job.calm)
    others = [clip for clip in clips if clip.folder not in (*ESC10, *CALM)]
    lessons.keep(lessons.copy_out(others, teachers, lessons.SPEEDS), job.others)
    say = progress(f"lessons of fold {job.fold}", job.count)
    composer = Composer(clips, job.difficulty, job.seed)
    lessons.keep(lessons.write(composer, teachers, job.count, say), job.lessons)


def keep(trained: Trained, path: Path) -> None:
    """Write a student and its scaler."""
    student, scaler = trained
    unfinished = path.with_suffix(".part")
    torch.save({"student": student.state_dict(), "mean": scaler.mean, "std": scaler.std}, unfinished)
    unfinished.replace(path)


def recall(path: Path) -> Trained:
    """Read what `keep` wrote."""
    kept = torch.load(path, weights_only=True)
    state = kept["student"]
    channels = tuple(len(state[f"conv_block{number}.conv2.weight"]) for number in range(1, len(POOLS) + 1))
    student = Student(len(state["fc_audioset.bias"]), len(state["fc_teacher.bias"]), channels)
    student.load_state_dict(state)
    return student, Scaler(kept["mean"], kept["std"])


def mean(trained: list[Trained]) -> Trained:
    """The student whose weights are the means of these, which began as one and share its scaler."""
    weights = [student.state_dict() for student, _ in trained]
    student, scaler = trained[0]
    whole = {name: value for name, value in weights[0].items() if not value.is_floating_point()}
    means = {name: torch.stack([one[name] for one in weights]).mean(0) for name in weights[0] if name not in whole}
    student.load_state_dict({**whole, **means})
    return student, scaler


def newest(work: Path, fold: int) -> Path:
    """The file of the last wide student that never met a fold; FileNotFoundError where there is none."""
    found = sorted(work.glob(f"wide-without-{fold}-*.pt"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise FileNotFoundError(2, "no student", str(work / f"wide-without-{fold}-….pt"))
    return found[-1]


def train(job: StudentJob) -> None:
    """Train one student."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # filling takes a seventh of the time
    if job.path.exists():
        return
    clips, book = (lessons.join([lessons.read(path) for path in paths]) for paths in (job.clips, job.lessons))
    say = progress(job.name, sum(schedule.steps for schedule in job.schedules))
    start = recall(job.start) if job.start else None
    keep(fit(clips, book, job.schedules, job.seed, start, say), job.path)
