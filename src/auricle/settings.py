"""OmegaConf lives here only: a YAML file and KEY=value words become a ConfDef, or one clear sentence.

Order of precedence: defaults < CONFIG=file.yaml < words on the command line (or keyword arguments from Python).
"""

from __future__ import annotations

import dataclasses
import difflib
import numbers
import reprlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import yaml
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from auricle.config import ConfDef
from auricle.errors import SettingsError

_TYPES: dict[str, Any] = get_type_hints(ConfDef)
_FIELDS = {field.name: field for field in dataclasses.fields(ConfDef)}
_TYPE_NAMES = {
    int: "integer",
    float: "number",
    str: "text",
    list[str]: "list of text",
    dict[str, float]: "numbers by label",
}
_NOT_YAML = (yaml.YAMLError, ValueError, RecursionError)
"""What the YAML reader raises: ValueError for a date that is none, RecursionError for brackets without end."""
_LITERALS = {"${": "\ue000{", "???": "\ue000?"}
"""What stands for `${` and `???` while OmegaConf checks types: it looks nothing up, and takes no value for missing."""
_LARGEST = 1_000_000
_SHOWN = 80
"""Characters of a wrong value that an error shows."""


@dataclasses.dataclass(frozen=True)
class Setting:
    """One key as the help and the documentation show it."""

    key: str
    type: str
    default: str
    unit: str
    meaning: str


def describe() -> list[Setting]:
    """Every key of ConfDef, in its order."""
    defaults = ConfDef()
    rows = []
    for name, field in _FIELDS.items():
        value = getattr(defaults, name)
        default = "model" if value is None else str(value) if value != "" else '""'
        meaning = field.metadata["meaning"]
        if field.metadata["choices"]:
            meaning += f" ({', '.join(field.metadata['choices'])})"
        rows.append(Setting(name, _type_name(name), default, field.metadata["unit"], meaning))
    return rows


def is_setting(word: str) -> bool:
    """Whether `word` has the form KEY=value; a path with a folder or a dot before its equals sign has not."""
    key, equals, _ = word.partition("=")
    return bool(equals) and key.isidentifier()


def is_chosen(word: str) -> bool:
    """Whether `word` of a command line is a setting; a file of that name comes first."""
    try:
        return is_setting(word) and not Path(word).exists()
    except OSError:  # too long for a path
        return True


def load(words: Sequence[str] = (), values: Mapping[str, Any] | None = None) -> ConfDef:
    """The configuration that KEY=value words and `values` (from Python) make of the defaults.

    Keys are case-insensitive. Raises SettingsError for an unknown key, a wrong type, a value out of range, or a
    CONFIG file that cannot be read.
    """
    pairs: list[tuple[str, Any]] = []
    for word in words:
        if not is_setting(word):
            raise SettingsError(
                f"“{_shown(word)}” is not a setting; write KEY=value, and see `auricle -h` for the keys."
            )
        key, _, text = word.partition("=")
        pairs.append((key.upper(), text))
    pairs.extend((key.upper(), value) for key, value in (values or {}).items())
    given: dict[str, Any] = {}
    for key, value in pairs:
        if key == "CONFIG":
            if "\0" in str(value) or not str(value):
                raise SettingsError("CONFIG names no file; name one of YAML, or leave it out.")
            given.update(_read_file(Path(str(value))))
    given.update({_known(key): _parse(key, value) for key, value in pairs if key != "CONFIG"})
    conf = _merge(given)
    _check_ranges(conf)
    return conf


def to_yaml(conf: ConfDef) -> str:
    """The configuration as YAML, which CONFIG=file.yaml takes back."""
    return str(yaml.safe_dump(dataclasses.asdict(conf), sort_keys=False, allow_unicode=True))


def _type_name(name: str) -> str:
    kind = _TYPES[name]
    optional = [part for part in get_args(kind) if part is not type(None)]
    return _TYPE_NAMES[optional[0] if type(None) in get_args(kind) else kind]


def _known(key: str) -> str:
    if key in _FIELDS:
        return key
    near = difflib.get_close_matches(key, _FIELDS, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else "see `auricle -h` for the keys."
    raise SettingsError(f"There is no setting {_shown(key)}; {hint}")


def _read_file(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST + 1)  # a device may never end
        if len(content) > _LARGEST:
            raise SettingsError(f"{path}: not a configuration, since it has more than {_LARGEST} bytes; check CONFIG.")
        data = yaml.safe_load(content.decode("utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot read the configuration ({error.strerror}); check CONFIG.") from None
    except _NOT_YAML as error:
        raise SettingsError(f"{path}: not a configuration, since it is not YAML ({_first_line(error)}).") from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise SettingsError(f"{path}: not a configuration; it must hold lines of KEY: value.")
    return {_known(str(key).upper()): value for key, value in data.items()}


def _parse(key: str, value: Any) -> Any:
    """Lists and mappings from the command line as YAML reads them; text, one label and numbers stay as they were typed.

    YAML would take 010 for eight and 1:30 for ninety.
    """
    name = _known(key)
    kind = _type_name(name)
    if not isinstance(value, str) or (kind in ("text", "integer", "number") and value != "null"):
        return value
    if kind == "list of text" and not value.lstrip().startswith("["):
        return [value] if value else []
    try:
        return yaml.safe_load(value)
    except _NOT_YAML:
        raise _wrong_type(name, value) from None


def _merge(given: Mapping[str, Any]) -> ConfDef:
    conf = OmegaConf.structured(ConfDef)
    for key, chosen in given.items():
        value = (
            None if isinstance(chosen, str) and chosen == "model" and type(None) in get_args(_TYPES[key]) else chosen
        )
        if not _is_plain(value):
            raise _wrong_type(key, value)
        try:
            conf = OmegaConf.merge(conf, {key: _replaced(value, _LITERALS)})
        except (OmegaConfBaseException, ValueError, TypeError, OverflowError):
            raise _wrong_type(key, value) from None
    values, back = OmegaConf.to_object(conf), {mark: text for text, mark in _LITERALS.items()}
    assert isinstance(values, ConfDef)  # noqa: S101  (for the type checker: the schema says so)
    return ConfDef(**{name: _replaced(getattr(values, name), back) for name in _FIELDS})


def _is_plain(value: Any) -> bool:
    """Whether `value` is a number or text, or a list of them, or such by label; a truth value is no number."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else None
    if inner is None:
        return not isinstance(value, bool)
    return not any(item is None or isinstance(item, (bool, list, tuple, dict)) for item in inner)


def _replaced(value: Any, texts: Mapping[str, str]) -> Any:
    """`value` with these replaced in its texts by those, and with Python's own numbers for NumPy's."""
    if isinstance(value, dict):
        return {_replaced(key, texts): _replaced(item, texts) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_replaced(item, texts) for item in value]
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    if isinstance(value, str):
        for old, new in texts.items():
            value = value.replace(old, new)
    return value


def _wrong_type(key: str, value: Any) -> SettingsError:
    kind = _type_name(key)
    hint = "write them as {Dog: 0.6}, with a blank" if kind == "numbers by label" else "see `auricle -h`"
    return SettingsError(f"{key} must be {_article(kind)}, not “{_shown(value)}”; {hint}.")


def _shown(value: Any) -> str:
    """`value` in one short line."""
    try:
        text = " ".join((value if isinstance(value, str) else reprlib.repr(value)).split())
    except ValueError:  # Python writes no integer of thousands of digits
        text = "a number without end"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _article(name: str) -> str:
    return f"an {name}" if name[0] in "aeiou" else name if name in ("text", "numbers by label") else f"a {name}"


def _check_ranges(conf: ConfDef) -> None:
    for name, field in _FIELDS.items():
        value, low, high, choices = getattr(conf, name), *(field.metadata[k] for k in ("low", "high", "choices"))
        if isinstance(value, str) and "\0" in value:
            raise SettingsError(f"{name} holds a null character, which nothing has in its name; leave it out.")
        if choices and value not in choices:
            raise SettingsError(f"{name} must be one of {', '.join(choices)}, not “{_shown(value)}”.")
        numbers = value.values() if get_origin(_TYPES[name]) is dict else [value]
        for number in numbers:
            if low is not None and number is not None and not low <= number <= high:
                raise SettingsError(
                    f"{name} must be from {low:g} to {high:g}, not {_number(number)}; see `auricle -h`."
                )
    if conf.ON_THRESHOLD is not None and conf.OFF_THRESHOLD is not None and conf.OFF_THRESHOLD > conf.ON_THRESHOLD:
        raise SettingsError("OFF_THRESHOLD must not be above ON_THRESHOLD; lower it.")
    for name, longest in (
        ("MIN_DURATION", conf.MIN_DURATION),
        ("MIN_DURATIONS", max(conf.MIN_DURATIONS.values(), default=0.0)),
    ):
        if longest > conf.MAX_DURATION:
            raise SettingsError(f"{name} must not be above MAX_DURATION; lower it.")


def _number(number: float) -> str:
    return f"{number:g}" if isinstance(number, float) else _shown(number)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
