"""YAMNet, the second teacher: LiteRT runs it from its published file, and only its scores are used.

Sources: Howard et al., "MobileNets", arXiv 1704.04861 (the network); Gemmeke et al., Audio Set, 2017 (its 521 classes); its own
documentation for 16 kHz and patches of 0.975 s, each half a patch after the one before.
"""

from pathlib import Path

import numpy as np
import soxr
import torch
from torch import Tensor

from training.frontend import RATE

CLASSES = 521
YAMNET_RATE, PATCH = 16000, 15600


class Yamnet:
    """Scores of its 521 classes for waveforms (batch, samples) at 32 kHz: means over the patches of a sound."""

    def __init__(self, path: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter  # type: ignore[import-untyped,import-not-found,unused-ignore]

        self._interpreter = Interpreter(model_content=path.read_bytes(), num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]

    def __call__(self, audio: Tensor) -> Tensor:
        """Probabilities (batch, 521)."""
        return torch.stack([self._score(sound.numpy()) for sound in audio])

    def _score(self, sound: np.ndarray) -> Tensor:
        slow = soxr.resample(sound, RATE, YAMNET_RATE, "LQ").astype(np.float32)
        slow = np.pad(slow, (0, max(0, PATCH - len(slow))))
        scores = []
        for start in range(0, len(slow) - PATCH + 1, PATCH // 2):
            self._interpreter.set_tensor(self._input, slow[start : start + PATCH])
            self._interpreter.invoke()
            scores.append(self._interpreter.get_tensor(self._output)[0].copy())
        return torch.from_numpy(np.mean(scores, 0))
