"""Sounds that a standard or a formula defines, made from scratch, and sounds like them that are something else.

Standards: ISO 8201 temporal-three evacuation pattern (0.5 s on, 0.5 s off, three times, then 1.5 s off), about 3.1 kHz in household
alarms, 520 Hz square wave for sleeping rooms (NFPA 72); ITU-T Q.23 (DTMF pairs); ITU-T E.180 (dial and busy tones around 425 Hz)
and the precise tone plan of North America (350 + 440 Hz; 480 + 620 Hz, 0.5 s on and off).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from training.frontend import RATE

Audio = NDArray[np.float32]
Random = np.random.Generator

LOW_GROUP = (697.0, 770.0, 852.0, 941.0)
HIGH_GROUP = (1209.0, 1336.0, 1477.0, 1633.0)


def gate(samples: int, spans: list[tuple[float, float]], ramp: float = 0.003) -> Audio:
    """One inside the spans (seconds), zero outside, with short ramps."""
    envelope = np.zeros(samples, np.float32)
    for start, end in spans:
        a, b = max(0, int(start * RATE)), min(int(end * RATE), samples)
        if b <= a or a >= samples:
            continue
        n = max(1, min(int(ramp * RATE), (b - a) // 2))
        envelope[a:b] = 1.0
        envelope[a : a + n] = np.linspace(0.0, 1.0, n)
        envelope[b - n : b] = np.minimum(envelope[b - n : b], np.linspace(1.0, 0.0, n))
    return envelope


def _tones(rng: Random, samples: int, pitches: tuple[float, ...], shape: str = "sine") -> Audio:
    """Sines added up, or one band-limited square or triangle-like wave per pitch."""
    time = np.arange(samples) / RATE
    sound = np.zeros(samples)
    for pitch in pitches:
        level, phase = rng.uniform(0.7, 1.0), rng.uniform(0.0, 2 * np.pi)
        for harmonic in range(1, 2 if shape == "sine" else int(15000 / pitch) + 1, 2 if shape == "square" else 1):
            weight = 1.0 / harmonic if shape == "square" else 1.0 / harmonic**1.5
            sound += level * weight * np.sin(2 * np.pi * pitch * harmonic * time + phase * harmonic)
    return sound.astype(np.float32)


def cadence(rng: Random, samples: int, on: float, off: float) -> list[tuple[float, float]]:
    """Spans (seconds) that are on and off in turns."""
    start = rng.uniform(-on, off)
    return [
        (max(0.0, start + k * (on + off)), start + k * (on + off) + on)
        for k in range(int(samples / RATE / (on + off)) + 2)
    ]


def smoke_alarm(rng: Random, samples: int) -> Audio:
    """ISO 8201 temporal-three, at 2.9–3.4 kHz (sine, or harsher) or as a 520 Hz square wave; pitch and timing a little off."""
    stretch, start = rng.uniform(0.95, 1.06), rng.uniform(-2.5, 1.5)
    spans = [
        (max(0.0, start + stretch * (4.0 * group + k)), start + stretch * (4.0 * group + k + 0.5))
        for group in range(3)
        for k in range(3)
    ]
    if rng.random() < 0.3:
        tone = _tones(rng, samples, (rng.uniform(500.0, 540.0),), "square")
    else:
        tone = _tones(rng, samples, (rng.uniform(2900.0, 3400.0),), rng.choice(["sine", "sine", "square", "rich"]))
    return tone * gate(samples, spans, rng.uniform(0.002, 0.02))


def dtmf(rng: Random, samples: int) -> Audio:
    """Some digits of ITU-T Q.23, 60–350 ms each (keys may be held), pitches within 1.8 %."""
    sound, at = np.zeros(samples, np.float32), rng.uniform(0.0, 1.5)
    on, off = rng.uniform(0.06, 0.35), rng.uniform(0.04, 0.4)
    for _ in range(int(rng.integers(1, 13))):
        pair = (
            rng.choice(LOW_GROUP) * rng.uniform(0.985, 1.015),
            rng.choice(HIGH_GROUP[:3]) * rng.uniform(0.985, 1.015),
        )
        sound += _tones(rng, samples, pair) * gate(samples, [(at, at + on)])
        at += on + off * rng.uniform(0.7, 1.4)
        if at * RATE > samples:
            break
    return sound


def dial_tone(rng: Random, samples: int) -> Audio:
    """A steady 350 + 440 Hz, 350 + 450 Hz or 400–450 Hz tone, at least two seconds of it."""
    plans = ((350.0, 440.0), (350.0, 440.0), (350.0, 450.0), (425.0,), (400.0,), (440.0,))
    pitches = tuple(p * rng.uniform(0.99, 1.01) for p in plans[rng.integers(len(plans))])
    start = rng.uniform(-2.0, 2.0)
    return _tones(rng, samples, pitches) * gate(samples, [(max(0.0, start), start + rng.uniform(2.5, 8.0))])


def busy_signal(rng: Random, samples: int) -> Audio:
    """480 + 620 Hz or 400–450 Hz, half a second on and off (E.180 allows 0.1 to 0.66 s; reorder tone is 0.25 s)."""
    plans = ((480.0, 620.0), (480.0, 620.0), (425.0,), (400.0,), (450.0,))
    pitches = tuple(p * rng.uniform(0.99, 1.01) for p in plans[rng.integers(len(plans))])
    on = rng.choice([0.5, 0.5, 0.5, 0.25, 0.375]) * rng.uniform(0.96, 1.04)
    return _tones(rng, samples, pitches) * gate(samples, cadence(rng, samples, on, on))


def other_beeps(rng: Random, samples: int) -> Audio:
    """Beeps, melodies and sweeps that are none of the above: pitch away from theirs, or another rhythm."""
    kind = rng.integers(5)
    if kind == 0:  # beeps of any rhythm below or above the alarm's pitch
        pitch = rng.choice([rng.uniform(700.0, 2500.0), rng.uniform(3800.0, 6000.0), rng.uniform(150.0, 330.0)])
        spans = cadence(rng, samples, rng.uniform(0.05, 0.8), rng.uniform(0.05, 1.5))
        return _tones(rng, samples, (pitch,), rng.choice(["sine", "square", "rich"])) * gate(samples, spans)
    if kind == 1:  # short chirps at the alarm's pitch, as of a watch or a low battery
        spans = cadence(rng, samples, rng.uniform(0.02, 0.15), rng.uniform(0.05, 3.0))
        return _tones(rng, samples, (rng.uniform(2700.0, 4200.0),)) * gate(samples, spans)
    if kind == 2:  # a sweep
        time = np.arange(samples) / RATE
        low, high = sorted(rng.uniform(200.0, 6000.0, 2))
        turns = np.cumsum(low + (high - low) * (0.5 + 0.5 * np.sin(2 * np.pi * rng.uniform(0.2, 4.0) * time))) / RATE
        return np.sin(2 * np.pi * turns).astype(np.float32)
    sound, at = np.zeros(samples, np.float32), rng.uniform(0.0, 1.0)
    while at * RATE < samples:  # notes of the tempered scale, alone or as chords
        length, shape = rng.uniform(0.1, 0.9), rng.choice(["square", "rich", "rich"])
        notes = tuple(220.0 * 2.0 ** (rng.integers(-5, 30) / 12.0) for _ in range(1 if kind == 3 else 3))
        decay = np.exp(-np.maximum(0.0, np.arange(samples) / RATE - at) * rng.uniform(0.5, 8.0)).astype(np.float32)
        sound += _tones(rng, samples, notes, shape) * gate(samples, [(at, at + length)], 0.01) * decay
        at += length * rng.uniform(0.8, 1.5)
    return sound


SOUNDS: dict[str, Callable[[Random, int], Audio]] = {
    "Smoke detector, smoke alarm": smoke_alarm,
    "Telephone dialing, DTMF": dtmf,
    "Dial tone": dial_tone,
    "Busy signal": busy_signal,
}
