"""`models`: what is installed and what can be had; get, import, show, remove."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from auricle import settings
from auricle.errors import SettingsError
from auricle.labels import audioset
from auricle.models import catalogue, convert, install, store
from auricle.models.download import Patience

_PATIENCE = Patience(stall_s=30.0, attempts=5, pause_s=1.0)
_USAGE = "`auricle models`, `… get NAME`, `… import FILE [NAME]`, `… show NAME` or `… remove NAME`"


def models(arguments: argparse.Namespace) -> int:
    """One of the five forms; without a word, the list."""
    words = [word for word in arguments.words if not settings.is_setting(word) or Path(word).exists()]
    settings.load([word for word in arguments.words if word not in words])
    action, names = (words[0], words[1:]) if words else ("list", [])
    actions: dict[str, tuple[Callable[[Sequence[str]], None], range]] = {
        "list": (_list, range(1)),
        "get": (_get, range(1, 2)),
        "import": (_import, range(1, 3)),
        "show": (_show, range(1, 2)),
        "remove": (_remove, range(1, 2)),
    }
    if action not in actions or len(names) not in actions[action][1]:
        raise SettingsError(f"“models {' '.join(words)}” is not understood; it is {_USAGE}.")
    actions[action][0](names)
    return 0


def _list(_names: Sequence[str]) -> None:
    here = {model.card.name: model for model in store.installed()}
    print(
        f"{'name':<20} {'installed':<10} {'classes':>7} {'mAP':>6} {'parameters':>11} {'size':>9}  {'licence':<10} title"
    )
    for model in here.values():
        entry = catalogue.entries().get(model.card.name)
        figures = _figures(entry) if entry else ("–", "–")
        size = f"{model.size_bytes / 1e6:.1f} MB"
        _line(model.card.name, "yes", len(model.card.labels), figures, size, model.card.licence, model.card.title)
    for entry in catalogue.entries().values():
        if entry.name not in here:
            size = (
                f"{'' if entry.expected.size else '~'}{entry.about_bytes / 1e6:.{1 if entry.expected.size else 0}f} MB"
            )
            _line(entry.name, "no", len(audioset.names()), _figures(entry), size, entry.licence, entry.title)


def _figures(entry: catalogue.Entry) -> tuple[str, str]:
    precision, parameters = entry.mean_average_precision, entry.parameters
    return f"{precision:.3f}" if precision else "–", f"{parameters / 1e6:.2f} M" if parameters else "–"


def _line(name: str, there: str, classes: int, figures: tuple[str, str], size: str, licence: str, title: str) -> None:
    print(f"{name:<20} {there:<10} {classes:>7} {figures[0]:>6} {figures[1]:>11} {size:>9}  {licence:<10} {title}")


def _get(names: Sequence[str]) -> None:
    entry = catalogue.find(names[0])
    columns = (TextColumn(entry.file), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("download", total=entry.expected.size)
        model = install.get(
            entry.name,
            home=store.default_home(),
            mirror=os.environ.get("AURICLE_MIRROR", ""),
            labels=audioset.names(),
            patience=_PATIENCE,
            progress=lambda have, total: bar.update(task, completed=have, total=total),
        )
    _done(model)


def _import(names: Sequence[str]) -> None:
    file, name = Path(names[0]), (names[1] if len(names) > 1 else "")
    _done(install.take(file, name=name, home=store.default_home(), labels=audioset.names()))


def _show(names: Sequence[str]) -> None:
    model = store.find(names[0])
    print(convert.as_json(model.card), end="")
    print(f"{model.size_bytes / 1e6:.1f} MB in {model.folder}", file=sys.stderr)


def _remove(names: Sequence[str]) -> None:
    print(f"removed {install.remove(names[0], home=store.default_home())}", file=sys.stderr)


def _done(model: store.Installed) -> None:
    name = model.card.name
    print(f"{name} is installed in {model.folder}; `auricle listen MODEL={name}` uses it.", file=sys.stderr)
