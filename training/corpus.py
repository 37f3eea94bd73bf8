"""The clips, decoded once into memory at 32 kHz, each with its labels and the fold it belongs to.

ESC-10 brings its folds. All other clips are dealt to the same four folds by recording (speech and keyboards by source), so that
a fold held out from training holds out recordings, speakers' collections and rooms too.
"""

import csv
import hashlib
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from training.frontend import RATE
from training.labels import Contents, contents

FOLDS = (1, 2, 3, 4)
SPEECH_FOLDS = {"ShawnHymel": 1, "Picovoice/wake-word": 2, "Picovoice/speech-to-intent": 3, "MycroftAI": 4}
MUSIC_FOLDS = {"digabi": 1, "IBM": 2, "librosa": 3}
KEYBOARD_FOLD = 2  # all single keys come from one source; typing.ogg, another source, is dealt to another fold


@dataclass(frozen=True)
class Clip:
    """One recording of the corpus."""

    path: str
    folder: str
    fold: int
    contents: Contents
    samples: NDArray[np.int16]
    row: dict[str, str]

    def audio(self) -> NDArray[np.float32]:
        """The samples as floats of full scale one."""
        return self.samples.astype(np.float32) / np.float32(32768.0)


def recording(path: str) -> str:
    """The name that all takes of one recording share: the file's stem without its running number and take number."""
    stem = re.sub(r"^\d+-", "", Path(path).stem)
    stem = re.sub(r"[-_ ]?\d+$", "", stem)
    family = re.match(r"(tabla|mehackit-\w+?|arovane|glitch-\w+?)(?=[-\d]|$)", stem)
    return family.group(1) if family else stem


def freesound_folds(rows: list[dict[str, str]]) -> dict[str, int]:
    """Number of each Freesound recording that ESC-10 cuts its clips from (second part of the file name), and its fold."""
    return {Path(row["path"]).stem.split("-")[1]: int(row["fold"]) for row in rows if row["fold"]}


def fold_of(row: dict[str, str], known: dict[str, int]) -> int:
    """ESC-10's own fold, else the fold of the source (speech, some music) or of the recording."""
    if row["fold"]:
        return int(row["fold"])
    for number in re.findall(r"\d{3,}", row["attribution"]):
        if number in known:  # the very recording that an ESC-10 clip was cut from
            return known[number]
    table = SPEECH_FOLDS if row["label"] == "speech" else MUSIC_FOLDS if row["label"] == "music" else {}
    for prefix, fold in table.items():
        if row["source"].startswith(prefix):
            return fold
    if row["label"] == "room_noise":  # nine recordings of one person: two or three to each fold
        return int(Path(row["path"]).stem[:3]) % 4 + 1
    if row["label"] == "keyboard_key":
        return KEYBOARD_FOLD
    key = f"{row['label']}/{recording(row['path'])}"
    return hashlib.sha256(key.encode()).digest()[0] % 4 + 1


def _decode(path: Path) -> NDArray[np.int16]:
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = audio.mean(axis=1)
    if rate != RATE:
        mono = soxr.resample(mono, rate, RATE, "HQ")
    samples: NDArray[np.int16] = np.round(np.clip(mono, -1.0, 1.0) * 32767.0).astype(np.int16)
    return samples


def _rows(data: Path) -> Iterator[dict[str, str]]:
    with (data / "manifest.csv").open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def load(data: Path) -> list[Clip]:
    """Every clip of the manifest, in its order."""
    rows = list(_rows(data))
    known = freesound_folds(rows)
    with ThreadPoolExecutor(2) as pool:
        decoded = list(pool.map(lambda row: _decode(data / row["path"]), rows))
    return [
        Clip(
            row["path"], row["label"], fold_of(row, known), contents(row["label"], Path(row["path"]).stem), samples, row
        )
        for row, samples in zip(rows, decoded, strict=True)
    ]
