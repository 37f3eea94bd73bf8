"""What made sounds are made of: tones that glide, things that are struck and ring, bands of noise."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from training.frontend import RATE
from training.synthesis import Random

Curve = NDArray[np.float64]
Spectrum = Callable[[int], float]
"""The weight of each harmonic, from 1."""


def seconds_of(samples: int) -> Curve:
    """The time of each sample."""
    return np.arange(samples) / RATE


def falling(power: float) -> Spectrum:
    """All harmonics, falling with a power of their number; a pure tone from 9 on."""
    return lambda harmonic: 0.0 if power >= 9.0 and harmonic > 1 else harmonic**-power


def odd(power: float) -> Spectrum:
    """As a square wave has them."""
    return lambda harmonic: harmonic**-power if harmonic % 2 else 0.0


def gliding(rng: Random, pitch: Curve, spectrum: Spectrum) -> Curve:
    """A tone whose pitch (Hz, of each sample) may move."""
    phase = 2.0 * np.pi * np.cumsum(pitch) / RATE + rng.uniform(0.0, 2.0 * np.pi)
    highest = min(40, int(15000.0 / pitch.max()))
    weighted = ((spectrum(harmonic), harmonic) for harmonic in range(1, highest + 1))
    return sum((weight * np.sin(harmonic * phase) for weight, harmonic in weighted if weight), np.zeros(len(pitch)))


def band(sound: Curve, low: float, high: float) -> Curve:
    """What lies between two pitches, falling by 12 dB an octave outside."""
    spectrum, hertz = np.fft.rfft(sound), np.maximum(np.fft.rfftfreq(len(sound), 1.0 / RATE), 1.0)
    gain = np.sqrt((1.0 + (low / hertz) ** 4) * (1.0 + (hertz / high) ** 4))
    return np.fft.irfft(spectrum / gain, len(sound))


def struck(rng: Random, samples: int, at_s: float, pitches: Curve, levels: Curve, decays_s: Curve) -> Curve:
    """Something that is struck and rings: partials, each falling by 60 dB in its own time."""
    sound, begin = np.zeros(samples), int(at_s * RATE)
    time = seconds_of(max(0, samples - begin))
    for pitch, level, decay_s in zip(pitches, levels, decays_s, strict=True):
        if pitch < 15500.0:
            tone = np.sin(2.0 * np.pi * pitch * time + rng.uniform(0.0, 2.0 * np.pi))
            sound[begin:] += level * np.exp(-time * 6.9 / decay_s) * tone
    return sound


def wandering(rng: Random, samples: int, pitches: Curve, least_s: float, most_s: float, glide_s: float) -> Curve:
    """Notes drawn from some pitches, each held for a while, with glides between them."""
    pitch, at = np.zeros(samples), 0
    while at < samples:
        length = int(rng.uniform(least_s, most_s) * RATE)
        pitch[at : at + length] = rng.choice(pitches)
        at += length
    width = int(glide_s * RATE)
    padded = np.concatenate([np.full(width, pitch[0]), pitch, np.full(width, pitch[-1])])
    return np.convolve(padded, np.ones(width) / width, "same")[width:-width]


def tempered(base: float, *semitones: int) -> Curve:
    """Pitches of the tempered scale."""
    return np.asarray(base * 2.0 ** (np.array(semitones) / 12.0))
