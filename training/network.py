"""The student: a VGG-like network of the PANNs family with a framewise head.

Sources: Kong et al., arXiv 1912.10211 (blocks, tensor names, decision-level head); Wang, Li and Metze, arXiv 1810.09050
(linear softmax pooling: each frame weighs as much as its own probability).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

CHANNELS = (16, 32, 64, 128, 256)
WIDER = (*CHANNELS[:-1], 272)  # with those that hear the further classes
POOLS = ((2, 2), (2, 2), (2, 4), (1, 2), (1, 1))  # time, mel
FRAMES_PER_STEP = 8  # log-mel frames of one pooled frame


class Block(nn.Module):
    """Two 3×3 convolutions with batch norm and ReLU, then average pooling."""

    def __init__(self, inputs: int, outputs: int, pool: tuple[int, int]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self._pool = pool
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # this order in memory is a third faster on a CPU

    def forward(self, x: Tensor) -> Tensor:
        """Image (batch, channels, frames, mels) to a smaller one with more channels."""
        x = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        x = functional.relu(self.bn2(self.conv2(x)), inplace=True)
        return x if self._pool == (1, 1) else functional.avg_pool2d(x, self._pool)


class Student(nn.Module):
    """Scaled log-mel (batch, frames, 64) to logits (batch, frames // 8, classes), and to those of the teachers' classes."""

    def __init__(self, classes: int, lessons: int, channels: tuple[int, ...]) -> None:
        super().__init__()
        self.blocks: list[Block] = []
        inputs = 1
        for number, (outputs, pool) in enumerate(zip(channels, POOLS, strict=True), 1):
            self.blocks.append(Block(inputs, outputs, pool))
            self.add_module(f"conv_block{number}", self.blocks[-1])
            inputs = outputs
        self.fc_audioset = nn.Linear(inputs, classes)
        self.fc_teacher = nn.Linear(inputs, lessons)
        self._dropout = nn.Dropout(0.2)
        for head in (self.fc_audioset, self.fc_teacher):
            nn.init.constant_(head.bias, -4.0)  # most sounds are absent most of the time

    def embed(self, logmel: Tensor) -> Tensor:
        """What the heads see: (batch, frames // 8, channels)."""
        x = logmel.unsqueeze(1)
        for block in self.blocks:
            x = block(x)
        return x.mean(dim=3).transpose(1, 2)

    def forward(self, logmel: Tensor) -> tuple[Tensor, Tensor]:
        """Framewise logits of both heads."""
        frames = self._dropout(self.embed(logmel))
        return self.fc_audioset(frames), self.fc_teacher(frames)


def pool_scores(logits: Tensor) -> Tensor:
    """Linear softmax over time: Σp² / Σp, (batch, frames, classes) to (batch, classes)."""
    p = torch.sigmoid(logits.float())
    return (p * p).sum(1) / p.sum(1).clamp(min=1e-7)


def half_precision(student: Student) -> Student:
    """The student with its weights rounded as the file will hold them, so that what is measured is what ships."""
    with torch.no_grad():
        for name, value in student.state_dict().items():
            if ".conv" in name or name.startswith("fc_"):
                value.copy_(value.half().float())
    return student
