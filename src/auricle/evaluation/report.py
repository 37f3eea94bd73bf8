"""What an evaluation found, as a table to read and as JSON."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from auricle.evaluation.figures import Accuracy, ClassFigures
from auricle.evaluation.manifest import Manifest
from auricle.evaluation.onsets import COLLAR_S, OnsetFigures

_WIDTH = 240
"""Of lines, at most; a table is as wide as its cells."""


@dataclass(frozen=True)
class Report:
    """Everything that is known."""

    model: str
    version: str
    known_labels: int
    """How many the model has."""
    manifest: Manifest
    accuracy: Accuracy | None
    classes: list[ClassFigures]
    onsets: OnsetFigures | None

    @property
    def seconds(self) -> float:
        """Of sound."""
        return sum(clip.duration_s for clip in self.manifest.clips)

    @property
    def mean_average_precision(self) -> float:
        """Over the labels of the manifest."""
        return float(np.mean([figures.average_precision for figures in self.classes]))

    @property
    def false_alarms_per_hour(self) -> float | None:
        """Mean over the labels for which it can be said."""
        rates = [f.false_alarms_per_hour for f in self.classes if f.false_alarms_per_hour is not None]
        return float(np.mean(rates)) if rates else None


def write_table(report: Report, stream: TextIO) -> None:
    """For eyes."""
    page = io.StringIO()
    console = Console(file=page, width=_WIDTH, color_system=None, highlight=False, markup=False, emoji=False)
    clips, labels = report.manifest.clips, report.manifest.labels
    without = sum(not clip.labels for clip in clips)
    silent = f", {without} of them without any label" if without else ""
    console.print(
        f"{report.model} {report.version} on {_count(len(clips), 'recording')}{silent}: "
        f"{report.seconds / 60:.1f} min, {_count(len(labels), 'label')}\n"
    )
    summary = Table.grid(padding=(0, 2))
    summary.add_column()
    summary.add_column(justify="right")
    summary.add_column()
    for name, figure, meaning in _summary(report):
        summary.add_row(name, figure, meaning)
    console.print(summary)
    console.print()
    console.print(_by_class(report))
    stream.writelines(f"{line.rstrip()}\n" for line in page.getvalue().splitlines())


def write_json(report: Report, stream: TextIO) -> None:
    """For programs: one object."""
    json.dump(as_dict(report), stream, ensure_ascii=False, indent=2)
    stream.write("\n")


def as_dict(report: Report) -> dict[str, object]:
    """As JSON carries it: shares of 1 to four digits; null where a figure cannot be said."""
    accuracy, onsets = report.accuracy, report.onsets
    return {
        "model": report.model,
        "model_version": report.version,
        "recordings": len(report.manifest.clips),
        "seconds": round(report.seconds, 3),
        "accuracy": accuracy
        and {
            "recordings": accuracy.clips,
            "among_manifest_labels": round(accuracy.among_classes, 4),
            "among_all_labels": round(accuracy.among_all, 4),
        },
        "mean_average_precision": round(report.mean_average_precision, 4),
        "psds1": onsets and round(onsets.psds1, 4),
        "collar_f1": onsets and round(onsets.collar_f1, 4),
        "collar_s": onsets and COLLAR_S,
        "false_alarms_per_hour": _rounded(report.false_alarms_per_hour),
        "labels": [_class(figures, onsets) for figures in report.classes],
        "confusion": accuracy and accuracy.confusion.tolist(),
    }


def _class(figures: ClassFigures, onsets: OnsetFigures | None) -> dict[str, object]:
    return {
        "label": figures.label,
        "recordings": figures.clips,
        "sounds": figures.sounds if onsets else None,
        "average_precision": _rounded(figures.average_precision),
        "recall": _rounded(figures.recall),
        "precision": _rounded(figures.precision),
        "false_alarms_per_hour": _rounded(figures.false_alarms_per_hour),
        "psds1": onsets and _rounded(onsets.psds1_by_label[figures.label]),
        "collar_f1": onsets and _rounded(onsets.collar_f1_by_label[figures.label]),
    }


def _summary(report: Report) -> Iterator[tuple[str, str, str]]:
    accuracy, onsets = report.accuracy, report.onsets
    if accuracy:
        of = f"of {_count(accuracy.clips, 'recording')} with one label, the likeliest"
        yield "accuracy", f"{accuracy.among_classes:.1%}", f"{of} among the manifest's {len(report.classes)}"
        yield "", f"{accuracy.among_all:.1%}", f"{of} among all {report.known_labels} of the model"
    yield "mAP", f"{report.mean_average_precision:.3f}", "mean over labels of the average precision of whole recordings"
    if onsets:
        yield "PSDS1", f"{onsets.psds1:.3f}", "dtc 0.7, gtc 0.7, alpha_st 1, at most 100 false positives per hour"
        yield "collar F1", f"{onsets.collar_f1:.3f}", f"mean over labels, onsets within {COLLAR_S} s"
    if report.false_alarms_per_hour is not None:
        where = "events that meet no sound of their label" if onsets else "events in recordings without their label"
        yield "false alarms/h", f"{report.false_alarms_per_hour:.1f}", f"mean over labels; {where}"


def _by_class(report: Report) -> Table:
    onsets = report.onsets
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="")
    table.add_column("label")
    columns = (
        "recordings",
        "AP",
        "recall",
        "precision",
        "false alarms/h",
        *(("sounds", "PSDS1", "collar F1") if onsets else ()),
    )
    for name in columns:
        table.add_column(name, justify="right")
    for figures in report.classes:
        label = figures.label
        cells = [
            str(figures.clips),
            f"{figures.average_precision:.3f}",
            f"{figures.recall:.0%}",
            "–" if figures.precision is None else f"{figures.precision:.0%}",
            "–" if figures.false_alarms_per_hour is None else f"{figures.false_alarms_per_hour:.1f}",
        ]
        if onsets:
            psds1, f1 = onsets.psds1_by_label[label], onsets.collar_f1_by_label[label]
            cells += [str(figures.sounds), f"{psds1:.3f}", f"{f1:.3f}"]
        table.add_row(Text(label), *cells)
    return table


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 4)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
