"""How a command of this folder ends: its status, and one sentence where something is missing."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def libraries(name: str) -> Iterator[None]:
    """Around the imports of the module of that `__name__`: as a command, it ends with 2 where a library is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        if name != "__main__" or str(error.name).startswith(("training", "auricle")):
            raise
        print(
            f"training needs {error.name}, which is not installed; `scripts/install train` installs all it needs",
            file=sys.stderr,
        )
        sys.exit(2)


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
