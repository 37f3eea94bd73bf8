"""How the commands of training end."""

from __future__ import annotations

import os
import runpy
import shutil
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'auricle[train]'")

from training import exits, scenes
from training.corpus import load
from training.jobs import newest

from auricle.models import store

BUNDLED = Path(store.__file__).parent / "bundled"
COMMANDS = ("apart", "robustness", "scenes")


def test_work_that_is_done_ends_with_zero(capsys: pytest.CaptureFixture[str]) -> None:
    """And without a word."""
    done: list[int] = []
    assert exits.status(lambda: done.append(1), stopped="stopped", missing="") == 0
    assert done == [1]
    assert capsys.readouterr() == ("", "")


def test_ctrl_c_ends_with_130_and_says_what_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    """No traceback."""

    def interrupted() -> None:
        raise KeyboardInterrupt

    assert exits.status(interrupted, stopped="stopped; all is as it was", missing="") == 130
    assert capsys.readouterr().err == "\nstopped; all is as it was\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_figures_without_students_say_how_to_have_them(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence, exit 2, before the clips are read."""
    monkeypatch.setattr("sys.argv", [command, "--work", str(tmp_path)])
    monkeypatch.delitem(sys.modules, f"training.{command}", raising=False)
    with pytest.raises(SystemExit) as left:
        runpy.run_module(f"training.{command}", run_name="__main__")
    said = capsys.readouterr().err
    assert left.value.code == 2
    assert said.startswith(f"{tmp_path / 'wide-without-1-….pt'}: no such file; make the students with `make train`")
    assert said.count("\n") == 1


def test_figures_without_clips_name_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As when --data is wrong."""

    def reading() -> None:
        load(tmp_path)

    assert exits.figures(reading) == 2
    assert capsys.readouterr().err.startswith(f"{tmp_path / 'manifest.csv'}: no such file; ")


def test_the_newest_student_is_taken(tmp_path: Path) -> None:
    """Whatever its name ends with."""
    for age, name in enumerate(["b", "a"]):
        path = tmp_path / f"wide-without-2-{name}.pt"
        path.touch()
        os.utime(path, (1000 + age, 1000 + age))
    assert newest(tmp_path, 2).name == "wide-without-2-a.pt"


def test_scenes_that_cannot_be_judged_end_as_auricle_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its one sentence, and its status."""
    (tmp_path / "1.csv").write_text("path,label,onset,offset\na.wav,Dog,0,1\n", encoding="utf-8")
    for path in BUNDLED.iterdir():
        shutil.copy(path, tmp_path)
    with pytest.raises(SystemExit) as left:
        scenes.judged(tmp_path, 1)
    assert left.value.code == 2
    said = capsys.readouterr().err
    assert said == f"auricle: {tmp_path / '1.csv'}: line 2: {tmp_path / 'a.wav'}: no such file; check the path.\n"


@pytest.mark.parametrize(
    ("command", "absent"),
    [("training", "torch"), ("training", "mido"), *((f"training.{name}", "torch") for name in COMMANDS)],
)
def test_commands_without_a_library_say_how_to_have_it(
    command: str, absent: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence, exit 2."""
    for name in [name for name in sys.modules if name.startswith("training")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(SystemExit) as left:
        runpy.run_module(command, run_name="__main__")
    said = capsys.readouterr().err
    assert left.value.code == 2
    assert said.startswith(f"training needs {absent}, which is not installed; `scripts/install train`")
    assert said.count("\n") == 1
