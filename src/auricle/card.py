"""ModelCard: the facts that travel with weights; models/cardfile.py reads them from a JSON file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FrontEndFacts:
    """What the weights were trained on: how sound becomes log-mel frames."""

    rate: int
    """Samples per second."""
    window: str
    """"hann", and no other; periodic in panns, symmetric in efficientat."""
    window_size: int
    """Samples per STFT window, which is also the FFT's length."""
    hop: int
    """Samples between two frames."""
    n_mels: int
    fmin: float
    """Lower edge of the lowest mel band, Hz."""
    fmax: float
    """Upper edge of the highest mel band, Hz."""
    scaler_mean: tuple[float, ...]
    """Per mel band, dB; empty: not scaled."""
    scaler_std: tuple[float, ...]
    kind: str = "panns"
    """"panns": Slaney mel bands in dB; "efficientat": pre-emphasis, Kaldi mel bands, natural logarithm (features/)."""
    fft_size: int = 0
    """Samples per FFT, in whose middle the window stands; 0: as long as the window, as it always is in panns."""


@dataclass(frozen=True)
class Architecture:
    """The network's shape as data; models/panns.py says what each field means."""

    family: str
    kernel: int
    channels: tuple[int, ...]
    pools: tuple[tuple[int, int], ...]
    """Average pooling after each block: (time, mel); of efficientat, each block's stride."""
    head: str
    convolutions: int = 2
    """In a block of the family panns."""
    inner: tuple[int, ...] = ()
    """Each block's width after the first of two convolutions; empty: as after the second."""
    input_norm: bool = False
    """A batch norm over the mel bands comes first."""
    weighing: int = 0
    """Under decision-odds, of how many labels, from the first, the scores weigh a frame; 0: of all."""


@dataclass(frozen=True)
class Thresholds:
    """The score at which a class's event starts, under which it ends, and how long it must stay up at least."""

    on: float
    off: float
    minimum_s: float = 0.0
    """Where it is longer than what is asked of every class."""


@dataclass(frozen=True)
class ClipFacts:
    """How a network that is trained clip by clip (efficientat) is run on a stream; models/clip.py says what comes of it."""

    windows_s: tuple[float, ...]
    """Lengths of the windows that each step is heard in, seconds."""
    step_s: float
    delay_s: float
    """How far back the step lies that the newest windows score."""


@dataclass(frozen=True)
class Int8Facts:
    """What the network's 8-bit form was calibrated to, and what it was seen to lose by it; models/arithmetic.py."""

    lowest: float
    """Of the network's input, after scaling."""
    highest: float
    peaks: tuple[float, ...]
    """The highest figure after each convolution."""
    clips: int
    """Stretches of sound that both forms named."""
    lost_points: float
    """Percent of those that only single precision named right; without human labels, named right is what it says."""


@dataclass(frozen=True)
class ModelCard:
    """Everything about a model that is not a weight."""

    name: str
    title: str
    version: str
    description: str
    licence: str
    citation: str
    source: str
    weights: str
    """File name of the weights, beside the card."""
    sha256: str
    """Of the weights file; empty: not checked."""
    architecture: Architecture
    front_end: FrontEndFacts
    window_s: float
    """The window that suits the model when it runs window by window, seconds."""
    labels: tuple[str, ...]
    thresholds: dict[str, Thresholds]
    """A pair for each label."""
    clip: ClipFacts | None = None
    """None: the network's rows are scores of their own."""
    int8: Int8Facts | None = None
    """None: not calibrated."""
