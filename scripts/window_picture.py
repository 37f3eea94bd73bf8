"""Draws docs/images/window-light.png and window-dark.png: the window, while the demonstration is played to it.

.venv/bin/python -m scripts.window_picture
"""

import soundfile
from tests.display import Display
from tests.gui.running import RunningWindow
from tests.live_player import LivePlayer
from tests.material import REPOSITORY
from tests.virtual_microphone import VirtualMicrophone

from auricle.app import DEMONSTRATION


def draw(theme: str) -> None:
    """Writes the picture of one theme."""
    display, microphone = Display(), VirtualMicrophone()
    microphone.plug_in()
    player = LivePlayer(microphone)
    window = RunningWindow("--calm", f"THEME={theme}", display=display, environment=microphone.environment)
    window.press_start()
    window.wait_for(lambda line: bool(line["rows"]), "it listens")
    player.play(*soundfile.read(DEMONSTRATION, dtype="float32"))
    window.wait_for(lambda line: len(line["events"]) >= 4, "the fourth event")
    window.wait_for(lambda _: all(line["rows"][0][2] for line in window.lines[-3:]), "its bar has arrived")
    display.picture().crop((0, 0, 1000, 720)).save(
        REPOSITORY / "docs" / "images" / f"window-{theme}.png", optimize=True
    )
    window.kill()
    for part in (player, microphone, display):
        part.close()


for name in ("light", "dark"):
    draw(name)
