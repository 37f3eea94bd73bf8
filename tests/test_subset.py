"""Narrowing a model's labels."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.errors import LabelError
from auricle.labels.subset import known, read_subset, tracked
from tests.material import SHARED, one_sentence

LABELS = ("Speech", "Male speech, man speaking", "Dog", "Cat", "Bow-wow")


def written(folder: Path, text: str | bytes) -> Path:
    """A file with `text`."""
    path = folder / "labels.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize(
    "text",
    [
        'index,mid,display_name\n0,/m/0,Dog\n1,/m/1,"Male speech, man speaking"\n',
        '\ufeffindex,mid,display_name\r\n0,/m/0,Dog\r\n1,/m/1,"Male speech, man speaking"\r\n',
        'mid,display_name,index,more\n/m/0,Dog,0,x\n/m/1,"Male speech, man speaking",1,y',
        'index,mid,display_name\n\n0,/m/0,Dog\n1,/m/1,"Male speech, man speaking"\n\n',
    ],
)
def test_reads_the_names(tmp_path: Path, text: str) -> None:
    """With commas, a byte-order mark, Windows' line ends, columns in another order, empty lines."""
    assert read_subset(written(tmp_path, text)) == ["Dog", "Male speech, man speaking"]


def test_reads_the_list_of_audioset() -> None:
    """The 527 classes as AudioSet publishes them."""
    path = SHARED / "labels" / "audioset_class_labels_indices.csv"
    if not path.is_file():
        pytest.skip(f"{path} is absent; it lies beside the repository")
    names = read_subset(path)
    assert len(names) == 527
    assert names[0] == "Speech"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "its first line must read index,mid,display_name"),
        ("index,mid,display_name\n", "labels follow"),
        ("Dog\nCat\n", "its first line must read"),
        ("index;mid;display_name\n0;/m/0;Dog\n", "its first line must read"),
        ("index,mid,name\n0,/m/0,Dog\n", "its first line must read"),
        ("index,mid,display_name\n0,/m/0,Dog\n1,/m/1\n", "line 3 has no display_name"),
        ("index,mid,display_name\n0,/m/0,\n", "line 2 has no display_name"),
        ('index,mid,display_name\n0,/m/0,"Dog\n', "not a CSV of labels"),
        (b"index,mid,display_name\n0,/m/0,\xff\xfe\n", "not a CSV of labels"),
    ],
)
def test_refuses_what_is_no_list(tmp_path: Path, text: str | bytes, message: str) -> None:
    """Wrong columns, no labels, no CSV, no text: one sentence that names the file."""
    with pytest.raises(LabelError, match=rf"labels\.csv: .*{message}") as caught:
        read_subset(written(tmp_path, text))
    one_sentence(caught.value)


@pytest.mark.parametrize("name", ["nothing.csv", "."])
def test_refuses_what_cannot_be_read(tmp_path: Path, name: str) -> None:
    """A missing file and a folder."""
    with pytest.raises(LabelError, match="cannot read the labels"):
        read_subset(tmp_path / name)


@given(data=st.binary(max_size=200))
def test_any_bytes_are_labels_or_one_sentence(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """Whatever the file holds."""
    path = written(tmp_path_factory.mktemp("labels"), b"index,mid,display_name\n" + data)
    try:
        read_subset(path)
    except LabelError as error:
        one_sentence(error)


def test_subset_allow_and_deny_narrow_each_other() -> None:
    """A label is tracked when no list speaks against it, in the model's order, whatever case it is written in."""
    assert tracked(LABELS, subset=[], allow=[], deny=[]) == [0, 1, 2, 3, 4]
    assert tracked(LABELS, subset=["cat", "DOG", "Speech"], allow=[], deny=["speech"]) == [2, 3]
    assert tracked(LABELS, subset=["Cat", "Dog"], allow=["Dog", "Speech"], deny=[]) == [2]
    assert tracked(LABELS, subset=[], allow=["Male speech, man speaking"], deny=[]) == [1]


@given(
    subset=st.lists(st.sampled_from(LABELS)),
    allow=st.lists(st.sampled_from(LABELS)),
    deny=st.lists(st.sampled_from(LABELS)),
)
def test_tracks_what_the_lists_say(subset: list[str], allow: list[str], deny: list[str]) -> None:
    """Each label for itself: in the subset and allowed, where there are such lists, and not denied unless allowed by name."""
    wanted = [
        k
        for k, label in enumerate(LABELS)
        if (label in subset or not subset) and (label in allow or not allow) and (label not in deny or label in allow)
    ]
    if wanted:
        assert tracked(LABELS, subset=subset, allow=allow, deny=deny) == wanted
    else:
        with pytest.raises(LabelError, match="No label is left"):
            tracked(LABELS, subset=subset, allow=allow, deny=deny)


@pytest.mark.parametrize("where", ["subset", "allow", "deny"])
def test_an_unknown_label_comes_with_the_nearest(where: str) -> None:
    """A typo is recognised, whichever list it is in."""
    lists = {"subset": [], "allow": [], "deny": [], where: ["Bow wow"]}
    with pytest.raises(LabelError, match="no label “Bow wow”; did you mean “Bow-wow”"):
        tracked(LABELS, **lists)
    with pytest.raises(LabelError, match="no label “Xylophone”; `auricle models show NAME`"):
        known("Xylophone", LABELS)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no /dev/zero here")
def test_a_list_without_end_is_refused() -> None:
    """A device never ends."""
    with pytest.raises(LabelError, match="more than 1000000 bytes; check SUBSET_LABELS_PATH"):
        read_subset(Path("/dev/zero"))


def test_known_writes_a_label_as_the_model_does() -> None:
    """Case does not matter."""
    assert known("bOW-wow", LABELS) == "Bow-wow"


def test_denying_what_the_model_cannot_hear_does_no_harm() -> None:
    """A label of AudioSet that the model lacks may be denied, as Silence is by default."""
    assert tracked(LABELS, subset=[], allow=[], deny=["Vacuum cleaner"]) == [0, 1, 2, 3, 4]
