"""Runs a command when a smoke alarm is heard.

python examples/alarm.py notify-send "Smoke alarm!"
"""

import subprocess
import sys

import auricle


def main(command: list[str]) -> None:
    """Listens until Ctrl-C."""
    with auricle.listen(ALLOW=["Smoke detector, smoke alarm"]) as events:
        for event in events:
            if event.state is auricle.EventState.STARTED:
                subprocess.run(command, check=False)


if __name__ == "__main__":
    main(sys.argv[1:])
