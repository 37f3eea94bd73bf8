"""`python -m training.scenes`: onsets in mixtures with known onsets, heard by the students that never met their sounds.

Each scene is half a minute of held-out room noise with held-out ESC-10 sounds, one after another, at one signal-to-noise ratio:
the sound's RMS over its length against the room's. A sound ends where it pauses for longer than MERGE_GAP. `auricle evaluate`
judges, with the thresholds and labels of the card that ships and the weights of the student that held the fold out.
At 10 dB the same scenes are heard otherwise too: every sound in a synthetic room of its own, or all of it 20 dB quieter, or
20 dB louder and clipped.
"""

import argparse
import csv
import hashlib
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from auricle.cli import main as auricle
from training import exits

with exits.libraries(__name__):
    from training import acoustics, bundle, jobs
    from training.card import HUMAN
    from training.card import rows as rows_by
    from training.corpus import FOLDS, Clip, load
    from training.frontend import RATE
    from training.labels import ESC10, audioset_names
    from training.network import half_precision
    from training.synthesis import Audio, Random

SCENE_S, SCENES = 30, 40
FRAME = RATE // 100
PAUSE_S, LONGEST_S, GAP_S = 0.75, 4.0, 1.5
ROOM_DBFS = -45.0
Row = tuple[str, str, float, float]


@dataclass(frozen=True)
class Setting:
    """How the sounds of a scene reach the microphone."""

    name: str
    ratio_db: int
    gain_db: float
    is_in_room: bool


NEAR = tuple(Setting(f"{ratio_db:+d} dB", ratio_db, 0.0, False) for ratio_db in (-5, 0, 5, 10, 15, 20))
OTHERWISE = (
    Setting("+10 dB, every sound in a room", 10, 0.0, True),
    Setting("+10 dB, all 20 dB quieter", 10, -20.0, False),
    Setting("+10 dB, all 20 dB louder, clipped", 10, 20.0, False),
)


def sound_of(clip: Clip) -> Audio:
    """From a clip's first sound to its first long pause, at most so many seconds, RMS one."""
    audio = clip.audio()
    frames = audio[: len(audio) // FRAME * FRAME].reshape(-1, FRAME)
    level_db = 10.0 * np.log10(np.mean(frames.astype(np.float64) ** 2, axis=1) + 1e-12)
    loud = np.flatnonzero(level_db > level_db.max() - 25.0)
    ends = np.flatnonzero(np.diff(loud) * 0.01 > PAUSE_S)
    last = loud[ends[0]] if len(ends) else loud[-1]
    sound = audio[loud[0] * FRAME : min((last + 1) * FRAME, loud[0] * FRAME + round(LONGEST_S * RATE))].copy()
    fade = min(len(sound), RATE // 50)
    sound[-fade:] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return sound / np.float32(np.sqrt(np.mean(sound**2)) + 1e-9)


def room(rng: Random, clips: list[Clip]) -> Audio:
    """Half a minute of room noise, forth and back, RMS one."""
    sound = clips[rng.integers(len(clips))].audio()
    both = np.concatenate([sound, sound[::-1]])
    noise: Audio = np.resize(both, SCENE_S * RATE).astype(np.float32)
    return noise / np.float32(np.sqrt(np.mean(noise**2)) + 1e-9)


def reverberant(rng: Random, sound: Audio) -> Audio:
    """The sound in a synthetic room, with a second of reverberation after it; RMS one over its own length."""
    heard = acoustics.in_room(rng, sound, 1.0)
    return heard / np.float32(np.sqrt(np.mean(heard[: len(sound)] ** 2)) + 1e-9)


def scene(rng: Random, clips: list[Clip], setting: Setting) -> tuple[Audio, Iterator[tuple[str, float, float]]]:
    """The sound, and label, onset and offset of what is in it."""
    sounds = [clip for clip in clips if clip.path.startswith("esc10/")]
    mix = room(rng, [clip for clip in clips if clip.folder == "room_noise"])
    at_s, found = GAP_S, []
    while True:
        clip = sounds[rng.integers(len(sounds))]
        sound = sound_of(clip)
        length_s = len(sound) / RATE
        if at_s + length_s + GAP_S > SCENE_S:
            break
        start = round(at_s * RATE)
        heard = reverberant(rng.spawn(1)[0], sound) if setting.is_in_room else sound
        mix[start : start + len(heard)] += heard * np.float32(10.0 ** (setting.ratio_db / 20.0))
        found.append((ESC10[clip.folder], at_s, at_s + length_s))
        at_s += length_s + GAP_S + float(rng.uniform(0.0, 1.0))
    level = 10.0 ** ((ROOM_DBFS + setting.gain_db) / 20.0)
    return np.clip(mix * np.float32(level), -1.0, 1.0), iter(found)


def write_scenes(folder: Path, clips: list[Clip], fold: int, setting: Setting) -> None:
    """The scenes of one fold in one setting, and their manifest."""
    rng = np.random.default_rng([fold, setting.ratio_db + 100])
    rows: list[Row] = []
    for number in range(SCENES):
        audio, sounds = scene(rng, clips, setting)
        name = f"{fold}-{number}.wav"
        soundfile.write(folder / name, audio, RATE, subtype="PCM_16")
        rows += [(name, label, round(onset_s, 3), round(offset_s, 3)) for label, onset_s, offset_s in sounds]
    with (folder / f"{fold}.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("path", "label", "onset", "offset"), *rows])


def write_student(folder: Path, shipped: Path, student: Path, names: list[str]) -> None:
    """A model folder: the card that ships, and the weights and scaler of the student."""
    card = json.loads((shipped / "card.json").read_text(encoding="utf-8"))
    trained, scaler = jobs.recall(student)
    kinds = {label: card["evidence"].get(label, {}).get("kind", HUMAN) for label in card["labels"]}
    blob = bundle.weights(half_precision(trained), rows_by(kinds, names))
    card = {**card, "front_end": bundle.front_end(scaler), "sha256": hashlib.sha256(blob).hexdigest()}
    (folder / card["weights"]).write_bytes(blob)
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")


def judged(folder: Path, fold: int) -> dict[str, float]:
    """Collar F1 and PSDS1 of one fold's scenes, means over labels."""
    out = folder / "out.json"
    words = ["evaluate", str(folder), "--labels", str(folder / f"{fold}.csv"), "--format", "json", "-o", str(out)]
    if code := auricle([*words, f"MODEL_PATH={folder}", "PRECISION=float32"]):
        sys.exit(code)  # it has said why
    found: dict[str, float] = json.loads(out.read_text(encoding="utf-8"))
    return found


def main() -> None:
    """Prints a line for each setting."""
    parser = argparse.ArgumentParser(prog="python -m training.scenes", description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--work", type=Path, default=Path("build/training"))
    parser.add_argument("--model", type=Path, default=Path("src/auricle/models/bundled"))
    words = parser.parse_args()
    students = {fold: jobs.newest(words.work, fold) for fold in FOLDS}
    clips = load(words.shared / "data")
    names = audioset_names(words.shared / "labels" / "audioset_class_labels_indices.csv")
    for setting in (*NEAR, *OTHERWISE):
        found = []
        for fold, student in students.items():
            with tempfile.TemporaryDirectory() as place:
                write_student(Path(place), words.model, student, names)
                write_scenes(Path(place), [clip for clip in clips if clip.fold == fold], fold, setting)
                found.append(judged(Path(place), fold))
        means = {key: np.mean([fold[key] for fold in found]) for key in ("collar_f1", "psds1")}
        print(f"{setting.name}: onset F1 {means['collar_f1']:.1%}, PSDS1 {means['psds1']:.3f}", flush=True)


if __name__ == "__main__":
    sys.exit(exits.figures(main))
