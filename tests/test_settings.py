"""Settings: words, a YAML file and values become a ConfDef, or one clear sentence.

`python -m tests.test_settings` writes docs/settings.md anew, after a key of ConfDef has changed.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from auricle.config import ConfDef
from auricle.errors import SettingsError
from auricle.settings import describe, is_setting, load, to_yaml
from tests.material import REPOSITORY, one_sentence

PAGE = REPOSITORY / "docs" / "settings.md"
INTRODUCTION = """\
# Settings

Every setting has a name in capitals, a type and a default. `auricle -h` shows the same list.

A setting is given as `KEY=value`, anywhere after the command; the key in upper or lower case:

    auricle listen top_k=12 DEVICE=usb
    auricle detect street.wav ON_THRESHOLD=0.4 ALLOW=Dog

or as a line of a YAML file that `CONFIG` names:

    # field-station.yaml
    DEVICE: usb
    ALLOW: [Dog, "Waves, surf"]
    ON_THRESHOLDS: {Dog: 0.6}

    auricle listen CONFIG=field-station.yaml TOP_K=3

or as a keyword argument from Python:

    auricle.detect("street.wav", ON_THRESHOLD=0.4)

What is given on the command line counts more than the file, and the file more than the defaults.
`auricle config KEY=value …` prints the settings in effect as such a file.

One label may be written as it is, with its commas; several stand in brackets, those with commas in quotes; numbers by label in
braces. A shell splits words at blanks, so all of that stands in single quotes:

    auricle listen 'ALLOW=Waves, surf'
    auricle listen 'ALLOW=[Dog, "Waves, surf"]' 'ON_THRESHOLDS={Dog: 0.6, "Waves, surf": 0.5}'

LABELS takes names with commas between them (where a name has one itself, in brackets as above), groups of AudioSet's ontology
(Dog covers Bark …), and presets: safety, baby, pets, doorbell-and-phone, people, kitchen-and-home, vehicles, music, nature, all.
A preset covers what the model has of it; of *safety* the bundled model hears the smoke alarm only.

Two variables of the environment: `AURICLE_HOME` is the folder of installed models, instead of where the system keeps a program's data;
`AURICLE_MIRROR` is an address or a folder from which `auricle models get` takes the published files.

Where the default is “model”, the model's card says it, and `KEY=model` takes it back. The settings among these that
describe how the model was trained (SAMPLERATE, MODEL_WINSIZE, STFT_HOPSIZE, STFT_WINDOW, N_MELS, MEL_FMIN, MEL_FMAX) may be
given, but no other value than the card's is taken.

"""


def page() -> str:
    """docs/settings.md as it should be."""
    rows = ["| Key | Type | Default | Unit | Meaning |", "|---|---|---|---|---|"]
    for row in describe():
        meaning = row.meaning[0].upper() + row.meaning[1:]
        rows.append(f"| {row.key} | {row.type} | {row.default} | {row.unit} | {meaning.replace('|', '∣')} |")
    return INTRODUCTION + "\n".join(rows) + "\n"


def test_the_page_of_settings_is_up_to_date() -> None:
    """docs/settings.md says what ConfDef says; `python -m tests.test_settings` writes it anew."""
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.test_settings"


def test_the_description_covers_every_key() -> None:
    """Each key is described once, in order, with a type and a default that a person can read."""
    rows = describe()
    assert [row.key for row in rows] == [field.name for field in dataclasses.fields(ConfDef)]
    assert all(row.type and row.default and row.meaning for row in rows)
    assert {row.key: row.default for row in rows}["SAMPLERATE"] == "model"


def test_nothing_given_is_the_defaults() -> None:
    """Without words the configuration is ConfDef's own."""
    assert load() == ConfDef()


@pytest.mark.parametrize("word", ["TOP_K=12", "top_k=12", "Top_K=12", "TOP_K= 12"])
def test_keys_are_the_same_in_any_case(word: str) -> None:
    """TOP_K=12 and top_k=12 are the same."""
    assert load([word]).TOP_K == 12


@pytest.mark.parametrize(
    ("word", "key", "value"),
    [
        ("STEP=0.5", "STEP", 0.5),
        ("STEP=1", "STEP", 1.0),
        ("GAP_FILL=1e-1", "GAP_FILL", 0.1),
        ("DEVICE=USB Audio: #1", "DEVICE", "USB Audio: #1"),
        ("DEVICE=12", "DEVICE", "12"),
        ("DEVICE=true", "DEVICE", "true"),
        ("DEVICE=", "DEVICE", ""),
        ("DEVICE=a=b", "DEVICE", "a=b"),
        ("MODEL_PATH=~/models/x", "MODEL_PATH", "~/models/x"),
        ("SAMPLERATE=32000", "SAMPLERATE", 32000),
        ("SAMPLERATE=null", "SAMPLERATE", None),
        ("STFT_WINDOW=null", "STFT_WINDOW", None),
        ("ALLOW=Dog", "ALLOW", ["Dog"]),
        ("ALLOW=", "ALLOW", []),
        ("ON_THRESHOLD=model", "ON_THRESHOLD", None),
        ("ON_THRESHOLD=null", "ON_THRESHOLD", None),
        ("ALLOW=[]", "ALLOW", []),
        ("ALLOW=[Dog, Cat]", "ALLOW", ["Dog", "Cat"]),
        ("ALLOW=Male speech, man speaking", "ALLOW", ["Male speech, man speaking"]),
        ('ALLOW=[Dog, "Male speech, man speaking"]', "ALLOW", ["Dog", "Male speech, man speaking"]),
        ("ON_THRESHOLDS={Dog: 0.6}", "ON_THRESHOLDS", {"Dog": 0.6}),
        ('OFF_THRESHOLDS={"Male speech, man speaking": 0.2, Dog: 0.1}', "OFF_THRESHOLDS", {"Male speech, man speaking": 0.2, "Dog": 0.1}),
        ("PIPE_FORMAT=s16le", "PIPE_FORMAT", "s16le"),
        ("TOP_K=010", "TOP_K", 10),
        ("DEVICE=???", "DEVICE", "???"),
    ],
)  # fmt: skip
def test_words_become_values(word: str, key: str, value: object) -> None:
    """Each kind of value may be typed as a person would type it."""
    result = getattr(load([word]), key)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("TOP_K=many", "TOP_K must be an integer, not “many”"),
        ("TOP_K=1.5", "TOP_K must be an integer"),
        ("TOP_K=", "TOP_K must be an integer"),
        ("TOP_K=null", "TOP_K must be an integer"),
        ("TOP_K=[1]", "TOP_K must be an integer"),
        ("TOP_K={a: 1}", "TOP_K must be an integer"),
        ("TOP_K=[", "TOP_K must be an integer"),
        ("TOP_K=2026-01-01", "TOP_K must be an integer"),
        ("TOP_K=2026-99-99", "TOP_K must be an integer"),
        ("TOP_K=true", "TOP_K must be an integer"),
        ("STEP=yes", "STEP must be a number"),
        ("STEP=fast", "STEP must be a number"),
        ("STEP=nan", "STEP must be from 0.01 to 10"),
        ("STEP=inf", "STEP must be from 0.01 to 10"),
        ("TOP_K=???", "TOP_K must be an integer, not “[?]{3}”"),
        ("STEP=???", "STEP must be a number, not “[?]{3}”"),
        ("TOP_K=0x" + "f" * 5000, "TOP_K must be an integer"),
        ("TITLE_FONTSIZE=1:30", "TITLE_FONTSIZE must be an integer, not “1:30”"),
        ("DEVICE=a\0b", "DEVICE holds a null character"),
        ("CONFIG=", "CONFIG names no file"),
        ("CONFIG=a\0b", "CONFIG names no file"),
        ("STEP=0", "STEP must be from 0.01 to 10, not 0"),
        ("STEP=11", "STEP must be from 0.01 to 10, not 11"),
        ("TOP_K=-3", "TOP_K must be from 1 to 1000, not -3"),
        ("TOP_K=" + "9" * 400, "TOP_K must be"),
        ("TOP_K=" + "9" * 5000, "TOP_K must be"),
        ("STEP=" + "9" * 400, "STEP must be"),
        ("CHANNEL=-1", "CHANNEL must be from 0"),
        ("DEVICE=null", "DEVICE must be text"),
        ("ALLOW=[[Dog]]", "ALLOW must be a list of text"),
        ("ALLOW=[true]", "ALLOW must be a list of text"),
        ("ALLOW=[null]", "ALLOW must be a list of text"),
        ("ALLOW=[Dog", "ALLOW must be a list of text"),
        ("ON_THRESHOLDS=0.5", "ON_THRESHOLDS must be numbers by label"),
        ("ON_THRESHOLDS={Dog: loud}", "ON_THRESHOLDS must be numbers by label"),
        ("ON_THRESHOLDS={Dog: true}", "ON_THRESHOLDS must be numbers by label"),
        ("ON_THRESHOLDS={Dog: null}", "ON_THRESHOLDS must be numbers by label"),
        ("ON_THRESHOLDS={Dog: 2}", "ON_THRESHOLDS must be from 0.001 to 1, not 2"),
        ("PIPE_FORMAT=mp3", "PIPE_FORMAT must be one of wav, s16le, .*, not “mp3”"),
        ("TOP_J=3", "no setting TOP_J; did you mean TOP_K"),
        ("tresholds=3", "no setting TRESHOLDS; did you mean O"),
        ("QQQQQ=3", "no setting QQQQQ; see `auricle -h`"),
        ("TOP_K", "“TOP_K” is not a setting; write KEY=value"),
        ("=3", "“=3” is not a setting"),
        ("", "“” is not a setting"),
        ("a/b=3", "“a/b=3” is not a setting"),
        ("TOP_K=" + "[" * 5000, "TOP_K must be an integer"),
    ],
)
def test_what_cannot_be_is_one_sentence(word: str, message: str) -> None:
    """A wrong word is one line that names the key and says what would do."""
    with pytest.raises(SettingsError, match=message) as caught:
        load([word])
    one_sentence(caught.value)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["ON_THRESHOLD=0.3", "OFF_THRESHOLD=0.4"], "OFF_THRESHOLD must not be above ON_THRESHOLD"),
        (["MIN_DURATION=100"], "MIN_DURATION must not be above MAX_DURATION"),
        (["MIN_DURATIONS={Dog: 100}"], "MIN_DURATIONS must not be above MAX_DURATION"),
    ],
)
def test_settings_may_not_contradict_each_other(words: list[str], message: str) -> None:
    """Two values that are fine alone may be wrong together."""
    with pytest.raises(SettingsError, match=message):
        load(words)


@pytest.mark.parametrize("name", ["${oc.env:HOME}", "${", "${TOP_K}", "${nothing}", "a ${b} c"])
def test_nothing_is_looked_up_in_a_value(name: str, tmp_path: Path) -> None:
    """A dollar and braces in a name are just that: no environment variable or other key is read into a value."""
    assert name == load([f"DEVICE={name}"]).DEVICE
    assert [name] == load(values={"ALLOW": [name]}).ALLOW
    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump({"DEVICE": name}))
    assert name == load([f"CONFIG={path}"]).DEVICE
    path.write_text(to_yaml(load(values={"DEVICE": name, "ON_THRESHOLDS": {name: 0.5}})))
    assert name == load([f"CONFIG={path}"]).DEVICE


def test_later_words_win_over_earlier_ones() -> None:
    """Who types a key twice means the second."""
    assert load(["TOP_K=2", "top_k=3"]).TOP_K == 3


def test_words_win_over_the_file(tmp_path: Path) -> None:
    """Defaults < CONFIG=file < words, wherever CONFIG stands among the words."""
    path = tmp_path / "c.yaml"
    path.write_text("top_k: 2\nSTEP: 0.5\n")
    for words in ([f"CONFIG={path}", "TOP_K=3"], ["TOP_K=3", f"config={path}"]):
        conf = load(words)
        assert (conf.TOP_K, conf.STEP, conf.DEVICE) == (3, 0.5, "")


def test_values_from_python_win_over_words() -> None:
    """Keyword arguments count like words; the last one given wins."""
    assert load(["TOP_K=3"], {"TOP_K": 4}).TOP_K == 4
    assert load(values={"allow": "Dog", "step": 1, "ON_THRESHOLD": None}).ALLOW == ["Dog"]


def test_numpys_numbers_are_numbers() -> None:
    """Whatever their width, by themselves and by label; an array is none, and said so in one line."""
    conf = load(
        values={"ON_THRESHOLD": np.float32(0.5), "TOP_K": np.int64(3), "ON_THRESHOLDS": {"Dog": np.float64(0.25)}}
    )
    assert (conf.ON_THRESHOLD, conf.TOP_K, conf.ON_THRESHOLDS) == (0.5, 3, {"Dog": 0.25})
    assert type(conf.TOP_K) is int
    with pytest.raises(SettingsError, match="TOP_K must be an integer") as caught:
        load(values={"TOP_K": np.zeros((50, 50))})
    one_sentence(caught.value)


@pytest.mark.parametrize("value", [True, False])
def test_a_yes_is_no_number(value: bool) -> None:
    """YAML's and Python's truth values are refused where a number is wanted."""
    with pytest.raises(SettingsError, match="TOP_K must be an integer"):
        load(values={"TOP_K": value})


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    """A file of comments is a configuration."""
    path = tmp_path / "c.yaml"
    path.write_text("# nothing\n")
    assert load([f"CONFIG={path}"]) == ConfDef()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1, 2]", "must hold lines of KEY: value"),
        ("just text", "must hold lines of KEY: value"),
        ("TOP_K: [", "not YAML"),
        ("TOP_K: 2026-99-99", "not YAML"),
        ("!!python/object/apply:os.system ['true']", "not YAML"),
        ("[" * 5000, "not YAML"),
        ("TOP_J: 3", "did you mean TOP_K"),
        ("5: 3", "no setting 5"),
        ("CONFIG: other.yaml", "no setting CONFIG"),
        ("TOP_K: yes", "TOP_K must be an integer"),
        ("TOP_K: ???", "TOP_K must be an integer, not “[?]{3}”"),
        ("TOP_K: 0x" + "f" * 5000, "TOP_K must be from 1 to 1000, not a number without end"),
        ('SUBSET_LABELS_PATH: "a\\0b"', "SUBSET_LABELS_PATH holds a null character"),
        ('MODEL_PATH: "a\\0b"', "MODEL_PATH holds a null character"),
        ("TOP_K: [1]", "TOP_K must be an integer"),
        ("ALLOW: &a [*a]", "ALLOW must be a list of text"),
        ("ALLOW: &a {x: *a}", "ALLOW must be a list of text"),
    ],
)
def test_a_file_that_is_no_configuration_is_one_sentence(tmp_path: Path, text: str, message: str) -> None:
    """So is whatever else a file may hold."""
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=message) as caught:
        load([f"CONFIG={path}"])
    one_sentence(caught.value)


def test_a_billion_laughs_are_not_funny(tmp_path: Path) -> None:
    """YAML whose aliases would grow to terabytes is refused before they do."""
    path = tmp_path / "c.yaml"
    flat = (
        "ALLOW: "
        + "\n".join(["[&a0 [ha, ha]"] + [f", &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)])
        + "]"
    )
    path.write_text(flat)
    with pytest.raises(SettingsError, match="ALLOW must be a list of text") as caught:
        load([f"CONFIG={path}"])
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("kind", ["missing", "folder", "binary"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, kind: str) -> None:
    """Missing, a folder, not text: the file's name and the reason."""
    path = tmp_path / "c.yaml"
    if kind == "folder":
        path.mkdir()
    if kind == "binary":
        path.write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(SettingsError, match=r"c\.yaml: (cannot read the configuration|not a configuration)"):
        load([f"CONFIG={path}"])


@pytest.mark.parametrize(
    ("word", "is_one"),
    [
        ("A=1", True),
        ("a_b=", True),
        ("A", False),
        ("=1", False),
        ("./a=1", False),
        ("a.wav=1", False),
        ("dir/a=1", False),
    ],
)
def test_a_setting_is_told_from_a_path(word: str, is_one: bool) -> None:
    """KEY=value is a setting; what has a folder or a dot before the equals sign is a path."""
    assert is_setting(word) is is_one


def a_value(field: dataclasses.Field[Any]) -> st.SearchStrategy[Any]:
    """Any value that `field` takes."""
    low, high, choices = (field.metadata[key] for key in ("low", "high", "choices"))
    default, kind = getattr(ConfDef(), field.name), str(field.type)
    text = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12)
    if choices:
        return st.sampled_from(choices)
    if isinstance(default, dict):
        return st.dictionaries(text, st.floats(low, high), max_size=3)
    if isinstance(default, list):
        return st.lists(text, max_size=3)
    values: st.SearchStrategy[Any] = text
    if "int" in kind:
        values = st.integers(int(low), int(high))
    elif "float" in kind:
        values = st.floats(low, high)
    return st.none() | values if "None" in kind else values


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_what_is_printed_can_be_fed_back(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Any configuration, printed as YAML and given as CONFIG, is the same configuration."""
    fields = data.draw(st.lists(st.sampled_from(dataclasses.fields(ConfDef)), max_size=8, unique_by=lambda f: f.name))
    conf = ConfDef()
    for field in fields:
        setattr(conf, field.name, data.draw(a_value(field), label=field.name))
    if conf.ON_THRESHOLD is not None and conf.OFF_THRESHOLD is not None:
        conf.OFF_THRESHOLD = min(conf.OFF_THRESHOLD, conf.ON_THRESHOLD)
    conf.MIN_DURATION = min(conf.MIN_DURATION, conf.MAX_DURATION)
    conf.MIN_DURATIONS = {label: min(length_s, conf.MAX_DURATION) for label, length_s in conf.MIN_DURATIONS.items()}
    path = tmp_path_factory.mktemp("c") / "c.yaml"
    path.write_text(to_yaml(conf), encoding="utf-8")
    assert load([f"CONFIG={path}"]) == conf


@settings(max_examples=200, deadline=None)
@given(
    key=st.sampled_from([field.name for field in dataclasses.fields(ConfDef)]) | st.text(max_size=8),
    text=st.text(max_size=20) | st.from_regex(r"[\[\]{}&*!:,0-9.eE\- \"'$]{0,12}", fullmatch=True),
)
def test_any_word_is_a_configuration_or_one_sentence(key: str, text: str) -> None:
    """Whatever is typed, the result is a configuration or a SettingsError of one line."""
    try:
        load([f"{key}={text}"])
    except SettingsError as error:
        one_sentence(error)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no /dev/zero here")
def test_a_configuration_without_end_is_refused() -> None:
    """A device never ends."""
    with pytest.raises(SettingsError, match="more than 1000000 bytes; check CONFIG"):
        load(["CONFIG=/dev/zero"])


def test_numbers_by_label_come_with_an_example() -> None:
    """YAML takes a colon without a blank as a part of the name."""
    with pytest.raises(SettingsError, match=r"write them as \{Dog: 0.6\}, with a blank"):
        load(["ON_THRESHOLDS={Dog:0.6}"])
