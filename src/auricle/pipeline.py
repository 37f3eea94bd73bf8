"""The straight line: block → resampler → front end → tagger → decoder → sink. Plain Python, one thread."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace

import numpy as np

from auricle.messages import Audio, Block, Health, Scores, SourceState
from auricle.stages import Decoder, FrontEnd, Resampler, Sink, Source, Tagger

_CLIPPED = 0.999
_CLIPPING_SHOWN_S = 2.0


@dataclass(frozen=True)
class Limits:
    """When the pipeline steps in."""

    gap_fill_s: float
    """Lost sound up to so long is taken for silence; after more, everything starts afresh."""
    silence_dbfs: float
    """An input whose peak stays below for `silence_s` is reported."""
    silence_s: float


class Pipeline:
    """Runs a source to its end. `run` belongs to one thread; `source.close()` from another ends it soon."""

    def __init__(
        self,
        *,
        source: Source,
        resampler: Callable[[int], Resampler],
        front_end: FrontEnd,
        tagger: Tagger,
        decoder: Decoder,
        sink: Sink,
        limits: Limits,
    ) -> None:
        """`resampler` makes one for a source's rate."""
        self._source, self._make_resampler, self._limits = source, resampler, limits
        self._front_end, self._tagger, self._decoder, self._sink = front_end, tagger, decoder, sink
        self._resampler: Resampler | None = None
        self._source_rate = 0
        self._origin_s = 0.0  # stream time at which the present segment began
        self._end_s = 0.0  # stream time of the last sample so far
        self._loud_s = 0.0  # stream time at which the input was last not silent
        self._clipped_s = -math.inf  # stream time at which the input last clipped
        self._lost = self._late = 0

    def run(self) -> None:
        """Reads the source to its end, or to `close`; then ends open events and closes the source."""
        for _ in self.steps():
            pass

    def steps(self) -> Generator[None, None, None]:
        """As `run`, but pauses after each block; closing the generator ends open events and closes the source."""
        try:
            with contextlib.closing(self._source.blocks()) as blocks:
                for block in blocks:
                    started = time.perf_counter()
                    self._take(block)
                    self._report(block, time.perf_counter() - started)
                    yield
        finally:
            try:
                self._finish()
            finally:
                self._source.close()

    def _take(self, block: Block) -> None:
        if len(block.audio) == 0:
            if self._source.state is SourceState.WAITING:
                self._finish()
            return
        self._lost += block.lost
        fill = block.lost if block.lost <= self._limits.gap_fill_s * block.rate else 0
        if self._resampler is None or block.rate != self._source_rate or fill != block.lost:
            self._finish()
            self._resampler, self._source_rate = self._make_resampler(block.rate), block.rate
            self._origin_s = self._loud_s = block.start / block.rate
        elif fill:
            self._advance(self._resampler.push(np.zeros(fill, np.float32)))
        self._end_s = (block.start + len(block.audio)) / block.rate
        self._advance(self._resampler.push(block.audio))

    def _advance(self, audio: Audio) -> None:
        frames = self._front_end.push(audio)
        if len(frames.logmel):
            for scores in self._tagger.push(frames):
                self._publish(scores)

    def _finish(self) -> None:
        """Ends the segment: what waits in each stage comes out, and every open event ends, come what may."""
        if self._resampler is None:
            return
        resampler, self._resampler = self._resampler, None
        try:
            self._advance(resampler.flush())
            for scores in [*self._tagger.push(self._front_end.flush()), *self._tagger.flush()]:
                self._publish(scores)
        finally:
            for event in self._decoder.end(self._end_s):
                self._sink.handle(event)
            self._tagger.reset()

    def _publish(self, scores: Scores) -> None:
        if self._origin_s:
            scores = replace(scores, start_s=scores.start_s + self._origin_s, end_s=scores.end_s + self._origin_s)
        self._sink.handle(scores)
        for event in self._decoder.push(scores):
            self._sink.handle(event)

    def _report(self, block: Block, seconds: float) -> None:
        duration_s = len(block.audio) / block.rate
        self._late += seconds > duration_s > 0
        peak = float(max(block.audio.max(initial=0.0), -block.audio.min(initial=0.0)))
        level = math.sqrt(float(np.dot(block.audio, block.audio)) / max(1, len(block.audio)))
        if _dbfs(peak) > self._limits.silence_dbfs:
            self._loud_s = self._end_s
        if peak >= _CLIPPED:
            self._clipped_s = self._end_s
        self._sink.handle(
            Health(
                time_s=self._end_s,
                level_dbfs=_dbfs(level),
                peak_dbfs=_dbfs(peak),
                step_ms=1000.0 * seconds,
                lost_samples=self._lost,
                late_blocks=self._late,
                source_state=self._source.state,
                note=self._note(),
            )
        )

    def _note(self) -> str:
        if self._source.state is SourceState.WAITING:
            return f"{self._source.name} delivers no sound; waiting for it to come back."
        if self._end_s - self._clipped_s < _CLIPPING_SHOWN_S:
            return "The input clips; turn its level down."
        if self._end_s - self._loud_s >= self._limits.silence_s:
            return f"{self._source.name} is silent; check that it is not muted."
        return ""


def _dbfs(amplitude: float) -> float:
    return 20.0 * math.log10(amplitude) if amplitude > 0 else -math.inf
