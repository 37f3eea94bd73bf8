"""`evaluate`: a folder of labelled recordings in, figures about the model out."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from auricle import settings
from auricle.app import Auricle
from auricle.commands.interruption import interrupted_by_signal
from auricle.commands.overwriting import refuse_overwriting
from auricle.errors import EvaluationError, FileError, LabelError, SettingsError
from auricle.evaluation import figures, onsets, picture, report
from auricle.evaluation.manifest import Clip, Manifest, Reader, Span
from auricle.events.smoothing import MedianFilter
from auricle.labels import groups
from auricle.messages import Event, EventState, Frames, Health, Message, Scores
from auricle.sinks.console import ProgressBar
from auricle.sinks.output import whole_file

_USAGE = "`auricle evaluate DIR --labels MANIFEST.csv`"


def evaluate(arguments: argparse.Namespace) -> int:
    """Every bad line, recording, setting or output is found before the first recording is heard."""
    words = [word for word in arguments.words if settings.is_chosen(word)]
    folders = [word for word in arguments.words if word not in words]
    auricle = Auricle(settings.load(words))
    if len(folders) != 1 or arguments.labels is None:
        raise SettingsError(f"Name one folder and its manifest: {_USAGE}, a CSV of path,label[,onset,offset].")
    if auricle.conf.LABELS:
        raise SettingsError("The manifest says which labels are evaluated; leave LABELS out.")
    folder = Path(folders[0])
    if not folder.is_dir():
        raise SettingsError(
            f"{folder}: no such folder; {_USAGE} takes the folder from which the manifest's paths lead on."
        )
    examination = Examination(auricle)
    manifest = examination.manifest(folder, arguments.labels)
    judge = onsets.Judge() if manifest.timed else None
    outputs = [path for path in (arguments.output, arguments.picture) if path is not None]
    refuse_overwriting(outputs, [arguments.labels, *(clip.path for clip in manifest.clips)], words, auricle.conf)
    _check_picture(arguments, manifest)
    _ = auricle.loaded, auricle.thresholds
    with contextlib.ExitStack() as stack:
        stack.enter_context(interrupted_by_signal())
        stream = sys.stdout if arguments.output is None else stack.enter_context(whole_file(arguments.output))
        drawing = None if arguments.picture is None else stack.enter_context(whole_file(arguments.picture))
        found = examination.report(manifest, judge)
        (report.write_json if arguments.format == "json" else report.write_table)(found, stream)
        if drawing is not None and found.accuracy is not None:
            heading = f"{found.model} {found.version}: {found.accuracy.among_classes:.1%} of {found.accuracy.clips} named right"
            picture.draw(found.accuracy.confusion, manifest.labels, heading, drawing.buffer)
    return 0


class Examination:
    """One model and the labels of one manifest."""

    def __init__(self, auricle: Auricle) -> None:
        """`auricle` decodes each label of its model by itself."""
        self._auricle = auricle
        self._classes: dict[str, groups.Group] = {}

    def manifest(self, folder: Path, path: Path) -> Manifest:
        """What is in `folder`, according to `path`. Raises ManifestError."""
        loaded = self._auricle.loaded
        hop_s = self._auricle.card.front_end.hop / self._auricle.card.front_end.rate
        shortest_s = max(loaded.score_s, loaded.pooled_frames * hop_s)
        reader = Reader(folder=folder, name=self._name, duration=self._duration, shortest_s=shortest_s)
        manifest = reader.read(path)
        for one, other in itertools.combinations(self._classes.values(), 2):
            if set(one.members) & set(other.members):  # a sound of one would count as the other's false alarm
                raise EvaluationError(
                    f"{path}: “{one.name}” and “{other.name}” hold the same sounds to this model; "
                    "call each sound by one of the two names only."
                )
        return manifest

    def report(self, manifest: Manifest, judge: onsets.Judge | None) -> report.Report:
        """Hears every recording; `judge` is for manifests with times."""
        bar = ProgressBar(stream=sys.stderr)
        try:
            bar.begin(f"{len(manifest.clips)} recordings", sum(clip.duration_s for clip in manifest.clips))
            heard, done_s = [], 0.0
            for clip in manifest.clips:
                heard.append(self._hear(clip, manifest, bar, done_s))
                done_s += clip.duration_s
        finally:
            bar.close()
        card = self._auricle.card
        return report.Report(
            model=card.name,
            version=card.version,
            known_labels=len(card.labels),
            manifest=manifest,
            accuracy=figures.accuracy(heard, manifest.labels),
            classes=figures.by_class(heard, manifest.labels, timed=manifest.timed),
            onsets=judge.figures(heard, manifest.labels) if judge else None,
        )

    def _name(self, label: str) -> str:
        group = groups.meant(label, self._auricle.card.labels)
        if not set(group.members) <= set(self._auricle.tracked):
            raise LabelError(f"“{group.name}” is not tracked; change DENY, ALLOW or SUBSET_LABELS_PATH.")
        self._classes[group.name] = group
        return group.name

    def _duration(self, path: Path) -> float:
        duration_s = self._auricle.check(str(path))
        if duration_s is None:
            raise FileError(f"{path}: a stream, which ends nobody knows when; name a recording.")
        return duration_s

    def _hear(self, clip: Clip, manifest: Manifest, bar: ProgressBar, done_s: float) -> figures.Heard:
        classes = [self._classes[label] for label in manifest.labels]
        place = {k: position for position, k in enumerate(self._auricle.tracked)}
        ear = _Ear(
            classes=[groups.Group(group.name, tuple(place[k] for k in group.members)) for group in classes],
            smoothing=MedianFilter(length=self._auricle.smoothing_frames) if manifest.timed else None,
            bar=bar,
            done_s=done_s,
        )
        frames: list[Frames] = []
        source = self._auricle.recording(clip.path, None)
        self._auricle.pipeline(source, ear, live=False, see=frames.append).run()
        tags = self._auricle.model.tag_frames(np.concatenate([some.logmel for some in frames]))
        best = int(np.argmax(tags))
        labels = self._auricle.card.labels
        events = [
            Span(group.name, span.onset_s, span.offset_s)
            for group in classes
            for span in ear.spans
            if span.label in {labels[k] for k in group.members}
        ]
        scores, edges = ear.smoothed()
        return figures.Heard(
            clip=clip,
            scores=np.array([score for score, _ in groups.best_members(classes, tags)], np.float32),
            first=frozenset(group.name for group in classes if best in group.members),
            events=figures.merged(events),
            frames=scores,
            edges=edges,
        )


class _Ear:
    """Collects what the pipeline says of one recording."""

    def __init__(
        self, *, classes: Sequence[groups.Group], smoothing: MedianFilter | None, bar: ProgressBar, done_s: float
    ) -> None:
        """`classes`: of the pipeline's scores, which are kept where there is `smoothing`; `done_s`: of recordings before."""
        self._classes, self._smoothing, self._bar, self._done_s = classes, smoothing, bar, done_s
        self._frames: list[Scores] = []
        self.spans: list[Span] = []

    def handle(self, message: Message) -> None:
        """Keeps ended events and final scores, and moves the bar on."""
        if isinstance(message, Event) and message.state is EventState.ENDED:
            assert message.offset_s is not None  # noqa: S101  (for the type checker: an ended event has one)
            self.spans.append(Span(message.label, message.onset_s, message.offset_s))
        elif isinstance(message, Scores) and self._smoothing is not None and not message.provisional:
            grouped = [score for score, _ in groups.best_members(self._classes, message.probabilities)]
            self._frames += self._smoothing.push(replace(message, probabilities=np.array(grouped, np.float32)))
        elif isinstance(message, Health):
            self._bar.handle(replace(message, time_s=self._done_s + message.time_s))

    def smoothed(self) -> tuple[np.ndarray, np.ndarray]:
        """Scores (frames, classes), and where frames begin and the last one ends."""
        if self._smoothing is None:
            return np.zeros((0, len(self._classes)), np.float32), np.zeros(1)
        frames = self._frames + self._smoothing.flush()
        edges = np.array([frames[0].start_s, *(scores.end_s for scores in frames)])
        return np.array([scores.probabilities for scores in frames]), edges

    def close(self) -> None:
        """Nothing is open."""


def _check_picture(arguments: argparse.Namespace, manifest: Manifest) -> None:
    """Raises where a picture could not be drawn."""
    if arguments.picture is None:
        return
    if arguments.output is not None and os.path.realpath(arguments.output) == os.path.realpath(arguments.picture):
        raise SettingsError("The table and the picture cannot be one file; give -o and --picture different names.")
    if arguments.picture.suffix.lower() != ".png":
        raise SettingsError(f"{arguments.picture}: the picture is a PNG; let its name end in .png.")
    if len(manifest.labels) < 2 or not any(len(clip.labels) == 1 for clip in manifest.clips):
        raise EvaluationError(
            "The picture shows which label was taken for which, and needs recordings with one label each, "
            "of two labels at least; leave --picture out."
        )
    if len(manifest.labels) > picture.MOST_LABELS:
        raise EvaluationError(
            f"A picture of {len(manifest.labels)} labels could not be read, {picture.MOST_LABELS} at most; use --format json."
        )
