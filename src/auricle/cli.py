"""The command line: its words, its help, its exit status; the only place that prints an error.

Exit status: 0, 1 (`doctor` found that it cannot work), 2 (bad input), 130 (Ctrl-C), 141 (the reader went away).
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from auricle.commands.oneline import one_line
from auricle.errors import AuricleError, Interrupted

_READER_GONE = 141
_FORMATS = ("table", "jsonl", "csv", "audacity", "dcase")
_COMMANDS = (
    (
        "run",
        "live",
        "the microphone if it delivers sound, else the demonstration; in the window where there is a display",
    ),
    ("window", "window", "the live window"),
    ("listen", "live", "the microphone as a live view, or its events as lines"),
    ("detect", "recordings", "the events in recordings"),
    ("evaluate", "evaluate", "how well a model names the labelled recordings of a folder"),
    ("devices", "facts", "the input devices"),
    ("config", "facts", "the effective configuration as YAML, which CONFIG=FILE takes back"),
    ("models", "models", "the models: list, get NAME, import FILE [NAME], show NAME, quantize NAME FILE…, remove NAME"),
    ("doctor", "doctor", "checks whether everything works here; exit status 1 if it cannot"),
)
"""Each command with its module in auricle.commands, loaded when it is run, and its function there."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and gives its exit status."""
    _complete_streams()
    try:
        arguments = _arguments(argv)
        run: Callable[[argparse.Namespace], int] = getattr(import_module(arguments.module), arguments.command)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        status = run(arguments)
        sys.stdout.flush()
        return status
    except AuricleError as error:
        _tell(one_line(str(error)))
        return 2
    except Interrupted as interrupted:
        return interrupted.status
    except KeyboardInterrupt:
        return Interrupted.CTRL_C
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _READER_GONE
    except OSError as error:
        _tell(f"{error.filename or 'the output'}: {error.strerror}; nothing more was written.")
        return 2


def _tell(sentence: str) -> None:
    """Says it on standard error, if that can be written to."""
    try:
        print(f"auricle: {sentence}", file=sys.stderr, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def _complete_streams() -> None:
    """Gives closed standard streams a place to go, and lets every character of a file's name be printed."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115  (open until the end)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The words of the command line; files and settings may stand before, between and after options."""
    parser = _parser()
    arguments, rest = parser.parse_known_args(argv)
    unknown = [word for word in rest if word.startswith("-") and word != "-"]
    if unknown:
        parser.error(f"there is no option {unknown[0]} for {arguments.command}; see `auricle {arguments.command} -h`")
    arguments.words += rest
    return arguments


def _parser() -> argparse.ArgumentParser:
    style: dict[str, Any] = {"epilog": _settings_help(), "formatter_class": argparse.RawDescriptionHelpFormatter}
    parser = argparse.ArgumentParser(
        prog="auricle",
        description="Names the sounds around you, live, on one ordinary CPU core; nothing leaves the machine.",
        **style,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and leave")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", required=True)
    for name, module, what in _COMMANDS:
        command = commands.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.", **style)
        command.set_defaults(module=f"auricle.commands.{module}")
        if name == "detect":
            command.add_argument(
                "words", nargs="+", metavar="FILE | KEY=value", help="recordings, `-` for standard input, settings"
            )
        elif name == "evaluate":
            command.add_argument("words", nargs="*", metavar="DIR | KEY=value", help="the folder, settings")
            _add_evaluation(command)
        else:
            command.add_argument("words", nargs="*", metavar="KEY=value", help="settings, see below")
        if name in ("detect", "evaluate"):
            command.add_argument(
                "-o", "--output", type=Path, metavar="OUT", help="write here instead of standard output"
            )
        if name in ("detect", "listen"):
            command.add_argument(
                "--format", choices=_FORMATS, default="table", help="how events are written (default: table)"
            )
    return parser


def _add_evaluation(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--labels",
        type=Path,
        metavar="CSV",
        help="the manifest: path,label, or path,label,onset,offset in seconds; paths lead on from DIR",
    )
    command.add_argument("--picture", type=Path, metavar="PNG", help="draw there which label was taken for which")
    command.add_argument(
        "--format", choices=("table", "json"), default="table", help="how figures are written (default: table)"
    )


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib.metadata import version

        print(f"auricle {version('auricle')}")
        parser.exit()


def _settings_help() -> str:
    from auricle import settings

    lines = ["settings (CONFIG=FILE reads them from YAML; keys in upper or lower case):"]
    for row in settings.describe():
        unit = f", {row.unit}" if row.unit else ""
        lines.append(f"  {row.key}={row.default}  [{row.type}{unit}]\n      {row.meaning}")
    return "\n".join(lines)
