"""The whole recipe: books, four students that each held a fold out, the final student, its evidence, and the bundled model."""

import hashlib
import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing.pool import Pool
from pathlib import Path

from training import agreement, bundle, card, ensembles, evidence, further, jobs, made, quantise, trials, wider
from training.corpus import FOLDS, Clip, load
from training.ensembles import EnsembleJob
from training.evidence import CALM, Heard
from training.further import Codes
from training.jobs import BookJob, StudentJob
from training.labels import audioset_names
from training.listen import Accuracy, Listener, esc10
from training.made import MadeJob
from training.mixtures import EASY
from training.network import half_precision
from training.reader import Schedule
from training.teacher import Teacher
from training.trials import Trial
from training.wider import WiderJob

MALLOC = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "4000000000", "MALLOC_TOP_PAD_": "100000000"}

HELD_OUT: dict[str, int | None] = {"final": None, **{f"without {fold}": fold for fold in FOLDS}}
"""The students and the folds that they never meet."""


@dataclass(frozen=True)
class Options:
    """Where things are and how much is done; __main__ has the defaults."""

    shared: Path
    data: Path
    libraries: tuple[Path, Path]
    out: Path
    work: Path
    lessons: int
    schedules: tuple[Schedule, ...]
    last: tuple[Schedule, ...]
    seed: int


@contextmanager
def _workers() -> Iterator[Pool]:
    """Two at a time, each job in a fresh process (whose memory glibc keeps: asking the system anew is slow)."""
    os.environ.update(MALLOC)
    with multiprocessing.get_context("spawn").Pool(2, maxtasksperchild=1) as pool:
        yield pool


def _teacher(options: Options) -> Path:
    return options.shared / "models" / "mn04_as" / "mn04_as_mAP_432.pt"


def _teachers(options: Options) -> tuple[Path, Path]:
    return _teacher(options), options.shared / "models" / "yamnet" / "yamnet.tflite"


def _books(options: Options) -> dict[int, BookJob]:
    """The books of each fold, from the clips of that fold alone."""
    seed = options.seed * 1000 + 100
    todo = {
        fold: BookJob(
            fold,
            options.lessons,
            EASY,
            seed + fold,
            options.data,
            _teachers(options),
            options.work / f"lessons-{options.seed}-{options.lessons}-{fold}.npz",
            options.work / f"clips-{fold}.npz",
            options.work / f"calm-{fold}.npz",
            options.work / f"others-{fold}.npz",
        )
        for fold in FOLDS
    }
    with _workers() as workers:
        workers.map(jobs.write_books, list(todo.values()), chunksize=1)
        ensembles.write(_music(options), workers)
    return todo


def _music(options: Options) -> EnsembleJob:
    """Made music, which every student may hear."""
    pages, seed, library = 12, options.seed * 1000 + 3, options.libraries[0]
    path = options.work / f"music-{seed}-{pages}-{_digest(library)}.npz"
    return EnsembleJob(library, _teachers(options), pages, seed, path)


@cache
def _digest(library: Path) -> str:
    return hashlib.sha256(library.read_bytes()).hexdigest()[:8]


def _round(
    options: Options, books: dict[int, BookJob], begun: dict[str, StudentJob], number: int
) -> dict[str, StudentJob]:
    """The five trainings up to the endings, or from `begun` on with the ending of that number."""
    schedules = (options.last[number],) if begun else options.schedules
    music, planned = _music(options).path, {}
    course = (options.schedules, schedules, music.name) if begun else (options.schedules, ())
    for name, held_out in HELD_OUT.items():
        chosen = [book for fold, book in books.items() if fold != held_out]
        calm = (*(book.calm for book in chosen), music)
        title = f"ended {number} {name}" if begun else f"begun {name}"
        planned[name] = StudentJob(
            name=title,
            start=begun[name].path if begun else None,
            clips=tuple(book.clips for book in chosen) + (calm if begun else ()),
            lessons=tuple(book.lessons for book in chosen),
            schedules=schedules,
            seed=options.seed,
            path=_path(options, title, course),
        )
    return planned


def _path(options: Options, title: str, course: object) -> Path:
    digest = hashlib.sha256(repr((course, options.lessons, options.seed)).encode()).hexdigest()[:8]
    return options.work / f"{title.replace(' ', '-')}-{digest}.pt"


def _students(options: Options) -> dict[str, Path]:
    """Train all; the student that never met fold 3 is called "without 3", the one that ships "final".

    Each is the mean of its endings' weights ("model soup": Wortsman et al., arXiv 2203.05482).
    """
    books = _books(options)
    begun = _round(options, books, {}, 0)
    endings = [_round(options, books, begun, number) for number in range(len(options.last))]
    with _workers() as workers:
        running = {name: workers.apply_async(jobs.train, [job]) for name, job in begun.items()}
        last = []
        for name, training in running.items():
            training.get()  # the endings of this student can go on while others begin
            last += [workers.apply_async(jobs.train, [ending[name]]) for ending in endings]
        for training in last:
            training.get()
    done = {
        name: _path(options, name, (options.schedules, options.last, _music(options).path.name)) for name in HELD_OUT
    }
    for name, path in done.items():
        parts = [ending[name].path for ending in endings]
        if not path.exists() or path.stat().st_mtime < max(part.stat().st_mtime for part in parts):
            jobs.keep(jobs.mean([jobs.recall(part) for part in parts]), path)
    return done


def _made(options: Options, held_out: bool) -> MadeJob:
    """The made sounds that the wider students learn from, or those that they are tried with."""
    seed = options.seed * 1000 + (2 if held_out else 1)
    library = options.libraries[1 if held_out else 0]
    path = options.work / f"made-{seed}-{_digest(library)}.npz"
    if held_out:
        return MadeJob("made sounds, held out", library, _teacher(options), 40, 80, 0.0, seed, path)
    return MadeJob("made sounds", library, _teacher(options), 120, 60, 0.12, seed, path)


def _wider(options: Options, students: dict[str, Path], columns: list[int]) -> dict[str, Path]:
    """Make the made sounds, and every student wider by them."""
    books, lesson = _books(options), _made(options, held_out=False)
    todo = {}
    for name, held_out in HELD_OUT.items():
        chosen = [book for fold, book in books.items() if fold != held_out]
        todo[name] = WiderJob(
            title=f"wide {name}",
            student=students[name],
            made=lesson.path,
            clips=tuple(path for book in chosen for path in (book.clips, book.calm, book.others)),
            lessons=tuple(book.lessons for book in chosen),
            columns=tuple(columns),
            seed=options.seed,
            path=students[name].with_name(f"wide-{students[name].name}"),
        )
    with _workers() as workers:
        made.write(lesson, workers)
        made.write(_made(options, held_out=True), workers)
        workers.map(wider.learn, list(todo.values()), chunksize=1)
    return {name: job.path for name, job in todo.items()}


def _tried(
    options: Options, students: dict[str, Path], clips: list[Clip], codes: dict[str, Codes], columns: list[int]
) -> list[Trial]:
    """What the wide students that each held a fold out make of it, and of the made sounds that none of them met."""
    sounds = made.read(_made(options, held_out=True).path)
    truth, found = further.of_made(sounds, columns), []
    for fold in FOLDS:
        trained = jobs.recall(students[f"without {fold}"])
        half_precision(trained[0])
        found += trials.recordings(trained, [clip for clip in clips if clip.fold == fold], codes)
        found += trials.made(trained, sounds, truth, fold)
    return found


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
    columns = [names.index(label) for label in further.LABELS]
    students = _wider(options, _students(options), columns)
    clips = load(options.data)
    accuracies: dict[int, Accuracy] = {}
    heard: list[Heard] = []
    for fold in FOLDS:
        accuracies[fold], items = hold_out(students, clips, fold)
        heard += items
    opinions = agreement.teach(Teacher(_teacher(options)), clips)
    codes = {path: further.opinion(scores[None], columns)[0] for path, scores in opinions.items()}
    findings = trials.findings(_tried(options, students, clips, codes, columns))
    student, scaler = jobs.recall(students["final"])
    shipped = evidence.hear(Listener(half_precision(student), scaler), [clip for clip in clips if clip.folder in CALM])
    proofs = card.proofs_of(heard, shipped, agreement.verdicts(heard, opinions), findings, names)
    facts = card.compose(student, scaler, accuracies, proofs, names)
    bundle.write(options.out, facts.weights, facts.card, clips)
    quantise.write(options.out, clips)
    print(f"{options.out}: {len(facts.card['labels'])} labels, {len(facts.weights)} bytes")
