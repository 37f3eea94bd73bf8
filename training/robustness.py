"""`python -m training.robustness`: held-out recordings, changed before the students that never met them hear them.

Of the ESC-10 clips: how many are named right, by five seconds and by the loudest two; in how many their label makes an event, and
how many of the ten labels' events are right. Of speech, music and room noise: how many false events the core's labels make.
Events are those at the thresholds and durations of the card that ships, and each label makes at most one of a recording. The thresholds
were chosen on these recordings, unchanged.
"""

import argparse
import json
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from training import exits

with exits.libraries(__name__):
    from training import jobs
    from training.acoustics import coloured_noise, in_room
    from training.corpus import FOLDS, Clip, load
    from training.evidence import CALM, MIN_DURATION, event_peak
    from training.frontend import RATE
    from training.labels import CORE, ESC10, INDEX, SILENCE
    from training.listen import ESC_COLUMNS, Listener, Scores, clip_scores, loudest, weights_of

JUDGED = tuple(label for label in CORE if label != SILENCE)


def changed(audio: NDArray[np.float32], rng: np.random.Generator) -> dict[str, NDArray[np.float32]]:
    """The recording as it is, at other levels, in a synthetic room, at lower sample rates, and under noise."""
    noise = coloured_noise(rng, len(audio)) * np.float32(np.sqrt(np.mean(audio**2)))
    return {
        "unchanged": audio,
        "20 dB quieter": audio * np.float32(0.1),
        "20 dB louder and clipped": np.clip(audio * np.float32(10.0), -1.0, 1.0),
        "in a synthetic room": in_room(rng, audio, 0.0),
        "sampled at 16 kHz": _sampled(audio, 16000),
        "sampled at 8 kHz": _sampled(audio, 8000),
        "under coloured noise at 10 dB": audio + noise * np.float32(10.0**-0.5),
        "under coloured noise at 0 dB": audio + noise,
    }


def _sampled(audio: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """The recording without what another sample rate cannot hold."""
    there_and_back: NDArray[np.float32] = soxr.resample(soxr.resample(audio, RATE, rate), rate, RATE)
    return np.pad(there_and_back, (0, max(0, len(audio) - len(there_and_back))))[: len(audio)]


@dataclass
class Tally:
    """What came of one change."""

    clips: int = 0
    by_five_seconds: int = 0
    by_loudest_two: int = 0
    found: int = 0
    events: int = 0
    false: int = 0
    hours: float = 0.0

    def line(self) -> str:
        """Shares and counts, in words."""
        clips = max(1, self.clips)
        return (
            f"5 s {self.by_five_seconds / clips:.1%}, loudest 2 s {self.by_loudest_two / clips:.1%} of {self.clips}; "
            f"found {self.found / clips:.0%}, right {self.found / max(1, self.events):.1%} of {self.events} events; "
            f"{self.false} false events in {self.hours:.2f} h"
        )


class Judge:
    """Counts what a student makes of recordings, at a card's thresholds and durations."""

    def __init__(self, listener: Listener, thresholds: dict[str, dict[str, float]]) -> None:
        self._listener, self._on, self._minimum_s = listener, thresholds["on"], thresholds.get("minimum_s", {})

    def _events(self, frames: Scores) -> set[str]:
        peaks = {
            label: event_peak(frames[:, INDEX[label]], self._minimum_s.get(label, MIN_DURATION))
            for label in JUDGED
            if label in self._on
        }
        return {label for label, peak in peaks.items() if peak >= self._on[label]}

    def _named(self, frames: Scores) -> int:
        return ESC_COLUMNS[int(np.argmax(clip_scores(frames, weights_of(frames))[ESC_COLUMNS]))]

    def clip(self, clip: Clip, audio: NDArray[np.float32], tally: Tally) -> None:
        """Count how a clip of the ten kinds is named, and its events."""
        truth, whole = ESC10[clip.folder], self._listener.frames(audio)[0]
        short = self._listener.frames(loudest(audio, 2.0))[0]
        events = self._events(whole) & set(ESC10.values())
        tally.clips += 1
        tally.by_five_seconds += self._named(whole) == INDEX[truth]
        tally.by_loudest_two += self._named(short) == INDEX[truth]
        tally.found += truth in events
        tally.events += len(events)

    def calm(self, clip: Clip, audio: NDArray[np.float32], tally: Tally) -> None:
        """Count the false events in speech, music or room noise."""
        events = self._events(self._listener.frames(audio)[0])
        tally.false += len(events - set(clip.contents.present) - set(clip.contents.unknown))
        tally.hours += len(audio) / RATE / 3600.0


def main() -> None:
    """Prints a line for each change."""
    parser = argparse.ArgumentParser(prog="python -m training.robustness", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--work", type=Path, default=Path("build/training"))
    parser.add_argument("--model", type=Path, default=Path("src/auricle/models/bundled"))
    words = parser.parse_args()
    card: dict[str, Any] = json.loads((words.model / "card.json").read_text(encoding="utf-8"))
    students = {fold: jobs.newest(words.work, fold) for fold in FOLDS}
    clips, tallies = load(words.data), defaultdict[str, Tally](Tally)
    for fold, student in students.items():
        judge = Judge(Listener(*jobs.recall(student)), card["thresholds"])
        rng, unheard = np.random.default_rng(fold), [clip for clip in clips if clip.fold == fold]
        for clip in (clip for clip in unheard if clip.path.startswith("esc10/")):
            for how, audio in changed(clip.audio(), rng).items():
                judge.clip(clip, audio, tallies[how])
        for clip in (clip for clip in unheard if clip.folder in CALM):
            for how, audio in changed(clip.audio(), rng).items():
                judge.calm(clip, audio, tallies[how])
    for how, tally in tallies.items():
        print(f"{how}: {tally.line()}")


if __name__ == "__main__":
    sys.exit(exits.figures(main))
