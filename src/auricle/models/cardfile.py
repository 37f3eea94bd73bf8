"""A model's card as a JSON file: read and checked, or written."""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from auricle.card import Architecture, ClipFacts, FrontEndFacts, Int8Facts, ModelCard, Thresholds
from auricle.errors import CardError

FORMAT = 1
"""The newest card format that this program reads."""

KINDS = ("panns", "efficientat")
"""The front ends that there are."""

_LIMITS = {"rate": (1_000, 768_000), "window_size": (1, 65_536), "hop": (1, 65_536), "n_mels": (1, 1_024)}
"""Of the front end's figures; as of the settings that repeat them."""
_LONGEST_S = 60
"""Of a window, a step, or the sound that one row of scores speaks of."""
_LARGEST = 1e9
"""No number in a card is as large."""
_TEXT = re.compile(r".{0,4096}", re.DOTALL)
_LINE = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,256}")
"""Without control characters, which would break a table or make a terminal do something."""
_Number = TypeVar("_Number", int, float)


def as_json(card: ModelCard) -> str:
    """The card as its file has it."""
    fields = asdict(card)
    sound = fields["front_end"]
    mean, std = sound.pop("scaler_mean"), sound.pop("scaler_std")
    if mean:
        sound["scaler"] = {"mean": mean, "std": std}
    fields["thresholds"] = {
        figure: {label: getattr(limits, figure) for label, limits in card.thresholds.items()}
        for figure in ("on", "off", "minimum_s")
    }
    return json.dumps({"format": FORMAT, **fields}, indent=1, ensure_ascii=False) + "\n"


def read_card(path: Path) -> ModelCard:
    """The card in `path`. Raises CardError where it is missing, malformed, newer, or contradicts itself."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CardError(
            f"{path}: cannot read the model's card ({error.strerror}); name a folder that has one."
        ) from None
    except (ValueError, RecursionError) as error:
        raise CardError(f"{path}: not a model card, since it is not JSON ({error}); install the model again.") from None
    return parse_card(data, where=str(path))


def parse_card(data: Any, *, where: str) -> ModelCard:
    """The card that `data`, a decoded JSON object, describes; `where` names it in errors. Raises CardError."""
    if not isinstance(data, dict) or type(data.get("format")) is not int or data["format"] < 1:
        raise CardError(f"{where}: not a model card (it has no format number); install the model again.")
    if data["format"] > FORMAT:
        raise CardError(
            f"{where}: written for a newer Auricle (card format {data['format']}, this one reads {FORMAT}); update Auricle."
        )
    try:
        json.dumps(data, ensure_ascii=False).encode()  # a half of a character could be shown and written nowhere
        card = _card(data)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        what = "lacks" if isinstance(error, KeyError) else "is malformed:"
        raise CardError(f"{where}: the model card {what} {error!s:.200}; install the model again.") from None
    _check(card, where)
    return card


def _card(data: dict[str, Any]) -> ModelCard:
    shape, sound = data["architecture"], data["front_end"]
    scaler = sound.get("scaler") or {"mean": [], "std": []}
    return ModelCard(
        **{key: _text(_LINE, data[key]) for key in ("name", "version")},
        **{
            key: _text(_TEXT, data[key]) for key in ("title", "description", "licence", "citation", "source", "weights")
        },
        sha256=_text(_TEXT, data.get("sha256", "")),
        architecture=Architecture(
            family=_text(_LINE, shape["family"]),
            kernel=_number(int, shape["kernel"]),
            channels=_numbers(int, shape["channels"]),
            pools=tuple((_number(int, t), _number(int, f)) for t, f in shape["pools"]),
            head=_text(_LINE, shape["head"]),
            convolutions=_number(int, shape.get("convolutions", Architecture.convolutions)),
            inner=_numbers(int, shape.get("inner", Architecture.inner)),
            input_norm=bool(shape.get("input_norm", Architecture.input_norm)),
            weighing=_number(int, shape.get("weighing", Architecture.weighing)),
        ),
        front_end=FrontEndFacts(
            **{key: _number(int, sound[key]) for key in _LIMITS},
            window=_text(_LINE, sound["window"]),
            fmin=_number(float, sound["fmin"]),
            fmax=_number(float, sound["fmax"]),
            scaler_mean=_numbers(float, scaler["mean"]),
            scaler_std=_numbers(float, scaler["std"]),
            kind=_text(_LINE, sound.get("kind", FrontEndFacts.kind)),
            fft_size=_number(int, sound.get("fft_size", FrontEndFacts.fft_size)),
        ),
        window_s=_number(float, data["window_s"]),
        labels=_labels(data["labels"]),
        clip=_clip(data["clip"]) if data.get("clip") else None,
        int8=_int8(data["int8"]) if data.get("int8") else None,
        thresholds=_thresholds(data["thresholds"]),
    )


def _text(form: re.Pattern[str], value: Any) -> str:
    if not isinstance(value, str) or not form.fullmatch(value):
        raise ValueError(f"{value!r:.60} is no text that could stand there")
    return value


def _number(kind: type[_Number], value: Any) -> _Number:
    if type(value) not in (int, float) or not abs(value) < _LARGEST or kind(value) != value:
        raise ValueError(f"{value!r:.60} is no number that could stand there")
    return kind(value)


def _numbers(kind: type[_Number], values: Any) -> tuple[_Number, ...]:
    return tuple(_number(kind, value) for value in values)


def _thresholds(data: Any) -> dict[str, Thresholds]:
    on, off, minimum_s = data["on"], data["off"], data.get("minimum_s", {})
    if strange := sorted(set(minimum_s) - set(on)):
        raise ValueError(f"thresholds.minimum_s has “{strange[0]}”, which thresholds.on has not")
    return {
        label: Thresholds(*_numbers(float, (score, off[label], minimum_s.get(label, 0.0))))
        for label, score in on.items()
    }


def _clip(data: Any) -> ClipFacts:
    times = {key: _number(float, data[key]) for key in ("step_s", "delay_s")}
    return ClipFacts(windows_s=_numbers(float, data["windows_s"]), **times)


def _int8(data: Any) -> Int8Facts:
    figures = {key: _number(float, data[key]) for key in ("lowest", "highest", "lost_points")}
    return Int8Facts(**figures, peaks=_numbers(float, data["peaks"]), clips=_number(int, data["clips"]))


def _labels(data: Any) -> tuple[str, ...]:
    if not isinstance(data, list):
        raise TypeError("labels is not a list")
    return tuple(_text(_LINE, label) for label in data)


def _check(card: ModelCard, where: str) -> None:
    for is_wrong, what in (*_wrong_sound(card.front_end), *_wrong_network(card), *_wrong_labels(card)):
        if is_wrong:
            raise CardError(f"{where}: the model card contradicts itself, {what}; install the model again.")


def _wrong_network(card: ModelCard) -> list[tuple[bool, str]]:
    shape = card.architecture
    return [
        (len(shape.channels) != len(shape.pools), "its blocks and poolings differ in number"),
        (not shape.channels, "it has no blocks"),
        (
            min((*shape.channels, *(figure for pool in shape.pools for figure in pool)), default=1) < 1,
            "its architecture has a figure below 1",
        ),
        (shape.convolutions not in (1, 2), "its blocks have neither one nor two convolutions"),
        (len(shape.inner) not in (0, len(shape.channels)), "its inner widths are not one for each block"),
        (shape.kernel < 1 or shape.kernel % 2 == 0, "its kernel is not odd"),
        (not 0 <= shape.weighing <= len(card.labels), "more labels weigh its frames than it has"),
        (math.prod(mel for _, mel in shape.pools) > card.front_end.n_mels, "it pools more mel bands than there are"),
        (
            math.prod(time for time, _ in shape.pools) * card.front_end.hop > _LONGEST_S * card.front_end.rate,
            f"a row of its scores speaks of more than {_LONGEST_S} s",
        ),
        (not 0 < card.window_s <= _LONGEST_S, f"its window is not from 0 to {_LONGEST_S} s"),
        (card.int8 is not None and not _are_steps(card.int8), "its 8-bit steps are no lengths"),
        (
            card.int8 is not None and len(card.int8.peaks) != len(shape.channels) * shape.convolutions,
            "its 8-bit steps are not one for each convolution",
        ),
        (card.clip is not None and shape.family != "efficientat", "networks of its family are not run clip by clip"),
        (
            card.clip is not None and not _is_time(card.clip, card.front_end),
            f"its clips' windows, 16 at most, and steps are not from a frame to {_LONGEST_S} s, or its delay not from 0 to a window",
        ),
    ]


def _are_steps(facts: Int8Facts) -> bool:
    """Within what log-mels and images can be, and with a loss that can be."""
    spans = max(0.0, facts.highest) - min(0.0, facts.lowest) > 1e-6 and -1e6 < facts.lowest < facts.highest < 1e6
    known = facts.clips >= 0 and -100.0 <= facts.lost_points <= 100.0
    return spans and known and all(1e-7 < peak < 1e6 for peak in facts.peaks)


def _is_time(clip: ClipFacts, sound: FrontEndFacts) -> bool:
    lengths = (*clip.windows_s, clip.step_s)
    fit = all(sound.hop <= s * sound.rate and s <= _LONGEST_S for s in lengths)
    return 0 < len(clip.windows_s) <= 16 and fit and 0 <= clip.delay_s <= max(clip.windows_s)


def _wrong_sound(sound: FrontEndFacts) -> list[tuple[bool, str]]:
    fft = sound.fft_size or sound.window_size
    return [
        *(
            (not low <= getattr(sound, fact) <= high, f"its front end's {fact} is not from {low} to {high}")
            for fact, (low, high) in _LIMITS.items()
        ),
        (sound.rate > 1000 * sound.hop, "it has more than 1000 frames a second"),
        (sound.kind not in KINDS, f"its front end is none of {', '.join(KINDS)}"),
        (sound.window != "hann", "its front end's window is not “hann”, the only one that there is"),
        (not sound.window_size <= fft <= 65_536, "its FFT is shorter than its window, or longer than 65536 samples"),
        (sound.kind == "panns" and fft != sound.window_size, "its FFT is not as long as its window, as panns has it"),
        (sound.kind == "efficientat" and fft % 2 == 1, "its FFT's length is odd"),
        (
            not (0 <= sound.fmin <= sound.fmax - sound.n_mels and sound.fmax <= sound.rate / 2),
            "its mel range is not within 0 and half the rate, or has less than 1 Hz for each band",
        ),
        (len(sound.scaler_mean) not in (0, sound.n_mels), "its scaler does not fit its mel bands"),
        (len(sound.scaler_std) != len(sound.scaler_mean), "its scaler's two halves differ in length"),
        (min(sound.scaler_std, default=1.0) < 1e-3, "its scaler has a deviation below 0.001"),
    ]


def _wrong_labels(card: ModelCard) -> list[tuple[bool, str]]:
    without = [label for label in card.labels if label not in card.thresholds]
    return [
        (not card.labels, "it has no labels"),
        (len(set(card.labels)) != len(card.labels), "a label stands in it twice"),
        (not set(card.thresholds) <= set(card.labels), "it has thresholds for labels that it does not know"),
        (bool(without), f"it has no thresholds for “{''.join(without[:1])}”"),
        (any(not 0 < t.off <= t.on <= 1 for t in card.thresholds.values()), "its thresholds are not 0 < off ≤ on ≤ 1"),
        (
            any(not 0 <= t.minimum_s <= 3600 for t in card.thresholds.values()),
            "an event's shortest duration is not from 0 to 3600 s",
        ),
    ]
