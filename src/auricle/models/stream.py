"""StreamTagger: computes only what is new; what each layer needs of the past is kept inside the network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from auricle.messages import Frames, Scores
from auricle.models.onset import OnsetWatch
from auricle.stages import StreamNetwork

Array = NDArray[np.float32]


class LockstepTagger:
    """Scores for each pooled frame of several streams that run side by side through one network. One thread at a time.

    The scores are WindowTagger's, at a cost that no window multiplies. A step gives the scores that the new frames
    complete. One that peeks also gives what the newest frames would score if the sound ended now; those scores are
    provisional, and nothing of them is kept. Until every layer has had a frame to give, a peek hears all frames so far.
    While the sound changes, half a pooled frame is worth a peek too, as if it went on like its last frame to the end;
    who always peeks does so at each half of a step.
    Streams keep step: they begin anew together, and silence takes the place of what one of them lost.
    """

    def __init__(
        self,
        *,
        network: StreamNetwork,
        streams: int,
        frame_s: float,
        pooled_frames: int,
        after: int,
        reach: int,
        step_frames: int,
        window_frames: int,
        watch: OnsetWatch | None,
        provisional: bool,
    ) -> None:
        """`frame_s`: seconds between frames; `pooled_frames`: frames per pooled frame.

        `after`: frames after its own that a pooled frame's embedding depends on; `reach`: pooled frames before and after
        its own that a score depends on. A step is rounded to whole pooled frames. `window_frames`: the past that `window`
        speaks of. `watch` says when to peek; None: always. Without `provisional` there is no peek.
        """
        self._network, self._streams, self._frame_s, self._pooled = network, streams, frame_s, pooled_frames
        self._reach, self._watch, self._provisional = reach, watch, provisional
        self._step = max(1, round(step_frames / pooled_frames)) * pooled_frames
        self._begin = pooled_frames + after
        self._window = max(1, window_frames // pooled_frames)
        self.reset()

    @property
    def step_s(self) -> float:
        """Seconds of sound between two runs of the network."""
        return self._step * self._frame_s

    def reset(self) -> None:
        """Forgets everything; the next frames are the start of new streams."""
        self._network.reset(self._streams)
        if self._watch is not None:
            self._watch.reset()
        self._frames: Array | None = None  # (streams, t, mel): those that no step has taken
        self._taken = 0  # frames that steps have taken
        self._heard = 0  # frames that a step or a peek has heard
        self._next = self._step  # how many frames the streams must have before the next step
        self._complete: list[Array] = []  # complete embeddings (streams, dims), of the newest pooled frames
        self._forgotten = 0  # pooled frames that came before those
        self._final = 0  # pooled frames whose final scores have been given
        self._newest: list[Array] = []  # embeddings of the last peek

    def push(self, logmel: Array) -> list[list[Scores]]:
        """For each stream the scores that the frames (streams, t, mel) complete, provisional ones last."""
        self._frames = logmel if self._frames is None else np.concatenate([self._frames, logmel], axis=1)
        scores: list[list[Scores]] = [[] for _ in range(self._streams)]
        while self._taken + self._frames.shape[1] >= self._next:
            count = self._next - self._taken
            seen, self._frames = self._frames[:, :count], self._frames[:, count:]
            self._run(seen, scores)
            self._next += self._step
        if self._provisional:
            self._look_ahead(self._frames, scores)
        return scores

    def flush(self) -> list[list[Scores]]:
        """For each stream the scores that were waiting for their future, computed as if silence followed."""
        scores: list[list[Scores]] = [[] for _ in range(self._streams)]
        if self._frames is not None:
            end = (self._taken + self._frames.shape[1]) // self._pooled
            if end > self._final:
                self._newest = self._peek(self._frames)
                self._give(scores, last=end, final=end)
        return scores

    def window(self) -> list[Array]:
        """For each stream the probabilities (classes,) of the last window, pooled as the card's head says.

        It ends with the newest frames that a peek heard since the last step, else with the newest complete ones. Raises
        ValueError before there are any.
        """
        rows = [*self._complete, *self._newest][-self._window :]
        return [self._network.pool(np.stack([row[k] for row in rows])) for k in range(self._streams)]

    def _run(self, frames: Array, scores: list[list[Scores]]) -> None:
        """One step, and a peek where it is wanted."""
        total = self._heard = self._taken + frames.shape[1]
        peeks = self._provisional and (self._watch is None or self._watch.looks(frames[:, -self._step :]))
        if total >= self._begin:
            complete_now, unsettled = self._network.step(frames, peek=peeks)
            self._complete += list(complete_now.transpose(1, 0, 2))
            self._newest = list(unsettled.transpose(1, 0, 2))
            self._taken = total
        else:
            assert self._frames is not None  # noqa: S101  (for the type checker: they were pushed)
            self._frames = np.concatenate([frames, self._frames], axis=1)
            self._newest = self._peek(frames) if peeks else []
        complete = max(self._final, self._forgotten + len(self._complete) - self._reach)
        self._give(scores, last=total // self._pooled if peeks else complete, final=complete)
        self._forget(min(self._final - self._reach, self._forgotten + len(self._complete) - self._window))

    def _look_ahead(self, frames: Array, scores: list[list[Scores]]) -> None:
        """A peek at the `frames` that no step has taken, where those that were not heard yet are enough and worth it."""
        unheard = frames[:, self._heard - self._taken :]
        missing = -frames.shape[1] % self._pooled
        least = (self._step if self._watch is None else self._pooled) // 2
        if unheard.shape[1] < max(1, least) or (self._watch is not None and not self._watch.changes(unheard)):
            return
        self._newest = self._peek(np.concatenate([frames, np.repeat(frames[:, -1:], missing, axis=1)], axis=1))
        self._heard = self._taken + frames.shape[1]
        self._give(scores, last=(self._heard + missing) // self._pooled, final=self._final)

    def _forget(self, before: int) -> None:
        if before > self._forgotten:
            del self._complete[: before - self._forgotten]
            self._forgotten = before

    def _peek(self, frames: Array) -> list[Array]:
        return list(self._network.peek(frames).transpose(1, 0, 2))

    def _give(self, scores: list[list[Scores]], *, last: int, final: int) -> None:
        """Appends the scores of the pooled frames up to `last`; those from `final` on are provisional."""
        first, span = self._final, self._pooled * self._frame_s
        if last <= first:
            return
        start = max(0, first - self._reach)
        known = [*self._complete, *self._newest]
        rows = known[start - self._forgotten :]
        for stream, given in enumerate(scores):
            probabilities = self._network.rows(np.stack([row[stream] for row in rows]))
            for k in range(first, last):
                given.append(Scores(k * span, (k + 1) * span, probabilities[k - start], provisional=k >= final))
        self._final = final


class StreamTagger:
    """A LockstepTagger of one stream. One thread at a time."""

    def __init__(self, *, lockstep: LockstepTagger) -> None:
        """`lockstep` has one stream."""
        self._lockstep = lockstep

    @property
    def step_s(self) -> float:
        """Seconds of sound between two runs of the network."""
        return self._lockstep.step_s

    def push(self, frames: Frames) -> list[Scores]:
        """The scores that `frames` complete, provisional ones last."""
        return self._lockstep.push(frames.logmel[None])[0]

    def flush(self) -> list[Scores]:
        """The scores that were waiting for their context, computed as if silence followed."""
        return self._lockstep.flush()[0]

    def reset(self) -> None:
        """Forgets everything; the next frames are the start of a new stream."""
        self._lockstep.reset()

    def window(self) -> Array:
        """Probabilities (classes,) of the last window, pooled as the card's head says."""
        return self._lockstep.window()[0]
