"""Filters of convolutions in 8 bits, such that every processor computes the same with them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

STEPS = 64
"""Each way. Processors without 8-bit dot products (AVX2 alone) add two products in 16 bits, which saturate: 2 · 255 · 64 fits."""
SHARES = np.linspace(0.7, 1.0, 13, dtype=np.float32)


def rounded(weight: Array) -> tuple[NDArray[np.int8], Array]:
    """Filters (outputs, inputs, time, mel) in whole steps, and the size of each one's step (outputs,).

    The greatest weight that a filter can hold is the share of its peak that makes the least squared error: what is above is cut
    off, all else is rounded more finely.
    """
    peaks = np.abs(weight).max(axis=(1, 2, 3), keepdims=True)
    peaks[peaks == 0] = STEPS
    sizes = [(peaks * share / np.float32(STEPS)).astype(np.float32) for share in SHARES]
    filters = [np.clip(np.round(weight / size), -STEPS, STEPS) for size in sizes]
    errors = [np.square(steps * size - weight).sum(axis=(1, 2, 3)) for steps, size in zip(filters, sizes, strict=True)]
    best, each = np.argmin(errors, axis=0), np.arange(len(weight))
    return np.stack(filters)[best, each].astype(np.int8), np.stack(sizes)[best, each].reshape(-1)
