"""What live listening costs on one core: the way of the PANNs live demo, windows, steps and peeks, and the peers, over the same sound.

Each row is a process of its own, which hears the same seconds at 32 kHz from samples to scores, front end included, with an
update every 128 ms (mn04: every 160 ms, as its card says), and reports its processor time and its peak memory. Networks of the
PANNs family have random weights, which cost the same as the published ones. Recordings are heard as `auricle detect` hears them, in
stretches as long as FILE_STEP. The multiplications are those that the sound needs
once (or once in each window), and those of the frames that each peek looks at before they are complete.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from auricle import settings
from auricle.app import Auricle, front_end
from auricle.config import ConfDef
from auricle.features.mel import slaney_filterbank
from auricle.labels import audioset
from auricle.models import assembly, catalogue, convert
from auricle.models.assembly import Loaded
from auricle.models.calibrate import calibrate
from auricle.models.panns import bands, layers
from benchmarks import figures
from benchmarks import models as published

RATE, HOP, SECONDS, WARM_S, MANY, ROUNDS = 32000, 4096, 20, 4, 100, 4
RECORDING = "recordings, 20 s at a time"
SHARED = Path(__file__).parents[2] / "shared"
Audio = NDArray[np.float32]
Hearing = Callable[[Audio], object]
"""Takes the next 128 ms."""


def stepwise(loaded: Loaded, *, window_s: float | None, peek: str) -> Hearing:
    """Auricle's own stages, as the pipeline calls them."""
    stage, tagger = front_end(loaded.card.front_end), loaded.live(step_s=HOP / RATE, window_s=window_s, peek=peek)
    return lambda samples: tagger.push(stage.push(samples))


def many(loaded: Loaded) -> Hearing:
    """So many streams in one call, each with its own front end; no peek."""
    stages = [front_end(loaded.card.front_end) for _ in range(MANY)]
    tagger = loaded.lockstep(streams=MANY, step_s=HOP / RATE, peek="never")
    return lambda samples: tagger.push(np.stack([stage.push(samples).logmel for stage in stages]))


def eager_windows() -> Hearing:
    """A ring of 2 s, its whole log-mel and the whole network in eager torch at every update, as the live demo of 2019 does."""
    import torch

    torch.set_num_threads(1)
    card, tensors = _published("cnn9")
    network = published.eager_cnn9()
    last = torch.from_numpy(tensors["fc_audioset.weight"]), torch.from_numpy(tensors["fc_audioset.bias"])
    sound = card.front_end
    scaler = np.array(sound.scaler_mean, np.float32), np.array(sound.scaler_std, np.float32)
    filters = slaney_filterbank(
        rate=sound.rate, fft_size=sound.window_size, n_mels=sound.n_mels, fmin=sound.fmin, fmax=sound.fmax
    )
    hann = np.hanning(sound.window_size + 1)[:-1].astype(np.float32)
    ring = np.zeros(2 * RATE, np.float32)

    def hear(samples: Audio) -> object:
        ring[:] = np.roll(ring, -len(samples))
        ring[-len(samples) :] = samples
        padded = np.pad(ring, sound.window_size // 2, mode="reflect")
        frames = np.lib.stride_tricks.sliding_window_view(padded, sound.window_size)[:: sound.hop]
        power = np.abs(np.fft.rfft(frames * hann)) ** 2
        logmel = 10.0 * np.log10(np.maximum(power @ filters.T, 1e-10))
        with torch.inference_mode():
            image = torch.from_numpy(((logmel - scaler[0]) / scaler[1]).astype(np.float32))[None, None]
            embedding = network(image).mean(3).amax(2)
            return torch.sigmoid(torch.nn.functional.linear(embedding, *last))

    return hear


def yamnet() -> Hearing:
    """Google's, in LiteRT, on its window of 0.975 s at 16 kHz."""
    from ai_edge_litert.interpreter import Interpreter  # type: ignore[import-untyped,import-not-found,unused-ignore]

    network = Interpreter(str(SHARED / "models" / "yamnet" / "yamnet.tflite"), num_threads=1)
    network.allocate_tensors()
    into, out = network.get_input_details()[0]["index"], network.get_output_details()[0]["index"]
    ring = np.zeros(15600, np.float32)

    def hear(samples: Audio) -> object:
        new = samples[::2]
        ring[:] = np.roll(ring, -len(new))
        ring[-len(new) :] = new
        network.set_tensor(into, ring)
        network.invoke()
        return network.get_tensor(out)

    return hear


def _published(name: str) -> tuple[Any, Any]:
    made = published.made(catalogue.entries()[name])
    assert made is not None
    return made[1:]


def _cnn9(precision: str) -> Loaded:
    card, tensors = _published("cnn9")
    if precision == "int8":
        sound = front_end(card.front_end).push(figures.demonstration(RATE, SECONDS)).logmel
        card = replace(card, int8=calibrate(card, tensors, [sound], [], [], lambda _done: None))
    return assembly.load(card, tensors, threads=1, precision=precision)


def _bundled(precision: str) -> Loaded:
    return Auricle(settings.load([f"PRECISION={precision}"])).loaded


def _mn04() -> Loaded:
    weights = SHARED / "models" / "mn04_as" / "mn04_as_mAP_432.pt"
    return assembly.load(*convert.adopt(weights, model="mn04", labels=audioset.names()), threads=1, precision="float32")


CNN9, BUNDLED, MN04, WINDOWS = 815e6, 58e6, 465e6, 2.0 / (HOP / RATE)
"""Multiplications for a second of sound heard once (`auricle models`); mn04's as its card has it heard live."""
YAMNET = 69e6
"""For one window."""
_Way = tuple[Callable[[], Hearing], float, Callable[[], float]]
"""How it hears, multiplications for a second without a peek, and those that a peek adds."""
_WAYS: dict[str, tuple[float | None, str]] = {
    "2 s window": (2.0, "never"),
    "step by step, no peek": (None, "never"),
    "step by step, peeking at changes": (None, "auto"),
    "step by step, always peeking": (None, "always"),
}


def _no_peek() -> float:
    return 0.0


def _peek_of(load: Callable[[str], Loaded]) -> float:
    """Multiplications of the frames that, at each depth of the network, the future may still change."""
    card = load("float32").card
    total, delay = 0.0, 0
    for layer, mel in zip(layers(card.architecture), bands(card.architecture, card.front_end.n_mels), strict=True):
        delay += layer.kernel // 2
        total += layer.kernel**2 * layer.inputs * layer.outputs * mel * delay
        delay = -(-delay // layer.pool[0])
    return total


def _ways(name: str, load: Callable[[str], Loaded], macs: float) -> dict[str, _Way]:
    """Every way to run a network, in both forms."""
    return {
        f"{name}, {way}, {form}": (
            partial(_heard, load, form, window_s, peek),
            macs * (WINDOWS if window_s else 1.0),
            partial(_peek_of, load),
        )
        for form in ("float32", "int8")
        for way, (window_s, peek) in _WAYS.items()
    } | {
        f"{name}, {RECORDING}, {form}": (partial(_recorded, load, form), macs, _no_peek) for form in ("float32", "int8")
    }


def _recorded(load: Callable[[str], Loaded], form: str) -> Hearing:
    """As `stepwise`, for sound that need not be waited for."""
    loaded = load(form)
    stage, tagger = front_end(loaded.card.front_end), loaded.recordings(step_s=ConfDef.FILE_STEP)
    return lambda samples: tagger.push(stage.push(samples))


def _heard(load: Callable[[str], Loaded], form: str, window_s: float | None, peek: str) -> Hearing:
    return stepwise(load(form), window_s=window_s, peek=peek)


ROWS: dict[str, _Way] = {
    "Cnn9, 2 s window, eager torch": (eager_windows, CNN9 * WINDOWS, _no_peek),
    **_ways("Cnn9", _cnn9, CNN9),
    **_ways("bundled", _bundled, BUNDLED),
    f"bundled, each of {MANY} streams in one call, float32": (lambda: many(_bundled("float32")), BUNDLED, _no_peek),
    f"bundled, each of {MANY} streams in one call, int8": (lambda: many(_bundled("int8")), BUNDLED, _no_peek),
    "mn04, windows of 1, 2 and 3 s": (lambda: stepwise(_mn04(), window_s=None, peek="always"), MN04, _no_peek),
    "YAMNet in LiteRT, 0.975 s window": (yamnet, YAMNET * RATE / HOP, _no_peek),
}


def peak_macs() -> float:
    """Multiplications per second of a large matrix product on this core."""
    a = np.ones((2048, 2048), np.float32)
    times = []
    for _ in range(12):
        began_s = time.process_time()
        _ = a @ a
        times.append(time.process_time() - began_s)
    return 2048.0**3 / min(times)


def measure(name: str) -> None:
    """In a process of its own: prints processor ms and multiplications per second of sound, and peak memory, as JSON."""
    make, macs, peek = ROWS[name]
    hear = make()
    # Of a recording, a whole number of its stretches is measured.
    warm_s, seconds_s, hop = (22, 100, RATE) if RECORDING in name else (WARM_S, SECONDS, HOP)
    audio = figures.demonstration(RATE, seconds_s + warm_s)
    blocks = [audio[start : start + hop] for start in range(0, len(audio) - hop + 1, hop)]
    warm = round(warm_s * RATE / hop)
    for block in blocks[:warm]:
        hear(block)
    began_s = time.process_time()
    heard = [hear(block) for block in blocks[warm:]]
    spent_s = (time.process_time() - began_s) / (MANY if "each of" in name else 1)
    peeks = sum(
        isinstance(scores, list) and any(getattr(score, "provisional", False) for score in scores) for scores in heard
    )
    seconds = len(heard) * hop / RATE
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    more = peek() * peeks / seconds if peeks else 0.0
    print(json.dumps({"ms": 1000 * spent_s / seconds, "mb": peak * 1024 / 1e6, "macs": macs + more}))


_COLUMNS = "{:<52}{:>10}{:>12}{:>10}{:>10}{:>12}{:>9}"


def _measured(name: str) -> dict[str, float] | str:
    """What `measure` prints in a process of its own, or why it does not."""
    command = [sys.executable, "-m", "benchmarks.streaming", name]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        return (done.stderr.strip() or "it was killed").splitlines()[-1]
    found: dict[str, float] = json.loads(done.stdout)
    return found


def table() -> None:
    """Prints a line for each way: the least of so many rounds, since others share the machine."""
    print(
        f"Live, an update every 128 ms, and recordings, one core; from samples to scores; the least of {ROUNDS} rounds"
    )
    print("  " + _COLUMNS.format("", "ms/s", "real time", "streams", "memory", "mult./s", "of peak"), flush=True)
    peak, best = 0.0, dict[str, dict[str, float] | str]()
    with Console(stderr=True).status("") as status:
        for number in range(ROUNDS):
            peak = max(peak, peak_macs())
            for name in ROWS:
                status.update(f"round {number + 1} of {ROUNDS}: {name}")
                row, before = _measured(name), best.get(name)
                if isinstance(row, str) or before is None or isinstance(before, str) or row["ms"] < before["ms"]:
                    best[name] = row
    for name, row in best.items():
        print(f"  {_line(name, row, peak)}")
    print(f"  peak of this core, a matrix product of 2048: {peak / 1e9:.0f} G multiplications/s\n", flush=True)


def _line(name: str, row: dict[str, float] | str, peak: float) -> str:
    if isinstance(row, str):
        return f"{name:<52} not measured: {row}"
    return _COLUMNS.format(
        name,
        f"{row['ms']:.2f}",
        f"{1000 / row['ms']:.0f} ×",
        f"{int(1000 / row['ms'])}",
        f"{row['mb']:.0f} MB",
        f"{row['macs'] / 1e9:.2f} G",
        f"{row['macs'] / (peak * row['ms'] / 1000):.0%}",
    )


if __name__ == "__main__":
    measure(sys.argv[1])
