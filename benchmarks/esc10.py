"""`python -m benchmarks.esc10 WEIGHTS FOLDER`: how well an EfficientAT model names ESC-10, whole clips and live.

WEIGHTS is mn04_as_mAP_432.pt, FOLDER has fold1/dog/….ogg and so on. Nothing is trained: a class's score is the best score of
the AudioSet labels in `LABELS`. Live, each clip is trimmed to its first sound and set into three seconds of faint noise; the
answer after so many seconds of sound is the class that scores highest in the newest windows.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from auricle.card import ModelCard
from auricle.features.kaldi import EmphasisedLogMel
from auricle.features.mel import kaldi_filterbank
from auricle.labels import audioset
from auricle.messages import Frames
from auricle.models import convert, networks
from auricle.models.clip import ClipTagger
from auricle.models.runtime import OnnxNetwork

LABELS = {
    "baby_cry": ("Baby cry, infant cry",),
    "chainsaw": ("Chainsaw",),
    "clock_tick": ("Clock", "Tick", "Tick-tock"),
    "dog": ("Dog", "Bark", "Yip", "Howl", "Bow-wow", "Growling", "Whimper (dog)"),
    "fire_crackling": ("Fire", "Crackle"),
    "helicopter": ("Helicopter",),
    "rain": ("Rain", "Raindrop", "Rain on surface"),
    "rooster": ("Fowl", "Chicken, rooster", "Crowing, cock-a-doodle-doo"),
    "sea_waves": ("Ocean", "Waves, surf"),
    "sneeze": ("Sneeze",),
}
LATENCIES_S = (0.32, 0.64, 0.96, 1.28, 1.92, 2.56, 3.2)
SCHEMES = {
    "1 s": (1.0,),
    "2 s": (2.0,),
    "3 s": (3.0,),
    "5 s": (5.0,),
    "10 s": (10.0,),
    "1, 2 and 3 s": (1.0, 2.0, 3.0),
}
_RATE = 32000
_LEAD_S = 10.0
_NOISE, _SILENT = 10 ** (-65 / 20), 10 ** (-25 / 20)


def clips(folder: Path) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Every clip of folds 1–4: its class, and its sound at 32 kHz, 5 s at most."""
    for path in sorted(folder.glob("fold[1-4]/*/*")):
        audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
        yield path.parent.name, soxr.resample(audio.mean(axis=1), rate, _RATE, "HQ")[: 5 * _RATE].astype(np.float32)


def logmel(audio: NDArray[np.float32], card: ModelCard) -> NDArray[np.float32]:
    """All frames (t, n_mels) of a sound."""
    facts = card.front_end
    bank = kaldi_filterbank(
        rate=facts.rate, fft_size=facts.fft_size, n_mels=facts.n_mels, fmin=facts.fmin, fmax=facts.fmax
    )
    maker = EmphasisedLogMel(filterbank=bank, window_size=facts.window_size, hop=facts.hop)
    return np.concatenate([maker.push(audio).logmel, maker.flush().logmel])


def answer(probabilities: NDArray[np.float32]) -> str:
    """The class of ESC-10 that scores highest."""
    index = {name: k for k, name in enumerate(audioset.names())}
    return max(LABELS, key=lambda label: max(probabilities[index[name]] for name in LABELS[label]))


def load(weights: Path) -> tuple[ModelCard, OnnxNetwork]:
    """The model in a file of weights."""
    card, tensors = convert.adopt(weights, model="", labels=audioset.names())
    blueprint = networks.build(card, tensors, "float32")
    return card, OnnxNetwork(trunk=blueprint.trunk, head=blueprint.head, threads=1)


def whole(card: ModelCard, network: OnnxNetwork, folder: Path) -> dict[str, list[str]]:
    """For each class the answers to its clips."""
    answers: dict[str, list[str]] = {label: [] for label in LABELS}
    for label, audio in clips(folder):
        embeddings, _ = network.run(logmel(audio, card))
        answers[label].append(answer(network.pool(embeddings)))
    return answers


def live(card: ModelCard, network: OnnxNetwork, folder: Path) -> dict[str, dict[float, list[bool]]]:
    """For each scheme and latency, which answers were right; clips whose sound is over by then are left out."""
    right: dict[str, dict[float, list[bool]]] = {name: {s: [] for s in LATENCIES_S} for name in SCHEMES}
    noise = np.random.default_rng(0)
    hop_s = card.front_end.hop / card.front_end.rate
    for label, audio in clips(folder):
        loudness = np.sqrt(np.convolve(np.square(audio), np.ones(640) / 640, "same"))
        sound = audio[int(np.argmax(loudness > loudness.max() * _SILENT)) :]
        before = (_NOISE * noise.standard_normal(round(_LEAD_S * _RATE))).astype(np.float32)
        frames = logmel(np.concatenate([before, sound]), card)
        for name, windows in SCHEMES.items():
            for latency_s in LATENCIES_S:
                end = round((_LEAD_S + latency_s) / hop_s)
                if end <= len(frames):
                    right[name][latency_s].append(answer(newest(network, frames[:end], windows, hop_s)) == label)
    return right


def newest(
    network: OnnxNetwork, frames: NDArray[np.float32], windows: tuple[float, ...], hop_s: float
) -> NDArray[np.float32]:
    """The scores that the tagger gives at the end of `frames`."""
    tagger = ClipTagger(
        network=network,
        frame_s=hop_s,
        step_frames=len(frames),
        window_frames=[round(seconds / hop_s) for seconds in windows],
        delay_frames=0,
        provisional=False,
    )
    (scores,) = tagger.push(Frames(0, frames))
    return scores.probabilities


def arguments(name: str, description: str | None) -> argparse.Namespace:
    """WEIGHTS and FOLDER, as the module of that name was given them."""
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{name}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("weights", metavar="WEIGHTS", type=Path)
    parser.add_argument("folder", metavar="FOLDER", type=Path)
    return parser.parse_args()


def main() -> None:
    """Prints both tables."""
    words = arguments("esc10", __doc__)
    card, network = load(words.weights)
    table = Table("class", "clips", "right", "%", "taken for")
    total: list[bool] = []
    for label, answers in whole(card, network, words.folder).items():
        wrong = sorted({other for other in answers if other != label})
        hits = [other == label for other in answers]
        total += hits
        table.add_row(label, str(len(hits)), str(sum(hits)), f"{100 * np.mean(hits):.1f}", ", ".join(wrong))
    table.add_row("all", str(len(total)), str(sum(total)), f"{100 * np.mean(total):.1f}", "")
    Console(width=100).print(table)
    table = Table("windows", *(f"{s} s" for s in LATENCIES_S))
    for name, results in live(card, network, words.folder).items():
        table.add_row(name, *(f"{100 * np.mean(results[s]):.1f}" for s in LATENCIES_S))
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
