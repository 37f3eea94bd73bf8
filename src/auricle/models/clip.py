"""ClipTagger: runs windows of several lengths, each as a clip of its own, for networks that are trained clip by clip."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from auricle.messages import Frames, Scores
from auricle.stages import Network

_CERTAIN = np.float32(1e-6)
"""Probabilities are kept so far from 0 and 1 before their logits are taken."""


class ClipTagger:
    """A score for each step, from the newest windows of several lengths. One thread at a time.

    A short window says when, a long one says what: the score is the mean of their logits, so that both must agree. It is
    that of the step which lies `delay_frames` back, where the sound that the windows have just come to hear began. Steps
    lie on a grid that begins with the stream; how the frames are cut changes nothing.
    """

    def __init__(
        self,
        *,
        network: Network,
        frame_s: float,
        step_frames: int,
        window_frames: Sequence[int],
        delay_frames: int,
        provisional: bool,
    ) -> None:
        """`frame_s`: seconds between frames; `delay_frames` is rounded to whole steps."""
        self._network, self._frame_s, self._step = network, frame_s, max(1, step_frames)
        self._windows = [max(1, frames) for frames in window_frames]
        self._delay = round(delay_frames / self._step)
        self._provisional = provisional
        self.reset()

    @property
    def step_s(self) -> float:
        """Seconds of sound between two runs of the network."""
        return self._step * self._frame_s

    def reset(self) -> None:
        """Forgets everything; the next frames are the start of a new stream."""
        self._frames: NDArray[np.float32] | None = None
        self._origin = 0  # index of _frames[0]
        self._steps = 0  # steps that have been run
        self._given = 0  # steps whose scores have been given

    def push(self, frames: Frames) -> list[Scores]:
        """The scores that `frames` complete, a provisional one last."""
        self._frames = frames.logmel if self._frames is None else np.concatenate([self._frames, frames.logmel])
        scores: list[Scores] = []
        newest = None
        while self._origin + len(self._frames) >= (self._steps + 1) * self._step:
            self._steps += 1
            newest = self._score(self._steps * self._step)
            if self._steps > self._delay:
                scores.append(self._scores(self._given, self._given + 1, newest, provisional=False))
                self._given += 1
            self._forget(self._steps * self._step - max(self._windows))
        if newest is not None and self._provisional and self._steps > self._given:
            scores.append(self._scores(self._given, self._steps, newest, provisional=True))
        return scores

    def flush(self) -> list[Scores]:
        """The scores of the steps at the end, one of which may be incomplete: all from the last windows."""
        end = self._origin + (0 if self._frames is None else len(self._frames))
        last = -(-end // self._step)
        if last <= self._given:
            return []
        probabilities = self._score(end)
        scores = [self._scores(k, k + 1, probabilities, provisional=False) for k in range(self._given, last)]
        self._given = last
        return scores

    def _score(self, end: int) -> NDArray[np.float32]:
        """Probabilities (classes,) of the windows that end before frame `end`."""
        assert self._frames is not None  # noqa: S101  (for the type checker: callers have seen frames)
        logits = []
        for frames in self._windows:
            window = self._frames[max(0, end - frames - self._origin) : end - self._origin]
            embeddings, _ = self._network.run(window)
            p = np.clip(self._network.pool(embeddings), _CERTAIN, np.float32(1.0) - _CERTAIN)
            logits.append(np.log(p / (np.float32(1.0) - p)))
        odds = np.exp(np.mean(logits, axis=0, dtype=np.float32))
        return np.asarray(odds / (1.0 + odds), np.float32)

    def _scores(self, first: int, last: int, probabilities: NDArray[np.float32], *, provisional: bool) -> Scores:
        return Scores(
            start_s=first * self.step_s,
            end_s=last * self.step_s,
            probabilities=probabilities,
            provisional=provisional,
        )

    def _forget(self, before: int) -> None:
        if self._frames is not None and before > self._origin:
            self._frames = self._frames[before - self._origin :].copy()
            self._origin = before
