"""A manifest is rows that fit their folder, or one sentence that names the line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.errors import FileError, LabelError, ManifestError
from auricle.evaluation.manifest import Manifest, Reader, Span
from tests.material import one_sentence

LABELS = {"dog": "Dog", "rain": "Rain", "waves, surf": "Waves, surf"}
LENGTHS_S = {"a.wav": 5.0, "b.wav": 10.0, "sub/c.wav": 60.0, "click.wav": 0.01}


def name(label: str) -> str:
    """The proper name of three labels."""
    if label.casefold() not in LABELS:
        raise LabelError(f"there is no label “{label}”; did you mean “Dog”?")
    return LABELS[label.casefold()]


def duration(path: Path) -> float:
    """The length of four recordings."""
    if path.relative_to("folder").as_posix() not in LENGTHS_S:
        raise FileError(f"{path}: no such file; check the path.")
    return LENGTHS_S[path.relative_to("folder").as_posix()]


def read(path: Path, content: str | bytes) -> Manifest:
    """The manifest of that content."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Reader(folder=Path("folder"), name=name, duration=duration, shortest_s=0.128).read(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the manifest is."""
    return tmp_path / "manifest.csv"


def test_lines_of_one_recording_are_one_clip(path: Path) -> None:
    """Several labels, any case of label and header, spaces, other columns, blank lines, a byte order mark."""
    text = '\ufeffPath, Label ,fold\na.wav,dog,1\n\nsub/c.wav,"Waves, surf",1\n./a.wav, RAIN ,2\n'
    manifest = read(path, text)
    assert manifest.labels == ("Dog", "Rain", "Waves, surf")
    assert not manifest.timed
    assert [(clip.path.as_posix(), clip.labels) for clip in manifest.clips] == [
        ("folder/a.wav", ("Dog", "Rain")),
        ("folder/sub/c.wav", ("Waves, surf",)),
    ]


def test_onsets_are_spans_in_order(path: Path) -> None:
    """Seconds; an offset that was rounded beyond the end stops there; one label may sound twice."""
    manifest = read(path, "path,label,onset,offset\na.wav,Dog,4,5.004\na.wav,Dog,0,1.5\nb.wav,Rain,1,2\n")
    assert manifest.timed
    assert manifest.clips[0].spans == (Span("Dog", 0.0, 1.5), Span("Dog", 4.0, 5.0))
    assert manifest.clips[0].labels == ("Dog",)


def test_a_line_without_a_label_says_that_nothing_is_there(path: Path) -> None:
    """With and without columns for times."""
    for text in ("path,label\na.wav,Dog\nb.wav,\n", "path,label,onset,offset\na.wav,Dog,0,1\nb.wav,,,\n"):
        assert [clip.labels for clip in read(path, text).clips] == [("Dog",), ()]


def test_columns_for_times_may_be_empty(path: Path) -> None:
    """Then the labels are of whole recordings."""
    assert not read(path, "path,label,onset,offset\na.wav,Dog,,\n").timed


CLIPS, TIMES = "path,label\n", "path,label,onset,offset\n"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        (CLIPS, "no recording stands in it"),
        ("path\na.wav\n", "no column “label”"),
        ("file,label\na.wav,Dog\n", "no column “path”"),
        ("path,label,label\na.wav,Dog,Dog\n", "two columns “label”"),
        ("path,label,onset\na.wav,Dog,1\n", "no column “offset”"),
        (CLIPS + "a.wav,\n", "no line has a label"),
        (CLIPS + "a.wav,Dog\nb.wav,Waves, surf\n", "line 3 has 3 cells where the first line has 2"),
        (CLIPS + "a.wav\n", "line 2 has 1 cells"),
        (CLIPS + ",Dog\n", "line 2 names no recording"),
        (CLIPS + "../a.wav,Dog\n", "line 2: “../a.wav” leads out of the folder"),
        (CLIPS + "sub/../../a.wav,Dog\n", "leads out of the folder"),
        (CLIPS + "/etc/a.wav,Dog\n", "line 2: “/etc/a.wav” leads out of the folder"),
        (CLIPS + "a.wav,Dog\nz.wav,Dog\n", "line 3: folder/z.wav: no such file"),
        (CLIPS + "a.wav,Dog\nb.wav,Dogg\n", "line 3: there is no label “Dogg”; did you mean “Dog”?"),
        (CLIPS + f"a.wav,{'g' * 300}\n", "line 2 has a cell “label” of more than 256 characters"),
        (CLIPS + f"{'a' * 5000},Dog\n", "line 2 has a cell “path” of more than 4096 characters"),
        (CLIPS + "click.wav,Dog\n", "line 2: “click.wav” lasts 0.01 s"),
        (CLIPS + "a.wav,Dog\na.wav,dog\n", "line 3 says the same as line 2"),
        (CLIPS + "a.wav,Dog\na.wav,\n", "line 3 says that “a.wav” holds nothing"),
        (CLIPS + 'a.wav,"Dog\n', "not CSV"),
        (CLIPS.encode() + b"a.wav,D\xf6g\n", "not UTF-8"),
        (CLIPS.encode("utf-16"), "not UTF-8"),
        (TIMES + "a.wav,Dog,0,1\nb.wav,Dog,,\n", "line 2 has an onset and line 3 has none"),
        (TIMES + "a.wav,Dog,0,\n", "line 2 has only some of label, onset and offset"),
        (TIMES + "a.wav,,0,1\n", "line 2 has only some of label, onset and offset"),
        (TIMES + "a.wav,Dog,0,1\na.wav,Dog,0.0,1.0\n", "line 3 says the same as line 2"),
        (TIMES + "a.wav,Dog,0,2\na.wav,Dog,1,3\n", "lines 2 and 3 overlap or touch and both say “Dog”"),
        (TIMES + "a.wav,Dog,0,1\na.wav,Dog,1,2\n", "lines 2 and 3 overlap or touch and both say “Dog”"),
        (TIMES + "a.wav,Dog,one,2\n", "line 2: onset “one” or offset “2” is not a number"),
        (TIMES + "a.wav,Dog,1_0,12\n", "onset “1_0” or offset “12” is not a number"),
        (TIMES + "a.wav,Dog,0,nan\n", "is not a number"),
        (TIMES + "a.wav,Dog,0,inf\n", "is not a number"),
        (TIMES + "a.wav,Dog,-1,2\n", "line 2: the onset -1 is negative"),
        (TIMES + "a.wav,Dog,2,2\n", "line 2: the offset 2 is not after the onset 2"),
        (TIMES + "a.wav,Dog,1,5.5\n", "line 2: the sound from 1 to 5.5 s ends after the recording, which lasts 5.00 s"),
        (TIMES + "a.wav,Dog,5,5.005\n", "ends after the recording"),
    ],
)
def test_what_does_not_fit_is_one_sentence(content: str | bytes, says: str, path: Path) -> None:
    """It names the manifest, the line where there is one, and what is wrong."""
    with pytest.raises(ManifestError) as caught:
        read(path, content)
    one_sentence(caught.value)
    assert str(caught.value).startswith(f"{path}: ")
    assert says in str(caught.value)


def test_a_manifest_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    """A missing file, a folder, a name that no file can have."""
    reader = Reader(folder=Path("folder"), name=name, duration=duration, shortest_s=0.1)
    for path in (tmp_path / "none.csv", tmp_path, Path("a\0b")):
        with pytest.raises(ManifestError, match="cannot be read"):
            reader.read(path)


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps its devices elsewhere")
def test_a_device_is_no_manifest() -> None:
    """It may never end."""
    reader = Reader(folder=Path("folder"), name=name, duration=duration, shortest_s=0.1)
    with pytest.raises(ManifestError, match="a device"):
        reader.read(Path(os.devnull))


def test_a_manifest_without_end_is_not_read_to_its_end(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only so many bytes are taken."""
    monkeypatch.setattr("auricle.evaluation.manifest._LARGEST", 2**20)
    with pytest.raises(ManifestError, match="more than 1 MiB; make several of it"):
        read(path, CLIPS + "a.wav,Dog\n" * 150_000)


CELLS = st.sampled_from(
    [
        "a.wav",
        "b.wav",
        "./a.wav",
        "Dog",
        "rain",
        "",
        "0",
        "1",
        "2.5",
        "-1",
        "1e400",
        "nan",
        '"',
        '"Waves, surf"',
        "\0",
        "\r",
    ]
)
LINES = st.lists(st.lists(CELLS, max_size=5).map(",".join), max_size=6).map("\n".join)
HEADERS = st.sampled_from([CLIPS, TIMES, "label,path\n", ""])


@given(st.one_of(st.binary(max_size=200), st.tuples(HEADERS, st.one_of(LINES, st.text(max_size=60))).map("".join)))
def test_any_bytes_are_rows_or_one_sentence(tmp_path_factory: pytest.TempPathFactory, content: str | bytes) -> None:
    """Nothing else comes of a manifest, whatever stands in it."""
    path = tmp_path_factory.getbasetemp() / "any.csv"
    try:
        manifest = read(path, content.encode(errors="surrogatepass") if isinstance(content, str) else content)
    except ManifestError as error:
        assert str(error).startswith(f"{path}: ")  # noqa: PT017  (both outcomes are right)
        return
    assert manifest.clips
    assert manifest.labels
    for clip in manifest.clips:
        assert set(clip.labels) <= set(manifest.labels)
        assert bool(clip.spans) == (manifest.timed and bool(clip.labels))
        assert all(0 <= span.onset_s < span.offset_s <= clip.duration_s for span in clip.spans)
