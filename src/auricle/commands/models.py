"""`models`: what is installed and what can be had; get, import, show, quantize, remove."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from auricle import settings
from auricle.card import ModelCard
from auricle.commands.interruption import interrupted_by_signal
from auricle.commands.oneline import one_line
from auricle.commands.rounding import quantise
from auricle.errors import SettingsError
from auricle.labels import audioset
from auricle.models import catalogue, convert, install, networks, store
from auricle.models.download import Patience

_PATIENCE = Patience(stall_s=30.0, attempts=5, pause_s=1.0)
_USAGE = (
    "`auricle models`, `… get NAME`, `… import FILE [NAME]`, `… show NAME`, `… quantize NAME FILE…` or `… remove NAME`"
)


def models(arguments: argparse.Namespace) -> int:
    """One of the six forms; without a word, the list."""
    given = [word for word in arguments.words if settings.is_chosen(word)]
    words = [word for word in arguments.words if word not in given]
    settings.load(given)
    action, names = (words[0], words[1:]) if words else ("list", [])
    actions: dict[str, tuple[Callable[[Sequence[str]], None], range]] = {
        "list": (_list, range(1)),
        "get": (_get, range(1, 2)),
        "import": (_import, range(1, 3)),
        "show": (_show, range(1, 2)),
        "quantize": (partial(quantise, given=given), range(2, sys.maxsize)),
        "remove": (_remove, range(1, 2)),
    }
    if action not in actions or len(names) not in actions[action][1]:
        raise SettingsError(f"“models {' '.join(words)}” is not understood; it is {_USAGE}.")
    with interrupted_by_signal():
        actions[action][0](names)
    return 0


def _list(_names: Sequence[str]) -> None:
    here = {model.card.name: model for model in store.installed()}
    columns = (
        "name",
        "installed",
        "classes",
        "mAP",
        "parameters",
        "multiplications/s",
        "size",
        "rate",
        "licence",
        "what it is, and where from",
    )
    rows = [columns]
    for model in here.values():
        card, entry = model.card, catalogue.entries().get(model.card.name)
        figures = (*(_figures(entry) if entry else ("–", "–")), _cost(card, entry))
        size, rate = f"{model.size_bytes / 1e6:.1f} MB", f"{card.front_end.rate} Hz"
        what = f"{card.title}; {card.source}"
        rows.append((card.name, "yes", str(len(card.labels)), *figures, size, rate, card.licence, what))
    for entry in catalogue.entries().values():
        if entry.name not in here:
            known = entry.expected.size is not None
            size = f"{'' if known else '~'}{entry.about_bytes / 1e6:.{1 if known else 0}f} MB"
            cost = _cost(convert.outline(entry, audioset.names()), entry)
            rate, what = f"{entry.card['front_end']['rate']} Hz", f"{entry.title}; {entry.card['source']}"
            rows.append(
                (entry.name, "no", str(len(audioset.names())), *_figures(entry), cost, size, rate, entry.licence, what)
            )
    widths = [max(len(row[k]) for row in rows) for k in range(len(columns))]
    for row in rows:
        cells = [
            text.rjust(width) if 2 <= k <= 7 else text.ljust(width)
            for k, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        print(one_line("  ".join(cells).rstrip()))


def _figures(entry: catalogue.Entry) -> tuple[str, str]:
    precision, parameters = entry.mean_average_precision, entry.parameters
    return f"{precision:.3f}" if precision else "–", f"{parameters / 1e6:.2f} M" if parameters else "–"


def _cost(card: ModelCard | None, entry: catalogue.Entry | None) -> str:
    if entry and entry.mega_multiplications:
        return f"{entry.mega_multiplications:.0f} M"
    count = networks.multiplications(card) if card else None
    return f"{count / 1e6:.0f} M" if count else "–"


def _get(names: Sequence[str]) -> None:
    entry = catalogue.find(names[0])
    columns = (TextColumn(entry.file), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
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
    print((model.folder / store.CARD_FILE).read_text(encoding="utf-8"), end="")
    print(f"{model.size_bytes / 1e6:.1f} MB in {model.folder}", file=sys.stderr)


def _remove(names: Sequence[str]) -> None:
    print(f"removed {install.remove(names[0], home=store.default_home())}", file=sys.stderr)


def _done(model: store.Installed) -> None:
    name = model.card.name
    print(f"{name} is installed in {model.folder}; `auricle listen MODEL={name}` uses it.", file=sys.stderr)
