"""The microphone path on a real PortAudio device: what is played into it comes out named."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import soundfile

from auricle.errors import DeviceError
from auricle.sources.microphone import Input, select
from tests.material import SHARED
from tests.program import COMMAND, Running
from tests.virtual_microphone import DEADLINE_S, VirtualMicrophone, wait_until

CLIPS = {"dog": "Dog", "baby_cry": "Baby cry, infant cry", "rain": "Rain", "rooster": "Crowing, cock-a-doodle-doo"}
Start = Callable[..., Running]


@pytest.fixture
def clip(tmp_path: Path) -> Callable[[str], Path]:
    """An ESC-10 clip of a class, one that the bundled model names plainly, as a WAV file, which paplay reads."""

    def convert(name: str) -> Path:
        folder = SHARED / "data" / "esc10" / "fold1" / name
        if not folder.is_dir():
            pytest.skip(f"{folder} is absent; the recordings lie beside the repository and are never committed to it")
        audio, rate = soundfile.read(sorted(folder.iterdir())[5], dtype="float32")
        path = tmp_path / f"{name}.wav"
        soundfile.write(path, audio, rate)
        return path

    return convert


@pytest.fixture
def start(virtual_microphone: VirtualMicrophone) -> Iterator[Start]:
    """Starts a command that hears the virtual microphone; it is ended with the test."""
    started: list[Running] = []

    def run(*words: str) -> Running:
        started.append(Running(*words, environment=virtual_microphone.environment))
        return started[-1]

    yield run
    for command in started:
        command.kill()


def test_what_is_played_into_the_microphone_is_named(
    virtual_microphone: VirtualMicrophone, start: Start, clip: Callable[[str], Path]
) -> None:
    """`auricle listen --format jsonl` names each of four sounds, and Ctrl-C ends every event and exits with 130."""
    listening = start("listen", "--format", "jsonl")
    listening.wait_for_note("Listening to")
    for name, label in CLIPS.items():
        player = virtual_microphone.play(clip(name))
        wait_until(
            lambda label=label: any(event["label"] == label for event in listening.events()),  # type: ignore[misc]
            f"{label} in {listening.lines}",
        )
        player.wait(DEADLINE_S)  # one sound at a time
    assert listening.interrupt() == 130
    events = listening.events()
    begun = [event["id"] for event in events if event["state"] == "started"]
    ended = [event["id"] for event in events if event["state"] == "ended"]
    assert sorted(begun) == sorted(ended)
    assert all(event["offset_s"] >= event["onset_s"] for event in events if event["state"] == "ended")
    assert all("silent" in note or "clips" in note for note in listening.notes[1:])


def test_a_microphone_that_goes_away_is_found_again(
    virtual_microphone: VirtualMicrophone, start: Start, clip: Callable[[str], Path]
) -> None:
    """When the device dies, open events end and it is said so; when it returns, sounds are named again, in true time."""
    listening = start("listen", "--format", "jsonl", "STALL_TIMEOUT=1")
    listening.wait_for_note("Listening to")
    virtual_microphone.play(clip("rain"))
    wait_until(lambda: any(event["label"] == "Rain" for event in listening.events()), "Rain begins")
    virtual_microphone.pull_out()
    listening.wait_for_note("delivers no sound")
    wait_until(lambda: any(event["state"] == "ended" for event in listening.events()), "Rain ends")
    before = len(listening.lines)
    virtual_microphone.plug_in()
    listening.wait_for_note("delivers sound again")
    virtual_microphone.play(clip("dog"))
    wait_until(lambda: any(event["label"] == "Dog" for event in listening.events()[before:]), f"{listening.lines}")
    later = listening.events()[before:]
    assert all(
        event["onset_s"] > event_before["onset_s"] + 1 for event in later for event_before in listening.events()[:1]
    )
    assert listening.interrupt() == 130


def test_the_doctor_hears_the_microphone(virtual_microphone: VirtualMicrophone, clip: Callable[[str], Path]) -> None:
    """`auricle doctor` exits 0 while sound arrives, and 1 when the input is digitally silent."""
    silent = subprocess.run(
        [*COMMAND, "doctor"], env=virtual_microphone.environment, capture_output=True, text=True, check=False
    )
    assert silent.returncode == 1
    assert "digital silence" in silent.stdout
    virtual_microphone.play(clip("rain"))
    heard = subprocess.run(
        [*COMMAND, "doctor"], env=virtual_microphone.environment, capture_output=True, text=True, check=False
    )
    assert "sound arrives" in heard.stdout, heard.stdout
    assert heard.returncode == 0


def test_devices_are_listed(virtual_microphone: VirtualMicrophone) -> None:
    """`auricle devices` shows each input's name, host API, rate and channels, and stars the default one."""
    listed = subprocess.run(
        [*COMMAND, "devices"], env=virtual_microphone.environment, capture_output=True, text=True, check=True
    )
    assert any(line.startswith("* default") and "ALSA" in line and "Hz" in line for line in listed.stdout.splitlines())


def test_a_missing_device_is_named_with_those_that_are_there(virtual_microphone: VirtualMicrophone) -> None:
    """A DEVICE that is not there is one sentence with the inputs that are, and exit status 2."""
    wrong = subprocess.run(
        [*COMMAND, "listen", "DEVICE=Blue Yeti"],
        env=virtual_microphone.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert wrong.returncode == 2
    assert wrong.stdout == ""
    assert wrong.stderr.count("\n") == 1
    assert "Blue Yeti" in wrong.stderr
    assert "“pulse”" in wrong.stderr


def test_an_input_is_selected_by_its_name() -> None:
    """A whole name wins over a part of one, case does not matter, the empty name is the default."""
    inputs = [
        Input(k, name, "ALSA", 48000, 2, name == "default")
        for k, name in enumerate(("USB Mic", "USB Mic #2", "default"))
    ]
    assert select(inputs, "usb mic").index == 0
    assert select(inputs, "#2").index == 1
    assert select(inputs, "").index == 2
    with pytest.raises(DeviceError, match="fits several"):
        select(inputs, "usb")
    with pytest.raises(DeviceError, match="no input device"):
        select(inputs, "webcam")
    with pytest.raises(DeviceError, match="no microphone"):
        select([], "")


def test_listening_ends_when_nobody_reads(virtual_microphone: VirtualMicrophone, clip: Callable[[str], Path]) -> None:
    """`auricle listen --format jsonl | head -1` ends by itself once a second line has nowhere to go, without a traceback."""
    virtual_microphone.play(clip("rain"))
    virtual_microphone.play(clip("dog"))
    line = f"set -o pipefail; {' '.join(COMMAND)} listen --format jsonl ON_THRESHOLD=0.01 | head -1"
    done = subprocess.run(
        ["bash", "-c", line],
        env=virtual_microphone.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.count("\n") == 1
    assert "Traceback" not in done.stderr
    assert done.returncode == 141
