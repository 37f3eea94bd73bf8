"""Lessons: random mixtures of 2.56 s with, for every class and every eighth of a second, present, absent or unknown."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training import acoustics, synthesis
from training.corpus import Clip
from training.frontend import RATE
from training.labels import CLASSES, ESC10, HOLD, INDEX, SILENCE
from training.synthesis import Audio, Random

BLOCK = 4096  # samples of one pooled frame of the network: 8 hops of 512
BLOCKS = 20
SAMPLES = BLOCK * BLOCKS
ABSENT, UNKNOWN, PRESENT = 0, 1, 2

SHARES = {"Speech": 8.0, "Music": 8.0, "other": 6.0}  # how often an extra label is drawn, one otherwise
SYNTHETIC = tuple(synthesis.SOUNDS)

Targets = NDArray[np.uint8]


@dataclass(frozen=True)
class Lesson:
    """A mixture and its truth: targets (20, classes)."""

    audio: Audio
    targets: Targets


def loudness(sound: Audio) -> NDArray[np.float64]:
    """Decibels (of full scale) of each block."""
    power: NDArray[np.float64] = np.mean(sound.reshape(-1, BLOCK).astype(np.float64) ** 2, axis=1)
    return 10.0 * np.log10(power + 1e-12)


def activity(sound: Audio, hold: float) -> Targets:
    """Where a lone sound is heard: loud blocks surely, quiet ones not, what lies between is unknown; short gaps are filled."""
    level = loudness(sound)
    peak, floor = float(level.max()), float(np.percentile(level, 10.0))
    if peak - floor < 12.0 and floor > -90.0:
        return np.full(len(level), PRESENT, np.uint8)
    truth = np.full(len(level), UNKNOWN, np.uint8)
    truth[level > peak - 12.0] = PRESENT
    truth[(level < max(floor + 5.0, peak - 60.0)) & (level < peak - 18.0) | (level < peak - 35.0)] = ABSENT
    sure = np.flatnonzero(truth == PRESENT)
    for before, after in itertools.pairwise(sure):
        if (after - before) * BLOCK / RATE <= hold:
            truth[before:after] = PRESENT
    return truth


def settle(mix: Audio, targets: Targets) -> Targets:
    """Near-silent blocks hold Silence and nothing else for sure; quiet ones may."""
    level = loudness(mix)
    targets[level < -78.0] = ABSENT
    targets[level < -78.0, INDEX[SILENCE]] = PRESENT
    quiet = (level >= -78.0) & (level < -62.0)
    targets[quiet] = np.where(targets[quiet] == PRESENT, UNKNOWN, targets[quiet])
    targets[quiet, INDEX[SILENCE]] = UNKNOWN
    return targets


def truth_of(clip: Clip, sound: Audio) -> Targets:
    """What a stretch of a lone clip holds, block by block: (blocks, classes)."""
    truth = activity(sound, max([HOLD.get(label, 0.0) for label in clip.contents.present], default=0.0))
    targets = np.zeros((len(truth), len(CLASSES)), np.uint8)
    for label in clip.contents.present:
        targets[:, INDEX[label]] = truth
    for label in clip.contents.unknown:
        targets[truth != ABSENT, INDEX[label]] = UNKNOWN
    return settle(sound, targets)


def _resampled(rng: Random, sound: Audio) -> Audio:
    """The sound played up to 12 % faster or slower."""
    speed = rng.uniform(0.88, 1.12)
    played: Audio = np.interp(np.arange(0.0, len(sound) - 1.0, speed), np.arange(len(sound)), sound).astype(np.float32)
    return played


def _stretch(rng: Random, sound: Audio) -> Audio:
    """A lesson's length of a longer sound, around one of its loud blocks."""
    level = loudness(sound[: len(sound) // BLOCK * BLOCK])
    block = int(rng.choice(np.flatnonzero(level > level.max() - 12.0)))
    start = block * BLOCK - int(rng.integers(SAMPLES - BLOCK + 1))
    start = min(max(0, start), len(sound) - SAMPLES)
    return sound[start : start + SAMPLES]


def _placed(rng: Random, sound: Audio) -> Audio:
    """The sound on a canvas of a lesson's length: a stretch of a long one, a short one at a random place, maybe repeated."""
    canvas = np.zeros(SAMPLES, np.float32)
    if len(sound) >= SAMPLES:
        return _stretch(rng, sound)
    at = int(rng.integers(SAMPLES - len(sound) + 1))
    canvas[at : at + len(sound)] = sound
    if len(sound) < 2 * RATE and rng.random() < 0.5:
        at += len(sound) + int(rng.uniform(0.05, 1.0) * RATE)
        while at < SAMPLES:
            piece = sound[: SAMPLES - at]
            canvas[at : at + len(piece)] += piece
            at += len(sound) + int(rng.uniform(0.05, 1.0) * RATE)
    return canvas


@dataclass(frozen=True)
class Difficulty:
    """How often, and within which decibels, a lesson is made hard."""

    second_sound: float
    noise: float
    least_snr: float
    greatest_snr: float
    room: float
    tint: float
    loudness: float
    spread: float


EASY = Difficulty(0.12, 0.5, 0.0, 40.0, 0.3, 0.4, -26.0, 9.0)


class Composer:
    """Writes lessons from the clips of one fold; the same seed and number give the same lesson."""

    def __init__(self, clips: list[Clip], difficulty: Difficulty, seed: int) -> None:
        self._hard = difficulty
        self._seed = seed
        self._esc = self._by_folder(clip for clip in clips if clip.folder in ESC10)
        self._noise = [clip for clip in clips if clip.folder in ("room_noise", "static", "wind")]
        extra = [clip for clip in clips if clip.folder not in ESC10 and clip.folder != "room_noise"]
        self._labelled: dict[str, list[Clip]] = {}
        for clip in extra:
            self._labelled.setdefault((clip.contents.present or (clip.folder.split(":")[0],))[0], []).append(clip)
        self._labels = sorted(self._labelled)
        self._weights = np.array([SHARES.get(label, 1.0) for label in self._labels])
        self._weights /= self._weights.sum()

    @staticmethod
    def _by_folder(clips: Iterable[Clip]) -> list[list[Clip]]:
        table: dict[str, list[Clip]] = {}
        for clip in clips:
            table.setdefault(clip.folder, []).append(clip)
        return [table[folder] for folder in sorted(table)]

    def _draw(self, rng: Random) -> tuple[Audio, tuple[str, ...], tuple[str, ...]]:
        """A foreground sound on its canvas with its certain and its possible labels."""
        kind = rng.random()
        if kind < 0.10:
            name = SYNTHETIC[rng.integers(len(SYNTHETIC))]
            return synthesis.SOUNDS[name](rng, SAMPLES), (name,), ("Music",)
        if kind < 0.14:
            return synthesis.other_beeps(rng, SAMPLES), (), ("Music", "Bell")
        if kind < 0.72:
            group = self._esc[rng.integers(len(self._esc))]
        else:
            group = self._labelled[self._labels[rng.choice(len(self._labels), p=self._weights)]]
        clip = group[rng.integers(len(group))]
        sound = clip.audio()
        if rng.random() < 0.5:
            sound = _resampled(rng, sound)
        return _placed(rng, sound), clip.contents.present, clip.contents.unknown

    def _add_foreground(self, rng: Random, mix: Audio, targets: Targets, level: float) -> Audio:
        sound, present, unknown = self._draw(rng)
        truth = activity(sound, max([HOLD.get(label, 0.0) for label in present], default=0.0))
        sound = acoustics.transform(rng, sound, room=self._hard.room, tint=self._hard.tint)
        heard = np.repeat(truth == PRESENT, BLOCK)
        power = float(np.mean(sound[heard] ** 2)) if heard.any() else float(np.mean(sound**2))
        if power < 1e-10:
            return mix
        for label in present:
            targets[:, INDEX[label]] = np.maximum(targets[:, INDEX[label]], truth)
        for label in unknown:
            column = targets[:, INDEX[label]]
            column[(truth != ABSENT) & (column == ABSENT)] = UNKNOWN
        return mix + sound * np.float32(level / np.sqrt(power))

    def _background(self, rng: Random, targets: Targets) -> Audio:
        """Room tone, wind, static or coloured noise with RMS one."""
        if self._noise and rng.random() < 0.45:
            clip = self._noise[rng.integers(len(self._noise))]
            for label in (*clip.contents.present, *clip.contents.unknown):
                targets[:, INDEX[label]] = np.maximum(targets[:, INDEX[label]], UNKNOWN)
            sound = clip.audio()
            while len(sound) < SAMPLES:
                sound = np.concatenate([sound, sound[::-1]])
            sound = acoustics.transform(rng, _placed(rng, sound), room=0.0, tint=0.7)
            return sound / np.float32(np.sqrt(np.mean(sound**2)) + 1e-9)
        return acoustics.coloured_noise(rng, SAMPLES)

    def write(self, number: int) -> Lesson:
        """Lesson of that number."""
        rng = np.random.default_rng([self._seed, number])
        targets = np.zeros((BLOCKS, len(CLASSES)), np.uint8)
        mix = np.zeros(SAMPLES, np.float32)
        kind = rng.random()
        if kind < 0.88:
            mix = self._add_foreground(rng, mix, targets, 1.0)
            if rng.random() < self._hard.second_sound:
                mix = self._add_foreground(rng, mix, targets, 10.0 ** (rng.uniform(-8.0, 8.0) / 20.0))
            if rng.random() < self._hard.noise:
                snr = rng.uniform(self._hard.least_snr, self._hard.greatest_snr)
                mix = mix + self._background(rng, targets) * np.float32(10.0 ** (-snr / 20.0))
            level = float(np.clip(rng.normal(self._hard.loudness, self._hard.spread), -55.0, -8.0))
        elif kind < 0.97:
            mix, level = self._background(rng, targets), rng.uniform(-85.0, -12.0)
        else:
            mix, level = acoustics.coloured_noise(rng, SAMPLES), rng.uniform(-140.0, -80.0)
        mix = mix * np.float32(10.0 ** (level / 20.0))
        if rng.random() < 0.12:  # a recording that starts or stops in digital silence
            edge = int(rng.integers(SAMPLES))
            mix[slice(edge, None) if rng.random() < 0.7 else slice(0, edge)] = 0.0
        mix = np.clip(mix, -1.0, 1.0)
        return Lesson(mix, settle(mix, targets))
