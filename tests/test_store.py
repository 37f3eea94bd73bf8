"""Where models are, and what is wrong with them when they are not."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from auricle.card import ModelCard
from auricle.errors import CardError, CheckpointError, ModelError
from auricle.models import store
from tests.material import card_json, one_sentence, random_tensors, small_card


def write(folder: Path, card: ModelCard, weights: bytes | None = None) -> Path:
    """A folder with `card` and its weights."""
    folder.mkdir(exist_ok=True)
    (folder / "card.json").write_text(json.dumps(card_json(card)), encoding="utf-8")
    (folder / "weights.safetensors").write_bytes(save(random_tensors(card, 1)) if weights is None else weights)
    return folder


def test_weights_come_back(tmp_path: Path) -> None:
    """What was saved is read, as float32, when the hash is the card's."""
    data = save(random_tensors(small_card(), 1))
    model = store.look(write(tmp_path / "m", replace(small_card(), sha256=hashlib.sha256(data).hexdigest()), data))
    tensors = store.read_weights(model)
    assert model.size_bytes == len(data)
    assert tensors.keys() == random_tensors(small_card(), 1).keys()
    for name, tensor in random_tensors(small_card(), 1).items():
        np.testing.assert_array_equal(tensors[name], tensor)


def test_other_types_become_float32(tmp_path: Path) -> None:
    """Half precision is widened."""
    weights = save({"a": np.ones(3, np.float16)})
    tensors = store.read_weights(store.look(write(tmp_path / "m", small_card(), weights)))
    assert tensors["a"].dtype == np.float32


def test_a_wrong_hash_is_refused(tmp_path: Path) -> None:
    """Weights that are not those of the card are not used."""
    model = store.look(write(tmp_path / "m", replace(small_card(), sha256="0" * 64)))
    with pytest.raises(CardError, match="another SHA-256"):
        store.read_weights(model)


@settings(max_examples=50, deadline=None)
@given(damage=st.binary(max_size=80), keep=st.integers(0, 80))
def test_damaged_weights_are_one_sentence(tmp_path_factory: pytest.TempPathFactory, damage: bytes, keep: int) -> None:
    """Whatever the file holds, the result is tensors or one error."""
    whole = save({"a": np.ones(3, np.float32)})
    folder = write(tmp_path_factory.mktemp("m"), small_card(), whole[:keep] + damage)
    try:
        store.read_weights(store.look(folder))
    except CheckpointError as error:
        one_sentence(error)


def test_missing_weights_are_named(tmp_path: Path) -> None:
    """A card without its weights says which file is missing; so does reading weights that have gone since."""
    folder = write(tmp_path / "m", small_card())
    model = store.look(folder)
    (folder / "weights.safetensors").unlink()
    with pytest.raises(CardError, match=r"names weights “weights\.safetensors” that are not there"):
        store.look(folder)
    with pytest.raises(CheckpointError, match="cannot read the weights"):
        store.read_weights(model)


@pytest.mark.parametrize("weights", ["", "../secret", "/etc/hostname", ".", "a" * 300, "a\0b"])
def test_weights_lie_beside_their_card(tmp_path: Path, weights: str) -> None:
    """A card cannot make the program read a file outside its folder."""
    (tmp_path / "secret").write_bytes(b"x")
    folder = write(tmp_path / "m", replace(small_card(), weights=weights))
    with pytest.raises(CardError, match="that are not there"):
        store.look(folder)


def test_finds_by_name_and_by_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model is found by its name, its folder, or a file in it."""
    bundled = store.look(write(tmp_path / "b", replace(small_card(), name="bundled")))
    monkeypatch.setattr(store, "installed", lambda **_: [bundled])
    folder = write(tmp_path / "m", small_card())
    assert store.find("bundled") == bundled
    assert store.find(str(folder)) == store.find(str(folder / "card.json")) == store.look(folder)


def test_a_typo_is_recognised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown name comes with the nearest one, or with those that there are."""
    monkeypatch.setattr(
        store, "installed", lambda **_: [store.look(write(tmp_path / "b", replace(small_card(), name="bundled")))]
    )
    with pytest.raises(ModelError, match="no model “bundeld”; did you mean bundled"):
        store.find("bundeld")
    with pytest.raises(ModelError, match="installed: bundled"):
        store.find("xyz")


def test_an_empty_name_is_no_model() -> None:
    """`MODEL=` is said to be empty."""
    with pytest.raises(ModelError, match="MODEL is empty") as caught:
        store.find("")
    one_sentence(caught.value)


def test_a_home_that_nobody_has_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """AURICLE_HOME may begin with somebody's “~”, who has to exist."""
    monkeypatch.setenv("AURICLE_HOME", "~nosuchuser/x")
    with pytest.raises(ModelError, match="AURICLE_HOME=~nosuchuser/x: there is no such home") as caught:
        store.default_home()
    one_sentence(caught.value)


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container, under a number that no user has."""

    def homeless(*_: object, **__: object) -> str:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("AURICLE_HOME", raising=False)
    monkeypatch.setattr("platformdirs.user_data_dir", homeless)
    with pytest.raises(ModelError, match="set AURICLE_HOME to a folder") as caught:
        store.default_home()
    one_sentence(caught.value)


def test_a_folder_without_a_card_is_no_model(tmp_path: Path) -> None:
    """The card that was looked for is named."""
    with pytest.raises(CardError, match=r"card\.json: cannot read"):
        store.look(tmp_path)
