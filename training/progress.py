"""How far long work is, told on standard error."""

import sys
import time
from collections.abc import Callable


def progress(what: str, total: int) -> Callable[[int, float], None]:
    """Tells standard error now and then how far the work is: every two seconds on a terminal, else every minute."""
    began = last = time.monotonic()

    def say(done: int, loss: float = 0.0) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < (2.0 if sys.stderr.isatty() else 60.0) and done < total:
            return
        last = now
        value = f", loss {loss:.2f}" if loss else ""
        print(f"{what}: {done} of {total}{value}, {now - began:.0f} s", file=sys.stderr, flush=True)

    return say
