"""`python -m training.quantise`: finds the steps of the bundled model's 8-bit form on ESC-10, and what that form loses there.

The form itself is Auricle's (models/arithmetic.py); the card carries the steps and the loss. The clips are those that the
model was trained on: what is compared is two forms of one network, not the network with the world.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from auricle.app import front_end
from auricle.card import FrontEndFacts
from auricle.models import store
from auricle.models.calibrate import calibrate
from training.bundle import put
from training.corpus import Clip, load
from training.labels import ESC10
from training.progress import progress
from training.synthesis import Audio


def _logmel(facts: FrontEndFacts, audio: Audio) -> Audio:
    stage = front_end(facts)
    return np.concatenate([stage.push(audio).logmel, stage.flush().logmel])


def write(folder: Path, clips: list[Clip]) -> None:
    """Adds the facts to the card in `folder`."""
    model = store.look(folder)
    known = [clip for clip in clips if clip.folder in ESC10]
    logmels = [_logmel(model.card.front_end, clip.audio()) for clip in known]
    truths = [ESC10[clip.folder] for clip in known]
    say = progress("8-bit form", len(known))
    columns = [model.card.labels.index(label) for label in ESC10.values()]
    facts = calibrate(model.card, store.read_weights(model), logmels, truths, columns, lambda done: say(done, 0.0))
    card = {**json.loads((folder / "card.json").read_text(encoding="utf-8")), "int8": asdict(facts)}
    put(folder / "card.json", (json.dumps(card, indent=1, ensure_ascii=False) + "\n").encode())
    print(f"8-bit form: {facts.lost_points:+.2f} points lost on {facts.clips} clips")


def main() -> None:
    """Does it for the bundled model."""
    parser = argparse.ArgumentParser(prog="python -m training.quantise", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("src/auricle/models/bundled"))
    words = parser.parse_args()
    write(words.out, load(words.data))


if __name__ == "__main__":
    main()
