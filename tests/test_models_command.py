"""`auricle models`: list, get, import, show, remove, in the process and over a server on this machine."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from auricle.card import parse_card
from auricle.commands.models import models
from auricle.errors import ModelError, SettingsError
from auricle.models import store
from tests.material import SHARED, one_sentence
from tests.wobbly_server import wobbly

WEIGHTS = SHARED / "models" / "mn04_as" / "mn04_as_mAP_432.pt"
needs_weights = pytest.mark.skipif(
    not WEIGHTS.exists(), reason=f"{WEIGHTS} is absent; it lies beside the repository and is never committed to it"
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder for models."""
    monkeypatch.setenv("AURICLE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("AURICLE_MIRROR", raising=False)
    return tmp_path / "home"


def run(*words: object) -> int:
    """`auricle models …`."""
    return models(argparse.Namespace(words=[str(word) for word in words]))


def rows(capsys: pytest.CaptureFixture[str]) -> dict[str, list[str]]:
    """What the list says, by name."""
    assert run() == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["name", "installed", "classes"]
    return {line.split()[0]: line.split()[1:] for line in lines[1:]}


@needs_weights
def test_a_model_is_got_shown_listed_and_removed(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results on stdout, words on stderr."""
    before = rows(capsys)
    assert before["mn04"][:3] == ["no", "527", "0.432"]
    assert before["bundled"][0] == "yes"
    assert len(before) == 10
    with wobbly(WEIGHTS.read_bytes(), "cut") as server:
        monkeypatch.setenv("AURICLE_MIRROR", server.url(""))
        assert run("get", "mn04") == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "mn04 is installed in" in printed.err
    assert rows(capsys)["mn04"][0] == "yes"
    assert run("show", "mn04") == 0
    card = parse_card(json.loads(capsys.readouterr().out), where="stdout")
    assert card == store.find("mn04").card
    assert run("remove", "mn04") == 0
    assert rows(capsys) == before


@needs_weights
def test_a_file_is_imported_under_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    """No network is needed."""
    assert run("import", WEIGHTS, "porch") == 0
    assert "auricle listen MODEL=porch" in capsys.readouterr().err
    assert rows(capsys)["porch"][0] == "yes"


@pytest.mark.parametrize(
    "words", [["fetch"], ["get"], ["get", "a", "b"], ["import"], ["import", "a", "b", "c"], ["show"], ["list", "x"]]
)
def test_what_is_not_understood_shows_how_it_is_said(words: list[str]) -> None:
    """One sentence with the five forms."""
    with pytest.raises(SettingsError, match="is not understood; it is") as caught:
        run(*words)
    one_sentence(caught.value)


def test_unknown_models_and_settings_are_one_sentence() -> None:
    """The nearest name is offered."""
    with pytest.raises(ModelError, match="did you mean mn04"):
        run("get", "nm04")
    with pytest.raises(ModelError, match="no model “bundle”; did you mean bundled"):
        run("show", "bundle")
    with pytest.raises(SettingsError, match="There is no setting"):
        run("XYZZY=1")
