"""Groups of labels: a model's classes under the names that a person would ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from auricle.card import Thresholds
from auricle.errors import LabelError
from auricle.labels import audioset
from auricle.labels.near import nearest
from auricle.messages import Frames, Scores
from auricle.stages import Tagger

ALL = "all"
"""The preset of every label of the model, each a group of its own."""


@dataclass(frozen=True)
class Group:
    """A name and the classes that it stands for."""

    name: str
    members: tuple[int, ...]
    """Indices of the model's labels, at least one."""


def chosen(names: Sequence[str], labels: Sequence[str]) -> list[Group]:
    """The groups that `names` ask of a model with `labels`, without repetitions.

    A name is a preset's (safety, baby …: each of its items becomes a group), one of the AudioSet ontology (Dog covers
    Bark, Yip, Howl …), or a label's; case does not matter. What the model does not hear is left out of a preset. Raises
    LabelError for an unknown name, and for one that the model hears nothing of.
    """
    found: dict[str, Group] = {}
    for name in names:
        groups = _groups(name, labels)
        if not groups:
            raise LabelError(f"The model hears nothing of “{name}”; choose other labels, or another model.")
        found |= {group.name: found.get(group.name, group) for group in groups}
    return list(found.values())


def meant(name: str, labels: Sequence[str]) -> Group:
    """What a label of somebody's ground truth stands for: the model's label of that name, else all that it has below it.

    Names are the model's and the AudioSet ontology's, in any case. Raises LabelError for an unknown name, and for one that
    the model hears nothing of.
    """
    index = {label.casefold(): k for k, label in enumerate(labels)}
    ontology = {group.casefold(): group for group in audioset.groups()}
    key = name.strip().casefold()
    if key in index:
        return Group(labels[index[key]], (index[key],))
    if key not in ontology:
        near = nearest(name, [*ontology.values(), *labels])
        hint = f"did you mean “{near}”?" if near else "take a name of AudioSet or of the model."
        raise LabelError(f"there is no label “{name}”; {hint}")
    found = _group(name.strip(), labels)
    if not found:
        raise LabelError(
            f"the model hears nothing of “{ontology[key]}”; take its lines out, or choose a model that knows it with MODEL=."
        )
    return found[0]


def within(groups: Sequence[Group], tracked: Sequence[int]) -> list[Group]:
    """The groups with their tracked members only. Raises LabelError where none is left."""
    left = [replace(group, members=tuple(k for k in group.members if k in set(tracked))) for group in groups]
    if not any(group.members for group in left):
        raise LabelError("No label is left to track; loosen LABELS, SUBSET_LABELS_PATH, ALLOW or DENY.")
    return [group for group in left if group.members]


def thresholds(groups: Sequence[Group], of_labels: Sequence[Thresholds]) -> list[Thresholds]:
    """For each group the lowest of each figure of its members' thresholds; `of_labels`: one for each label."""
    return [
        Thresholds(*(min(figures) for figures in zip(*(astuple(of_labels[k]) for k in group.members), strict=True)))
        for group in groups
    ]


class GroupTagger:
    """A tagger of groups around a tagger of labels: a group's score is its best member's. One thread at a time."""

    def __init__(self, *, tagger: Tagger, groups: Sequence[Group], labels: Sequence[str]) -> None:
        """`tagger` gives the scores of `labels`."""
        self._tagger, self._groups, self._labels = tagger, groups, labels
        single = all(len(group.members) == 1 for group in groups)
        self._only = np.array([group.members[0] for group in groups], np.intp) if single else None

    def push(self, frames: Frames) -> list[Scores]:
        """The scores (groups,) that `frames` complete."""
        return [self._grouped(scores) for scores in self._tagger.push(frames)]

    def flush(self) -> list[Scores]:
        """The scores (groups,) that were waiting."""
        return [self._grouped(scores) for scores in self._tagger.flush()]

    def reset(self) -> None:
        """Forgets everything; the next frames are the start of a new stream."""
        self._tagger.reset()

    def _grouped(self, scores: Scores) -> Scores:
        if self._only is not None:
            return replace(scores, probabilities=scores.probabilities[self._only], of_labels=scores.probabilities)
        best = best_members(self._groups, scores.probabilities)
        probabilities = np.array([score for score, _ in best], np.float32)
        members = tuple(self._labels[k] for _, k in best)
        return replace(scores, probabilities=probabilities, members=members, of_labels=scores.probabilities)


def best_members(groups: Sequence[Group], probabilities: NDArray[np.float32]) -> list[tuple[float, int]]:
    """For each group its score, and the label index of the member that it is: probabilities (classes,)."""
    winners = [group.members[int(np.argmax(probabilities[list(group.members)]))] for group in groups]
    return [(float(probabilities[k]), k) for k in winners]


def _groups(name: str, labels: Sequence[str]) -> list[Group]:
    key = name.strip().casefold()
    if key == ALL:
        return [Group(label, (k,)) for k, label in enumerate(labels)]
    if key in audioset.presets():
        return [group for item in audioset.presets()[key] for group in _group(item, labels)]
    return _group(name.strip(), labels)


def _group(name: str, labels: Sequence[str]) -> list[Group]:
    """The group of that name, or none where the model has none of its members. Raises LabelError."""
    index = {label.casefold(): k for k, label in enumerate(labels)}
    ontology = {group.casefold(): group for group in audioset.groups()}
    key = name.casefold()
    if key in ontology:
        members = [index[m.casefold()] for m in audioset.groups()[ontology[key]] if m.casefold() in index]
        return [Group(ontology[key], tuple(members))] if members else []
    if key in index:
        return [Group(labels[index[key]], (index[key],))]
    presets = (*audioset.presets(), ALL)
    near = nearest(name, [*presets, *labels, *ontology.values()])
    hint = f"did you mean “{near}”?" if near else f"presets are {', '.join(presets)}."
    raise LabelError(f"There is no label, group or preset “{name}”; {hint}")
