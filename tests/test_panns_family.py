"""Every published member of the PANNs family equals a reference in torch, written here from the paper, to 1e-4."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from auricle.card import Architecture, ModelCard
from auricle.errors import CardError
from auricle.models import panns
from tests.material import network, small_card

torch = pytest.importorskip("torch", reason="the references are written in torch; install the extra “train”")
nn: Any = torch.nn
functional: Any = torch.nn.functional

CLASSES, MELS = 5, 16
MOBILE_STRIDES = (2, 1, 2, 1, 2, 1)


def vgg(name: str, **facts: Any) -> tuple[str, Architecture]:
    """A narrow member of the VGG-like part of the family."""
    shape: dict[str, Any] = {
        "family": "panns",
        "kernel": 3,
        "channels": (4, 6, 8, 10),
        "pools": ((2, 2), (2, 2), (2, 2), (1, 1)),
        "head": "hidden-max-mean",
        "input_norm": True,
    }
    return name, Architecture(**{**shape, **facts})


MEMBERS = dict(
    [
        vgg("cnn6", kernel=5, convolutions=1, pools=((2, 2),) * 4),
        vgg("cnn10", pools=((2, 2),) * 4),
        vgg("cnn14"),
        vgg("cnn14-decision-max", head="hidden-decision-max"),
        vgg("epanns", inner=(3, 5, 7, 9), channels=(4, 5, 6, 7)),
        (
            "mobilenetv1",
            Architecture(
                family="mobilenetv1",
                kernel=3,
                channels=(4, 6, 8, 8, 10, 12),
                pools=tuple((stride, stride) for stride in MOBILE_STRIDES),
                head="hidden-max-mean",
                input_norm=True,
            ),
        ),
    ]
)


class Block(nn.Module):  # type: ignore[misc]
    """Convolution, batch norm and ReLU, once or twice."""

    def __init__(self, inputs: int, outputs: int, shape: Architecture, inner: int) -> None:
        super().__init__()
        widths = [inputs, *[inner] * (shape.convolutions - 1), outputs]
        for k in range(1, shape.convolutions + 1):
            conv = nn.Conv2d(widths[k - 1], widths[k], shape.kernel, padding=shape.kernel // 2, bias=False)
            setattr(self, f"conv{k}", conv)
            setattr(self, f"bn{k}", nn.BatchNorm2d(widths[k]))
        self.count = shape.convolutions

    def forward(self, x: Any) -> Any:
        for k in range(1, self.count + 1):
            x = functional.relu(getattr(self, f"bn{k}")(getattr(self, f"conv{k}")(x)))
        return x


class Reference(nn.Module):  # type: ignore[misc]
    """The network as the paper describes it, with the tensor names of the published checkpoints."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        self.shape = shape
        self.bn0 = nn.BatchNorm2d(MELS)
        inputs = 1
        if shape.family == "mobilenetv1":
            blocks = []
            for outputs, (stride, _) in zip(shape.channels, shape.pools, strict=True):
                middle = outputs if inputs == 1 else inputs
                groups = 1 if inputs == 1 else inputs
                block = [
                    nn.Conv2d(inputs, middle, 3, padding=1, groups=groups, bias=False),
                    nn.AvgPool2d(stride),
                    nn.BatchNorm2d(middle),
                    nn.ReLU(),
                ]
                if inputs > 1:
                    block += [nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
                blocks.append(nn.Sequential(*block))
                inputs = outputs
            self.features = nn.Sequential(*blocks)
        else:
            for number, outputs in enumerate(shape.channels, start=1):
                inner = shape.inner[number - 1] if shape.inner else outputs
                setattr(self, f"conv_block{number}", Block(inputs, outputs, shape, inner))
                inputs = outputs
        self.fc1 = nn.Linear(inputs, inputs)
        self.fc_audioset = nn.Linear(inputs, CLASSES)

    def forward(self, logmel: Any) -> tuple[Any, Any, Any]:
        """(t, mels) → embeddings (p, dims), framewise (p, classes), clip (classes,)."""
        x = logmel[None, None]
        x = self.bn0(x.transpose(1, 3)).transpose(1, 3)
        if self.shape.family == "mobilenetv1":
            x = self.features(x)
        else:
            for number, pool in enumerate(self.shape.pools, start=1):
                x = functional.avg_pool2d(getattr(self, f"conv_block{number}")(x), pool)
        x = x.mean(dim=3)
        embeddings = x[0].t()
        around = functional.max_pool1d(x, 3, 1, 1) + functional.avg_pool1d(x, 3, 1, 1)
        framewise = self.decide(around[0].t())
        if self.shape.head == "hidden-decision-max":
            return embeddings, framewise, framewise.max(dim=0).values
        return embeddings, framewise, self.decide((x.max(dim=2).values + x.mean(dim=2))[0])

    def decide(self, x: Any) -> Any:
        return torch.sigmoid(self.fc_audioset(functional.relu(self.fc1(x))))


def made(name: str) -> tuple[ModelCard, Any, dict[str, NDArray[np.float32]]]:
    """A card, the reference with lively random weights, and its tensors."""
    torch.manual_seed(3)
    card = small_card()
    card = replace(
        card,
        architecture=MEMBERS[name],
        front_end=replace(card.front_end, n_mels=MELS, scaler_mean=(), scaler_std=()),
        labels=tuple(f"class {k}" for k in range(CLASSES)),
        thresholds={},
    )
    reference = Reference(MEMBERS[name]).eval()
    for key, value in reference.state_dict().items():
        if key.endswith("running_var"):
            value.copy_(0.5 + torch.rand_like(value))
        elif key.endswith("running_mean"):
            value.copy_(0.1 * torch.randn_like(value))
        elif value.ndim == 1:
            value.copy_(
                1.0 + 0.2 * torch.randn_like(value) if key.endswith("weight") else 0.1 * torch.randn_like(value)
            )
    return card, reference, {key: value.numpy() for key, value in reference.state_dict().items()}


@pytest.mark.parametrize("frames", [64, 71, 130])
@pytest.mark.parametrize("name", MEMBERS)
def test_equals_its_reference_in_torch(name: str, frames: int) -> None:
    """Embeddings, framewise scores and clip scores."""
    card, reference, tensors = made(name)
    panns.check(card, tensors)
    logmel = np.random.default_rng(frames).standard_normal((frames, MELS)).astype(np.float32)
    with torch.no_grad():
        wanted = [part.numpy() for part in reference(torch.from_numpy(logmel))]
    embeddings, framewise = (net := network(card, tensors)).run(logmel)
    for got, right in zip((embeddings, framewise, net.pool(embeddings)), wanted, strict=True):
        np.testing.assert_allclose(got, right, atol=1e-4)
    assert len(embeddings) == frames // panns.pooled_frames(card.architecture)


@pytest.mark.parametrize("name", MEMBERS)
def test_nothing_beyond_the_context_matters(name: str) -> None:
    """`context` is right for every member: frames outside change nothing, the outermost ones inside do."""
    card, _, tensors = made(name)
    # Nothing negative, so that no ReLU hides a change, and a last layer that saturates no sigmoid.
    tensors = {k: np.abs(v) * np.float32(1e-4 if k.startswith("fc_audioset") else 1) for k, v in tensors.items()}
    net, pooled = network(card, tensors), panns.pooled_frames(card.architecture)
    before, after = panns.context(card.architecture)
    at = -(-before // pooled) + 1
    first, last = at * pooled - before, at * pooled + pooled - 1 + after
    rng = np.random.default_rng(1)
    logmel = rng.standard_normal((last + 2 * pooled, MELS)).astype(np.float32)
    _, wanted = net.run(logmel)

    def change(frame: int) -> float:
        other = logmel.copy()
        other[frame] += 100.0
        return float(np.abs(net.run(other)[1][at] - wanted[at]).max())

    assert change(first - 1) == change(last + 1) == 0
    assert min(change(first), change(last)) > 0


@pytest.mark.parametrize("name", MEMBERS)
def test_weights_of_another_member_are_refused(name: str) -> None:
    """The first tensor that is missing is named, and how many more are."""
    card, _, _ = made(name)
    with pytest.raises(CardError, match=r" is missing and so are \d+ more;"):
        panns.check(card, made("cnn14" if name == "mobilenetv1" else "mobilenetv1")[2])


def test_weights_of_a_wider_member_are_refused() -> None:
    """Widths are the card's, but for the hidden layer's."""
    card, _, _ = made("cnn14")
    with pytest.raises(CardError, match=r"conv_block1\.conv1\.weight is 3 × 1 × 3 × 3 instead of 4 × 1 × 3 × 3"):
        panns.check(card, made("epanns")[2])
