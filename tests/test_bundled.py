"""The bundled model and the demonstration recording keep what they promise."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

import auricle
from auricle.app import DEMONSTRATION
from auricle.models import store
from tests.material import REPOSITORY, SHARED

COLLAR_S = 0.5
PER_CLASS = 2
ESC10 = {
    "baby_cry": "Baby cry, infant cry",
    "chainsaw": "Chainsaw",
    "clock_tick": "Tick-tock",
    "dog": "Dog",
    "fire_crackling": "Crackle",
    "helicopter": "Helicopter",
    "rain": "Rain",
    "rooster": "Crowing, cock-a-doodle-doo",
    "sea_waves": "Waves, surf",
    "sneeze": "Sneeze",
}


def truth() -> list[tuple[str, float, float]]:
    """What is in the demonstration recording: label, onset, offset."""
    with DEMONSTRATION.with_suffix(".csv").open(newline="", encoding="utf-8") as stream:
        return [(row["label"], float(row["onset_s"]), float(row["offset_s"])) for row in csv.DictReader(stream)]


def test_the_demonstration_is_found_and_nothing_else() -> None:
    """`auricle.detect` finds each sound within half a second of its onset, and reports nothing that is not there."""
    expected = truth()
    assert len({label for label, _, _ in expected}) >= 4
    found = sorted(auricle.detect(DEMONSTRATION), key=lambda event: event.onset_s)
    assert [event.label for event in found] == [label for label, _, _ in expected]
    for event, (_, onset_s, _) in zip(found, expected, strict=True):
        assert event.onset_s == pytest.approx(onset_s, abs=COLLAR_S)


def test_the_demonstration_is_small() -> None:
    """About 20 s in less than 500 kB."""
    assert DEMONSTRATION.stat().st_size < 500_000
    assert 15 < soundfile.info(DEMONSTRATION).duration < 25


def test_the_bundled_model_is_small_and_documented() -> None:
    """At most 5 MB; every label is AudioSet's, has thresholds, and stands in the model's page."""
    model = store.find("bundled")
    assert model.size_bytes <= 5_000_000
    page = (REPOSITORY / "docs" / "models.md").read_text(encoding="utf-8")
    assert set(model.card.thresholds) == set(model.card.labels)
    assert all(label in page for label in model.card.labels)
    assert set(ESC10.values()) | {"Speech", "Music", "Silence"} <= set(model.card.labels)


@pytest.mark.parametrize("folder", sorted(ESC10))
def test_known_recordings_are_named(folder: str) -> None:
    """Of the clips that it was trained on, the bundled model names each class: a check of the path, not of its worth."""
    clips = sorted((SHARED / "data" / "esc10" / "fold1" / folder).glob("*.ogg"))[:PER_CLASS]
    if not clips:
        pytest.skip(f"{SHARED}/data is absent; recordings lie beside the repository and are never committed to it")
    model = auricle.load_model("bundled")
    ten = [model.labels.index(label) for label in ESC10.values()]
    named = []
    for clip in clips:
        audio, rate = soundfile.read(clip, dtype="float32")
        scores = model.tag(audio, rate)
        named.append(list(ESC10.values())[int(np.argmax(scores[ten]))])
    assert named == [ESC10[folder]] * len(clips)


def test_digital_silence_is_silence() -> None:
    """Zeros give no label but Silence."""
    model = auricle.load_model("bundled")
    scores = model.tag(np.zeros(3 * 32000, np.float32), 32000)
    on = [model.card.thresholds[label].on for label in model.labels]
    assert {label for label, score, limit in zip(model.labels, scores, on, strict=True) if score >= limit} <= {
        "Silence"
    }


def test_a_card_that_does_not_fit_its_weights_is_refused(tmp_path: Path) -> None:
    """A card with one label more than the weights have is one sentence that names the tensor."""
    folder = store.find("bundled").folder
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    (tmp_path / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes())
    card["labels"].append("Meow")
    for pair in card["thresholds"].values():
        pair["Meow"] = 0.5
    (tmp_path / "card.json").write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(auricle.AuricleError, match=r"fc_audioset\.(weight|bias)"):
        auricle.load_model(str(tmp_path))
