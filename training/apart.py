"""`python -m training.apart`: false events and precision at thresholds that were chosen without the recordings they are judged by.

The card's thresholds are chosen on the held-out clips, so that its false events and precision there are so by choice. Here a label's
threshold is chosen on three folds and judged on the fourth, four times over; durations stay as they are. Each label makes at most one event
of a recording.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from training import exits

with exits.libraries(__name__):
    from training import evidence, jobs
    from training.corpus import FOLDS, load
    from training.evidence import CALM, MIN_DURATION, Heard, event_peak
    from training.labels import CORE, ESC10, INDEX, MINIMUM_S, SILENCE
    from training.listen import Listener


@dataclass(frozen=True)
class Apart:
    """What came of a label: its threshold without each fold, and counts over all four."""

    label: str
    thresholds: tuple[float, ...]
    positives: int
    hits: int
    wrong: int
    false: int
    hours: float

    def line(self) -> str:
        """Thresholds, shares and counts, in words."""
        on = ", ".join(f"{threshold:.2f}" for threshold in self.thresholds)
        return (
            f"{self.label}: on {on}; {self.false} false events in {self.hours:.2f} h; recall {self.hits / max(1, self.positives):.0%}; "
            f"of events on ESC-10 right {self.hits / max(1, self.hits + self.wrong):.0%} ({self.wrong} wrong)"
        )


def judge(heard: list[Heard], label: str) -> Apart:
    """A label's events in every fold, at the threshold that the other folds ask for."""
    minimum_s, column = MINIMUM_S.get(label, MIN_DURATION), INDEX[label]
    thresholds, positives, hits, wrong, false, hours = [], 0, 0, 0, 0, 0.0
    for fold in FOLDS:
        threshold = evidence.judge([item for item in heard if item.fold != fold], [], label).threshold
        thresholds.append(threshold)
        for item in heard:
            if item.fold != fold or (label in item.unknown and label not in item.present):
                continue
            is_event = event_peak(item.own[:, column], minimum_s) >= threshold
            if label in item.present:
                positives, hits = positives + 1, hits + is_event
            elif item.folder in CALM:
                false, hours = false + is_event, hours + item.seconds / 3600.0
            elif item.folder in ESC10:
                wrong += is_event
    return Apart(label, tuple(thresholds), positives, hits, wrong, false, hours)


def main() -> None:
    """Prints a line for each of the core's labels."""
    parser = argparse.ArgumentParser(prog="python -m training.apart", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--work", type=Path, default=Path("build/training"))
    words = parser.parse_args()
    students = {fold: jobs.newest(words.work, fold) for fold in FOLDS}
    clips, heard = load(words.data), list[Heard]()
    for fold, student in students.items():
        listener = Listener(*jobs.recall(student))
        heard += evidence.hear(listener, [clip for clip in clips if clip.fold == fold])
        heard += evidence.hear_synthetic(listener, fold, 40)
    for label in CORE:
        if label != SILENCE:
            print(judge(heard, label).line(), flush=True)


if __name__ == "__main__":
    sys.exit(exits.figures(main))
