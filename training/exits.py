"""How a command of this folder ends: its status, and one sentence where something is missing."""

import sys
from collections.abc import Callable


def status(work: Callable[[], None], *, stopped: str, missing: str) -> int:
    """Does the work: 0, or 2 where a file is missing (`missing` says what to do), or 130 on Ctrl-C (`stopped` says what is left)."""
    try:
        work()
    except KeyboardInterrupt:
        print(f"\n{stopped}", file=sys.stderr)
        return 130
    except FileNotFoundError as error:
        print(f"{error.filename}: no such file; {missing}", file=sys.stderr)
        return 2
    return 0


def figures(work: Callable[[], None]) -> int:
    """The same for a command that makes figures with the students in --work and the clips in --shared or --data."""
    return status(
        work,
        stopped="stopped",
        missing="make the students with `make train`, or say with --work where they are (-h tells what else can be said)",
    )
