"""`auricle models`: list, get, import, show, quantize, remove, in the process and over a server on this machine."""

from __future__ import annotations

import argparse
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from auricle.app import DEMONSTRATION
from auricle.card import Int8Facts
from auricle.commands.models import models
from auricle.errors import AuricleError, ModelError, SettingsError
from auricle.models import install, store
from auricle.models.cardfile import parse_card
from auricle.models.precision import LEAST_CLIPS
from tests.material import SHARED, one_sentence
from tests.wobbly_server import wobbly

WEIGHTS = SHARED / "models" / "mn04_as" / "mn04_as_mAP_432.pt"
BUNDLED = Path(store.__file__).parent / "bundled"
FACTS = Int8Facts(lowest=-3.0, highest=3.0, peaks=(1.0,) * 10, clips=31, lost_points=0.2)
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


PAUSED = """
import sys
from pathlib import Path
from auricle.cli import main

rename = Path.rename

def paused(path, target):
    if Path(target).name == sys.argv[2]:
        Path.rename = rename
        print("now", flush=True)
        sys.stdin.readline()
    return rename(path, target)

Path.rename = paused
sys.exit(main(["models", "import", *sys.argv[1:]]))
"""
"""Waits when the new model is whole and about to take its place."""


def ended(number: int, name: str) -> int:
    """The exit status of an import that gets a signal in that moment."""
    command = [sys.executable, "-c", PAUSED, str(WEIGHTS), name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "now\n"
        process.send_signal(number)
        return process.wait(30)


def contents(home: Path) -> dict[Path, bytes]:
    """Every file, hidden ones too."""
    return {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}


@needs_weights
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_old_model_where_it_was(home: Path, number: int) -> None:
    """And nothing of the new one; the status says which signal."""
    assert run("import", WEIGHTS, "porch") == 0
    before = contents(home)
    assert ended(number, "porch") == 128 + number
    assert contents(home) == before


@needs_weights
def test_what_a_killed_process_left_is_tidied_by_the_next_one(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old model comes back, so that there is nothing to get; the new one is gone."""
    monkeypatch.setenv("AURICLE_MIRROR", str(tmp_path / "nowhere"))
    assert run("import", WEIGHTS, "mn04") == 0
    before = contents(home)
    assert ended(signal.SIGKILL, "mn04") == -signal.SIGKILL
    assert contents(home) != before
    assert run("get", "mn04") == 0
    assert contents(home) == before


@needs_weights
def test_a_new_model_that_cannot_take_its_place_leaves_the_old_one(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence."""
    assert run("import", WEIGHTS, "porch") == 0
    before = contents(home)
    rename = Path.rename

    def refused(path: Path, target: Path) -> Path:
        if target.name == "porch":
            monkeypatch.setattr(Path, "rename", rename)
            raise OSError(errno.EIO, "Input/output error")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(ModelError, match="cannot be written") as error:
        run("import", WEIGHTS, "porch")
    one_sentence(error.value)
    assert contents(home) == before


def test_the_list_has_a_line_for_each_model(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a card says of its source reaches the terminal as text."""
    folder = home / "models" / "porch"
    shutil.copytree(BUNDLED, folder)
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    changed = {**card, "name": "porch", "title": "a\nb", "source": "c\x1b[31md"}
    (folder / "card.json").write_text(json.dumps(changed), encoding="utf-8")
    assert run() == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("porch")]
    assert line.endswith("a\\nb; c\\x1b[31md")


@pytest.mark.parametrize(
    "words",
    [
        ["fetch"],
        ["get"],
        ["get", "a", "b"],
        ["import"],
        ["import", "a", "b", "c"],
        ["show"],
        ["list", "x"],
        ["quantize", "cnn9"],
    ],
)
def test_what_is_not_understood_shows_how_it_is_said(words: list[str]) -> None:
    """One sentence with the six forms."""
    with pytest.raises(SettingsError, match="is not understood; it is") as caught:
        run(*words)
    one_sentence(caught.value)


def test_unknown_models_and_settings_are_one_sentence() -> None:
    """The nearest name is offered."""
    with pytest.raises(ModelError, match="did you mean mn04"):
        run("get", "nm04")
    with pytest.raises(ModelError, match="no model “bundle”; did you mean bundled"):
        run("show", "bundle")
    for action in ("show", "remove"):
        with pytest.raises(ModelError, match="There is no model “aaa"):
            run(action, "a" * 300)
    with pytest.raises(SettingsError, match="There is no setting"):
        run("XYZZY=1")


def test_an_8_bit_form_is_calibrated_on_recordings(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The card of an installed model says what was measured; all else in it stays, and so do the weights."""
    folder = home / "models" / "porch"
    shutil.copytree(BUNDLED, folder)
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    del card["int8"]
    card |= {"name": "porch", "notes of mine": ["é", {"a": 1.5}]}
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    weights = (folder / "model.safetensors").read_bytes()
    assert run("quantize", "porch", DEMONSTRATION, f"MODEL_PATH={home}", "MODEL=mn04") == 0  # NAME it is
    told = capsys.readouterr()
    assert told.out == ""
    assert "porch has an 8-bit form now, but named only " in told.err  # the demonstration is short
    facts = store.find("porch").card.int8
    assert facts is not None
    assert len(facts.peaks) == len(json.loads((BUNDLED / "card.json").read_text(encoding="utf-8"))["int8"]["peaks"])
    assert facts.lowest < 0 < facts.highest
    written = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    assert written == {**card, "int8": written["int8"]}
    assert 0 < facts.clips < LEAST_CLIPS
    assert (folder / "model.safetensors").read_bytes() == weights
    assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in BUNDLED.iterdir())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["bundled", DEMONSTRATION], "has its 8-bit form already"),
        (["nobody", DEMONSTRATION], "There is no model"),
        (["porch", "absent.wav"], "no such file"),
        (["porch", "short.wav"], "too short"),
        ([BUNDLED, DEMONSTRATION], "has its 8-bit form already"),
        (["porch", DEMONSTRATION, "CHANNEL=7"], "channel"),
    ],
)
def test_what_cannot_be_calibrated_is_said(
    words: list[object], says: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence, and the card is as it was."""
    monkeypatch.chdir(tmp_path)
    soundfile.write("short.wav", np.zeros(8000, np.float32), 16000)
    shutil.copytree(BUNDLED, home / "models" / "porch")
    before = (home / "models" / "porch" / "card.json").read_bytes()
    with pytest.raises(AuricleError, match=says) as error:
        run("quantize", *words)
    one_sentence(error.value)
    assert (home / "models" / "porch" / "card.json").read_bytes() == before


def test_a_card_that_changed_meanwhile_is_left_alone(home: Path) -> None:
    """Whoever installs or removes the model during a calibration wins."""
    shutil.copytree(BUNDLED, home / "models" / "porch")
    model = store.look(home / "models" / "porch")
    install.amend(model, FACTS)
    assert store.look(home / "models" / "porch").card == replace(model.card, int8=FACTS)
    with pytest.raises(ModelError, match="installed anew meanwhile") as error:
        install.amend(model, FACTS)
    one_sentence(error.value)
    shutil.rmtree(home / "models" / "porch")
    with pytest.raises(ModelError, match="removed or installed anew meanwhile"):
        install.amend(model, FACTS)


@needs_weights
def test_what_is_installed_has_the_permissions_of_what_the_user_makes(home: Path) -> None:
    """Those that the umask leaves: the folder, the weights and the card, also when it is amended."""
    shutil.copytree(BUNDLED, home / "models" / "shed")
    before = os.umask(0o027)
    try:
        assert run("import", WEIGHTS, "porch") == 0
        install.amend(store.find("shed"), FACTS)
    finally:
        os.umask(before)
    porch = store.find("porch").folder
    assert porch.stat().st_mode & 0o777 == 0o750
    for path in (*porch.iterdir(), home / "models" / "shed" / "card.json"):
        assert path.stat().st_mode & 0o777 == 0o640
