"""Filters in 8 bits."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from auricle.models import filters8


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), size=st.sampled_from([1e-20, 1e-3, 1.0, 1e6]), heavy=st.booleans())
def test_cutting_off_peaks_is_never_worse_than_keeping_them(seed: int, size: float, heavy: bool) -> None:
    """In squared error; and no filter has more steps than fit."""
    rng = np.random.default_rng(seed)
    weight = (rng.standard_normal((5, 4, 3, 3)) ** (3 if heavy else 1) * size).astype(np.float32)
    filters, sizes = filters8.rounded(weight)
    assert np.abs(filters.astype(int)).max() <= filters8.STEPS
    kept = np.abs(weight).max(axis=(1, 2, 3), keepdims=True).astype(np.float64) / filters8.STEPS
    whole = np.square(np.round(weight / kept) * kept - weight).sum(axis=(1, 2, 3))
    error = np.square(filters * sizes[:, None, None, None].astype(np.float64) - weight).sum(axis=(1, 2, 3))
    assert (error <= whole * 1.001).all()


def test_a_filter_of_zeros_stays_one() -> None:
    """Beside one that is none."""
    weight = np.zeros((2, 1, 3, 3), np.float32)
    weight[1, 0, 1, 1] = 0.5
    filters, sizes = filters8.rounded(weight)
    assert not filters[0].any()
    assert filters[1, 0, 1, 1] * sizes[1] == np.float32(0.5)
    assert np.isfinite(sizes).all()
    assert (sizes > 0).all()
