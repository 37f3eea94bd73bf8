"""Which arithmetic a model runs in, and what its 8-bit form loses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from auricle.card import Architecture, Int8Facts, ModelCard
from auricle.errors import ModelError
from auricle.models import networks, panns, precision, store
from auricle.models.calibrate import calibrate
from auricle.models.runtime import OnnxNetwork
from tests.material import lively, one_sentence, small_card

BUNDLED = Path(store.__file__).parent / "bundled"
FACTS = Int8Facts(lowest=-3.0, highest=3.0, peaks=(1.0,) * 4, clips=100, lost_points=0.2)


def card(int8: Int8Facts | None = FACTS) -> ModelCard:
    """A small network of two blocks."""
    return replace(
        small_card(),
        architecture=Architecture("panns", 3, (4, 6), ((2, 2), (2, 1)), "decision-linear-softmax"),
        int8=int8,
    )


TENSORS = lively(panns.shapes(card(), {}), seed=1)


def test_what_was_measured_once_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time the file is read, and decides."""
    notes = tmp_path / "new" / "speed.json"
    gains = iter([1.7])
    monkeypatch.setattr(precision, "measured", lambda _card, _tensors: next(gains))
    assert precision.chosen("auto", card(), TENSORS, notes=notes) == "int8"
    assert precision.chosen("auto", card(), TENSORS, notes=notes) == "int8"
    ((key, gain),) = json.loads(notes.read_text(encoding="utf-8")).items()
    assert gain == 1.7
    notes.write_text(json.dumps({key: 0.9}), encoding="utf-8")
    assert precision.chosen("auto", card(), TENSORS, notes=notes) == "float32"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": "b"}', "\x00", "[" * 100_000, f'{{"a": 1{"0" * 400}}}'])
def test_damaged_notes_are_measured_anew(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And replaced."""
    notes = tmp_path / "speed.json"
    notes.write_text(text, encoding="utf-8")
    monkeypatch.setattr(precision, "measured", lambda _card, _tensors: 2.0)
    assert precision.chosen("auto", card(), TENSORS, notes=notes) == "int8"
    assert list(json.loads(notes.read_text(encoding="utf-8")).values()) == [2.0]


def test_notes_that_cannot_be_written_hinder_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is measured each time."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setattr(precision, "measured", lambda _card, _tensors: 2.0)
    assert precision.chosen("auto", card(), TENSORS, notes=tmp_path / "file" / "speed.json") == "int8"


def test_a_folder_in_the_place_of_the_notes_hinders_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing half-written stays."""
    (tmp_path / "speed.json").mkdir()
    monkeypatch.setattr(precision, "measured", lambda _card, _tensors: 2.0)
    assert precision.chosen("auto", card(), TENSORS, notes=tmp_path / "speed.json") == "int8"
    assert [path.name for path in tmp_path.iterdir()] == ["speed.json"]


def test_an_8_bit_form_of_a_network_that_has_none_is_not_used(tmp_path: Path) -> None:
    """Whatever its card says."""
    mobile = replace(card(), architecture=replace(card().architecture, family="mobilenetv1"))
    assert precision.chosen("auto", mobile, TENSORS, notes=tmp_path / "speed.json") == "float32"
    with pytest.raises(ModelError, match="without an 8-bit form"):
        precision.chosen("int8", mobile, TENSORS, notes=tmp_path / "speed.json")


def test_the_measure_is_of_both_forms(tmp_path: Path) -> None:
    """A number, of real runs."""
    assert 0.05 < precision.measured(card(), TENSORS) < 20


@pytest.mark.parametrize("facts", [None, replace(FACTS, lost_points=0.51), replace(FACTS, clips=29)])
def test_auto_takes_8_bits_only_where_they_were_shown_to_lose_little(
    facts: Int8Facts | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a point, on clips that there were; nothing is measured."""
    monkeypatch.setattr(precision, "measured", lambda _card, _tensors: pytest.fail("measured for nothing"))
    assert precision.chosen("auto", card(facts), TENSORS, notes=tmp_path / "speed.json") == "float32"


def test_8_bits_that_a_model_does_not_have_are_refused(tmp_path: Path) -> None:
    """One sentence, which names the command that makes them, or says that there is none."""
    with pytest.raises(ModelError) as error:
        precision.chosen("int8", card(None), TENSORS, notes=tmp_path / "speed.json")
    one_sentence(error.value)
    assert f"auricle models quantize {card().name} FILES" in str(error.value)
    mobile = replace(card(None), architecture=replace(card().architecture, family="mobilenetv1"))
    with pytest.raises(ModelError, match="without an 8-bit form"):
        precision.chosen("int8", mobile, TENSORS, notes=tmp_path / "speed.json")
    with pytest.raises(ModelError, match="without an 8-bit form"):
        calibrate(mobile, TENSORS, [], [], [], lambda _done: None)


def test_the_bundled_model_scores_the_same_in_8_bits() -> None:
    """On its demonstration: every pooled frame's scores to 0.15, and on average to 0.01."""
    from auricle.app import DEMONSTRATION, Auricle, front_end
    from auricle.settings import load

    model = store.look(BUNDLED)
    tensors = store.read_weights(model)
    source = Auricle(load()).recording(str(DEMONSTRATION), None)
    stage = front_end(model.card.front_end)
    blocks = list(source.blocks())
    assert blocks[0].rate == model.card.front_end.rate
    audio = np.concatenate([block.audio for block in blocks])
    logmel = stage.push(audio).logmel
    scores = []
    for form in ("float32", "int8"):
        blueprint = networks.build(model.card, tensors, form)
        scores.append(OnnxNetwork(trunk=blueprint.trunk, head=blueprint.head, threads=1).run(logmel)[1])
    difference = np.abs(scores[0] - scores[1])
    assert difference.max() < 0.15
    assert difference.mean() < 0.01
    assert difference.max() > 0.0


def test_calibration_tells_what_was_lost() -> None:
    """Steps of every second clip, and what they lose on the others, against labels and without."""
    shape = card(None)
    clips = [np.random.default_rng(k).normal(-40.0, 20.0, (40, 16)).astype(np.float32) for k in range(12)]
    done: list[int] = []
    facts = calibrate(shape, TENSORS, clips, [shape.labels[0]] * 12, range(3), done.append)
    assert facts.clips == 6
    assert done == list(range(1, 13))
    assert len(facts.peaks) == 4
    assert abs(facts.lost_points) <= 100
    unlabelled = calibrate(shape, TENSORS, clips, [], range(3), lambda _done: None)
    assert 0 <= unlabelled.lost_points <= 100
    assert unlabelled.peaks == facts.peaks
