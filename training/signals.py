"""Sirens, bells, whistles and the like, made by formula as their mechanisms make them.

They are counter-examples to the instruments, and ship under no name of their own: a formula is one source, and none can be held out
(docs/decisions/0013-further-classes-are-rows.md).

Sources: SAE J1849 (wail and yelp of electronic sirens), DIN 14610 (two-tone horn), Fletcher and Rossing, "The Physics of Musical
Instruments" (partials of free bars, plates and bowls); pitches and rhythms besides as such devices commonly have them.
"""

from collections.abc import Callable

import numpy as np

from training.frontend import RATE
from training.synthesis import Audio, Random, cadence, gate
from training.tones import Curve, band, falling, gliding, odd, seconds_of, struck, tempered, wandering


def _wail(rng: Random, samples: int) -> Curve:
    low, high, period_s = rng.uniform(500.0, 750.0), rng.uniform(1100.0, 1700.0), rng.uniform(2.0, 6.0)
    phase, up = (seconds_of(samples) / period_s + rng.uniform(0.0, 1.0)) % 1.0, rng.uniform(0.3, 0.7)
    return low * (high / low) ** np.where(phase < up, phase / up, (1.0 - phase) / (1.0 - up))


def _yelp(rng: Random, samples: int) -> Curve:
    low, high, period_s = rng.uniform(500.0, 800.0), rng.uniform(1200.0, 1800.0), rng.uniform(0.2, 0.45)
    phase = (seconds_of(samples) / period_s) % 1.0
    return low * (high / low) ** np.where(phase < 0.7, phase / 0.7, (1.0 - phase) / 0.3)


def _two_tone(rng: Random, samples: int) -> Curve:
    low, period_s = rng.uniform(380.0, 700.0), rng.uniform(0.35, 0.8)
    second = np.floor(seconds_of(samples) / period_s + rng.uniform(0.0, 1.0)) % 2.0
    return low + low * rng.uniform(0.2, 0.4) * np.convolve(second, np.ones(300) / 300.0, "same")


def siren(rng: Random, samples: int) -> Curve:
    """Of an emergency vehicle: wail, yelp, or two tones in turns."""
    pitch = (_wail, _yelp, _two_tone)[rng.integers(3)](rng, samples)
    return gliding(rng, pitch, falling(rng.uniform(0.8, 1.6)))


def civil_defense_siren(rng: Random, samples: int) -> Curve:
    """A rotor with one or two rows of holes, sped up and slowed down."""
    turn = seconds_of(samples) / rng.uniform(3.0, 9.0) + rng.uniform(0.0, 1.0)
    speed = np.minimum((0.5 - 0.5 * np.cos(2.0 * np.pi * turn)) * rng.uniform(1.0, 2.0), 1.0)
    pitch = rng.uniform(350.0, 800.0) * (0.45 + 0.55 * speed)
    sound = gliding(rng, pitch, falling(rng.uniform(0.6, 1.2)))
    return sound + gliding(rng, pitch * rng.uniform(1.15, 1.35), falling(1.0)) if rng.random() < 0.5 else sound


def alarm_clock(rng: Random, samples: int) -> Curve:
    """The piezo's groups of short beeps, once a second."""
    on_s, count = rng.uniform(0.05, 0.09), int(rng.choice([2, 4, 4, 4]))
    off_s, begin_s = on_s * rng.uniform(0.8, 1.2), rng.uniform(-1.0, 0.0)
    period_s = rng.choice([1.0, 1.0, 0.5 + count * (on_s + off_s)])
    begins = [begin_s + group * period_s + beep * (on_s + off_s) for group in range(12) for beep in range(count)]
    spectrum = (odd(1.0), falling(9.0), falling(1.2))[rng.integers(3)]
    tone = gliding(rng, np.full(samples, rng.uniform(1900.0, 2900.0)), spectrum)
    return tone * gate(samples, [(begin, begin + on_s) for begin in begins], 0.002)


def telephone_bell(rng: Random, samples: int) -> Curve:
    """A clapper between two gongs, some twenty strokes a second, in the cadence of North America or of Britain."""
    first, rate = rng.uniform(900.0, 1500.0), rng.uniform(18.0, 26.0)
    partials, gongs = np.array([1.0, 2.1, 2.9, 3.7, 4.9, 6.2, 8.1]), []
    for pitch in (first, first * rng.uniform(1.2, 1.35)):
        decays_s = rng.uniform(0.4, 1.2) * np.array([1.0, 0.9, 0.8, 0.6, 0.5, 0.4, 0.3])
        levels = np.array([0.6, 0.8, 1.0, 0.7, 0.5, 0.4, 0.2])
        gongs.append(struck(rng, int(0.6 * RATE), 0.0, pitch * partials * rng.uniform(0.97, 1.03, 7), levels, decays_s))
    if rng.random() < 0.6:
        spans = cadence(rng, samples, rng.uniform(1.0, 2.0), rng.uniform(1.0, 3.0))
    else:
        spans = [(at + later, at + later + 0.4) for at in np.arange(-2.0, 7.0, 3.0) for later in (0.0, 0.6)]
    sound = np.zeros(samples + len(gongs[0]))
    for begin_s, end_s in spans:
        for number, at_s in enumerate(np.arange(begin_s, end_s, 1.0 / rate)):
            at = int(at_s * RATE)
            if 0 <= at < samples:
                sound[at : at + len(gongs[0])] += gongs[number % 2] * rng.uniform(0.7, 1.0)
    return sound[:samples]


def bicycle_bell(rng: Random, samples: int) -> Curve:
    """A small bell with a ratchet, once or twice, again and again."""
    pitch, at_s, sound = rng.uniform(1700.0, 3400.0), rng.uniform(0.1, 1.0), np.zeros(samples)
    partials = pitch * np.array([1.0, 1.006, 2.3, 2.31, 3.9])
    while at_s < samples / RATE:
        for _ in range(int(rng.integers(1, 3))):
            for stroke in range(int(rng.integers(2, 7))):
                decays_s = rng.uniform(0.8, 1.8) * np.array([1.0, 1.0, 0.5, 0.5, 0.3])
                when_s = at_s + stroke * rng.uniform(0.03, 0.05)
                sound += struck(rng, samples, min(when_s, samples / RATE), partials, rng.uniform(0.3, 1.0, 5), decays_s)
            at_s += rng.uniform(0.25, 0.6)
        at_s += rng.uniform(0.8, 2.0)
    return sound


def singing_bowl(rng: Random, samples: int) -> Curve:
    """Pairs of partials that beat."""
    pitch, beats = rng.uniform(180.0, 700.0), rng.uniform(0.3, 2.5)
    pairs = [(pitch * ratio, pitch * ratio + beats * rng.uniform(0.5, 1.5)) for ratio in (1.0, 2.71, 4.95, 7.6)]
    levels = np.array([1.0, 0.8, 0.6, 0.5, 0.25, 0.2, 0.1, 0.08])
    decays_s = np.array([12.0, 11.0, 8.0, 8.0, 4.0, 4.0, 2.0, 2.0])
    return struck(rng, samples, rng.uniform(0.0, 0.5), np.array(pairs).ravel(), levels, decays_s)


def tuning_fork(rng: Random, samples: int) -> Curve:
    """One partial for long, another for a moment."""
    pitch = rng.choice([440.0, rng.uniform(250.0, 1100.0)])
    partials, decays_s = np.array([pitch, 6.27 * pitch]), np.array([rng.uniform(6.0, 15.0), 0.4])
    return struck(rng, samples, rng.uniform(0.0, 0.5), partials, np.array([1.0, 0.1]), decays_s)


def heartbeat(rng: Random, samples: int) -> Curve:
    """Two low thumps, again and again."""
    period_s, at_s, sound = 60.0 / rng.uniform(55.0, 120.0), rng.uniform(0.0, 0.5), np.zeros(samples)
    while at_s < samples / RATE:
        for later_s, level, low, high in ((0.0, 1.0, 35.0, 70.0), (0.32 * min(1.0, period_s / 0.85), 0.7, 45.0, 90.0)):
            begin = int((at_s + later_s) * RATE)
            time = seconds_of(max(0, samples - begin))
            thump = np.exp(-time * rng.uniform(25.0, 45.0)) * np.sin(2.0 * np.pi * rng.uniform(low, high) * time)
            sound[begin:] += level * thump * np.minimum(1.0, time / 0.008)
        at_s += period_s * rng.uniform(0.97, 1.03)
    return sound


def whistling(rng: Random, samples: int) -> Curve:
    """Somebody's tune: nearly pure, a little breath, a little vibrato."""
    base = rng.uniform(700.0, 1500.0)
    pitches = tempered(base, 0, 2, 4, 5, 7, 9, 11, 12, -3, -5)
    pitch = wandering(rng, samples, pitches, 0.12, 0.7, rng.uniform(0.03, 0.08))
    pitch = pitch * (1.0 + 0.006 * np.sin(2.0 * np.pi * rng.uniform(4.0, 6.5) * seconds_of(samples)))
    level = wandering(rng, samples, np.array([0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]), 0.12, 0.7, 0.04)
    breath = 0.06 * band(rng.standard_normal(samples), base, 3.0 * base)
    return (
        gliding(rng, pitch, lambda harmonic: (0.0, 1.0, 0.05, 0.02)[harmonic] if harmonic < 4 else 0.0) + breath
    ) * level


def theremin(rng: Random, samples: int) -> Curve:
    """Glides with a wide vibrato."""
    pitch = wandering(rng, samples, tempered(rng.uniform(200.0, 600.0), 0, 2, 4, 5, 7, 9, 12, -5), 0.3, 1.5, 0.2)
    vibrato = 1.0 + 0.02 * np.sin(2.0 * np.pi * rng.uniform(5.0, 7.0) * seconds_of(samples))
    return gliding(rng, pitch * vibrato, falling(rng.uniform(1.5, 2.5)))


def steam_whistle(rng: Random, samples: int) -> Curve:
    """Some pipes and the hiss of their steam."""
    base, time = rng.uniform(350.0, 700.0), seconds_of(samples)
    envelope = gate(samples, cadence(rng, samples, rng.uniform(0.8, 2.5), rng.uniform(0.4, 1.5)), 0.1)
    pitch = base * (1.0 + 0.003 * np.sin(2.0 * np.pi * 6.0 * time))
    pipes = [gliding(rng, pitch * ratio, falling(1.8)) for ratio in (1.0, 1.26, 1.5, 1.19)[: int(rng.integers(1, 5))]]
    hiss = rng.uniform(0.2, 0.8) * band(rng.standard_normal(samples), 0.8 * base, 6000.0)
    sound: Curve = (np.sum(pipes, axis=0) + hiss) * envelope
    return sound


def ringtone(rng: Random, samples: int) -> Curve:
    """A few notes of square or rich waves, again and again."""
    base, note_s = rng.uniform(500.0, 1200.0), rng.uniform(0.08, 0.2)
    tune = rng.choice(tempered(base, 0, 2, 4, 5, 7, 9, 11, 12), int(rng.integers(4, 9)))
    begin_s, period_s, spans = rng.uniform(-1.0, 0.5), len(tune) * note_s + rng.uniform(0.3, 1.5), []
    pitch = np.full(samples, base)
    while begin_s < samples / RATE:
        for number, note in enumerate(tune):
            at_s = begin_s + number * note_s
            pitch[max(0, int(at_s * RATE)) : max(0, int((at_s + note_s) * RATE))] = note
            spans.append((at_s, at_s + 0.9 * note_s))
        begin_s += period_s
    return gliding(rng, pitch, (odd(1.2), falling(1.5))[rng.integers(2)]) * gate(samples, spans)


def beep(rng: Random, samples: int) -> Curve:
    """One pitch in a steady rhythm."""
    on_s, spectrum = rng.uniform(0.05, 0.3), (falling(9.0), odd(1.2))[rng.integers(2)]
    tone = gliding(rng, np.full(samples, rng.uniform(800.0, 3500.0)), spectrum)
    return tone * gate(samples, cadence(rng, samples, on_s, rng.uniform(0.2, 1.5)))


def _wobble(rng: Random, samples: int) -> Curve:
    slow = band(rng.standard_normal(samples), 0.1, 3.0)
    return np.asarray(slow / (slow.std() + 1e-9))


def mosquito(rng: Random, samples: int) -> Curve:
    """Wings at some 400 to 750 Hz, nearer and farther."""
    pitch = rng.uniform(380.0, 750.0) * (1.0 + 0.02 * _wobble(rng, samples))
    nearness = np.sin(2.0 * np.pi * rng.uniform(0.1, 0.5) * seconds_of(samples) + rng.uniform(0.0, 6.0))
    return gliding(rng, pitch, falling(rng.uniform(0.9, 1.6))) * (0.3 + 0.7 * (0.5 + 0.5 * nearness) ** 2)


def fly(rng: Random, samples: int) -> Curve:
    """Wings at some 130 to 260 Hz, harsher, now here, now there."""
    pitch = np.maximum(60.0, rng.uniform(130.0, 260.0) * (1.0 + 0.06 * _wobble(rng, samples)))
    nearness = np.clip(0.5 + 0.5 * _wobble(rng, samples), 0.05, 1.0)
    return gliding(rng, pitch, falling(rng.uniform(0.4, 1.1))) * nearness


def horn(rng: Random, samples: int) -> Curve:
    """Of a car: two reeds a third apart, a few times."""
    low, at_s, spans = rng.uniform(330.0, 460.0), rng.uniform(0.0, 1.0), []
    for _ in range(int(rng.integers(1, 5))):
        length_s = rng.choice([rng.uniform(0.12, 0.35), rng.uniform(0.4, 1.8)])
        spans.append((at_s, at_s + length_s))
        at_s += length_s + rng.uniform(0.1, 0.8)

    def throat(harmonic: int) -> float:
        return float(harmonic**-0.3 * np.exp(-((np.log2(harmonic * low / 2200.0) / 1.3) ** 2)))

    reeds = [low, low * rng.uniform(1.18, 1.28)][: 2 if rng.random() < 0.8 else 1]
    sound: Curve = np.sum([gliding(rng, np.full(samples, reed), throat) for reed in reeds], axis=0)
    return sound * gate(samples, spans, 0.015)


SIGNALS: dict[str, Callable[[Random, int], Curve]] = {
    "Siren": siren,
    "Civil defense siren": civil_defense_siren,
    "Alarm clock": alarm_clock,
    "Telephone bell ringing": telephone_bell,
    "Bicycle bell": bicycle_bell,
    "Singing bowl": singing_bowl,
    "Tuning fork": tuning_fork,
    "Heart sounds, heartbeat": heartbeat,
    "Whistling": whistling,
    "Theremin": theremin,
    "Steam whistle": steam_whistle,
    "Ringtone": ringtone,
    "Beep, bleep": beep,
    "Mosquito": mosquito,
    "Fly, housefly": fly,
    "Vehicle horn, car horn, honking": horn,
}


def make(rng: Random, name: str, samples: int) -> Audio:
    """The sound of that name."""
    return SIGNALS[name](rng, samples).astype(np.float32)
