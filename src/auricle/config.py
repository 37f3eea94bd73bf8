"""ConfDef: the single strongly typed configuration, and the only defaults in the program.

Every key is a fact of taste. What the weights dictate is in the model's card; keys that repeat such a fact default to
None, "as the model's card says", and any other value than the card's is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


def _key(
    default: Any,
    meaning: str,
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """A field with what the help, the documentation and the range check need to know."""
    metadata = {"meaning": meaning, "unit": unit, "low": low, "high": high, "choices": choices}
    if isinstance(default, (list, dict)):
        return field(default_factory=lambda: type(default)(default), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass
class ConfDef:
    """Every setting with its type and default, in the order in which the help shows them."""

    # The sound
    DEVICE: str = _key("", "input device: a part of its name as `auricle devices` lists it; empty: the default one")
    CHANNEL: int = _key(0, "input channel, counted from 1; 0: the mean of all channels", low=0, high=256)
    SAMPLERATE: int | None = _key(
        None, "rate of the model's input; 32000 for the PANNs family", unit="Hz", low=1, high=768000
    )
    AUDIO_CHUNK_LENGTH: int = _key(
        1024,
        "sound that the device delivers at once, counted at the model's rate",
        unit="samples",
        low=16,
        high=1048576,
    )
    RINGBUFFER_LENGTH: float = _key(2.0, "how much recorded sound may wait to be computed", unit="s", low=0.1, high=600)
    FILE_CHUNK_LENGTH: int = _key(65536, "samples read at once from a recording", unit="samples", low=16, high=16777216)
    STALL_TIMEOUT: float = _key(
        3.0, "a device that delivers nothing for so long is opened anew", unit="s", low=0.2, high=3600
    )
    GAP_FILL: float = _key(
        0.5,
        "up to so much lost sound is taken for silence; after more, listening starts afresh",
        unit="s",
        low=0,
        high=60,
    )
    SILENCE_LEVEL: float = _key(-90.0, "an input that stays below is reported as silent", unit="dBFS", low=-200, high=0)
    SILENCE_TIMEOUT: float = _key(5.0, "how long it must stay below", unit="s", low=0.1, high=86400)
    PIPE_FORMAT: str = _key(
        "wav", "what standard input carries when the file is `-`", choices=("wav", "s16le", "s24le", "s32le", "f32le")
    )
    PIPE_SAMPLERATE: int = _key(32000, "rate of raw sound on standard input", unit="Hz", low=100, high=768000)
    PIPE_CHANNELS: int = _key(1, "channels of raw sound on standard input", low=1, high=256)

    # The model
    MODEL: str = _key("bundled", "name of an installed model, as `auricle models` lists it")
    MODEL_PATH: str = _key("", "folder with a card.json and its weights, or a published model's file, instead of MODEL")
    MODEL_WINSIZE: int | None = _key(None, "STFT window; 1024 for the PANNs family", unit="samples", low=1, high=65536)
    STFT_HOPSIZE: int | None = _key(
        None, "STFT hop; 512 for Cnn9 and the bundled model", unit="samples", low=1, high=65536
    )
    STFT_WINDOW: str | None = _key(None, "STFT window's shape; hann for the PANNs family")
    N_MELS: int | None = _key(None, "mel bands; 64 for the PANNs family", low=1, high=1024)
    MEL_FMIN: float | None = _key(
        None, "lower edge of the lowest mel band; 50 for the PANNs family", unit="Hz", low=0, high=384000
    )
    MEL_FMAX: float | None = _key(
        None, "upper edge of the highest mel band; 14000 for the PANNs family", unit="Hz", low=1, high=384000
    )
    WINDOW: float | None = _key(
        None,
        "live, run windows of this length (or what the model's context needs) at every step; model: step by step where it can",
        unit="s",
        low=0.1,
        high=60,
    )
    STEP: float = _key(
        0.128,
        "sound between two live updates, rounded to the model's frames; mn04 and mn10 have their own",
        unit="s",
        low=0.01,
        high=10,
    )
    PEEK: str = _key(
        "auto",
        "step by step, whether the newest sound is shown before its future is known; auto: where the sound changes",
        choices=("always", "never", "auto"),
    )
    FILE_STEP: float = _key(20.0, "sound between two updates in recordings", unit="s", low=0.01, high=120)
    PRECISION: str = _key(
        "auto",
        "of the network's convolutions; auto: int8 where the model's card shows that it loses nothing and this machine is faster so",
        choices=("auto", "float32", "int8"),
    )
    THREADS: int = _key(1, "processor cores that the model may use", low=1, high=256)

    # The labels
    LABELS: list[str] = _key(
        [],
        "what becomes an event: labels, groups of AudioSet (Dog covers Bark …), presets (safety, baby, pets …); empty: all",
    )
    SUBSET_LABELS_PATH: str = _key("", "CSV of index, mid, display_name: only these labels are tracked")
    ALLOW: list[str] = _key([], "only these labels are tracked; empty: all")
    DENY: list[str] = _key(["Silence"], "these labels are not tracked, unless ALLOW names them")
    TOP_K: int = _key(6, "labels that the live view ranks", low=1, high=1000)

    # The events
    ON_THRESHOLD: float | None = _key(
        None, "score at which an event starts, for every label; model: as its card says", low=0.001, high=1
    )
    OFF_THRESHOLD: float | None = _key(
        None, "score below which an event ends; model: as its card says", low=0.001, high=1
    )
    ON_THRESHOLDS: dict[str, float] = _key({}, "ON_THRESHOLD label by label, as {Dog: 0.6}", low=0.001, high=1)
    OFF_THRESHOLDS: dict[str, float] = _key({}, "OFF_THRESHOLD label by label", low=0.001, high=1)
    SMOOTHING: float = _key(0.384, "length of the median filter over the scores", unit="s", low=0, high=60)
    MAX_RISE: float = _key(
        2.0,
        "an event begins where its score rose over OFF_THRESHOLD, at most so long before it stayed at ON_THRESHOLD",
        unit="s",
        low=0,
        high=60,
    )
    MIN_DURATION: float = _key(
        0.25, "an event begins once its score has stayed at ON_THRESHOLD for so long", unit="s", low=0, high=3600
    )
    MIN_DURATIONS: dict[str, float] = _key(
        {},
        "longer ones label by label, and 0 for none; of other labels as the model's card says",
        unit="s",
        low=0,
        high=3600,
    )
    MERGE_GAP: float = _key(0.75, "two events of one label that lie closer are one", unit="s", low=0, high=3600)
    MAX_DURATION: float = _key(60.0, "a longer event is ended and begun anew", unit="s", low=1, high=86400)

    EARLY: str = _key(
        "never",
        "live, whether an event is announced as suspected before its future is known, and later started or withdrawn",
        choices=("never", "always"),
    )

    # The display
    REFRESH_RATE: float = _key(10.0, "how often the live view is drawn", unit="1/s", low=0.2, high=60)
    QUEUE_LENGTH: int = _key(
        256, "events that a slow output may be behind before it loses the oldest", low=1, high=1000000
    )
    TITLE_FONTSIZE: int = _key(28, "font size of the window's title", unit="pt", low=4, high=200)
    TABLE_FONTSIZE: int = _key(22, "font size of the window's rows", unit="pt", low=4, high=200)
    THEME: str = _key("light", "colours of the window", choices=("light", "dark"))
