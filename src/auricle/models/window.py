"""WindowTagger: runs the newest window of frames through the whole network, on every step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from auricle.messages import Frames, Scores
from auricle.stages import Network


class WindowTagger:
    """Scores for each pooled frame, as if the network had seen the whole stream. One thread at a time.

    A pooled frame depends on `context` frames around its own. Once they have arrived its scores are final, and they
    are those of the network run on everything at once; until then they are provisional. Windows start at multiples of
    the network's pooling, so that every pooling sees the pairs of frames that it would see in the whole recording.
    """

    def __init__(
        self,
        *,
        network: Network,
        frame_s: float,
        pooled_frames: int,
        context: tuple[int, int],
        step_frames: int,
        window_frames: int,
        provisional: bool,
    ) -> None:
        """`frame_s`: seconds between frames; `pooled_frames`: frames per pooled frame; `context`: frames before, after.

        A step is rounded to whole pooled frames, and a window is lengthened to what a step and its context need.
        """
        before, after = (-(-frames // pooled_frames) * pooled_frames for frames in context)
        self._network, self._frame_s, self._pooled = network, frame_s, pooled_frames
        self._after, self._provisional = context[1], provisional
        self._step = max(1, round(step_frames / pooled_frames)) * pooled_frames
        self._window = max(window_frames // pooled_frames * pooled_frames, before + self._step + after)
        self.reset()

    @property
    def step_s(self) -> float:
        """Seconds of sound between two runs of the network."""
        return self._step * self._frame_s

    def reset(self) -> None:
        """Forgets everything; the next frames are the start of a new stream."""
        self._frames: NDArray[np.float32] | None = None
        self._origin = 0  # index of _frames[0]
        self._next = self._step  # how many frames the stream must have before the next run
        self._final = 0  # pooled frames whose final scores have been given

    def push(self, frames: Frames) -> list[Scores]:
        """The scores that `frames` complete, provisional ones last."""
        self._frames = frames.logmel if self._frames is None else np.concatenate([self._frames, frames.logmel])
        scores: list[Scores] = []
        while self._origin + len(self._frames) >= self._next:
            scores += self._run(self._next, complete=(self._next - self._after) // self._pooled)
            self._next += self._step
            self._forget(self._next - self._window)
        return scores

    def flush(self) -> list[Scores]:
        """The scores that were waiting for their context, computed as if silence followed."""
        end = self._origin + (0 if self._frames is None else len(self._frames))
        return self._run(end, complete=end // self._pooled) if end // self._pooled > self._final else []

    def _run(self, end: int, complete: int) -> list[Scores]:
        start = max(self._origin, -(-(end - self._window) // self._pooled) * self._pooled)
        assert self._frames is not None  # noqa: S101  (for the type checker: callers have seen frames)
        _, probabilities = self._network.run(self._frames[start - self._origin : end - self._origin])
        first, last = self._final, end // self._pooled if self._provisional else complete
        self._final = max(self._final, complete)
        span = self._pooled * self._frame_s
        return [
            Scores(
                start_s=k * span,
                end_s=(k + 1) * span,
                probabilities=probabilities[k - start // self._pooled],
                provisional=k >= complete,
            )
            for k in range(first, last)
        ]

    def _forget(self, before: int) -> None:
        if self._frames is not None and before > self._origin:
            self._frames = self._frames[before - self._origin :].copy()
            self._origin = before
