"""`auricle evaluate`: labelled recordings in, figures out; what does not fit is one sentence before anything is heard."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

import auricle
from auricle.app import DEMONSTRATION
from auricle.cli import main
from auricle.models import store
from tests.material import REPOSITORY, SHARED
from tests.program import Running
from tests.virtual_microphone import wait_until

Capture = pytest.CaptureFixture[str]
ESC10 = {
    "dog": "Dog",
    "rain": "Rain",
    "sea_waves": "Waves, surf",
    "baby_cry": "Baby cry, infant cry",
    "clock_tick": "Tick-tock",
    "sneeze": "Sneeze",
    "helicopter": "Helicopter",
    "chainsaw": "Chainsaw",
    "rooster": "Crowing, cock-a-doodle-doo",
    "fire_crackling": "Crackle",
}
TRUTH = [
    (row["label"], float(row["onset_s"]), float(row["offset_s"]))
    for row in csv.DictReader(DEMONSTRATION.with_suffix(".csv").read_text(encoding="utf-8").splitlines())
]
"""The sounds of the demonstration recording."""
needs_library = pytest.mark.skipif(
    importlib.util.find_spec("sed_scores_eval") is None, reason="sed_scores_eval is not installed: the extra “evaluate”"
)


def manifest(path: Path, rows: Sequence[Sequence[object]], columns: Sequence[str] = ("path", "label")) -> Path:
    """Writes a manifest."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([columns, *rows])
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A recording for each sound of the demonstration, and one of faint noise."""
    audio, rate = soundfile.read(DEMONSTRATION)
    (tmp_path / "sounds").mkdir()
    for k, (_, onset_s, offset_s) in enumerate(TRUTH):
        soundfile.write(tmp_path / "sounds" / f"{k}.wav", audio[round(onset_s * rate) : round(offset_s * rate)], rate)
    noise = 1e-4 * np.random.default_rng(0).standard_normal(2 * rate)
    soundfile.write(tmp_path / "sounds" / "noise.wav", noise, rate, subtype="FLOAT")
    return tmp_path / "sounds"


@pytest.fixture
def labels(folder: Path) -> Path:
    """Their manifest."""
    rows = [(f"{k}.wav", label) for k, (label, _, _) in enumerate(TRUTH)]
    return manifest(folder.parent / "labels.csv", [*rows, ("noise.wav", "")])


def figures(capsys: Capture, *words: str | Path) -> dict[str, Any]:
    """What the command writes as JSON."""
    assert main(["evaluate", *map(str, words), "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def refused(capsys: Capture, *words: str | Path) -> str:
    """Runs a command that must be refused in one line, with nothing on standard output; gives the line."""
    assert main(["evaluate", *map(str, words)]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1, output.err
    assert output.err.startswith("auricle: ")
    return output.err


def test_a_fold_of_esc10_is_named(capsys: Capture, tmp_path: Path) -> None:
    """The bundled model, on clips that it was trained on; its accuracy is that of `tag` on the same clips."""
    clips = sorted((SHARED / "data" / "esc10" / "fold1").glob("*/*.ogg"))
    if not clips:
        pytest.skip(f"{SHARED}/data is absent; recordings lie beside the repository and are never committed to it")
    rows = [(clip.relative_to(SHARED / "data" / "esc10").as_posix(), ESC10[clip.parent.name]) for clip in clips]
    found = figures(capsys, SHARED / "data" / "esc10", "--labels", manifest(tmp_path / "fold1.csv", rows))
    model = auricle.load_model("bundled")
    ten = [model.labels.index(label) for label in ESC10.values()]
    among, every = 0, 0
    for clip in clips:
        scores = model.tag(*soundfile.read(clip, dtype="float32"))
        among += list(ESC10.values())[int(np.argmax(scores[ten]))] == ESC10[clip.parent.name]
        every += model.labels[int(np.argmax(scores))] == ESC10[clip.parent.name]
    assert found["accuracy"] == {
        "recordings": len(clips),
        "among_manifest_labels": round(among / len(clips), 4),
        "among_all_labels": round(every / len(clips), 4),
    }
    assert among / len(clips) > 0.9
    assert isinstance(found["mean_average_precision"], float)
    assert found["mean_average_precision"] > 0.9
    assert found["psds1"] is None
    assert np.sum(found["confusion"]) == len(clips)


def test_the_table_says_what_the_figures_are(capsys: Capture, folder: Path, labels: Path) -> None:
    """Recordings, accuracy among the manifest's and all labels, mAP, a line for each label; no line ends in blanks."""
    assert main(["evaluate", str(folder), "--labels", str(labels)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(
        f"bundled {store.find('bundled').card.version} on 5 recordings, 1 of them without any label: "
    )
    assert lines[2].split()[:2] == ["accuracy", "100.0%"]
    assert f"all {len(store.find('bundled').card.labels)} of the model" in lines[3]
    assert lines[4].split()[:2] == ["mAP", "1.000"]
    assert lines[-4].split()[-5:] == ["1", "1.000", "100%", "100%", "0.0"]
    assert [line.rstrip() for line in lines] == lines


def test_the_picture_and_the_output_appear_whole(capsys: Capture, folder: Path, labels: Path) -> None:
    """--picture writes a PNG, -o the table; nothing is left on standard output."""
    out, picture = folder / "out.txt", folder / "confusion.png"
    assert main(["evaluate", str(folder), "--labels", str(labels), "-o", str(out), "--picture", str(picture)]) == 0
    assert capsys.readouterr().out == ""
    assert "mAP" in out.read_text(encoding="utf-8")
    with Image.open(picture) as image:
        assert image.format == "PNG"
    assert not list(folder.glob("*.part"))


def test_a_name_above_the_models_labels_stands_for_all_of_them(capsys: Capture, folder: Path) -> None:
    """“Telephone” is DTMF and the busy signal to a model without such a label; the case does not matter."""
    rows = [("0.wav", "telephone"), ("1.wav", "Telephone"), ("2.wav", "RAIN"), ("noise.wav", "")]
    found = figures(capsys, folder, "--labels", manifest(folder / "groups.csv", rows))
    assert found["labels"] == [
        {
            "label": label,
            "recordings": count,
            "sounds": None,
            "average_precision": 1.0,
            "recall": 1.0,
            "precision": 1.0,
            "false_alarms_per_hour": 0.0,
            "psds1": None,
            "collar_f1": None,
        }
        for label, count in (("Telephone", 2), ("Rain", 1))
    ]


@needs_library
@pytest.mark.parametrize(("moved_s", "f1"), [(0.0, 1.0), (2.0, 0.0)])
def test_onsets_of_a_mixture_are_found_where_they_are(
    moved_s: float, f1: float, capsys: Capture, tmp_path: Path
) -> None:
    """Five seconds of silence before the demonstration: all onsets are right; by a manifest that is 2 s late, none."""
    audio, rate = soundfile.read(DEMONSTRATION)
    soundfile.write(tmp_path / "mixture.wav", np.concatenate([np.zeros(5 * rate), audio, np.zeros(2 * rate)]), rate)
    rows = [("mixture.wav", label, 5 + moved_s + on, 5 + moved_s + off) for label, on, off in TRUTH]
    path = manifest(tmp_path / "times.csv", rows, ("path", "label", "onset", "offset"))
    found = figures(capsys, tmp_path, "--labels", path)
    assert found["collar_f1"] == f1
    assert found["collar_s"] == 0.5
    assert isinstance(found["psds1"], float)
    assert (found["psds1"] > 0.9) == (moved_s == 0)
    assert found["accuracy"] is None
    assert main(["evaluate", str(tmp_path), "--labels", str(path)]) == 0
    assert "PSDS1" in capsys.readouterr().out


def test_settings_of_events_hold(capsys: Capture, folder: Path, labels: Path) -> None:
    """A least duration that nothing reaches: no event, no recall, no precision; the average precision is as it was."""
    found = figures(capsys, folder, "--labels", labels, "MIN_DURATION=30")
    assert all(
        (row["recall"], row["precision"], row["average_precision"]) == (0.0, None, 1.0) for row in found["labels"]
    )


@pytest.mark.parametrize(
    ("rows", "words", "says"),
    [
        ([("0.wav", "Rainn")], [], "line 2: there is no label “Rainn”; did you mean “Rain”?"),
        ([("0.wav", "Rain"), ("1.wav", "Bird")], [], "line 3: the model hears nothing of “Bird”"),
        ([("0.wav", "pets")], [], "line 2: there is no label “pets”"),
        ([("0.wav", "Silence")], [], "line 2: “Silence” is not tracked"),
        ([("0.wav", "Telephone"), ("1.wav", "Busy signal")], [], "“Telephone” and “Busy signal” hold the same sounds"),
        ([("0.wav", "Rain")], ["DENY=Rain"], "line 2: “Rain” is not tracked"),
        ([("7.wav", "Rain")], [], "7.wav: no such file"),
        ([("empty.wav", "Rain")], [], "holds no sound"),
        ([("pipe.wav", "Rain")], [], "a stream"),
        ([(".", "Rain")], [], "a folder"),
        ([("short.wav", "Rain")], [], "“short.wav” lasts 0.05 s, and the model needs 0.128 s"),
        ([("0.wav", "Rain")], ["LABELS=Dog"], "leave LABELS out"),
        ([("0.wav", "Rain")], ["TOPK=3"], "TOP_K"),
        ([("0.wav", "Rain")], ["MODEL=nobody"], "nobody"),
        ([("0.wav", "Rain")], ["--picture", "a.jpg"], "let its name end in .png"),
        ([("0.wav", "Rain")], ["--picture", "a.png"], "leave --picture out"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(
    rows: list[tuple[str, str]], words: list[str], says: str, capsys: Capture, folder: Path
) -> None:
    """Labels, recordings, settings, pictures."""
    soundfile.write(folder / "empty.wav", np.zeros(0), 32000)
    soundfile.write(folder / "short.wav", np.zeros(1600), 32000)
    os.mkfifo(folder / "pipe.wav")
    assert says in refused(capsys, folder, "--labels", manifest(folder / "bad.csv", rows), *words)


def test_words_that_are_missing_are_named(capsys: Capture, folder: Path, labels: Path) -> None:
    """No folder, two folders, no manifest, a folder that is not there."""
    for words in ([], [folder, folder, "--labels", labels], [folder]):
        assert "auricle evaluate DIR --labels MANIFEST.csv" in refused(capsys, *words)
    assert "no such folder" in refused(capsys, folder / "none", "--labels", labels)


def test_no_output_overwrites_what_is_read(capsys: Capture, folder: Path, labels: Path) -> None:
    """Neither the manifest nor a recording, and the picture not the table."""
    before = labels.read_bytes(), (folder / "0.wav").read_bytes()
    assert "is read by this command" in refused(capsys, folder, "--labels", labels, "-o", labels)
    assert "is read by this command" in refused(capsys, folder, "--labels", labels, "-o", folder / "0.wav")
    one = folder / "one.png"
    assert "cannot be one file" in refused(capsys, folder, "--labels", labels, "-o", one, "--picture", one)
    assert (labels.read_bytes(), (folder / "0.wav").read_bytes()) == before


def test_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    """Exit status 130 in the middle of an hour of sound, no output, no part of one, no traceback."""
    soundfile.write(tmp_path / "hour.wav", np.zeros(3600 * 8000, np.int16), 8000)
    labels = manifest(tmp_path / "labels.csv", [("hour.wav", "Rain")])
    running = Running(
        "evaluate", str(tmp_path), "--labels", str(labels), "-o", str(tmp_path / "out"), environment=os.environ
    )
    try:
        wait_until(lambda: bool(list(tmp_path.glob(".auricle-*"))), "the output is begun", 60.0)
        assert running.interrupt() == 130
    finally:
        running.kill()
    assert running.notes == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hour.wav", "labels.csv"]


@needs_library
def test_the_table_of_the_page_is_real(capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/evaluate.md shows what comes of the manifest that it shows, for the demonstration recording."""
    page = (REPOSITORY / "docs" / "evaluate.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"<!-- (.*?) -->\n```text\n(.*?)```", page, flags=re.DOTALL))
    monkeypatch.chdir(tmp_path)
    shutil.copy(DEMONSTRATION, tmp_path / "street.ogg")
    (tmp_path / "street.csv").write_text(shown["manifest: street.csv"], encoding="utf-8")
    assert main(["evaluate", ".", "--labels", "street.csv"]) == 0
    assert capsys.readouterr().out == shown["output of: auricle evaluate . --labels street.csv"]
