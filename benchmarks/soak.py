"""`python -m benchmarks.soak [HOURS]`: a day of varied sound through the live path, as fast as it goes.

It fails when a frame is missing, when an event does not end, when the clock is wrong at the end, or when memory grows by more
than 2 MB after the first minutes. The sound is the demonstration's and coloured noise, at random levels, in random order.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from auricle import settings
from auricle.app import Auricle
from auricle.messages import Block, Event, EventState, Health, Message, Scores, SourceState
from benchmarks.figures import demonstration

RATE, BLOCK = 32000, 1024
SETTLED_S, GROWTH_MB = 300.0, 2.0


class Day:
    """A source of so many hours."""

    name, state = "a day", SourceState.RUNNING

    def __init__(self, *, hours: float) -> None:
        self.samples = round(hours * 3600) * RATE
        self._sound = demonstration(RATE, 20.0)
        self._chance = np.random.default_rng(0)

    def blocks(self) -> Generator[Block, None, None]:
        """All of it, in blocks of the device's length."""
        start = 0
        while start < self.samples:
            for part in np.split(self._stretch(), range(BLOCK, 10 * RATE, BLOCK)):
                audio = part[: self.samples - start]
                if len(audio):
                    yield Block(start=start, audio=audio, rate=RATE, lost=0)
                start += len(audio)

    def close(self) -> None:
        """Nothing is open."""

    def _stretch(self) -> NDArray[np.float32]:
        """Ten seconds: a part of the demonstration, noise, or silence."""
        level = np.float32(10.0 ** self._chance.uniform(-3.0, 0.0))
        kind = self._chance.random()
        if kind < 0.6:
            at = int(self._chance.integers(len(self._sound) - 10 * RATE))
            return self._sound[at : at + 10 * RATE] * level
        if kind < 0.9:
            return (0.1 * level * self._chance.standard_normal(10 * RATE)).astype(np.float32)
        return np.zeros(10 * RATE, np.float32)


class Ledger:
    """Counts what comes."""

    def __init__(self) -> None:
        self.frames = self.begun = self.ended = self.hour = 0
        self.time_s = self.scored_s = 0.0
        self.settled_mb = self.highest_mb = 0.0

    def handle(self, message: Message) -> None:
        """Takes one message; once an hour it says how things are."""
        if isinstance(message, Scores) and not message.provisional:
            assert abs(message.start_s - self.scored_s) < 1e-6, "a frame is missing"
            self.frames, self.scored_s = self.frames + 1, message.end_s
        elif isinstance(message, Event):
            self.begun += message.state is EventState.STARTED
            self.ended += message.state is EventState.ENDED
        elif isinstance(message, Health):
            self._watch(message.time_s)

    def close(self) -> None:
        """Nothing is open."""

    def _watch(self, time_s: float) -> None:
        if int(time_s) == int(self.time_s):
            self.time_s = time_s
            return
        self.time_s, memory_mb = time_s, resident_mb()
        if time_s < SETTLED_S:
            self.settled_mb = memory_mb
        self.highest_mb = max(self.highest_mb, memory_mb)
        if int(time_s // 3600) > self.hour:
            self.hour += 1
            print(f"{self.hour} h: {self.frames} frames, {self.ended} events, {memory_mb:.1f} MB", flush=True)


def resident_mb() -> float:
    """Memory of its own in use now; pages of libraries come and go as the system likes."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon")) * 1024 / 1e6


def main(hours: float) -> int:
    """Hears it all."""
    auricle, day, ledger = Auricle(settings.load()), Day(hours=hours), Ledger()
    auricle.pipeline(day, ledger, live=True).run()
    growth_mb = ledger.highest_mb - ledger.settled_mb
    wrong = [
        what
        for is_wrong, what in (
            (abs(ledger.time_s - day.samples / RATE) > 1e-6, f"the clock stands at {ledger.time_s}"),
            (ledger.frames != day.samples // (8 * 512), f"{ledger.frames} frames"),
            (ledger.begun != ledger.ended, f"{ledger.begun} events began, {ledger.ended} ended"),
            (growth_mb > GROWTH_MB, f"memory grew by {growth_mb:.1f} MB"),
        )
        if is_wrong
    ]
    print(
        f"{hours:g} h: {ledger.frames} frames, {ledger.ended} events, {growth_mb:+.1f} MB; {'; '.join(wrong) or 'as it should be'}"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 24.0))
