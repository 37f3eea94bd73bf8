"""The teachers of the bundled model, with their real weights, on real recordings."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

pytest.importorskip("torch", reason="torch is not installed: pip install 'auricle[train]'")
pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed: pip install 'auricle[train]'")

import torch
from training import teacher, teachers, yamnet
from training.frontend import RATE
from training.labels import ESC10

from tests.material import SHARED

PATHS = (SHARED / "models" / "mn04_as" / "mn04_as_mAP_432.pt", SHARED / "models" / "yamnet" / "yamnet.tflite")
MAP = PATHS[1].with_name("yamnet_class_map.csv")

pytestmark = pytest.mark.skipif(
    not all(path.exists() for path in PATHS), reason=f"{SHARED}/models is absent; weights are never committed"
)


def test_yamnet_tells_the_ten_kinds_of_sound_apart() -> None:
    """Two recordings of each: of twenty it puts eighteen or more under the name that people gave them."""
    with MAP.open(newline="", encoding="utf-8") as file:
        names = [row["display_name"] for row in csv.DictReader(file)]
    columns, hear = [names.index(label) for label in ESC10.values()], yamnet.Yamnet(PATHS[1])
    right = []
    for number, folder in enumerate(ESC10):
        for path in sorted((SHARED / "data" / "esc10" / "fold1" / folder).glob("*.ogg"))[:2]:
            audio, rate = soundfile.read(path, dtype="float32")
            sound = torch.from_numpy(soxr.resample(audio, rate, RATE))
            right.append(int(hear(sound[None])[0, columns].argmax()) == number)
    assert len(right) == 20
    assert sum(right) >= 18


def test_both_teachers_hear_the_same_sound() -> None:
    """The columns are those of the one and then of the other."""
    noise = torch.from_numpy(np.random.default_rng(0).normal(0.0, 0.1, (2, RATE)).astype(np.float32))
    both = teachers.Teachers(PATHS)(noise)
    assert both.shape == (2, 527 + 521)
    assert torch.equal(both[:, :527], teacher.Teacher(PATHS[0])(noise))
    assert torch.equal(both[:, 527:], yamnet.Yamnet(PATHS[1])(noise))


def test_yamnet_hears_half_a_second_as_a_patch_that_ends_in_silence() -> None:
    """A sound shorter than a patch is filled up, and gets the scores of that patch."""
    rng = np.random.default_rng(1)
    short = (rng.normal(0.0, 0.1, RATE // 2) * np.hanning(RATE // 2)).astype(np.float32)
    filled = np.pad(short, (0, 2 * yamnet.PATCH - len(short)))
    hear = yamnet.Yamnet(PATHS[1])
    assert torch.allclose(hear(torch.from_numpy(short)[None]), hear(torch.from_numpy(filled)[None]), atol=2.5 / 256.0)


def test_a_missing_teacher_is_named(tmp_path: Path) -> None:
    """As a file that is not there, which the recipe says in one sentence."""
    with pytest.raises(FileNotFoundError, match=r"absent\.tflite"):
        yamnet.Yamnet(tmp_path / "absent.tflite")
