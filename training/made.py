"""Books of sounds that are made: phrases of sampled instruments, signals by formula, and what is neither; each once, in a room and noise.

Every sound lasts five seconds; what it is called, its log-mel and the teacher's opinion of it are kept.
"""

import multiprocessing.pool
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from training import acoustics, phrases, signals, synthesis
from training.frontend import RATE, PannsFrontEnd
from training.network import FRAMES_PER_STEP
from training.progress import progress
from training.synthesis import Audio, Random
from training.teacher import Teacher

SECONDS = 5
BLOCKS = 39
NEITHER = ("Oboe", "beeps", "noise", *synthesis.SOUNDS)
NAMES = tuple(dict.fromkeys((*phrases.names(), *signals.SIGNALS, *NEITHER)))


@dataclass(frozen=True)
class Made:
    """Arrays over sounds: kind (n,), an index of NAMES; logmel (n, 312, 64); teacher (n, 527)."""

    kind: NDArray[np.int16]
    logmel: NDArray[np.float16]
    teacher: NDArray[np.float16]


@dataclass(frozen=True)
class MadeJob:
    """A book: so many phrases of each instrument, from one library of samples, at other speeds up to a share; so many of each signal."""

    title: str
    library: Path
    teacher: Path
    phrases: int
    signals: int
    speed: float
    seed: int
    path: Path


def _sounds(job: MadeJob, name: str, rng: Random) -> list[Audio]:
    """The sounds of one name as they are."""
    samples = round(SECONDS * (1.0 + job.speed) * RATE)
    if name in phrases.names():
        played = [phrases.compose(rng, name, samples / RATE) for _ in range(job.phrases)]
        speeds = rng.uniform(1.0 - job.speed, 1.0 + job.speed, job.phrases)
        rendered = phrases.render(job.library, played, samples / RATE)
        return [_at_speed(sound, speed) for sound, speed in zip(rendered, speeds, strict=True)]
    makers = {**synthesis.SOUNDS, "beeps": synthesis.other_beeps, "noise": acoustics.coloured_noise}
    if name in makers:
        return [makers[name](rng, SECONDS * RATE) for _ in range(job.phrases)]
    return [signals.make(rng, name, SECONDS * RATE) for _ in range(job.signals)]


def _at_speed(sound: Audio, speed: float) -> Audio:
    """Five seconds of it, faster or slower."""
    places = np.arange(SECONDS * RATE) * speed
    slower: Audio = np.interp(places, np.arange(len(sound)), sound).astype(np.float32)
    return slower


def _heard(rng: Random, sound: Audio) -> Audio:
    """As a microphone may hear it: in a room, coloured, under noise, at any level."""
    sound = acoustics.transform(rng, sound, room=0.7, tint=0.7)
    sound = sound / np.float32(np.sqrt(np.mean(sound**2)) + 1e-9)
    noise = acoustics.coloured_noise(rng, len(sound)) * np.float32(10.0 ** (-rng.uniform(8.0, 40.0) / 20.0))
    return np.clip((sound + noise) * np.float32(10.0 ** (rng.uniform(-45.0, -12.0) / 20.0)), -1.0, 1.0)


def _page(task: tuple[MadeJob, str]) -> Made:
    """All sounds of one name."""
    torch.set_num_threads(1)
    job, name = task
    kind = NAMES.index(name)
    rng = np.random.default_rng([job.seed, kind])
    audio = torch.from_numpy(np.stack([_heard(rng, sound) for sound in _sounds(job, name, rng)]))
    logmel = PannsFrontEnd()(audio)[:, : BLOCKS * FRAMES_PER_STEP].numpy().astype(np.float16)
    opinion = Teacher(job.teacher)(audio).numpy().astype(np.float16)
    return Made(np.full(len(audio), kind, np.int16), logmel, opinion)


def write(job: MadeJob, workers: multiprocessing.pool.Pool) -> None:
    """Write the book, if it is not there."""
    if job.path.exists():
        return
    say, pages = progress(job.title, len(NAMES)), []
    for page in workers.imap(_page, [(job, name) for name in NAMES], chunksize=4):
        pages.append(page)
        say(len(pages), 0.0)
    unfinished = job.path.with_suffix(".part.npz")
    np.savez(
        unfinished,
        kind=np.concatenate([page.kind for page in pages]),
        logmel=np.concatenate([page.logmel for page in pages]),
        teacher=np.concatenate([page.teacher for page in pages]),
    )
    unfinished.replace(job.path)


def read(path: Path) -> Made:
    """Read what `write` wrote."""
    with np.load(path) as file:
        return Made(file["kind"], file["logmel"], file["teacher"])
