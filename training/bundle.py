"""Writing the model: weights (safetensors), card (JSON) and attributions (CSV), each put in place in one step."""

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from training import frontend
from training.corpus import Clip
from training.labels import CORE
from training.network import POOLS, WIDER, Student
from training.reader import Scaler

LIBRARY = (
    "FluidR3_GM.sf2",
    "instruments",
    "MIT",
    "Fluid (R3) General MIDI SoundFont by Frank Wen and others",
    "fluid-soundfont 3.1",
)


def weights(student: Student, rows: list[tuple[str, int]]) -> bytes:
    """The tensors under their PANNs names: convolutions and head in float16, batch norms in float32.

    `rows` names the head's rows: ("own", number) or ("taught", number), in the order of the card's labels.
    """
    tensors: dict[str, np.ndarray[Any, Any]] = {}
    state = {name: value.numpy() for name, value in student.state_dict().items()}
    for name, value in state.items():
        if name.endswith("num_batches_tracked") or name.startswith("fc_"):
            continue
        # In C order: safetensors writes memory as it lies, and convolutions lie in channels-last order.
        tensors[name] = np.ascontiguousarray(value, np.float16 if ".conv" in name else np.float32)
    for part in ("weight", "bias"):
        heads = {"own": state[f"fc_audioset.{part}"], "taught": state[f"fc_teacher.{part}"]}
        stacked = np.stack([heads[kind][number] for kind, number in rows])
        tensors[f"fc_audioset.{part}"] = stacked.astype(np.float16)
    return save(tensors)


def architecture() -> dict[str, Any]:
    """The network's shape as the card states it."""
    return {
        "family": "panns",
        "kernel": 3,
        "channels": list(WIDER),
        "pools": [list(pool) for pool in POOLS],
        "head": "decision-odds",
        "weighing": len(CORE),  # what is learnt for a further class changes no other answer
    }


def front_end(scaler: Scaler) -> dict[str, Any]:
    """The front end as the card states it."""
    return {
        "kind": "panns",
        "rate": frontend.RATE,
        "window": "hann",
        "window_size": frontend.WINDOW,
        "hop": frontend.HOP,
        "n_mels": frontend.MELS,
        "fmin": frontend.FMIN,
        "fmax": frontend.FMAX,
        "scaler": {
            "mean": [round(float(x), 5) for x in scaler.mean],
            "std": [round(float(x), 5) for x in scaler.std],
        },
    }


def attribution(clips: list[Clip]) -> bytes:
    """One row per clip that was trained on, and one for the library of sampled notes."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = ("path", "label", "licence", "attribution", "source")
    writer.writerow(columns)
    writer.writerows([clip.row[column] for column in columns] for clip in clips)
    writer.writerow(LIBRARY)
    return text.getvalue().encode()


def put(path: Path, content: bytes) -> None:
    """Write a file under another name and rename it, so that a half-written one is never seen."""
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def write(folder: Path, blob: bytes, card: dict[str, Any], clips: list[Clip]) -> None:
    """Put the three files in place; the card, which names the weights' hash, comes last."""
    folder.mkdir(parents=True, exist_ok=True)
    put(folder / "ATTRIBUTION.csv", attribution(clips))
    put(folder / "model.safetensors", blob)
    complete = {**card, "weights": "model.safetensors", "sha256": hashlib.sha256(blob).hexdigest()}
    put(folder / "card.json", (json.dumps(complete, indent=1, ensure_ascii=False) + "\n").encode())
