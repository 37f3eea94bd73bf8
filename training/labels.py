"""Which AudioSet classes the folders and file names of the corpus speak of.

A clip has the labels it certainly holds and the labels it may hold besides ("unknown": neither rewarded nor punished).
"""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

ESC10 = {
    "dog": "Dog",
    "rain": "Rain",
    "sea_waves": "Waves, surf",
    "baby_cry": "Baby cry, infant cry",
    "clock_tick": "Tick-tock",
    "sneeze": "Sneeze",
    "helicopter": "Helicopter",
    "chainsaw": "Chainsaw",
    "rooster": "Crowing, cock-a-doodle-doo",
    "fire_crackling": "Crackle",
}
SYNTHETIC = ("Smoke detector, smoke alarm", "Telephone dialing, DTMF", "Dial tone", "Busy signal")

MINIMUM_S = {
    "Dog": 0.35, "Rain": 0.85, "Waves, surf": 1.8, "Baby cry, infant cry": 0.85, "Tick-tock": 0.5, "Helicopter": 1.2, "Chainsaw": 1.5,
    "Crowing, cock-a-doodle-doo": 1.0, "Crackle": 0.6, "Music": 1.0,
}  # fmt: skip
"""How long a score must stay high for an event, where that is longer than MIN_DURATION: what lasts need not be believed at once."""

# extra folders (and, below "other" and "music_oneshot", words in the file name) that carry a class of their own
FOLDERS = {
    "speech": "Speech",
    "speech_babble": "Speech",
    "music": "Music",
    "bird": "Bird",
    "insect": "Insect",
    "thunder": "Thunder",
    "fireworks": "Fireworks",
    "keyboard": "Computer keyboard",
    "keyboard_key": "Computer keyboard",
    "footsteps": "Walk, footsteps",
    "door": "Door",
    "engine": "Engine",
    "engine_aircraft": "Aircraft",
    "train": "Train",
    "wind": "Wind",
    "bell": "Bell",
}
WORDS = (
    (r"pistol-fire|rifle-fire|rifle-small|shotgun-fire|ar-fire|ar-burst", "Gunshot, gunfire"),
    (r"explosion", "Explosion"),
    (r"leopard|tiger|lion-bellow|jaguar", "Roaring cats (lions, tigers)"),
    (r"bee\b|bees|bumble-bee|grasshopper", "Insect"),
    (r"parrot|duck|goose|turkey|vulture|penguin", "Bird"),
    (r"(^|-)hat-|cymbal|splash|ride-", "Cymbal"),
    (r"(^|-)bd-|kick|drum-bass", "Bass drum"),
    (r"(^|-)sn-|snare", "Snare drum"),
    (r"tabla", "Tabla"),
    (r"elec-bell|drum-cowbell|perc-bell", "Bell"),
)
# labels that a clip of the first label, or of a folder, may also hold
UNKNOWN = {
    "Crowing, cock-a-doodle-doo": ("Bird",),
    "Waves, surf": ("Wind", "Bird"),
    "Rain": ("Thunder", "Wind"),
    "Helicopter": ("Aircraft", "Engine", "Wind"),
    "Chainsaw": ("Engine",),
    "Cymbal": ("Music",),
    "Bass drum": ("Music", "Explosion"),
    "Snare drum": ("Music", "Gunshot, gunfire"),
    "Tabla": ("Music",),
    "Thunder": ("Rain", "Explosion", "Wind"),
    "Explosion": ("Fireworks", "Gunshot, gunfire", "Thunder"),
    "Fireworks": ("Explosion", "Gunshot, gunfire"),
    "Gunshot, gunfire": ("Explosion",),
    "Aircraft": ("Engine", "Helicopter", "Wind"),
    "Engine": ("Aircraft", "Train"),
    "Music": ("Bass drum", "Snare drum", "Cymbal", "Tabla", "Bell"),
    "Bell": ("Music",),
    "Wind": ("Bird", "Waves, surf"),
}
FOLDER_UNKNOWN = {
    "music_oneshot": ("Music", "Bass drum", "Snare drum", "Cymbal", "Tabla", "Bell", "Silence"),
    "laughter_acted": ("Speech",),
    "cheering": ("Speech", "Music"),
    "applause": ("Speech",),
    "traffic_city": ("Engine", "Speech", "Bird"),
    "doorbell": ("Bell", "Music"),
    "static": ("Crackle", "Music"),
    "other:chicken": ("Crowing, cock-a-doodle-doo", "Bird"),
    "other:coyote_howl": ("Dog",),
    "other:wolf_howl": ("Dog",),
    "other:wolf_snarl": ("Dog",),
    "other:mermaid_song": ("Music", "Speech"),
    "other:boat": ("Waves, surf", "Engine"),
    "other:fuse": ("Crackle",),
    "other:fuse_short": ("Crackle",),
    "other:zombie_growl": ("Speech",),
    "other:robot": ("Speech", "Music"),
    "other:fireball": ("Crackle", "Explosion"),
    "snoring": (),
}
SILENCE = "Silence"


def _own_classes() -> tuple[str, ...]:
    names = [*ESC10.values(), "Speech", "Music", SILENCE, *SYNTHETIC]
    for label in [*FOLDERS.values(), *(label for _, label in WORDS)]:
        if label not in names:
            names.append(label)
    return tuple(names)


CLASSES = _own_classes()
CORE = (*ESC10.values(), "Speech", "Music", SILENCE, *SYNTHETIC)
"""What ships in any case."""
INDEX = {name: number for number, name in enumerate(CLASSES)}

# sounds that pause: seconds of quiet, shorter than which the sound is taken to go on
HOLD = {
    "Tick-tock": 1.3, "Smoke detector, smoke alarm": 0.6, "Busy signal": 0.6, "Telephone dialing, DTMF": 0.15,
    "Computer keyboard": 0.5, "Walk, footsteps": 0.8, "Speech": 0.3, "Music": 0.6, "Waves, surf": 5.0, "Rain": 5.0,
    "Crackle": 1.5, "Helicopter": 5.0, "Wind": 3.0, "Insect": 0.5, "Dial tone": 0.0, "Engine": 1.0, "Chainsaw": 0.5,
}  # fmt: skip


@dataclass(frozen=True)
class Contents:
    """What one clip holds: labels that are there, and labels that nobody can vouch for."""

    present: tuple[str, ...]
    unknown: tuple[str, ...]


def contents(folder: str, stem: str) -> Contents:
    """Labels of a clip from its manifest label and its file name."""
    if folder in ESC10:
        present: tuple[str, ...] = (ESC10[folder],)
    elif folder in FOLDERS:
        present = (FOLDERS[folder],)
    else:
        present = tuple(label for pattern, label in WORDS if re.search(pattern, stem))
    unknown = [other for label in present for other in UNKNOWN.get(label, ())]
    unknown += FOLDER_UNKNOWN.get(folder, ())
    return Contents(present, tuple(label for label in dict.fromkeys(unknown) if label not in present))


def audioset_names(path: Path) -> list[str]:
    """Display names of the 527 classes in model order."""
    with path.open(newline="", encoding="utf-8") as file:
        return [row["display_name"] for row in csv.DictReader(file)]
