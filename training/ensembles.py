"""A book of music that is made: ensembles of sampled instruments, since the recordings hold a quarter of an hour of music, of few kinds.

Nobody's notes: each instrument plays a phrase of its own. What a student learns of it is that all this is Music, and no cock, dog or rain.
"""

import multiprocessing.pool
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from training import acoustics, lessons, phrases
from training.corpus import Clip
from training.frontend import RATE
from training.labels import UNKNOWN, Contents
from training.lessons import PIECE, Book
from training.phrases import Phrase
from training.progress import progress
from training.synthesis import Audio, Random
from training.teachers import Teachers

MUSIC = "Music"
MOST = 5  # instruments
DRUMS, STROKES = 0.35, 0.15  # how often a drummer plays too, and one piece of percussion
SPEED = 0.12
SECONDS = PIECE / RATE * (1.0 + SPEED)
PAGE = 20


@dataclass(frozen=True)
class EnsembleJob:
    """So many pages of twenty pieces, of five seconds each."""

    library: Path
    teachers: tuple[Path, Path]
    pages: int
    seed: int
    path: Path


def parts(rng: Random) -> list[Phrase]:
    """What one to five instruments play at a time, and maybe drums."""
    count = int(rng.integers(1, MOST + 1))
    names = [str(name) for name in rng.choice(list(phrases.INSTRUMENTS), count, replace=False)]
    names += [phrases.DRUM_KIT] if rng.random() < DRUMS else []
    names += [str(rng.choice(list(phrases.PERCUSSION)))] if rng.random() < STROKES else []
    return [phrases.compose(rng, name, SECONDS) for name in names]


def mixed(rng: Random, sounds: list[Audio]) -> Audio:
    """All parts together, some louder than others, faster or slower, in a room or not, at any level: five seconds."""
    loud = [sound / np.float32(np.sqrt(np.mean(sound**2)) + 1e-6) for sound in sounds]
    whole = np.sum([sound * np.float32(10.0 ** (-rng.uniform(0.0, 12.0) / 20.0)) for sound in loud], axis=0)
    places = np.arange(PIECE) * rng.uniform(1.0 - SPEED, 1.0 + SPEED)
    played = np.interp(places, np.arange(len(whole)), whole).astype(np.float32)
    played = acoustics.transform(rng, played, room=0.4, tint=0.5)
    level = 10.0 ** (rng.uniform(-38.0, -14.0) / 20.0) / (np.sqrt(np.mean(played**2)) + 1e-9)
    heard: Audio = np.clip(played * np.float32(level), -1.0, 1.0)
    return heard


def page(job: EnsembleJob, number: int) -> Book:
    """The page of that number; the same number gives the same."""
    torch.set_num_threads(1)
    rng = np.random.default_rng([job.seed, number])
    scores = [parts(rng) for _ in range(PAGE)]
    rendered = iter(phrases.render(job.library, [part for score in scores for part in score], SECONDS))
    clips = [_clip(mixed(rng, [next(rendered) for _ in score])) for score in scores]
    return lessons.copy_out(clips, Teachers(job.teachers), (1.0,))


def _clip(sound: Audio) -> Clip:
    """The sound as if it were one of the corpus."""
    samples = np.round(sound * 32767.0).astype(np.int16)
    return Clip("", "music", 0, Contents((MUSIC,), UNKNOWN[MUSIC]), samples, {})


def write(job: EnsembleJob, workers: multiprocessing.pool.Pool) -> None:
    """Write the book, if it is not there."""
    if job.path.exists():
        return
    say, pages = progress("made music", job.pages), []
    for written in workers.imap(partial(page, job), range(job.pages)):
        pages.append(written)
        say(len(pages), 0.0)
    lessons.keep(lessons.join(pages), job.path)
