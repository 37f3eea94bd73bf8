"""Labels under the names that a person would ask for."""

from __future__ import annotations

import numpy as np
import pytest

from auricle.card import Thresholds
from auricle.errors import LabelError
from auricle.labels import audioset
from auricle.labels.groups import Group, GroupTagger, best_members, chosen, meant, thresholds
from auricle.messages import Frames, Scores
from tests.material import SHARED, one_sentence

LABELS = ("Speech", "Dog", "Bark", "Howl", "Doorbell", "Ding-dong", "Wind", "DTMF of my own")


def test_the_classes_are_those_of_audioset() -> None:
    """527 names, each once, in the order of the published list."""
    assert len(audioset.names()) == len(set(audioset.names())) == 527
    assert audioset.names()[0] == "Speech"
    assert audioset.names()[526] == "Field recording"
    published = SHARED / "labels" / "audioset_class_labels_indices.csv"
    if published.exists():
        import csv

        with published.open(newline="", encoding="utf-8") as stream:
            assert audioset.names() == tuple(row["display_name"] for row in csv.DictReader(stream))


def test_the_ontology_covers_every_class() -> None:
    """Each class is a group of its own, or with what is below it; a group begins with itself."""
    groups = audioset.groups()
    assert set(audioset.names()) <= set(groups)
    assert len(groups) == 632
    assert all(members[0] == name for name, members in groups.items())
    assert {"Bark", "Yip", "Howl", "Bow-wow", "Growling", "Whimper (dog)"} < set(groups["Dog"])
    assert len(groups["Music"]) > 100


def test_presets_name_what_the_ontology_knows() -> None:
    """Every item of every preset is a name of the ontology that some class is of."""
    assert set(audioset.presets()) == {
        *("safety", "baby", "pets", "doorbell-and-phone", "people", "kitchen-and-home", "vehicles", "music", "nature")
    }
    for preset, items in audioset.presets().items():
        assert len(set(items)) == len(items)
        for item in items:
            assert set(audioset.groups()[item]) & set(audioset.names()), (preset, item)
        assert len(chosen([preset], audioset.names())) == len(items)
    assert len(chosen(["all"], audioset.names())) == 527


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("dog", Group("Dog", (1,))),
        (" Domestic animals, pets ", Group("Domestic animals, pets", (1, 2, 3))),
        ("dtmf of my OWN", Group("DTMF of my own", (7,))),
    ],
)
def test_a_label_of_ground_truth_is_the_models_or_all_below_it(name: str, wanted: Group) -> None:
    """The model's own label stands for itself, another name of the ontology for what the model has below it."""
    assert meant(name, LABELS) == wanted


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Dogg", "did you mean “Dog”"),
        ("violin", "did you mean “Violin, fiddle”"),
        ("qqq", "AudioSet"),
        ("pets", "there is no"),
        ("Rain", "MODEL="),
    ],
)
def test_a_label_of_ground_truth_that_means_nothing_is_refused(name: str, says: str) -> None:
    """Unknown names, presets, and what the model does not hear."""
    with pytest.raises(LabelError, match=says) as caught:
        meant(name, LABELS)
    one_sentence(caught.value)


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (["Dog"], [("Dog", (1, 2, 3))]),
        (["bark", "DOG"], [("Bark", (2,)), ("Dog", (1, 2, 3))]),
        (["pets", "dog"], [("Dog", (1, 2, 3))]),
        (["doorbell-and-phone"], [("Doorbell", (4, 5))]),
        (["Domestic sounds, home sounds"], [("Domestic sounds, home sounds", (4, 5))]),
        (["dtmf of my own"], [("DTMF of my own", (7,))]),
        (["nature", " Wind "], [("Wind", (6,)), ("Wild animals", (3,))]),
    ],
)
def test_names_become_groups(names: list[str], wanted: list[tuple[str, tuple[int, ...]]]) -> None:
    """Presets, groups of the ontology, labels and the model's own labels, in any case, without repetitions."""
    assert [(group.name, group.members) for group in chosen(names, LABELS)] == wanted


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("saftey", "did you mean “safety”"),
        ("Barc", "did you mean “Bark”"),
        ("Fidle", "did you mean “Violin, fiddle”"),
        ("xyzzy", "presets are safety, baby"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(name: str, words: str) -> None:
    """One sentence that helps."""
    with pytest.raises(LabelError, match=words) as caught:
        chosen([name], LABELS)
    one_sentence(caught.value)


@pytest.mark.parametrize("name", ["vehicles", "Cat"])
def test_what_the_model_does_not_hear_is_refused(name: str) -> None:
    """A preset or group without a single label of the model."""
    with pytest.raises(LabelError, match="hears nothing of") as caught:
        chosen([name], LABELS)
    one_sentence(caught.value)


class Scripted:
    """A tagger that gives out what it was given."""

    def __init__(self, scores: list[Scores]) -> None:
        self.scores, self.resets = scores, 0

    def push(self, frames: Frames) -> list[Scores]:
        return self.scores[:-1]

    def flush(self) -> list[Scores]:
        return self.scores[-1:]

    def reset(self) -> None:
        self.resets += 1


def scores(second: int, values: list[float], provisional: bool = False) -> Scores:
    """One second's."""
    return Scores(float(second), second + 1.0, np.array(values, np.float32), provisional)


def test_a_groups_score_is_its_best_members() -> None:
    """And each frame names the member that it is."""
    groups = [Group("Dog", (1, 2, 3)), Group("Wind", (6,))]
    inner = Scripted(
        [
            scores(0, [0.9, 0.1, 0.7, 0.2, 0, 0, 0.3, 0]),
            scores(1, [0.9, 0.1, 0.2, 0.8, 0, 0, 0.4, 0], provisional=True),
            scores(1, [0.9, 0.1, 0.2, 0.6, 0, 0, 0.4, 0]),
            scores(2, [0.9, 0.5, 0.2, 0.1, 0, 0, 0.5, 0]),
        ]
    )
    tagger = GroupTagger(tagger=inner, groups=groups, labels=LABELS)
    got = [*tagger.push(Frames(0, np.zeros((0, 1), np.float32))), *tagger.flush()]
    np.testing.assert_allclose([s.probabilities for s in got], [[0.7, 0.3], [0.8, 0.4], [0.6, 0.4], [0.5, 0.5]])
    assert [s.provisional for s in got] == [False, True, False, False]
    assert [s.members for s in got] == [("Bark", "Wind"), ("Howl", "Wind"), ("Howl", "Wind"), ("Dog", "Wind")]
    tagger.reset()
    assert inner.resets == 1
    best = best_members(groups, inner.scores[0].probabilities)
    assert [(round(score, 4), member) for score, member in best] == [(0.7, 2), (0.3, 6)]


def test_a_groups_thresholds_are_its_members_lowest() -> None:
    """What would start an event of a member starts one of the group."""
    of_labels = [Thresholds(on=0.1 * (k + 2), off=0.1 * (k + 1), minimum_s=9.0 - k) for k in range(8)]
    (pair,) = thresholds([Group("Dog", (2, 1, 3))], of_labels)
    assert (pair.on, pair.off, pair.minimum_s) == (of_labels[1].on, of_labels[1].off, of_labels[3].minimum_s)
