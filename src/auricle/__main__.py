"""`python -m auricle` is `auricle`."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any


def main() -> int:
    """Runs the command line; until its command is loaded, Ctrl-C leaves at once, since there is nothing to close yet."""

    def leave(*_: Any) -> None:
        os._exit(130)

    signal.signal(signal.SIGINT, leave)
    # Matrices here are small: NumPy's threads would cost more than they give, and take a second core.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from auricle.cli import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
