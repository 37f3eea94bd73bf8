"""The demonstration recording: sounds made from formulas, over the hush of a room, at known times.

    python -m training.demonstration      writes src/auricle/demonstration/demonstration.ogg and .csv

Tones by standard: dialling ITU-T Q.23, the busy tone as in North America (ITU-T E.180 supplement 2), the smoke
alarm's temporal-three ISO 8201. Rain is many short drops over a hiss.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE = 32000
SEED = 7
FOLDER = Path(__file__).parent.parent / "src" / "auricle" / "demonstration"
_DTMF = {"1": (697, 1209), "2": (697, 1336), "5": (770, 1336), "7": (852, 1209), "8": (852, 1336), "9": (852, 1477)}

Sound = NDArray[np.float64]


def tones(seconds: float, *pitches: float) -> Sound:
    """Sines of equal level, with edges of 5 ms."""
    time = np.arange(round(seconds * RATE)) / RATE
    sound = np.sum([np.sin(2 * np.pi * pitch * time) for pitch in pitches], axis=0) / len(pitches)
    edge = np.minimum(1.0, np.minimum(time, time[::-1]) / 0.005)
    return np.asarray(sound * edge)


def pause(seconds: float) -> Sound:
    """Digital silence; the room is added later."""
    return np.zeros(round(seconds * RATE))


def dialling(number: str) -> Sound:
    """DTMF digits, 120 ms each, 80 ms apart."""
    return np.concatenate([part for digit in number for part in (tones(0.12, *_DTMF[digit]), pause(0.08))])


def busy(times: int) -> Sound:
    """480 and 620 Hz, half a second on, half a second off."""
    return np.concatenate([part for _ in range(times) for part in (tones(0.5, 480, 620), pause(0.5))])[: -RATE // 2]


def smoke_alarm(cycles: int) -> Sound:
    """Three beeps of half a second, then a pause of a second and a half, on a piezo's 3.1 kHz with its overtone."""
    beep = np.concatenate([tones(0.5, 3100) + 0.2 * tones(0.5, 6200), pause(0.5)])
    return np.concatenate([part for _ in range(cycles) for part in (beep, beep, beep, pause(1.0))])[
        : -round(1.5 * RATE)
    ]


def rain(seconds: float, rng: np.random.Generator) -> Sound:
    """Drops, as bursts that die away at random moments, over a hiss that is softer towards high pitches."""
    white = rng.standard_normal(round(seconds * RATE) + 1)
    hiss = white[1:] + 0.9 * white[:-1]
    drops = np.zeros(len(hiss))
    for start in rng.integers(0, len(hiss) - 640, round(200 * seconds)):
        decay = np.exp(-np.arange(640) / rng.uniform(5, 300))
        drops[start : start + 640] += rng.exponential(1.0) * decay * rng.standard_normal(640)
    return np.asarray(hiss / np.std(hiss) + drops / np.std(drops))


def compose(rng: np.random.Generator) -> tuple[Sound, list[tuple[str, float, float]]]:
    """The recording, and (label, onset, offset) in seconds of what can be heard in it."""
    parts: list[tuple[str, Sound, float]] = [
        ("Telephone dialing, DTMF", dialling("5551987212"), 0.25),
        ("Busy signal", busy(3), 0.2),
        ("Rain", rain(6.0, rng), 0.4),
        ("Smoke detector, smoke alarm", smoke_alarm(1), 0.3),
    ]
    start_s, placed, truth = 1.0, [], []
    for label, sound, peak in parts:
        placed.append((start_s, peak * sound / np.max(np.abs(sound))))
        end_s = start_s + len(sound) / RATE
        truth.append((label, round(start_s, 3), round(end_s, 3)))
        start_s = end_s + 1.4
    mix = 3e-4 * rng.standard_normal(round(start_s * RATE))
    for onset_s, sound in placed:
        first = round(onset_s * RATE)
        mix[first : first + len(sound)] += sound
    return mix, truth


def main() -> None:
    """Writes the recording and what is in it."""
    argparse.ArgumentParser(
        prog="python -m training.demonstration",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).parse_args()
    mix, truth = compose(np.random.default_rng(SEED))
    FOLDER.mkdir(exist_ok=True)
    soundfile.write(FOLDER / "demonstration.ogg", mix.astype(np.float32), RATE, format="OGG", subtype="VORBIS")
    with (FOLDER / "demonstration.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("label", "onset_s", "offset_s"))
        writer.writerows(truth)


if __name__ == "__main__":
    main()
