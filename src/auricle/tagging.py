"""Model: a network with its front end, for whole clips."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from auricle.card import ModelCard
from auricle.messages import Audio
from auricle.stages import FrontEnd, Network, Resampler


class Model:
    """A loaded model. One thread at a time.

    `labels` names the classes, in the order of every array of scores; `card` holds everything else that is known.
    """

    def __init__(
        self,
        *,
        card: ModelCard,
        network: Network,
        front_end: Callable[[], FrontEnd],
        resampler: Callable[[int], Resampler],
        as_mono: Callable[[NDArray[np.generic], int], Audio],
        pooled_frames: int,
        context: tuple[int, int],
        chunk_frames: int,
    ) -> None:
        """Made by `auricle.load_model`; `chunk_frames` bounds the memory that a long clip needs."""
        self.card = card
        self.labels = card.labels
        self._network, self._front_end, self._resampler, self._as_mono = network, front_end, resampler, as_mono
        self._pooled, self._context = pooled_frames, context
        self._chunk = max(1, chunk_frames // pooled_frames)

    @property
    def frame_s(self) -> float:
        """Seconds that one row of `frames` stands for."""
        return self._pooled * self.card.front_end.hop / self.card.front_end.rate

    def tag(self, audio: NDArray[np.generic], rate: int) -> NDArray[np.float32]:
        """One probability per class for a whole clip, float32 (classes,).

        `audio` is (n,) or (n, channels), floats of ±1 or integers, n ≥ 1, at any `rate` in Hz; of several channels
        the mean is taken, and a clip shorter than one frame is followed by silence. Raises SourceError.
        """
        return self._network.pool(np.concatenate([embeddings for embeddings, _ in self._run(audio, rate)]))

    def frames(self, audio: NDArray[np.generic], rate: int) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Probabilities float32 (frames, classes), and the time in seconds at which each frame begins (frames,).

        A frame lasts `frame_s`. `audio` and `rate` as for `tag`. Raises SourceError.
        """
        probabilities = np.concatenate([probabilities for _, probabilities in self._run(audio, rate)])
        return probabilities, np.arange(len(probabilities), dtype=np.float64) * self.frame_s

    def _run(self, audio: NDArray[np.generic], rate: int) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """Embeddings and probabilities in chunks, which are those of the network run on the whole clip at once."""
        logmel = self._logmel(self._as_mono(audio, rate), rate)
        before, after = self._context
        total = len(logmel) // self._pooled
        for first in range(0, total, self._chunk):
            last = min(first + self._chunk, total)
            start = max(0, first - -(-before // self._pooled))
            end = len(logmel) if last == total else min(len(logmel), last * self._pooled + after)
            embeddings, probabilities = self._network.run(logmel[start * self._pooled : end])
            # Some networks give a row more for frames that do not fill one; it belongs to the clip.
            rows = slice(first - start, None if last == total else last - start)
            yield embeddings[rows], probabilities[rows]

    def _logmel(self, audio: Audio, rate: int) -> NDArray[np.float32]:
        resampler, front_end = self._resampler(rate), self._front_end()
        samples = np.concatenate([resampler.push(audio), resampler.flush()])
        shortest = self._pooled * self.card.front_end.hop
        samples = np.pad(samples, (0, max(0, shortest - len(samples))))
        return np.concatenate([front_end.push(samples).logmel, front_end.flush().logmel])
