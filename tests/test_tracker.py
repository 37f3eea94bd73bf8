"""The ranking of the tracked labels."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from auricle.events.tracker import PredictionTracker

LABELS = [f"label {k}" for k in range(10)]


@given(
    tracked=st.lists(st.integers(0, 9), min_size=1, unique=True),
    scores=st.lists(st.floats(0, 1, width=32), min_size=10, max_size=10),
    top_k=st.integers(1, 20),
)
def test_gives_exactly_the_top_k(tracked: list[int], scores: list[float], top_k: int) -> None:
    """K labels, or all that are tracked where these are fewer; the highest first, equal ones in their order."""
    top = PredictionTracker(labels=LABELS, tracked=tracked, top_k=top_k).top(np.array(scores, np.float32))
    ranked = sorted(tracked, key=lambda k: -scores[k])[:top_k]
    assert top == [(LABELS[k], scores[k]) for k in ranked]
    assert len(top) == min(top_k, len(tracked))
