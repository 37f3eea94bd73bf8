"""Model: a network with its front end, for whole clips."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from auricle.card import ModelCard
from auricle.messages import Audio, Frames
from auricle.stages import FrontEnd, Network, Resampler, Tagger


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
        tagger: Callable[[], Tagger],
        score_s: float,
    ) -> None:
        """Made by `auricle.load_model`; `chunk_frames` bounds the memory that a long clip needs.

        `tagger` makes a fresh one, whose scores each speak of `score_s` seconds.
        """
        self.card = card
        self.labels = card.labels
        self._network, self._front_end, self._resampler, self._as_mono = network, front_end, resampler, as_mono
        self._pooled, self._context = pooled_frames, context
        self._chunk = max(1, chunk_frames // pooled_frames)
        self._tagger = tagger
        self.frame_s = score_s
        """Seconds that one row of `frames` stands for."""

    def tag(self, audio: NDArray[np.generic], rate: int) -> NDArray[np.float32]:
        """One probability per class for a whole clip, float32 (classes,).

        `audio` is (n,) or (n, channels), floats of ±1 or integers, n ≥ 1, at any `rate` in Hz; of several channels
        the mean is taken, and a clip shorter than one frame is followed by silence. Raises SourceError.
        """
        return self.tag_frames(self._logmel(self._as_mono(audio, rate), rate))

    def tag_frames(self, logmel: NDArray[np.float32]) -> NDArray[np.float32]:
        """As `tag`, for the spectral frames (t, n_mels) of a whole clip that this model's front end has made already.

        There are as many of them as one row of `frames` stands for, at least.
        """
        return self._network.pool(np.concatenate(list(self._embeddings(logmel))))

    def frames(self, audio: NDArray[np.generic], rate: int) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Probabilities float32 (frames, classes), and the time in seconds at which each frame begins (frames,).

        A frame lasts `frame_s`. `audio` and `rate` as for `tag`. Raises SourceError.
        """
        tagger = self._tagger()
        scores = [*tagger.push(Frames(0, self._logmel(self._as_mono(audio, rate), rate))), *tagger.flush()]
        probabilities = np.array([given.probabilities for given in scores], np.float32)
        return probabilities, np.arange(len(probabilities), dtype=np.float64) * self.frame_s

    def _embeddings(self, logmel: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        """Embeddings in chunks, which are those of the network run on the whole clip at once."""
        before, after = self._context
        total = len(logmel) // self._pooled
        for first in range(0, total, self._chunk):
            last = min(first + self._chunk, total)
            start = max(0, first - -(-before // self._pooled))
            end = len(logmel) if last == total else min(len(logmel), last * self._pooled + after)
            embeddings, _ = self._network.run(logmel[start * self._pooled : end])
            # Some networks give a row more for frames that do not fill one; it belongs to the clip.
            yield embeddings[first - start : None if last == total else last - start]

    def _logmel(self, audio: Audio, rate: int) -> NDArray[np.float32]:
        resampler, front_end = self._resampler(rate), self._front_end()
        samples = np.concatenate([resampler.push(audio), resampler.flush()])
        shortest = self._pooled * self.card.front_end.hop
        samples = np.pad(samples, (0, max(0, shortest - len(samples))))
        return np.concatenate([front_end.push(samples).logmel, front_end.flush().logmel])
