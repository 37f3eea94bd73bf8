"""The recipe of the bundled model, in small: from recordings to a folder that MODEL_PATH takes."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the recipe needs PyTorch, which `make test` installs where it can be had")

from training.corpus import fold_of, freesound_folds
from training.labels import ESC10

from auricle import settings
from auricle.app import DEMONSTRATION, Auricle
from tests.material import REPOSITORY, SHARED

BEYOND = ("speech", "speech_babble", "music", "room_noise", "keyboard_key", "other")


def one_of_each(folder: Path) -> Path:
    """A corpus of one clip for each kind of sound and each fold."""
    with (SHARED / "data" / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    known = freesound_folds(rows)
    chosen = {(row["label"], fold_of(row, known)): row for row in rows if row["fold"] or row["label"] in BEYOND}
    for name in ("esc10", "extra"):
        (folder / name).symlink_to(SHARED / "data" / name)
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(chosen.values())
    return folder


@pytest.mark.slow
def test_the_recipe_leads_from_recordings_to_a_model_that_hears(tmp_path: Path) -> None:
    """One step of each schedule teaches nothing; all that comes before and after is as with thousands."""
    if not (SHARED / "data").is_dir():
        pytest.skip(f"{SHARED}/data is absent; recordings lie beside the repository and are never committed to it")
    out, work = tmp_path / "model", tmp_path / "work"
    data = tmp_path / "data"
    data.mkdir()
    one_of_each(data)
    steps = [f"--{part}-steps=1" for part in ("first", "second", "last", "abrupt")]
    places = [f"--shared={SHARED}", f"--data={data}", f"--work={work}", f"--out={out}"]
    command = [sys.executable, "-m", "training", *places, "--lessons=60", *steps]
    done = subprocess.run(command, cwd=REPOSITORY, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [line.split()[1] for line in done.stdout.splitlines() if "held out" in line] == ["1", "2", "3", "4"]
    card = json.loads((out / "card.json").read_text(encoding="utf-8"))
    assert set(ESC10.values()) <= set(card["labels"])
    auricle = Auricle(settings.load([f"MODEL_PATH={out}"]))
    assert all(event.label in card["labels"] for event in auricle.events(auricle.recording(str(DEMONSTRATION), None)))
