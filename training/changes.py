"""What training does to log-mels (n, frames, 64), in decibels: pitch, level, colour and bandwidth, and two sounds at once.

Bandwidth tells nothing of a sound, but much of its recording: speech is often sampled at 16 kHz and holds nothing over 8, what else
there is to learn from holds all. A student that never met speech with sibilants in full takes these for a sneeze.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

DECIBEL = math.log(10.0) / 10.0
SILENT_DB = -99.0  # digital silence lies at -100
DEAD_DB = -70.0  # a band no louder is not used
SOUND_DB = -60.0  # a sound no louder is left alone
TOP = 58  # 10 kHz; what is dead from here on is of less than full bandwidth,
SAMPLED = 48  # and that by its recording if it does not end below 6 kHz
LEAST, MOST = 40, 60  # the first bands lost: from 3.7 kHz, as when sampled at 8, to 10.6
DITHER_DB = (-100.0, -80.0)  # where rounding to 16 bits leaves a dead band
FALL_DB = (0.0, 15.0)  # how far under its model a replica begins; with each band it falls by up to a decibel more


@dataclass(frozen=True)
class Change:
    """How far: bands moved (at most), decibels of a smooth curve over the bands and of the level (deviations), and how often bandwidth."""

    warp: float
    colour: float
    gain: float
    bandwidth: float


def changed(rng: np.random.Generator, given: NDArray[np.float16], how: Change) -> Tensor:
    """Another bandwidth, pitch a little up or down, another level, and a smooth random curve over the bands; digital silence stays."""
    logmel = torch.from_numpy(rebanded(rng, given.astype(np.float32), how.bandwidth))
    count, _, bands = logmel.shape
    shift = torch.from_numpy(rng.uniform(-how.warp, how.warp, count).astype(np.float32))
    place = (torch.arange(bands) + shift[:, None]).clamp(0.0, bands - 1.001)
    low = place.long()[:, None, :].expand(logmel.shape)
    part = (place - place.floor())[:, None, :]
    moved = torch.gather(logmel, 2, low) * (1.0 - part) + torch.gather(logmel, 2, low + 1) * part
    knots = torch.from_numpy(rng.normal(0.0, how.colour, (count, 1, 7)).astype(np.float32))
    curve = functional.interpolate(knots, bands, mode="linear", align_corners=True)
    gain = torch.from_numpy(rng.normal(0.0, how.gain, (count, 1, 1)).astype(np.float32))
    return torch.where(moved > SILENT_DB, (moved + curve + gain).clamp(min=-100.0), moved)


def rebanded(rng: np.random.Generator, logmel: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    """A share of the sounds (changed in place) end at another band: those of full bandwidth lose their highest, others get some.

    Left alone are what is hardly heard and what is dark by nature. What others get is a fainter replica of the bands below (spectral
    band replication: Dietz et al., AES 112th Convention, 2002).
    """
    for row in np.flatnonzero(rng.random(len(logmel)) < share) if share else ():
        sound = logmel[row]
        loudest = sound.max(0)
        if loudest.max() <= SOUND_DB:
            continue
        if loudest[TOP:].max() >= DEAD_DB:
            edge = int(rng.integers(LEAST, MOST))
            upper = sound[:, edge:]
            upper = np.minimum(upper, rng.uniform(*DITHER_DB) + rng.normal(size=upper.shape))
        else:
            edge = int(np.flatnonzero(loudest > DEAD_DB)[-1]) - 1  # the last but one: filters leak into the next band
            if edge < SAMPLED:
                continue
            upper = sound[:, edge:]
            fall_db = rng.uniform(*FALL_DB) + rng.uniform() * np.arange(upper.shape[1])
            upper = np.maximum(upper, sound[:, edge - upper.shape[1] : edge] - fall_db)
        sound[:, edge:] = np.where(sound[:, edge:] > SILENT_DB, upper, sound[:, edge:])
    return logmel


def added(one: Tensor, other: Tensor) -> Tensor:
    """The log-mel of two sounds together, decibels."""
    return torch.logaddexp(one * DECIBEL, other * DECIBEL) / DECIBEL
