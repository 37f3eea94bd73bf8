"""The whole recipe: lessons, four held-out folds, the final student, its evidence, and the bundled model.

Five trainings share their beginnings. One student learns folds 1 and 2, another folds 3 and 4; each then goes on with one fold
more, and so every fold is held out by a student that never met it. The final student goes on from the first with all four.
All of them then read their books once more, beginning with large steps again.
"""

import multiprocessing
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from training import agreement, bundle, card, evidence, jobs, quantise
from training.corpus import FOLDS, Clip, load
from training.evidence import Heard
from training.fit import Schedule
from training.jobs import BookJob, StudentJob
from training.labels import audioset_names
from training.listen import Accuracy, Listener, esc10
from training.mixtures import EASY
from training.teacher import Teacher

PAIRS = ((1, 2), (3, 4))
MALLOC = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "4000000000", "MALLOC_TOP_PAD_": "100000000"}

Job = TypeVar("Job", BookJob, StudentJob)


@dataclass(frozen=True)
class Options:
    """Where things are and how much is done; __main__ has the defaults."""

    shared: Path
    data: Path
    out: Path
    work: Path
    lessons: int
    first: Schedule
    second: Schedule
    third: Schedule
    final_second: int
    final_third: int
    seed: int


def _all(work: Callable[[Job], None], todo: list[Job]) -> None:
    """Do the jobs, two at a time, each in a fresh process (whose memory glibc keeps: asking the system anew is slow)."""
    os.environ.update(MALLOC)
    with multiprocessing.get_context("spawn").Pool(2, maxtasksperchild=1) as pool:
        pool.map(work, todo, chunksize=1)


def _teacher(options: Options) -> Path:
    return options.shared / "models" / "mn04_as" / "mn04_as_mAP_432.pt"


def _books(options: Options) -> dict[int, Path]:
    """One book per fold, from the clips of that fold alone."""
    paths = {fold: options.work / f"book-{options.seed}-{options.lessons}-{fold}.npz" for fold in FOLDS}
    seed = options.seed * 1000 + 100
    todo = [
        BookJob(fold, options.lessons, EASY, seed + fold, options.data, _teacher(options), path)
        for fold, path in paths.items()
    ]
    _all(jobs.write_book, todo)
    return paths


def _held_out(fold: int) -> tuple[tuple[int, int], tuple[int, ...]]:
    """The pair of folds that a student without that fold began with, and all the folds that it learns in the end."""
    pair = next(pair for pair in PAIRS if fold not in pair)
    return pair, tuple(other for other in FOLDS if other != fold)


def _students(options: Options) -> dict[str, Path]:
    """Train all; the student that never met fold 3 is called "without 3", the one that ships "final"."""
    books = _books(options)

    def job(name: str, folds: tuple[int, ...], start: Path | None, schedule: Schedule, seed: int) -> StudentJob:
        path = options.work / f"{name.replace(' ', '-')}-{options.seed}-{options.lessons}-{schedule.steps}.pt"
        return StudentJob(name, tuple(books[fold] for fold in folds), start, schedule, options.seed + seed, path)

    pairs = {pair: job(f"folds {pair[0]} {pair[1]}", pair, None, options.first, 0) for pair in PAIRS}
    _all(jobs.train, list(pairs.values()))
    plan = {"final": (PAIRS[0], FOLDS)} | {f"without {fold}": _held_out(fold) for fold in FOLDS}
    done = {name: pairs[pair].path for name, (pair, _) in plan.items()}
    for number, (suffix, schedule, final_steps) in enumerate(
        (("", options.second, options.final_second), (" again", options.third, options.final_third))
    ):
        todo = {
            name: job(
                name + suffix,
                folds,
                done[name],
                replace(schedule, steps=final_steps) if name == "final" else schedule,
                number,
            )
            for name, (_, folds) in plan.items()
        }
        _all(jobs.train, list(todo.values()))
        done = {name: work.path for name, work in todo.items()}
    return done


def hold_out(students: dict[str, Path], clips: list[Clip], fold: int) -> tuple[Accuracy, list[Heard]]:
    """How the student that never met a fold hears it."""
    listener = Listener(*jobs.recall(students[f"without {fold}"]))
    unheard = [clip for clip in clips if clip.fold == fold]
    accuracy = esc10(listener, unheard)
    print(
        f"fold {fold} held out, {accuracy.clips} clips: {accuracy.five_seconds:.1%} on 5 s "
        f"({accuracy.all_labels:.1%} over all labels), {accuracy.loudest_two:.1%} on the loudest 2 s",
        flush=True,
    )
    return accuracy, evidence.hear(listener, unheard) + evidence.hear_synthetic(listener, fold, 40)


def run(options: Options) -> None:
    """Do it all and put the model in place."""
    names = audioset_names(options.shared / "labels" / "audioset_class_labels_indices.csv")
    options.work.mkdir(parents=True, exist_ok=True)
    students = _students(options)
    clips = load(options.data)
    accuracies: dict[int, Accuracy] = {}
    heard: list[Heard] = []
    for fold in FOLDS:
        accuracies[fold], items = hold_out(students, clips, fold)
        heard += items
    student, scaler = jobs.recall(students["final"])
    taught = agreement.verdicts(heard, agreement.teach(Teacher(_teacher(options)), clips))
    facts = card.compose(bundle.half_precision(student), scaler, accuracies, heard, taught, names)
    bundle.write(options.out, facts.weights, facts.card, clips)
    quantise.write(options.out, clips)
    print(f"{options.out}: {len(facts.card['labels'])} labels, {len(facts.weights)} bytes")
