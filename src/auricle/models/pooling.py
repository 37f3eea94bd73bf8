"""How the scores of a clip's frames become one, where that takes more than an operation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from auricle.models.graph import Graph

_HARDLY, _CERTAIN = 1e-6, 13.8
"""One in a million, and its logit."""


class PoolingGraph(Graph):
    """A graph that can weigh frames by what is heard in them."""

    def odds_over_time(self, logits: str, sounds: NDArray[np.bool_]) -> str:
        """Logits (time, classes) → probabilities (1, classes), whose odds are the geometric mean of two.

        Those of Σp² / Σp, which ask whether a class is there at any time; and those of the mean logit, each frame weighing as much
        as all `sounds` (classes,) in it together, which asks whether that class is what is heard.
        """
        logits = self._op("Clip", [logits, *self._bounds(-_CERTAIN, _CERTAIN)])
        axes = self._constant(np.array([0], np.int64))
        p = self.sigmoid(logits)
        once = self._op("Clip", [self.linear_softmax_over_time(p), *self._bounds(_HARDLY, 1.0 - _HARDLY)])
        rest = self._op("Sub", [self._constant(np.array(1.0, np.float32)), once])
        ever = self._op("Sub", [self._op("Log", [once]), self._op("Log", [rest])])
        sounding = self._op("MatMul", [p, self._constant(sounds.astype(np.float32)[:, None])])
        weight = self._op("Add", [sounding, self._constant(np.array(_HARDLY, np.float32))])
        total = self._op("ReduceSum", [self.times(logits, weight), axes], keepdims=1)
        mostly = self._op("Div", [total, self._op("ReduceSum", [weight, axes], keepdims=1)])
        return self.sigmoid(self.times(self.plus(ever, mostly), self._constant(np.array(0.5, np.float32))))

    def _bounds(self, low: float, high: float) -> list[str]:
        return [self._constant(np.array(bound, np.float32)) for bound in (low, high)]
