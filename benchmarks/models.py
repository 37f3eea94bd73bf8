"""What each published model costs on one core, with random weights of its shape.

A 2 s window is the network alone, on frames that are there; the median processor time of many runs. First result and peak
memory are those of a process that loads the model and tags five seconds. Cnn9 in eager torch is the yardstick, where
torch is installed. Widths within the blocks of mn04 and mn10 are those of MobileNetV3 (Howard et al. 2019, arXiv 1905.02244,
table 1); E-PANNs' are known from its weights only, and it is left out.
"""

from __future__ import annotations

import json
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from auricle.card import ModelCard
from auricle.labels import audioset
from auricle.models import catalogue, efficientat, networks, panns
from auricle.models.cardfile import parse_card
from auricle.models.runtime import OnnxNetwork

Tensors = dict[str, NDArray[np.float32]]
WINDOW_S = 2.0
_MIDDLE = (16, 64, 72, 72, 120, 120, 240, 200, 184, 184, 480, 672, 672, 960, 960)
_SCALES = {"mn04": 0.4, "mn10": 1.0}


def eights(width: float) -> int:
    """The multiple of 8 nearest to `width`, no more than a tenth below it, at least 8."""
    rounded = max(8, int(width + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * width else rounded


def efficientat_shapes(card: ModelCard) -> dict[str, tuple[int, ...]]:
    """Shapes of an EfficientAT network, whose widths within blocks are so many times those of MobileNetV3."""
    scale = _SCALES[card.name]
    middle: Tensors = {"classifier.2.weight": np.zeros(eights(scale * 1280), np.float32)}
    for block, width in zip(efficientat.blocks({}), _MIDDLE, strict=True):
        depth = eights(scale * width)
        middle[f"{block.depthwise}.0.weight"] = np.zeros(depth, np.float32)
        if block.excite:
            middle[f"{block.excite}.fc1.weight"] = np.zeros(eights(depth / 4), np.float32)
    return efficientat.shapes(card, middle)


_REST = {
    "labels": list(audioset.names()),
    "weights": "weights.safetensors",
    "thresholds": {side: dict.fromkeys(audioset.names(), 0.5) for side in ("on", "off")},
}
_COLUMNS = "{:<20}{:>12}{:>10}{:>15}{:>14}{:>15}{:>13}"
_FIRST = """
import sys, numpy as np, auricle
auricle.load_model(sys.argv[1]).tag(np.zeros(160000, np.float32), 32000)
print(next((line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")), ""))
"""


def made(entry: catalogue.Entry) -> tuple[dict[str, Any], ModelCard, Tensors] | None:
    """The entry's card, as its file has it and read, and random tensors of its shape.

    None where only the weights tell the shape.
    """
    if not entry.card["architecture"]["channels"]:
        return None
    written = {**entry.card, **_REST}
    card = parse_card(written, where=entry.name)
    shapes = efficientat_shapes(card) if entry.name in _SCALES else panns.shapes(card, {})
    chance = np.random.default_rng(1)
    tensors = {}
    for name, shape in shapes.items():
        values = chance.standard_normal(shape, np.float32) * np.float32(1.0 / math.sqrt(math.prod(shape[1:])))
        tensors[name] = np.abs(values) + np.float32(0.5) if len(shape) == 1 else values
    return written, card, tensors


def median_ms(action: Callable[[], Any], runs: int) -> float:
    """The median processor time of `action`, on one thread, after one run that does not count."""
    action()
    times = []
    for _ in range(runs):
        began_s = time.process_time()
        action()
        times.append(1000 * (time.process_time() - began_s))
    return statistics.median(times)


def _line(folder: Path, name: str, card_json: dict[str, Any], card: ModelCard, tensors: Tensors) -> str:
    """Parameters, ms to build, ms per window, × real time, seconds to the first result, peak memory."""
    began_s = time.perf_counter()
    blueprint = networks.build(card, tensors, "float32")
    onnx = OnnxNetwork(trunk=blueprint.trunk, head=blueprint.head, threads=1)
    load_ms = 1000 * (time.perf_counter() - began_s)
    frames = round(WINDOW_S * card.front_end.rate / card.front_end.hop)
    logmel = np.random.default_rng(2).standard_normal((frames, card.front_end.n_mels)).astype(np.float32)
    window_ms = median_ms(lambda: onnx.pool(onnx.run(logmel)[0]), runs=30)
    count = sum(t.size for tensor, t in tensors.items() if not tensor.endswith(("_mean", "_var")))
    place = folder / name
    place.mkdir()
    save_file(tensors, place / card.weights)
    (place / "card.json").write_text(json.dumps(card_json), encoding="utf-8")
    began_s = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", _FIRST, place], check=True, capture_output=True, text=True)
    first_s = time.perf_counter() - began_s
    return _COLUMNS.format(
        name,
        f"{count / 1e6:.2f} M",
        f"{load_ms:.0f} ms",
        f"{window_ms:.2f} ms",
        f"{1000 * WINDOW_S / window_ms:.0f} ×",
        f"{first_s:.2f} s",
        f"{int(done.stdout) * 1024 / 1e6:.0f} MB",
    )


def table(folder: Path) -> None:
    """Prints a line for each model, at once."""
    print("Published models, random weights, one core")
    heads = ("model", "parameters", "load", "2 s window", "real time", "first result", "memory")
    print("  " + _COLUMNS.format(*heads), flush=True)
    for entry in catalogue.entries().values():
        if (network := made(entry)) is not None:
            print("  " + _line(folder, entry.name, *network), flush=True)
    eager = eager_cnn9_ms()
    print(f"  Cnn9 in eager torch, 2 s window: {eager:.2f} ms" if eager else "  torch is not installed", end="\n\n")


def eager_cnn9() -> Any:
    """Cnn9's convolutions in torch, with random weights: (1, 1, t, 64) → (1, 512, t / 8, 8)."""
    import torch

    blocks: list[Any] = []
    inputs = 1
    for number, outputs in enumerate((64, 128, 256, 512)):
        for width in (inputs, outputs):
            conv = torch.nn.Conv2d(width, outputs, 3, padding=1, bias=False)
            blocks += [conv, torch.nn.BatchNorm2d(outputs), torch.nn.ReLU()]
        blocks += [torch.nn.AvgPool2d(2)] if number < 3 else []
        inputs = outputs
    return torch.nn.Sequential(*blocks).eval()


def eager_cnn9_ms() -> float | None:
    """The same window of Cnn9 in eager torch on one core, where torch is installed."""
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    network = eager_cnn9()
    with torch.inference_mode():
        return median_ms(lambda: network(torch.zeros(1, 1, 125, 64)), runs=30)
