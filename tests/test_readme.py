"""The README is true: every command in it runs, and the output that it shows is what comes out."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest
import soundfile

from auricle.app import DEMONSTRATION
from auricle.cli import main
from tests.material import REPOSITORY
from tests.program import Running
from tests.program import auricle as run_auricle
from tests.virtual_microphone import VirtualMicrophone, wait_until

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
FORM = "PRECISION=float32"
"""Whether a machine takes 8 bits is its own affair; they differ by a percent."""
ENDLESS = ("listen", "run")
"""Commands that go on until Ctrl-C; they are given a microphone."""


def commands() -> list[str]:
    """Every `auricle …` in the README that names a command, in blocks of code and in running text."""
    spans = re.findall(r"`((?:[^`\n]*\| )?auricle [^`\n]+)`", README)
    lines = re.findall(r"^(auricle .+?)(?:   .*)?$", README, flags=re.MULTILINE)
    files = {"FILE…": "street.wav", "DIR --labels CSV": ". --labels street.csv"}
    found = {*spans, *lines}
    for shown_as, file in files.items():
        found = {command.replace(shown_as, file) for command in found}
    return sorted(found)


def shown(marker: str) -> str:
    """The block of code after `<!-- output of: marker -->`."""
    match = re.search(rf"<!-- output of: {re.escape(marker)} -->\n```\w+\n(.*?)```", README, flags=re.DOTALL)
    assert match, f"the README shows no output of {marker}"
    return match[1]


def python_blocks() -> list[str]:
    """Blocks of Python code."""
    return re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture
def street(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the recording that the README speaks of, and a manifest of it."""
    audio, rate = soundfile.read(DEMONSTRATION)
    soundfile.write(tmp_path / "street.wav", audio, rate)
    (tmp_path / "street.csv").write_text("path,label\nstreet.wav,Rain\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_readme_shows_every_command() -> None:
    """Each command of the program stands in the README."""
    shown_words = {command.split("auricle ")[1].split()[0] for command in commands()}
    assert {"run", "window", "listen", "detect", "evaluate", "devices", "config", "models", "doctor"} <= shown_words


@pytest.mark.parametrize("command", [command for command in commands() if command != "auricle window"])
def test_a_command_of_the_readme_runs(command: str, street: Path, virtual_microphone: VirtualMicrophone) -> None:
    """With a microphone and a recording at hand it exits as the README says; the window has tests of its own."""
    words = shlex.split(command.split("auricle ")[1])
    words = ["DEVICE=pulse" if word == "DEVICE=usb" else word for word in words]
    player = virtual_microphone.play(street / "street.wav")
    if words[0] in ENDLESS and "-h" not in words:
        running = Running(*words, environment=virtual_microphone.environment)
        running.wait_for_note("Listening to")
        assert running.interrupt() == 130
    elif words[-1] == "-":
        piped = run_auricle(*words, stdin=(street / "street.wav").read_bytes())
        assert piped.returncode == 0, piped.stderr
    else:
        finished = Running(*words, environment=virtual_microphone.environment)
        assert finished.wait() == 0, finished.notes
        assert finished.lines
    player.kill()


def test_the_json_lines_of_the_readme_are_real(street: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The lines in the README are those that the demonstration recording gives, under another name."""
    shutil.copy(DEMONSTRATION, street / "street.wav")
    assert main(["detect", "street.wav", "--format", "jsonl", FORM]) == 0
    assert capsys.readouterr().out.startswith(shown("auricle detect street.wav --format jsonl"))


def test_the_table_of_the_readme_is_real(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The events that `auricle run` shows in the README are those of the demonstration recording."""
    monkeypatch.chdir(DEMONSTRATION.parent)
    assert main(["detect", DEMONSTRATION.name, FORM]) == 0
    table = capsys.readouterr().out.splitlines()
    assert shown("auricle run").splitlines()[-len(table) :] == table


def test_the_python_of_the_readme_runs(street: Path, virtual_microphone: VirtualMicrophone) -> None:
    """Its first block names the sounds of a recording, its second one those of the microphone."""
    blocks = [block for block in python_blocks() if "DemoFrontend" not in block]
    assert len(blocks) == 2
    for code in blocks:
        script = street / "snippet.py"
        script.write_text(code, encoding="utf-8")
        running = Running(str(script), environment=virtual_microphone.environment, program=[sys.executable])
        try:
            virtual_microphone.play(street / "street.wav")
            wait_until(lambda running=running: any("Busy signal" in line for line in running.lines), "Busy signal")  # type: ignore[misc]
        finally:
            running.kill()


def test_the_window_of_the_readme_is_the_example() -> None:
    """What the README shows of a window of one's own stands in examples/own_frontend.py, which is run by its test."""
    (block,) = [block for block in python_blocks() if "DemoFrontend" in block]
    assert block in (REPOSITORY / "examples" / "own_frontend.py").read_text(encoding="utf-8")


def test_every_file_that_the_readme_names_is_there() -> None:
    """Links and pictures lead to files of the repository."""
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (REPOSITORY / target).exists(), target
