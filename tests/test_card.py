"""The model card."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auricle.app import front_end
from auricle.card import ClipFacts
from auricle.errors import CardError
from auricle.models import assembly
from auricle.models.cardfile import FORMAT, parse_card, read_card
from tests.material import card_json, noise, one_sentence, random_tensors, small_card

DELETE = object()
INT8 = {"lowest": -3.0, "highest": 3.0, "peaks": [1.0] * 4, "clips": 100, "lost_points": 0.0}
CLIP = {"windows_s": [1.0], "step_s": 0.16, "delay_s": 0.5}
SOUND = card_json(small_card())["front_end"]


def changed(path: str, value: Any) -> dict[str, Any]:
    """The small card's JSON with one thing other than it should be."""
    data = copy.deepcopy(card_json(small_card()))
    *parents, last = path.split(".")
    inner = data
    for parent in parents:
        inner = inner[parent]
    if value is DELETE:
        del inner[last]
    else:
        inner[last] = value
    return data


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """A card comes back from its file as it was."""
    path = tmp_path / "card.json"
    path.write_text(json.dumps(card_json(small_card())), encoding="utf-8")
    assert read_card(path) == small_card()


@pytest.mark.parametrize("key", ["sha256", "front_end.scaler"])
def test_some_facts_may_be_left_out(key: str) -> None:
    """A hash and a scaler are optional."""
    card = parse_card(changed(key, DELETE), where="here")
    assert {"sha256": card.sha256, "front_end.scaler": card.front_end.scaler_mean}[key] in ("", ())


@pytest.mark.parametrize(
    "key",
    [
        "name",
        "licence",
        "weights",
        "architecture",
        "architecture.pools",
        "front_end.rate",
        "window_s",
        "labels",
        "thresholds",
    ],
)
def test_other_facts_may_not(key: str) -> None:
    """A fact that is missing is named."""
    with pytest.raises(CardError, match=f"here: the model card lacks '{key.split('.')[-1]}'"):
        parse_card(changed(key, DELETE), where="here")


@pytest.mark.parametrize(
    ("path", "value", "what"),
    [
        ("labels", [], "no labels"),
        ("labels", ["Dog", "Cat", "Dog"], "a label stands in it twice"),
        ("architecture.channels", [4, 6, 8], "blocks and poolings differ"),
        ("architecture.channels", [4, 0], "below 1"),
        ("architecture.pools", [[2, 2], [0, 1]], "below 1"),
        ("architecture.pools", [[2, 8], [2, 8]], "pools more mel bands than there are"),
        ("architecture.kernel", 2, "not odd"),
        ("architecture.kernel", -1, "not odd"),
        ("architecture.weighing", -1, "more labels weigh"),
        ("architecture.weighing", 4, "more labels weigh"),
        ("architecture.pools", [[2, 2], [2000, 1]], "more than 60 s"),
        ("front_end.rate", 999, "rate is not from 1000 to 768000"),
        ("front_end.rate", 768_001, "rate is not from 1000 to 768000"),
        ("front_end.hop", -1, "hop is not from 1 to 65536"),
        ("front_end.hop", 65_537, "hop is not from 1 to 65536"),
        ("front_end.hop", 7, "more than 1000 frames a second"),
        ("front_end.n_mels", 0, "n_mels is not from 1 to 1024"),
        ("front_end.n_mels", 1025, "n_mels is not from 1 to 1024"),
        ("front_end.window_size", 0, "window_size is not from 1 to 65536"),
        ("front_end.window_size", 65_537, "window_size is not from 1 to 65536"),
        ("front_end.window", "hamming", "not “hann”, the only one"),
        ("front_end.kind", "yamnet", "none of panns, efficientat"),
        ("front_end.fft_size", 255, "shorter than its window"),
        ("front_end.fft_size", 65_537, "longer than 65536"),
        ("front_end.fft_size", 512, "not as long as its window"),
        ("front_end", {**SOUND, "kind": "efficientat", "fft_size": 257}, "FFT's length is odd"),
        ("front_end.fmin", -1, "mel range"),
        ("front_end.fmin", 4000, "mel range"),
        ("front_end.fmax", 4001, "mel range"),
        ("front_end.fmin", 3984.5, "less than 1 Hz for each band"),
        ("front_end.scaler.mean", [1.0], "does not fit its mel bands"),
        ("front_end.scaler.std", [1.0], "differ in length"),
        ("front_end.scaler.std", [1e-4] * 16, "deviation below 0.001"),
        ("window_s", 0, "window is not from 0 to 60 s"),
        ("window_s", 61, "window is not from 0 to 60 s"),
        ("clip", CLIP, "not run clip by clip"),
        ("thresholds", {"on": {"Cow": 0.5}, "off": {"Cow": 0.4}}, "does not know"),
        ("thresholds", {"on": {}, "off": {}}, "no thresholds for “Dog”"),
        ("thresholds", {"on": {"Dog": 0.5}, "off": {"Dog": 0.4}}, "no thresholds for “Cat”"),
        ("thresholds.off.Dog", 0.7, "0 < off ≤ on ≤ 1"),
        ("thresholds.on.Dog", 1.5, "0 < off ≤ on ≤ 1"),
        ("thresholds.off.Dog", 0, "0 < off ≤ on ≤ 1"),
        ("thresholds.minimum_s", {"Dog": -0.1}, "shortest duration"),
        ("int8", {**INT8, "peaks": [1.0] * 3}, "not one for each convolution"),
        ("int8", {**INT8, "peaks": [1.0, 1.0, 1.0, 0.0]}, "8-bit steps are no lengths"),
        ("int8", {**INT8, "lowest": 4.0}, "8-bit steps are no lengths"),
        ("int8", {**INT8, "lost_points": -101.0}, "8-bit steps are no lengths"),
        ("int8", {**INT8, "clips": -1}, "8-bit steps are no lengths"),
        ("int8", {**INT8, "lowest": -5e-324, "highest": 0.0}, "8-bit steps are no lengths"),
        ("int8", {**INT8, "peaks": [1e7] * 4}, "8-bit steps are no lengths"),
    ],
)
def test_a_card_may_not_contradict_itself(path: str, value: Any, what: str) -> None:
    """Every contradiction is said in a sentence that names the file."""
    with pytest.raises(CardError, match=f"here: the model card contradicts itself, .*{what}"):
        parse_card(changed(path, value), where="here")


@pytest.mark.parametrize(
    "change",
    [
        {"step_s": 0.001},
        {"step_s": 61},
        {"windows_s": []},
        {"windows_s": [0.015]},
        {"windows_s": [1.0] * 17},
        {"delay_s": -0.1},
        {"delay_s": 1.1},
    ],
)
def test_clips_are_heard_in_windows_and_steps_of_frames(change: dict[str, Any]) -> None:
    """From one frame to a minute."""
    card = changed("architecture.family", "efficientat")
    assert parse_card({**card, "clip": CLIP}, where="here").clip == ClipFacts((1.0,), step_s=0.16, delay_s=0.5)
    with pytest.raises(CardError, match="its clips' windows, 16 at most, and steps are not from a frame to 60 s"):
        parse_card({**card, "clip": {**CLIP, **change}}, where="here")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", None),
        ("name", ""),
        ("name", "\ud800"),
        ("name", "a\x1b[31m"),
        ("version", "1\n2"),
        ("title", 5),
        ("description", "\ud800"),
        ("evidence", {"\ud800": 1}),
        ("citation", "x" * 4097),
        ("labels", ["Dog", "Cat", "Speech\t"]),
        ("labels", ["Dog", "Cat", "\udcff"]),
        ("labels", ["Dog", "Cat", 5]),
        ("front_end.rate", "fast"),
        ("front_end.rate", "8000"),
        ("front_end.rate", True),
        ("front_end.rate", 8000.5),
        ("front_end.rate", 10**40),
        ("front_end.rate", float("inf")),
        ("front_end.hop", 10**9),
        ("front_end.window_size", -(10**300)),
        ("front_end.window", None),
        ("front_end.fmin", "x" * 5000),
        ("front_end.fmax", float("nan")),
        ("front_end.scaler.mean", [float("inf")] * 16),
        ("front_end.scaler.std", [float("nan")] * 16),
        ("window_s", 1e308),
        ("front_end", []),
        ("architecture", "vgg"),
        ("architecture.pools", [2, 2]),
        ("labels", 5),
        ("labels", "Dog"),
        ("thresholds", {"on": ["Dog"], "off": {}}),
        ("thresholds", {"on": {"Dog": 0.5}}),
        ("thresholds", {"on": {"Dog": 0.5}, "off": {}}),
        ("thresholds", {"on": {"x" * 5000: 0.5}, "off": {}}),
        ("thresholds", [1]),
        ("thresholds.minimum_s", ["Dog"]),
        ("thresholds.minimum_s", {"Dog": float("nan")}),
        ("int8", {**INT8, "peaks": "many"}),
        ("int8", {**INT8, "peaks": [1e300] * 4}),
        ("int8", {**INT8, "clips": None}),
        ("int8", {**INT8, "highest": float("inf")}),
        ("int8", {**INT8, "lost_points": float("nan")}),
        ("int8", [1]),
    ],
)
def test_a_malformed_card_is_refused(path: str, value: Any) -> None:
    """What is of another kind or size than it should be, or cannot be written on one line, is an error of the card's."""
    with pytest.raises(CardError, match=r"here: the model card (lacks|is malformed)") as caught:
        parse_card(changed(path, value), where="here")
    one_sentence(caught.value)


def test_a_description_may_have_lines() -> None:
    """Of any alphabet."""
    text = "Звуки.\n\tDogs – and cats\u00a0🐈."
    assert parse_card(changed("description", text), where="here").description == text


def test_a_newer_card_asks_for_a_newer_program() -> None:
    """A card of a later format says so, whatever else is in it."""
    with pytest.raises(CardError, match=f"newer Auricle .*format {FORMAT + 1}.*update Auricle"):
        parse_card({"format": FORMAT + 1, "novelty": True}, where="here")


@pytest.mark.parametrize(
    "data", [None, [], "card", 5, {}, {"format": "1"}, {"format": None}, {"format": 0}, {"format": True}]
)
def test_something_else_is_not_a_card(data: Any) -> None:
    """JSON that is no card is refused as such."""
    with pytest.raises(CardError, match="here: not a model card"):
        parse_card(data, where="here")


@pytest.mark.parametrize("text", ["", "not json", '{"format": 1', "[" * 100_000, "\ufeff{}"])
def test_a_file_that_is_not_json_is_refused(tmp_path: Path, text: str) -> None:
    """So is a file that is no JSON, however hostile."""
    path = tmp_path / "card.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CardError, match="not a model card"):
        read_card(path)


def test_a_missing_card_is_named(tmp_path: Path) -> None:
    """Where there is no card, the message says which file was looked for."""
    with pytest.raises(CardError, match=r"card\.json: cannot read the model's card \(No such file"):
        read_card(tmp_path / "card.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from([10**40, 1e308]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
PLACES = [
    *card_json(small_card()),
    *(f"architecture.{key}" for key in card_json(small_card())["architecture"]),
    *(f"front_end.{key}" for key in card_json(small_card())["front_end"]),
    *("front_end.scaler.mean", "front_end.scaler.std", "thresholds.on", "thresholds.off", "thresholds.on.Dog"),
    *("front_end.kind", "front_end.fft_size", "architecture.weighing"),
]


@settings(max_examples=300, deadline=None)
@given(place=st.sampled_from(PLACES), value=JSON)
def test_anything_anywhere_is_a_model_that_hears_or_a_card_error(place: str, value: Any) -> None:
    """Whatever stands wherever in a card's file, the result is a card by which sound can be heard, or one sentence."""
    try:
        card = parse_card(changed(place, value), where="here")
        loaded = assembly.load(card, random_tensors(small_card(), 1), threads=1, precision="float32")
    except CardError as error:
        one_sentence(error)
    else:
        ear, tagger = front_end(card.front_end), loaded.recordings(step_s=0.5)
        scores = [*tagger.push(ear.push(noise(8000, seed=1))), *tagger.push(ear.flush()), *tagger.flush()]
        assert np.isfinite([given.probabilities for given in scores]).all()
