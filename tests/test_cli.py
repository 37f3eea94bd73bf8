"""The commands as a user types them: results on standard output, one sentence on standard error, exit status 0, 2, 130."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

import auricle
from auricle.app import DEMONSTRATION
from auricle.cli import main
from auricle.commands.interruption import interrupted_by_signal
from auricle.errors import Interrupted
from auricle.models import store
from tests.program import COMMAND, Running
from tests.program import auricle as run_auricle
from tests.virtual_microphone import wait_until

Capture = pytest.CaptureFixture[str]
RATE = 32000


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Two seconds of hiss."""
    path = tmp_path / "hiss.wav"
    noise = 0.1 * np.random.default_rng(0).standard_normal(2 * RATE)
    soundfile.write(path, noise, RATE, subtype="PCM_16")
    return path


def refused(capsys: Capture, *words: str | Path) -> str:
    """Runs a command that must be refused in one line, with nothing on standard output; gives the line."""
    assert main([str(word) for word in words]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1, output.err
    assert output.err.startswith("auricle: ")
    assert "Traceback" not in output.err
    return output.err


def test_json_lines_hold_one_event_each(capsys: Capture) -> None:
    """`--format jsonl` writes source, label, onset, offset, peak, mean and model, one object per line."""
    assert main(["detect", str(DEMONSTRATION), "--format", "jsonl"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(events) >= 4
    for event in events:
        assert event["source"] == str(DEMONSTRATION)
        assert event["label"] in auricle.load_model("bundled").labels
        assert 0 <= event["onset_s"] < event["offset_s"]
        assert 0 < event["mean"] <= event["peak"] <= 1
        assert event["model"] == "bundled"


@pytest.mark.parametrize("layout", ["table", "jsonl", "csv", "audacity", "dcase"])
def test_every_format_tells_the_same_events(layout: str, capsys: Capture) -> None:
    """Each format holds as many events as there are, and the label of each."""
    events = list(auricle.detect(DEMONSTRATION))
    assert main(["detect", str(DEMONSTRATION), "--format", layout]) == 0
    text = capsys.readouterr().out
    headers = {"table": 1, "jsonl": 0, "csv": 1, "audacity": 0, "dcase": 1}[layout]
    assert len(text.splitlines()) == len(events) + headers
    if layout == "csv":
        assert [row["label"] for row in csv.DictReader(io.StringIO(text))] == [event.label for event in events]
    else:
        assert all(event.label in text for event in events)


def test_a_recording_without_events_gives_no_line(capsys: Capture, tmp_path: Path) -> None:
    """Digital silence: nothing on standard output, a word on standard error, exit 0; Silence is an event when asked for."""
    path = tmp_path / "nothing.wav"
    soundfile.write(path, np.zeros(RATE), RATE)
    assert main(["detect", str(path), "--format", "jsonl"]) == 0
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == f"{path}: no events\n"
    assert main(["detect", str(path), "--format", "jsonl", "DENY="]) == 0
    assert '"label": "Silence"' in capsys.readouterr().out


def test_a_name_with_control_characters_is_printed_in_plain(capsys: Capture, tmp_path: Path) -> None:
    """A line break or an escape sequence in a recording's name reaches the terminal as text."""
    path = tmp_path / "a\nb\x1b[31mc.wav"
    soundfile.write(path, np.zeros(RATE), RATE)
    assert main(["detect", str(path), "--format", "jsonl"]) == 0
    assert capsys.readouterr().err == f"{tmp_path}/a\\nb\\x1b[31mc.wav: no events\n"


def test_standard_input_is_a_recording() -> None:
    """`auricle detect -` finds in a WAV stream of unknown length what it finds in the file."""
    audio, rate = soundfile.read(DEMONSTRATION, dtype="int16")
    stream = io.BytesIO()
    soundfile.write(stream, audio, rate, format="WAV", subtype="PCM_16")
    data = bytearray(stream.getvalue())
    data[data.index(b"data") + 4 : data.index(b"data") + 8] = b"\xff\xff\xff\xff"
    piped = run_auricle("detect", "-", "--format", "jsonl", stdin=bytes(data))
    assert piped.returncode == 0, piped.stderr
    labels = [json.loads(line)["label"] for line in piped.stdout.splitlines()]
    assert labels == [event.label for event in auricle.detect(DEMONSTRATION)]


def test_raw_samples_need_their_layout() -> None:
    """Raw 16-bit samples on standard input work with PIPE_FORMAT, PIPE_SAMPLERATE and PIPE_CHANNELS."""
    audio, rate = soundfile.read(DEMONSTRATION, dtype="int16")
    stereo = np.stack([audio, audio], axis=1).tobytes()
    words = ("PIPE_FORMAT=s16le", f"PIPE_SAMPLERATE={rate}", "PIPE_CHANNELS=2")
    piped = run_auricle("detect", "-", "--format", "csv", *words, stdin=stereo)
    assert piped.returncode == 0, piped.stderr
    assert len(piped.stdout.splitlines()) == 1 + len(list(auricle.detect(DEMONSTRATION)))


def test_an_output_file_appears_whole(capsys: Capture, recording: Path, tmp_path: Path) -> None:
    """-o writes the file under its name when it is complete, and leaves nothing else behind."""
    out = tmp_path / "events.csv"
    assert main(["detect", str(recording), str(DEMONSTRATION), "-o", str(out), "--format", "csv"]) == 0
    assert capsys.readouterr().out == ""
    assert out.read_text(encoding="utf-8").startswith("source,label,")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.csv", "hiss.wav"]


def test_a_recording_that_breaks_off_leaves_an_older_output_as_it_was(capsys: Capture, tmp_path: Path) -> None:
    """NaN in the middle of the second recording: exit 2, the old output file untouched, no temporary file left."""
    broken, out = tmp_path / "broken.wav", tmp_path / "events.csv"
    audio = np.zeros(RATE, np.float32)
    audio[RATE // 2] = np.nan
    soundfile.write(broken, audio, RATE, subtype="FLOAT")
    out.write_text("precious", encoding="utf-8")
    line = refused(capsys, "detect", DEMONSTRATION, broken, "-o", out)
    assert "not a number" in line
    assert "0.500 s" in line
    assert out.read_text(encoding="utf-8") == "precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.wav", "events.csv"]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.write_bytes(b""), "empty"),
        (lambda path: path.write_text("These are words.\n" * 99), "not a recording"),
        (lambda path: path.mkdir(), "a folder"),
        (lambda path: path.write_bytes(DEMONSTRATION.read_bytes()[:9999]), "truncated"),
    ],
)
def test_a_bad_recording_is_one_sentence(
    make: Callable[[Path], object], says: str, capsys: Capture, tmp_path: Path
) -> None:
    """Missing, empty, text, a folder, truncated: each is one line that names the file and what is wrong."""
    path = tmp_path / "bad.wav"
    make(path)
    line = refused(capsys, "detect", path)
    assert says in line
    assert str(path) in line


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("TOPK=3", "did you mean TOP_K?"),
        ("TOP_K=many", "must be an integer"),
        ("TOP_K=0", "from 1 to"),
        ("THREADS=-1", "from 1 to"),
        ("MIN_DURATION=1e9", "from 0 to"),
        ("ON_THRESHOLD=nan", "from 0.001 to 1"),
        ("N_MELS=128", "does not fit the model"),
        ("MODEL=bundeld", "did you mean bundled?"),
        ("MODEL_PATH=/nowhere", "cannot read the model's card"),
        ("SUBSET_LABELS_PATH=/nowhere.csv", "cannot read the labels"),
        ("ALLOW=Dgo", "did you mean “Dog”?"),
        ("ON_THRESHOLDS={Dgo: 0.5}", "did you mean “Dog”?"),
        ("CONFIG=/nowhere.yaml", "cannot read the configuration"),
        ("CHANNEL=3", "there is no CHANNEL 3"),
    ],
)
def test_a_bad_setting_is_one_sentence(word: str, says: str, capsys: Capture, recording: Path) -> None:
    """Each wrong key, type, range, name or file is one line with what to do."""
    assert says in refused(capsys, "detect", recording, word)


@pytest.mark.parametrize("out", ["/nowhere/events.csv", "/proc/events.csv", "."])
def test_an_output_that_cannot_be_written_is_one_sentence(out: str, capsys: Capture, recording: Path) -> None:
    """A missing folder, a folder that takes no files, a folder instead of a file."""
    assert out in refused(capsys, "detect", recording, "-o", out)


def test_a_full_disk_is_one_sentence(recording: Path) -> None:
    """Writing to a device that is full exits with 2 and no traceback."""
    full = run_auricle("detect", DEMONSTRATION, "-o", "/dev/full")
    assert full.returncode == 2
    assert "No space left" in full.stderr
    assert full.stderr.count("\n") == 1


def test_a_reader_that_goes_away_ends_the_program_quietly() -> None:
    """`auricle detect … | head -1` writes no traceback."""
    line = f"{' '.join(COMMAND)} detect {' '.join([str(DEMONSTRATION)] * 4)} | head -1"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_an_error_that_cannot_be_told_keeps_its_status() -> None:
    """Standard error on a full disk changes nothing."""
    line = f"{' '.join(COMMAND)} detect nowhere.ogg 2>/dev/full"
    assert subprocess.run(["bash", "-c", line], check=False).returncode == 2


def test_no_microphone_is_one_sentence(tmp_path: Path) -> None:
    """Without a sound device `auricle listen` exits with 2 and says what to do."""
    environment = {
        **os.environ,
        "XDG_RUNTIME_DIR": str(tmp_path),
        "PULSE_SERVER": "unix:/nowhere",
        "HOME": str(tmp_path),
    }
    listening = Running("listen", environment=environment)
    assert listening.wait() == 2
    assert listening.lines == []
    assert len(listening.notes) == 1
    assert "microphone" in listening.notes[0] or "does not open" in listening.notes[0]


def test_run_without_a_microphone_plays_the_demonstration(tmp_path: Path) -> None:
    """Headless and without a sound card `auricle run` says what it picked, names sounds as they come, and ends with a table."""
    environment = {
        **os.environ,
        "XDG_RUNTIME_DIR": str(tmp_path),
        "PULSE_SERVER": "unix:/nowhere",
        "HOME": str(tmp_path),
    }
    running = Running("run", environment=environment)
    try:
        running.wait_for_note("demonstration")
        running.wait_for_note("begins")
        assert running.wait() == 0
    finally:
        running.kill()
    expected = [event.label for event in auricle.detect(DEMONSTRATION)]
    assert len(running.lines) == 1 + len(expected)
    assert all(label in line for label, line in zip(expected, running.lines[1:], strict=True))
    assert all(line.endswith("  demonstration.ogg") for line in running.lines[1:])


def test_ctrl_c_ends_a_long_detection_with_130(tmp_path: Path) -> None:
    """An interrupted `auricle detect -o` exits with 130 and leaves no file behind."""
    path, out = tmp_path / "hours.wav", tmp_path / "out" / "events.jsonl"
    out.parent.mkdir()
    with soundfile.SoundFile(path, "w", RATE, 1, subtype="PCM_16") as file:
        noise = 0.1 * np.random.default_rng(0).standard_normal(60 * RATE)
        for _ in range(240):
            file.write(noise)
    running = Running("detect", str(path), "-o", str(out), environment=os.environ)
    try:
        wait_until(lambda: any(out.parent.iterdir()), "the output is begun")
        assert running.interrupt() == 130
    finally:
        running.kill()
    assert list(out.parent.iterdir()) == []


def test_sigterm_ends_a_demonstration_in_good_order(tmp_path: Path) -> None:
    """SIGTERM ends open events, prints the table, and exits with 143."""
    environment = {
        **os.environ,
        "XDG_RUNTIME_DIR": str(tmp_path),
        "PULSE_SERVER": "unix:/nowhere",
        "HOME": str(tmp_path),
    }
    running = Running("run", environment=environment)
    try:
        running.wait_for_note("begins")
        os.kill(running.pid, signal.SIGTERM)
        assert running.wait() == 128 + signal.SIGTERM
    finally:
        running.kill()
    assert len(running.lines) >= 2


def test_the_configuration_can_be_fed_back(capsys: Capture, tmp_path: Path) -> None:
    """`auricle config` prints YAML that CONFIG=file takes, and words on the command line win over it."""
    assert main(["config", "top_k=9", "ALLOW=[Dog, Rain]"]) == 0
    path = tmp_path / "auricle.yaml"
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    assert main(["config", f"CONFIG={path}", "TOP_K=3"]) == 0
    effective = yaml.safe_load(capsys.readouterr().out)
    assert effective["TOP_K"] == 3
    assert effective["ALLOW"] == ["Dog", "Rain"]


def test_the_models_are_listed(capsys: Capture) -> None:
    """`auricle models` tells name, classes, licence, rate, size and where it came from."""
    assert main(["models"]) == 0
    text = capsys.readouterr().out
    for fact in ("bundled", "MIT", "32000 Hz", "MB", "where from", "mn04"):
        assert fact in text
    assert main(["models", "show", "bundled"]) == 0
    card = json.loads(capsys.readouterr().out)
    assert "Baby cry, infant cry" in card["labels"]
    assert card["evidence"]
    assert card["limits"]


@pytest.mark.parametrize("words", [["-h"], ["listen", "-h"], ["detect", "-h"], ["run", "-h"]])
def test_the_help_lists_every_setting(words: list[str], capsys: Capture) -> None:
    """-h shows every key of ConfDef with its default, type, unit and meaning."""
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 0
    text = capsys.readouterr().out
    for key in vars(auricle.ConfDef()):
        assert f"  {key}=" in text
    assert "GAP_FILL=0.5  [number, s]" in text


def test_a_file_with_an_equals_sign_in_its_name_is_a_file(
    capsys: Capture, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`Cnn14_mAP=0.431.wav` is taken for the recording that it is."""
    recording.rename(recording.parent / "Cnn14_mAP=0.431.wav")
    monkeypatch.chdir(recording.parent)
    assert main(["detect", "Cnn14_mAP=0.431.wav", "--format", "jsonl"]) == 0
    assert "unknown" not in capsys.readouterr().err


def test_groups_and_presets_become_events_that_name_both(capsys: Capture) -> None:
    """`LABELS=safety,doorbell-and-phone` gives events of groups, each with the member that was heard."""
    assert main(["detect", str(DEMONSTRATION), "--format", "jsonl", "LABELS=safety,doorbell-and-phone"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    pairs = [(event["label"], event["member"]) for event in events]
    assert ("Telephone", "Telephone dialing, DTMF") in pairs
    assert ("Telephone", "Busy signal") in pairs
    assert any(label == "Smoke detector, smoke alarm" for label, _ in pairs)
    assert all(label != "Rain" for label, _ in pairs)


def test_an_unknown_group_is_one_sentence(capsys: Capture) -> None:
    """With the nearest name."""
    assert "did you mean “safety”?" in refused(capsys, "detect", DEMONSTRATION, "LABELS=sefety")


def test_the_output_is_never_the_recording_itself(capsys: Capture, recording: Path) -> None:
    """-o onto an input, also through a link, is refused, and the recording stays as it was."""
    before = recording.read_bytes()
    link = recording.parent / "link.wav"
    link.symlink_to(recording)
    assert "is read by this command" in refused(capsys, "detect", recording, "-o", link)
    assert recording.read_bytes() == before


@pytest.mark.parametrize(
    ("word", "output"),
    [
        ("CONFIG=c.yaml", "c.yaml"),
        ("config=c.yaml", "c.yaml"),
        ("SUBSET_LABELS_PATH=s.csv", "s.csv"),
        ("MODEL_PATH=m", "m/card.json"),
        ("MODEL=./m", "m/model.safetensors"),
    ],
)
def test_no_output_overwrites_what_settings_name(
    word: str, output: str, capsys: Capture, recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither settings, nor labels, nor a model's files."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(Path(store.__file__).parent / "bundled", "m")
    Path("c.yaml").write_text("TOP_K: 3\n", encoding="utf-8")
    Path("s.csv").write_text("index,mid,display_name\n0,/m/0bt9lr,Dog\n", encoding="utf-8")
    before = Path(output).read_bytes()
    assert f"{output}: is read by this command" in refused(capsys, "detect", recording, word, "-o", output)
    assert Path(output).read_bytes() == before


def test_a_folder_called_like_a_model_is_no_model(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in it may be written."""
    monkeypatch.chdir(tmp_path)
    output = Path("bundled/events.csv")
    output.parent.mkdir()
    output.write_text("of yesterday", encoding="utf-8")
    assert main(["detect", str(recording), "--format", "csv", "-o", str(output)]) == 0
    assert output.read_text(encoding="utf-8").startswith("source,")


def test_no_output_overwrites_what_comes_in(recording: Path) -> None:
    """Standard input may be a file."""
    before = recording.read_bytes()
    with recording.open("rb") as stream:
        found = subprocess.run(
            [*COMMAND, "detect", "-", "-o", recording], stdin=stream, capture_output=True, check=False
        )
    assert found.returncode == 2
    assert b"is read by this command" in found.stderr
    assert recording.read_bytes() == before


def test_an_output_that_is_a_link_is_followed(recording: Path) -> None:
    """-o onto a link writes its target and keeps the target's permissions; /dev/stdout is standard output."""
    target, link = recording.parent / "target.csv", recording.parent / "link.csv"
    target.touch(mode=0o600)
    link.symlink_to(target)
    assert main(["detect", str(DEMONSTRATION), "-o", str(link), "--format", "csv"]) == 0
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8").startswith("source,")
    assert target.stat().st_mode & 0o777 == 0o600
    piped = run_auricle("detect", DEMONSTRATION, "-o", "/dev/stdout", "--format", "csv")
    assert piped.stdout.startswith("source,")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_wait_for_a_pipe(number: int, tmp_path: Path) -> None:
    """`auricle detect -` that waits for its writer ends at the first signal and leaves no temporary file."""
    reading, writing = os.pipe()
    command = [*COMMAND, "detect", "-", "-o", str(tmp_path / "events.csv")]
    with subprocess.Popen(command, stdin=reading, stderr=subprocess.DEVNULL) as process:
        wait_until(lambda: any(tmp_path.iterdir()), "the output is begun")
        process.send_signal(number)
        assert process.wait(30) == 128 + number
    os.close(reading)
    os.close(writing)
    assert list(tmp_path.iterdir()) == []


def test_what_nohup_started_goes_on_when_the_terminal_is_closed(recording: Path) -> None:
    """SIGHUP stays ignored, and the recording is heard to its end."""
    output = recording.parent / "events.csv"
    command = ["nohup", *COMMAND, "detect", "-", "-o", str(output), "--format", "csv"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        wait_until(lambda: len(list(recording.parent.iterdir())) > 1, "the output is begun")
        process.send_signal(signal.SIGHUP)
        process.communicate(recording.read_bytes(), timeout=30)
    assert process.returncode == 0
    assert output.read_text(encoding="utf-8").startswith("source,")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-"])
def test_a_closed_standard_stream_is_no_trouble(closed: str) -> None:
    """With one of the three closed, `auricle config` still exits with 0, and errors never go to standard output."""
    for words, status in (("config", 0), ("detect /nowhere.wav", 2)):
        line = f"{' '.join(COMMAND)} {words} {closed}"
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
        assert done.returncode == status
        assert "Traceback" not in done.stderr
        assert "nowhere" not in done.stdout


def test_a_line_break_in_a_files_name_does_not_break_the_error(capsys: Capture) -> None:
    """An error is one line, whatever a file is called."""
    assert r"no\nsuch.wav" in refused(capsys, "detect", "no\nsuch.wav")


def test_a_long_list_of_labels_is_a_setting(capsys: Capture, recording: Path) -> None:
    """A word longer than a file's name may be is taken for the setting that it is."""
    labels = ", ".join(f'"{label}"' for label in auricle.load_model("bundled").labels)
    assert main(["detect", str(recording), f"ALLOW=[{labels}]"]) == 0
    capsys.readouterr()


def test_no_library_takes_ctrl_c_for_an_error_of_its_own() -> None:
    """A signal gets through code that catches every Exception, as ONNX Runtime's import does."""
    with pytest.raises(Interrupted), interrupted_by_signal():  # noqa: PT012  (what is caught within is the point)
        try:
            signal.raise_signal(signal.SIGINT)
        except Exception:
            pytest.fail("it was caught")


def test_a_second_signal_does_not_interrupt_what_the_first_one_ends() -> None:
    """Nor a third; Ctrl-C does, for whoever cannot wait."""
    tidied: list[int] = []
    with pytest.raises(Interrupted) as caught, interrupted_by_signal():  # noqa: PT012  (what is done within is the point)
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            for number in (signal.SIGHUP, signal.SIGTERM):
                signal.raise_signal(number)
                tidied.append(number)
            with pytest.raises(Interrupted):
                signal.raise_signal(signal.SIGINT)
    assert caught.value.status == 128 + signal.SIGTERM
    assert tidied == [signal.SIGHUP, signal.SIGTERM]
