"""Both teachers, whose scores of the very same sounds the student learns."""

from pathlib import Path

import torch
from torch import Tensor

from training import teacher, yamnet

CLASSES = teacher.CLASSES + yamnet.CLASSES


class Teachers:
    """Scores of waveforms (batch, samples) at 32 kHz: EfficientAT mn04's 527 classes, then YAMNet's 521."""

    def __init__(self, paths: tuple[Path, Path]) -> None:
        self._first, self._second = teacher.Teacher(paths[0]), yamnet.Yamnet(paths[1])

    def __call__(self, audio: Tensor) -> Tensor:
        """Probabilities (batch, 1048)."""
        return torch.cat([self._first(audio), self._second(audio)], 1)
