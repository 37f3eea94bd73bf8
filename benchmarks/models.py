"""`python -m benchmarks.models`: what each published model costs on one core, with random weights of its shape.

A 2 s window is the network alone, on frames that are there; the median processor time of many runs. Cnn9 in eager
torch is the yardstick, where torch is installed. Widths of mn04 and mn10 are those of MobileNetV3 (Howard et al. 2019,
arXiv 1905.02244, table 1); E-PANNs' are known from its weights only, and it is left out.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from auricle.card import ModelCard, parse_card
from auricle.labels import audioset
from auricle.models import catalogue, efficientat, networks, panns
from auricle.models.runtime import OnnxNetwork

Tensors = dict[str, NDArray[np.float32]]
WINDOW_S = 2.0
_WIDE = (16, 16, 24, 24, 40, 40, 40, 80, 80, 80, 80, 112, 112, 160, 160, 160, 960)
_MIDDLE = (16, 64, 72, 72, 120, 120, 240, 200, 184, 184, 480, 672, 672, 960, 960)
_SCALES = {"mn04": 0.4, "mn10": 1.0}


def eights(width: float) -> int:
    """The multiple of 8 nearest to `width`, no more than a tenth below it, at least 8."""
    rounded = max(8, int(width + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * width else rounded


def efficientat_shapes(entry: catalogue.Entry) -> tuple[ModelCard, dict[str, tuple[int, ...]]]:
    """The card and shapes of an EfficientAT network that is so much wider than MobileNetV3."""
    scale = _SCALES[entry.name]
    channels = [eights(scale * width) for width in _WIDE]
    shape = {**entry.card["architecture"], "channels": channels, "pools": [[s, s] for s in efficientat.STRIDES]}
    middle: Tensors = {"classifier.2.weight": np.zeros(eights(scale * 1280), np.float32)}
    for block, width in zip(efficientat.blocks({}), _MIDDLE, strict=True):
        depth = eights(scale * width)
        middle[f"{block.depthwise}.0.weight"] = np.zeros(depth, np.float32)
        if block.excite:
            middle[f"{block.excite}.fc1.weight"] = np.zeros(eights(depth / 4), np.float32)
    card = parse_card({**entry.card, "architecture": shape, **_REST}, where=entry.name)
    return card, efficientat.shapes(card, middle)


_REST = {"labels": list(audioset.names()), "weights": "x"}


def made(entry: catalogue.Entry) -> tuple[ModelCard, Tensors] | None:
    """A network of the entry's shape with random weights; None where only the weights tell its shape."""
    if entry.name in _SCALES:
        card, shapes = efficientat_shapes(entry)
    elif entry.card["architecture"]["channels"]:
        card = parse_card({**entry.card, **_REST}, where=entry.name)
        shapes = panns.shapes(card, {})
    else:
        return None
    chance = np.random.default_rng(1)
    tensors = {}
    for name, shape in shapes.items():
        values = chance.standard_normal(shape, np.float32) * np.float32(1.0 / math.sqrt(math.prod(shape[1:])))
        tensors[name] = np.abs(values) + np.float32(0.5) if len(shape) == 1 else values
    return card, tensors


def median_ms(action: Callable[[], Any], runs: int) -> float:
    """The median processor time of `action`, on one thread, after one run that does not count."""
    action()
    times = []
    for _ in range(runs):
        began_s = time.process_time()
        action()
        times.append(1000 * (time.process_time() - began_s))
    return statistics.median(times)


def rows() -> Iterator[tuple[str, ...]]:
    """A line for each model: parameters, ms to build, ms per window, × real time."""
    for entry in catalogue.entries().values():
        if (network := made(entry)) is None:
            continue
        card, tensors = network
        began_s = time.perf_counter()
        blueprint = networks.build(card, tensors)
        onnx = OnnxNetwork(trunk=blueprint.trunk, head=blueprint.head, threads=1)
        load_ms = 1000 * (time.perf_counter() - began_s)
        frames = round(WINDOW_S * card.front_end.rate / card.front_end.hop)
        logmel = np.random.default_rng(2).standard_normal((frames, card.front_end.n_mels)).astype(np.float32)
        window_ms = median_ms(lambda onnx=onnx, logmel=logmel: onnx.pool(onnx.run(logmel)[0]), runs=30)  # type: ignore[misc]
        count = sum(t.size for name, t in tensors.items() if not name.endswith(("_mean", "_var")))
        yield (
            entry.name,
            f"{count / 1e6:.2f} M",
            f"{load_ms:.0f}",
            f"{window_ms:.2f}",
            f"{1000 * WINDOW_S / window_ms:.0f}",
        )


def eager_cnn9_ms() -> float | None:
    """The same window of Cnn9 in eager torch on one core, where torch is installed."""
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    blocks: list[Any] = []
    inputs = 1
    for number, outputs in enumerate((64, 128, 256, 512)):
        for width in (inputs, outputs):
            conv = torch.nn.Conv2d(width, outputs, 3, padding=1, bias=False)
            blocks += [conv, torch.nn.BatchNorm2d(outputs), torch.nn.ReLU()]
        blocks += [torch.nn.AvgPool2d(2)] if number < 3 else []
        inputs = outputs
    network = torch.nn.Sequential(*blocks).eval()
    with torch.inference_mode():
        return median_ms(lambda: network(torch.zeros(1, 1, 125, 64)), runs=30)


def main() -> None:
    """Prints the table."""
    table = Table("model", "parameters", "load, ms", "2 s window, ms", "× real time")
    for row in rows():
        table.add_row(*row)
    Console(width=100).print(table)
    eager = eager_cnn9_ms()
    print(f"Cnn9 in eager torch, 2 s window: {eager:.1f} ms" if eager else "torch is not installed")


if __name__ == "__main__":
    main()
