"""EfficientAT's mn04, written anew from its tensor names and shapes: the teacher whose scores (never weights) the student learns.

Sources: Howard et al., "Searching for MobileNetV3", arXiv 1905.02244, table 1 (kernels, strides, activations); Schmid et al.,
arXiv 2211.04772 (squeeze and excitation over channels, classifier). Checked against golden/mn04_as.npz.
"""

from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from training.frontend import TeacherFrontEnd

CLASSES = 527
WEIGHTS_SHA256 = "899a8c6217063f6941793102a2780b3dd788ab11fce468d9cf5f0577c453321c"

# strides of the inverted-residual blocks; from the seventh on the activation is the hard swish, before it ReLU
STRIDES = (1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1)
FIRST_SWISH = 7


class Teacher:
    """Scores of the 527 AudioSet classes for waveforms (batch, samples) at 32 kHz, whole clips at once."""

    def __init__(self, path: Path) -> None:
        tensors = torch.load(path, map_location="cpu", weights_only=True)
        last = torch.channels_last  # four times as fast on a CPU
        self._t: dict[str, Tensor] = {
            name: value.float().contiguous(memory_format=last) if value.dim() == 4 else value.float()
            for name, value in tensors.items()
        }
        self._front_end = TeacherFrontEnd()

    def _convolve(self, x: Tensor, name: str, stride: int) -> Tensor:
        """A convolution without bias and its batch norm (epsilon 0.001)."""
        weight = self._t[f"{name}.0.weight"]
        groups = x.shape[1] // weight.shape[1]
        x = functional.conv2d(x, weight, None, stride, weight.shape[-1] // 2, 1, groups)
        bn = f"{name}.1"
        mean, variance = self._t[f"{bn}.running_mean"], self._t[f"{bn}.running_var"]
        return functional.batch_norm(x, mean, variance, self._t[f"{bn}.weight"], self._t[f"{bn}.bias"], eps=1e-3)

    def _linear(self, x: Tensor, name: str) -> Tensor:
        return functional.linear(x, self._t[f"{name}.weight"], self._t[f"{name}.bias"])

    def _excite(self, x: Tensor, name: str) -> Tensor:
        """Squeeze and excitation over channels: each channel is scaled by a gate computed from all their means."""
        gate = self._linear(functional.relu(self._linear(x.mean((2, 3)), f"{name}.fc1")), f"{name}.fc2")
        return x * torch.sigmoid(gate)[:, :, None, None]

    def _block(self, x: Tensor, number: int, stride: int, swish: bool) -> Tensor:
        name = f"features.{number}.block"
        activate = functional.hardswish if swish else functional.relu
        y, part = x, 0
        if self._t[f"{name}.0.0.weight"].shape[1] > 1:  # an expansion comes before the depthwise convolution
            y, part = activate(self._convolve(y, f"{name}.0", 1)), 1
        y = activate(self._convolve(y, f"{name}.{part}", stride))
        part += 1
        if f"{name}.{part}.conc_se_layers.0.fc1.weight" in self._t:
            y, part = self._excite(y, f"{name}.{part}.conc_se_layers.0"), part + 1
        y = self._convolve(y, f"{name}.{part}", 1)
        return x + y if x.shape == y.shape else y

    def __call__(self, audio: Tensor) -> Tensor:
        """Probabilities (batch, 527), eight clips at a time: that is the quickest."""
        with torch.no_grad():
            return torch.cat([self._score(piece) for piece in torch.split(audio, 8)])

    def _score(self, audio: Tensor) -> Tensor:
        x = self._front_end(audio).contiguous(memory_format=torch.channels_last)
        x = functional.hardswish(self._convolve(x, "features.0", 2))
        for number, stride in enumerate(STRIDES, 1):
            x = self._block(x, number, stride, number >= FIRST_SWISH)
        x = functional.hardswish(self._convolve(x, "features.16", 1)).mean((2, 3))
        return torch.sigmoid(self._linear(functional.hardswish(self._linear(x, "classifier.2")), "classifier.5"))
