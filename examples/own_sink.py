"""A sink of one's own: counts how long each sound was heard.

python examples/own_sink.py street.wav
"""

import sys
from collections import Counter

from auricle import Event, EventState, settings
from auricle.app import DEMONSTRATION, Auricle
from auricle.messages import Message


class Durations:
    """Seconds of each label."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()

    def handle(self, message: Message) -> None:
        """Adds an event when it has ended."""
        if isinstance(message, Event) and message.state is EventState.ENDED and message.offset_s is not None:
            self.seconds[message.label] += round(1000 * (message.offset_s - message.onset_s))

    def close(self) -> None:
        """Prints what has been counted."""
        for label, milliseconds in self.seconds.most_common():
            print(f"{milliseconds / 1000:8.2f} s  {label}")


def main(path: str) -> None:
    """Runs the pipeline by hand: a source, a sink, and the configuration."""
    auricle = Auricle(settings.load(["MIN_DURATION=0.3"]))
    sink = Durations()
    auricle.pipeline(auricle.recording(path, None), sink, live=False).run()
    sink.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else str(DEMONSTRATION))
