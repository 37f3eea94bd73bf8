"""What a room and a microphone do to a sound: noise, reverberation, colour, all drawn at random from formulas."""

import math

import numpy as np
from numpy.typing import NDArray

from training.frontend import RATE
from training.synthesis import Audio, Random


def coloured_noise(rng: Random, samples: int) -> Audio:
    """Noise whose power falls by 0–2 (brown) powers of frequency, sometimes band-limited, sometimes with mains hum; RMS one."""
    spectrum = np.fft.rfft(rng.standard_normal(samples).astype(np.float32))
    hertz = np.fft.rfftfreq(samples, 1.0 / RATE)
    gain = np.maximum(hertz, 20.0) ** (-0.5 * rng.uniform(-0.3, 2.2))
    if rng.random() < 0.5:
        gain /= 1.0 + (hertz / rng.uniform(500.0, 12000.0)) ** rng.integers(1, 5)
    if rng.random() < 0.3:
        gain *= 1.0 + rng.uniform(1.0, 8.0) * np.exp(
            -((np.log2(np.maximum(hertz, 1.0) / rng.uniform(80.0, 4000.0)) / 0.3) ** 2)
        )
    noise = np.fft.irfft(spectrum * gain, samples)
    noise /= np.sqrt(np.mean(noise**2)) + 1e-12
    if rng.random() < 0.25:
        time, mains = np.arange(samples) / RATE, float(rng.choice([50.0, 60.0]))
        for harmonic in range(1, 8):
            level = rng.uniform(0.0, 1.0) / harmonic
            noise += level * np.sin(2 * np.pi * mains * harmonic * time + rng.uniform(0.0, 6.28))
    if rng.random() < 0.3:  # slow swelling, as of fans and distant traffic
        noise *= 1.0 + rng.uniform(0.0, 0.5) * np.sin(2 * np.pi * rng.uniform(0.05, 1.0) * np.arange(samples) / RATE)
    return noise.astype(np.float32)


def room_response(rng: Random, samples: int) -> NDArray[np.complex64]:
    """Spectrum (for an FFT of `samples`) of a direct sound, some early echoes and an exponentially dying noise tail.

    The tail falls by 60 dB in the reverberation time (Sabine's definition); high frequencies die sooner.
    """
    seconds = rng.uniform(0.15, 0.9)
    length = int(seconds * RATE)
    time = np.arange(length) / RATE
    tail = rng.standard_normal(length) * 10.0 ** (-3.0 * time / seconds)
    dull = np.convolve(tail, np.ones(6) / 6.0)[:length]
    mix = np.clip(time / seconds * 2.0, 0.0, 1.0)
    tail = tail * (1.0 - mix) + dull * mix
    tail *= 10.0 ** (-rng.uniform(3.0, 20.0) / 20.0) / np.sqrt(np.sum(tail**2))
    for _ in range(6):
        tail[int(rng.uniform(0.001, 0.03) * RATE)] += rng.uniform(-0.5, 0.5)
    tail[0] = 1.0
    return np.fft.rfft(tail.astype(np.float32), samples).astype(np.complex64)


def colour(rng: Random, samples: int) -> NDArray[np.float32]:
    """A smooth random frequency curve of ±8 dB, sometimes with the low and high ends of a small loudspeaker or telephone cut."""
    hertz = np.fft.rfftfreq(samples, 1.0 / RATE)
    octaves = np.log2(np.maximum(hertz, 40.0) / 40.0)
    knots = rng.normal(0.0, 3.5, 10)
    gain = 10.0 ** (np.clip(np.interp(octaves, np.arange(10), knots), -8.0, 8.0) / 20.0)
    if rng.random() < 0.3:
        gain /= np.sqrt(1.0 + (rng.uniform(60.0, 350.0) / np.maximum(hertz, 1.0)) ** 4)
    if rng.random() < 0.3:
        gain /= np.sqrt(1.0 + (hertz / rng.uniform(3500.0, 12000.0)) ** 6)
    curve: NDArray[np.float32] = gain.astype(np.float32)
    return curve


def in_room(rng: Random, sound: Audio, after_s: float) -> Audio:
    """The sound in a synthetic room, and so many seconds of its reverberation (a second at most)."""
    samples = 2 ** math.ceil(math.log2(len(sound) + RATE))
    heard = np.fft.irfft(np.fft.rfft(sound, samples) * room_response(rng, samples), samples)
    return heard[: len(sound) + round(after_s * RATE)].astype(np.float32)


def transform(rng: Random, sound: Audio, room: float, tint: float) -> Audio:
    """The sound in a room (with probability `room`) through a coloured channel (with probability `tint`)."""
    in_room, tinted = rng.random() < room, rng.random() < tint
    if not (in_room or tinted):
        return sound
    samples = 2 ** math.ceil(
        math.log2(len(sound) + RATE)
    )  # quick to transform, longer than the sound and its reverberation
    spectrum = np.fft.rfft(sound, samples)
    if in_room:
        spectrum *= room_response(rng, samples)
    if tinted:
        spectrum *= colour(rng, samples)
    return np.fft.irfft(spectrum, samples)[: len(sound)].astype(np.float32)
