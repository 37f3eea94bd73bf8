"""`python -m training.robustness`: the held-out ESC-10 clips, changed before the students that never met them hear them."""

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training import jobs
from training.acoustics import coloured_noise, room_response
from training.corpus import FOLDS, load
from training.labels import ESC10, INDEX
from training.listen import ESC_COLUMNS, Listener, clip_scores, weights_of

FFT = 196608
"""Longer than a clip and its reverberation."""


def changed(audio: NDArray[np.float32], rng: np.random.Generator) -> dict[str, NDArray[np.float32]]:
    """The clip as it is, at other levels, under noise, and in a synthetic room."""
    noise = coloured_noise(rng, len(audio)) * np.float32(np.sqrt(np.mean(audio**2)))
    room = np.fft.irfft(np.fft.rfft(audio, FFT) * room_response(rng, FFT), FFT)[: len(audio)]
    return {
        "unchanged": audio,
        "20 dB quieter": audio * np.float32(0.1),
        "20 dB louder and clipped": np.clip(audio * np.float32(10.0), -1.0, 1.0),
        "in a synthetic room": room.astype(np.float32),
        "under coloured noise at 10 dB": audio + noise * np.float32(10.0**-0.5),
        "under coloured noise at 0 dB": audio + noise,
    }


def main() -> None:
    """Prints the accuracy for each change."""
    parser = argparse.ArgumentParser(prog="python -m training.robustness", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--work", type=Path, default=Path("build/training"))
    words = parser.parse_args()
    right: dict[str, list[bool]] = defaultdict(list)
    clips = [clip for clip in load(words.data) if clip.folder in ESC10 and clip.path.startswith("esc10/")]
    for fold in FOLDS:
        listener, rng = Listener(*jobs.recall(jobs.newest(words.work, fold))), np.random.default_rng(fold)
        for clip in clips:
            if clip.fold == fold:
                for how, audio in changed(clip.audio(), rng).items():
                    frames = listener.frames(audio)[0]
                    scores = clip_scores(frames, weights_of(frames))
                    truth = INDEX[ESC10[clip.folder]]
                    right[how].append(ESC_COLUMNS[int(np.argmax(scores[ESC_COLUMNS]))] == truth)
    for how, answers in right.items():
        print(f"{how}: {np.mean(answers):.1%} of {len(answers)}")


if __name__ == "__main__":
    main()
