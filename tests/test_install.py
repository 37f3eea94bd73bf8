"""The catalogue, and models that are brought into the user's folder, from a server, a folder or a file."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks import models as benchmarks
from safetensors.numpy import load_file, save_file

from auricle.card import ModelCard
from auricle.errors import CardError, CheckpointError, ModelError
from auricle.labels import audioset
from auricle.models import catalogue, convert, install, networks, panns, store
from auricle.models.cardfile import parse_card, read_card
from auricle.models.catalogue import Expected
from auricle.models.download import Patience, locked
from auricle.models.runtime import OnnxNetwork
from tests.material import SHARED, card_json, one_sentence, small_card
from tests.wobbly_server import wobbly

WEIGHTS = SHARED / "models" / "mn04_as" / "mn04_as_mAP_432.pt"
LABELS = audioset.names()
PATIENCE = Patience(stall_s=2, attempts=2, pause_s=0.01)

needs_weights = pytest.mark.skipif(
    not WEIGHTS.exists(), reason=f"{WEIGHTS} is absent; it lies beside the repository and is never committed to it"
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder for models."""
    monkeypatch.setenv("AURICLE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def get(home: Path, name: str = "mn04", mirror: str = "") -> store.Installed:
    """`install.get` without patience."""
    return install.get(
        name, home=home, mirror=mirror, labels=LABELS, patience=PATIENCE, progress=lambda have, total: None
    )


def tree(folder: Path) -> set[str]:
    """Every file but locks."""
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and not p.name.endswith(".lock")}


def card_of(name: str, labels: Sequence[str], **more: Any) -> ModelCard:
    """The card of the catalogue's `name` for these labels."""
    pairs = {side: dict.fromkeys(labels, 0.3) for side in ("on", "off")}
    data = {**catalogue.find(name).card, "labels": list(labels), "thresholds": pairs, "weights": "x", **more}
    return parse_card(data, where=name)


def published(name: str, classes: int = 527) -> dict[str, np.ndarray[Any, Any]]:
    """Weights as the catalogue's network `name` has them, all of one value, with what else a checkpoint holds."""
    entry = catalogue.find(name)
    shape = dict(entry.card["architecture"])
    if name == "epanns":
        shape |= {"channels": [4, 6, 8, 10, 12, 14], "inner": [3, 5, 7, 9, 11, 13]}
    card = card_of(name, [str(k) for k in range(classes)], architecture=shape)
    tensors: dict[str, np.ndarray[Any, Any]] = {
        key: np.full(size, 0.01, np.float32) for key, size in panns.shapes(card, {}).items()
    }
    return {**tensors, "bn0.num_batches_tracked": np.ones((), np.int64), "logmel_extractor.melW": np.zeros((513, 64))}


def test_every_entry_of_the_catalogue_is_complete() -> None:
    """Names, addresses, licences, hashes of the right length, and a card that can be read once the weights are known."""
    names = {"cnn9", "cnn6", "cnn10", "cnn14", "cnn14-decision-max", "mobilenetv1", "epanns", "mn04", "mn10"}
    assert set(catalogue.entries()) == names
    for name, entry in catalogue.entries().items():
        assert entry.name == name
        assert all(url.startswith("https://") for url in entry.urls)
        assert entry.licence in ("MIT", "CC BY 4.0")
        assert entry.card["citation"]
        assert len(entry.expected.sha256) in (0, 64)
        assert len(entry.expected.md5) in (0, 32)
        if entry.card["architecture"]["channels"]:
            assert card_of(name, LABELS).name == name


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("cnn6", 4_837_455), ("cnn10", 5_219_279), ("cnn14", 80_753_615), ("mobilenetv1", 4_796_303)],
)
def test_the_catalogues_networks_have_the_published_number_of_parameters(name: str, parameters: int) -> None:
    """Counted as their authors count: everything that was trained."""
    sizes = panns.shapes(card_of(name, LABELS), {})
    trained = sum(int(np.prod(size)) for key, size in sizes.items() if not key.endswith(("_mean", "_var")))
    assert trained == parameters == catalogue.find(name).parameters


def test_a_typo_in_a_published_name_is_recognised() -> None:
    """The nearest name is offered."""
    with pytest.raises(ModelError, match="did you mean mn04"):
        catalogue.find("mn4")
    with pytest.raises(ModelError, match="there are cnn9, cnn6"):
        catalogue.find("whisper")


@needs_weights
def test_get_from_a_server_installs_what_can_be_found_and_run(home: Path) -> None:
    """Download, verify, read, convert, install; the published file is gone afterwards; once more is nothing."""
    with wobbly(WEIGHTS.read_bytes(), "cut", "redirect") as server:
        model = get(home, mirror=server.url(""))
        asked = len(server.requests)
        assert server.requests[0][0] == "/mn04_as_mAP_432.pt"
        assert get(home, mirror=server.url("")) == model
        assert len(server.requests) == asked
    assert store.find("mn04") == store.find("MN04") == model
    assert model.folder == home / "models" / "mn04"
    assert tree(home) == {"models/mn04/card.json", "models/mn04/weights.safetensors"}
    assert model.card.labels == LABELS
    assert set(model.card.thresholds) == set(LABELS)
    assert model.card.thresholds["Dog"].on > model.card.thresholds["Sneeze"].on
    blueprint = networks.build(model.card, store.read_weights(model), "float32")
    network = OnnxNetwork(trunk=blueprint.trunk, head=blueprint.head, threads=1)
    assert network.run(np.zeros((100, 128), np.float32))[1].shape == (4, 527)


@needs_weights
@pytest.mark.parametrize("damaged", ["card.json", "weights.safetensors"])
def test_a_damaged_model_is_got_again(home: Path, damaged: str) -> None:
    """As the sentence about the damage says."""
    model = get(home, mirror=str(WEIGHTS.parent))
    (model.folder / damaged).write_bytes(b"{}")
    assert get(home, mirror=str(WEIGHTS.parent)) == model
    assert store.read_weights(store.find("mn04"))


@needs_weights
def test_get_from_a_folder_needs_no_network(home: Path, tmp_path: Path) -> None:
    """The folder's file stays; a damaged or missing one is one sentence."""
    folder = tmp_path / "offline"
    folder.mkdir()
    with pytest.raises(ModelError, match="put the file there"):
        get(home, mirror=str(folder))
    shutil.copy(WEIGHTS, folder)
    assert get(home, mirror=str(folder)).card.name == "mn04"
    assert (folder / WEIGHTS.name).exists()
    install.remove("mn04", home=home)
    (folder / WEIGHTS.name).write_bytes(bytes(WEIGHTS.stat().st_size))
    with pytest.raises(ModelError, match="another SHA-256") as caught:
        get(home, mirror=str(folder))
    one_sentence(caught.value)
    assert tree(home) == set()


def test_a_server_with_another_file_leaves_nothing(home: Path) -> None:
    """Not under its name, and nothing beside it."""
    with wobbly(bytes(4_066_513)) as server, pytest.raises(ModelError, match="another SHA-256"):
        get(home, mirror=server.url(""))
    assert tree(home) == set()


def known_as(monkeypatch: pytest.MonkeyPatch, name: str, expected: Expected) -> None:
    """Makes the catalogue say something else of a file."""
    entries = {**catalogue.entries(), name: replace(catalogue.find(name), expected=expected)}
    monkeypatch.setattr(catalogue, "entries", lambda: entries)


@needs_weights
def test_a_file_without_a_published_hash_is_pinned_on_first_use(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time it must be the same file."""
    known_as(monkeypatch, "mn04", Expected(size=None, sha256="", md5=""))
    good = WEIGHTS.read_bytes()
    with wobbly(good) as server:
        get(home, mirror=server.url(""))
    install.remove("mn04", home=home)
    with wobbly(good[:-1] + bytes([good[-1] ^ 1])) as server, pytest.raises(ModelError, match="another SHA-256"):
        get(home, mirror=server.url(""))
    with wobbly(good) as server:
        get(home, mirror=server.url(""))


def test_a_published_file_that_is_no_checkpoint_installs_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no hash is published, reading it must tell."""
    known_as(monkeypatch, "mn10", Expected(size=None, sha256="", md5=""))
    with wobbly(b"PK" + bytes(5000)) as server, pytest.raises(CheckpointError):
        get(home, "mn10", mirror=server.url(""))
    assert tree(home) == set()


PROGRAM = """
import sys
from pathlib import Path
from auricle.labels import audioset
from auricle.models import install
from auricle.models.download import Patience, locked
model = install.get("mn04", home=Path(sys.argv[1]), mirror=sys.argv[2], labels=audioset.names(),
                    patience=Patience(stall_s=10, attempts=2, pause_s=0.1), progress=lambda have, total: None)
print(model.folder)
"""


@needs_weights
def test_two_processes_may_get_the_same_model_at_once(home: Path) -> None:
    """Both end well, and the file is fetched once."""
    with wobbly(WEIGHTS.read_bytes()) as server:
        command = [sys.executable, "-c", PROGRAM, str(home), server.url("")]
        both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        said = [process.communicate()[0].strip() for process in both]
        assert said == [str(home / "models" / "mn04")] * 2
        assert len(server.requests) == 1


@needs_weights
def test_import_takes_a_name_of_its_own(home: Path, tmp_path: Path) -> None:
    """Torch's file and a safetensors one; the network is recognised; what is there is replaced."""
    first = install.take(WEIGHTS, name="", home=home, labels=LABELS)
    assert first.card.name == "mn04"
    assert first.card.source == str(WEIGHTS.resolve())
    other = tmp_path / "other.safetensors"
    shutil.copy(first.folder / "weights.safetensors", other)
    second = install.take(other, name="porch", home=home, labels=LABELS)
    assert (second.card.name, second.folder.name) == ("porch", "porch")
    assert install.take(other, name="porch", home=home, labels=LABELS) == second
    assert [model.card.name for model in store.installed() if model.card.name != "bundled"] == ["mn04", "porch"]
    assert first.card.sha256 == second.card.sha256
    install.remove("porch", home=home)
    with pytest.raises(ModelError, match="no model “porch”"):
        store.find("porch")
    for name in ("porch", "bundled", "", "../models", ".", "mn04/", "a" * 300):
        with pytest.raises(ModelError, match="can be removed: mn04"):
            install.remove(name, home=home)
    assert {path.name for path in (home / "models").iterdir()} == {"mn04", ".mn04.lock", ".porch.lock"}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names that are no UTF-8")
@needs_weights
def test_import_takes_a_file_of_any_name(home: Path, tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are escaped where the card says what the source was."""
    file = tmp_path / "caf\udce9.pt"
    shutil.copy(WEIGHTS, file)
    assert install.take(file, name="", home=home, labels=LABELS).card.source == f"{tmp_path}/caf\\udce9.pt"


@needs_weights
def test_of_two_that_remove_a_model_one_is_told_that_there_is_none(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that had to wait; it leaves nothing."""
    model = install.take(WEIGHTS, name="porch", home=home, labels=LABELS)

    @contextlib.contextmanager
    def waited(path: Path) -> Iterator[None]:
        with locked(path):
            shutil.rmtree(model.folder)  # by the other, meanwhile
            yield

    monkeypatch.setattr(install, "locked", waited)
    with pytest.raises(ModelError, match=r"no model “porch”.*can be removed: none") as caught:
        install.remove("porch", home=home)
    one_sentence(caught.value)
    assert [path.name for path in (home / "models").iterdir()] == [".porch.lock"]


@needs_weights
def test_the_longest_name_can_be_used(home: Path) -> None:
    """Whatever its letters."""
    model = install.take(WEIGHTS, name="𝔘" * 60, home=home, labels=LABELS)
    assert store.find("𝔘" * 60) == model


@pytest.mark.parametrize("name", ["a/b", "..", "bundled", " ", "x.y", "a" * 61])
@needs_weights
def test_a_name_must_be_one(home: Path, name: str) -> None:
    """No paths, no dots, and not the bundled model's."""
    with pytest.raises(ModelError, match="cannot be a model's name"):
        install.take(WEIGHTS, name=name, home=home, labels=LABELS)


@pytest.mark.parametrize("name", ["cnn9", "cnn6", "cnn14", "mobilenetv1", "epanns"])
def test_import_recognises_every_member_of_the_family(home: Path, tmp_path: Path, name: str) -> None:
    """By its tensors; what the network does not need is left out."""
    tensors = published(name)
    save_file(tensors, tmp_path / "file.safetensors")
    model = install.take(tmp_path / "file.safetensors", name="", home=home, labels=LABELS)
    assert model.card.name == name
    assert set(load_file(model.folder / "weights.safetensors")) == set(tensors) - {
        "bn0.num_batches_tracked",
        "logmel_extractor.melW",
    }
    if name == "epanns":
        assert model.card.architecture.inner == (3, 5, 7, 9, 11, 13)
    assert read_card(model.folder / "card.json") == model.card


def test_networks_that_look_alike_are_told_apart_by_their_file_or_name(home: Path, tmp_path: Path) -> None:
    """Cnn14 and its framewise variant have the same tensors."""
    tensors = published("cnn14")
    path = tmp_path / "Cnn14_DecisionLevelMax_mAP=0.385.safetensors"
    save_file(tensors, path)
    assert install.take(path, name="cnn14-decision-max", home=home, labels=LABELS).card.name == "cnn14-decision-max"
    assert convert.adopt(path, model="", labels=LABELS)[0].name == "cnn14-decision-max"
    assert convert.adopt(path, model="cnn14", labels=LABELS)[0].architecture.head == "hidden-max-mean"
    with pytest.raises(CardError, match="the weights of cnn14-decision-max, not of epanns"):  # nothing is pruned
        convert.adopt(path, model="epanns", labels=LABELS)


def test_epanns_may_number_its_convolutions_through(tmp_path: Path) -> None:
    """conv7 is the first convolution of the fourth block."""
    flat = {}
    for name, tensor in published("epanns").items():
        block, _, rest = name.partition(".")
        if block.startswith("conv_block"):
            kind, part = rest.split(".", 1)
            number = 2 * (int(block.removeprefix("conv_block")) - 1) + int(kind[-1])
            name = f"{kind[:-1]}{number}.{part}"
        flat[name] = tensor
    assert "conv7.weight" in flat
    save_file(flat, tmp_path / "x.safetensors")
    card, tensors = convert.adopt(tmp_path / "x.safetensors", model="epanns", labels=LABELS)
    assert card.architecture.channels == (4, 6, 8, 10, 12, 14)
    assert tensors["conv_block4.conv1.weight"].shape == (9, 8, 3, 3)


def test_weights_of_another_network_say_what_is_wrong(home: Path, tmp_path: Path) -> None:
    """The network that they are of, else what is missing, the networks that were tried, or both numbers of classes."""
    path = tmp_path / "x.safetensors"
    tensors = published("cnn6")
    save_file(tensors, path)
    with pytest.raises(CardError, match="the weights of cnn6, not of cnn10; name cnn6, or another file") as caught:
        install.take(path, name="CNN10", home=home, labels=LABELS)
    one_sentence(caught.value)
    del tensors["conv_block1.conv1.weight"]
    save_file(tensors, path)
    with pytest.raises(CardError, match=r"conv_block1\.conv1\.weight is missing") as caught:
        install.take(path, name="cnn6", home=home, labels=LABELS)
    one_sentence(caught.value)
    save_file({"fc.weight": np.zeros((2, 2), np.float32)}, path)
    with pytest.raises(CardError, match="none of the networks cnn9, cnn6") as caught:
        install.take(path, name="", home=home, labels=LABELS)
    one_sentence(caught.value)
    save_file(published("cnn6", classes=10), path)
    with pytest.raises(CardError, match="10 classes apart, but there are 527 labels"):
        install.take(path, name="cnn6", home=home, labels=LABELS)
    assert tree(home) == set()


@needs_weights
def test_networks_of_other_widths_are_told_apart(home: Path, tmp_path: Path) -> None:
    """mn04's weights are not taken for mn10's, nor mn10's for mn04's, whatever their file is called."""
    with pytest.raises(CardError, match="the weights of mn04, not of mn10; name mn04") as caught:
        install.take(WEIGHTS, name="mn10", home=home, labels=LABELS)
    one_sentence(caught.value)
    assert tree(home) == set()
    made = benchmarks.made(catalogue.find("mn10"))
    assert made is not None
    assert sum(t.size for k, t in made[2].items() if not k.endswith(("_mean", "_var"))) == pytest.approx(
        4.88e6, rel=1e-3
    )
    path = tmp_path / f"{WEIGHTS.stem}.safetensors"
    save_file(made[2], path)
    assert install.take(path, name="", home=home, labels=LABELS).card.name == "mn10"


def test_files_that_cannot_be_imported_are_one_sentence(home: Path, tmp_path: Path) -> None:
    """Missing, a folder, no safetensors."""
    (tmp_path / "bad.safetensors").write_bytes(b"{")
    for path in (tmp_path / "none.safetensors", tmp_path / "none.pth", tmp_path, tmp_path / "bad.safetensors"):
        with pytest.raises(CheckpointError) as caught:
            install.take(path, name="", home=home, labels=LABELS)
        one_sentence(caught.value)
    assert tree(home) == set()


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """The home is a file."""
    path = tmp_path / "x.safetensors"
    save_file(published("cnn6"), path)
    (tmp_path / "home").write_text("")
    with pytest.raises(ModelError, match="cannot be written") as caught:
        install.take(path, name="", home=tmp_path / "home", labels=LABELS)
    one_sentence(caught.value)


def test_what_is_published_but_not_installed_says_how_to_get_it(home: Path) -> None:
    """And a damaged model is named when it is asked for, but hides no other."""
    with pytest.raises(ModelError, match="run `auricle models get cnn14`"):
        store.find("cnn14")
    folder, other = home / "models" / "mine", home / "models" / "other"
    folder.mkdir(parents=True)
    other.mkdir()
    (folder / "card.json").write_text(json.dumps({"format": 99}))
    (other / "card.json").write_text(json.dumps(card_json(replace(small_card(), weights="a" * 300))))
    with pytest.raises(CardError, match="newer Auricle"):
        store.find("mine")
    with pytest.raises(CardError, match="names weights “aaa"):
        store.find("other")
    assert [model.card.name for model in store.installed()] == ["bundled"]


def test_the_home_is_the_users_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """AURICLE_HOME, with ~; else where the system keeps a program's data."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AURICLE_HOME", "~/models-of-mine")
    assert store.default_home() == tmp_path / "models-of-mine"
    monkeypatch.delenv("AURICLE_HOME")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert store.default_home().name == "auricle"
    assert tmp_path in store.default_home().parents


@pytest.mark.parametrize("name", catalogue.entries())
def test_thresholds_are_of_labels_that_there_are(name: str) -> None:
    """Each on-threshold is above its off-threshold."""
    known = catalogue.find(name).thresholds
    assert set(known["labels"]) <= set(LABELS)
    assert all(0 < off < on < 1 for on, off in (known["default"], *known["labels"].values()))
