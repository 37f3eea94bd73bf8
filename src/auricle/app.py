"""Composition root: takes the configuration apart, and is the only file that names concrete classes."""

from __future__ import annotations

import contextlib
import io
import os
import reprlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auricle.audio.resample import PassThrough, StreamResampler
from auricle.audio.ring import RingBuffer
from auricle.card import FrontEndFacts, ModelCard, Thresholds
from auricle.choices import asked_for, check_facts, odd, place, thresholds
from auricle.config import ConfDef
from auricle.errors import ModelError, SourceError
from auricle.events.decoder import EventDecoder
from auricle.events.hysteresis import Durations
from auricle.events.reasons import Reasons
from auricle.events.smoothing import MedianFilter
from auricle.events.tracker import PredictionTracker
from auricle.features.kaldi import EmphasisedLogMel
from auricle.features.logmel import LogMel
from auricle.features.mel import kaldi_filterbank, slaney_filterbank
from auricle.features.watched import WatchedFrontEnd
from auricle.labels import audioset, groups, subset
from auricle.messages import Event, EventState, Frames
from auricle.models import assembly
from auricle.pipeline import Limits, Pipeline
from auricle.sinks.inbox import Inbox
from auricle.sources.array import ArraySource, as_mono
from auricle.sources.file import FileSource, checked_duration_s
from auricle.sources.microphone import Microphone
from auricle.sources.paced import PacedSource
from auricle.sources.pipe import PathSource, PipeSource, RawFormat, is_stream
from auricle.stages import FrontEnd, Resampler, Sink, Source
from auricle.tagging import Model

DEMONSTRATION = Path(__file__).parent / "demonstration" / "demonstration.ogg"


@dataclass(frozen=True, eq=False)
class Auricle:
    """A configuration and what is made of it; the network is loaded once, at its first use."""

    conf: ConfDef

    @cached_property
    def _read(self) -> tuple[ModelCard, Mapping[str, NDArray[np.float32]]]:
        """The chosen model's card and weights. Raises ModelError, and SettingsError where a setting contradicts it."""
        try:
            card, tensors = assembly.read(place(self.conf), model=self.conf.MODEL, labels=audioset.names())
        except OSError as error:
            raise ModelError(f"{error.filename}: {error.strerror}; check MODEL, MODEL_PATH and AURICLE_HOME.") from None
        check_facts(self.conf, card.front_end)
        return card, tensors

    @property
    def card(self) -> ModelCard:
        """The chosen model's."""
        return self._read[0]

    @cached_property
    def loaded(self) -> assembly.Loaded:
        """The chosen model, ready to run. Raises ModelError."""
        return assembly.load(*self._read, threads=self.conf.THREADS, precision=self.conf.PRECISION)

    @cached_property
    def tracked(self) -> list[int]:
        """Indices of the labels that are followed. Raises LabelError."""
        path = self.conf.SUBSET_LABELS_PATH
        names = subset.read_subset(Path(path)) if path else []
        return subset.tracked(self.card.labels, subset=names, allow=self.conf.ALLOW, deny=self.conf.DENY)

    @cached_property
    def groups(self) -> list[groups.Group]:
        """What may become an event: groups of tracked labels, each a label of its own unless LABELS says more."""
        if self.conf.LABELS:
            return groups.within(asked_for(self.conf.LABELS, self.card.labels), self.tracked)
        return [groups.Group(self.card.labels[k], (k,)) for k in self.tracked]

    @property
    def names(self) -> list[str]:
        """Of the groups, in the order of their scores."""
        return [group.name for group in self.groups]

    @cached_property
    def thresholds(self) -> list[Thresholds]:
        """One pair for each group. Raises SettingsError where they contradict each other."""
        return groups.thresholds(self.groups, thresholds(self.conf, self.card))

    @cached_property
    def tracker(self) -> PredictionTracker:
        """Ranks the groups."""
        return PredictionTracker(labels=self.names, tracked=range(len(self.names)), top_k=self.conf.TOP_K)

    @cached_property
    def model(self) -> Model:
        """The chosen model, for whole clips."""
        frame_s = self.card.front_end.hop / self.card.front_end.rate
        return Model(
            card=self.card,
            network=self.loaded.network,
            front_end=partial(front_end, self.card.front_end),
            resampler=partial(resampler, self.card.front_end.rate),
            as_mono=partial(as_mono, channel=self.conf.CHANNEL, name="audio"),
            pooled_frames=self.loaded.pooled_frames,
            context=self.loaded.context,
            chunk_frames=round(self.conf.FILE_STEP / frame_s),
            tagger=partial(self.loaded.recordings, step_s=self.conf.FILE_STEP),
            score_s=self.loaded.score_s,
        )

    def recording(self, source: Any, rate: int | None) -> Source:
        """A source that ends: a path, an array (or list) with its rate, or an open binary stream. Raises SourceError."""
        chunk, channel = self.conf.FILE_CHUNK_LENGTH, self.conf.CHANNEL
        if isinstance(source, (np.ndarray, list, tuple)):
            if rate is None:
                raise SourceError("An array does not say how fast it is; give rate=, its samples per second.")
            return ArraySource(audio=source, rate=rate, channel=channel, chunk_length=chunk, name="array")
        if rate is not None:
            raise SourceError(
                "Only an array takes a rate=; a recording says its own, and PIPE_SAMPLERATE is raw sound's."
            )
        layout = RawFormat(self.conf.PIPE_FORMAT, self.conf.PIPE_SAMPLERATE, self.conf.PIPE_CHANNELS)
        raw = None if self.conf.PIPE_FORMAT == "wav" else layout
        if isinstance(source, (str, os.PathLike)):
            path = Path(source)
            if is_stream(path):
                return PathSource(path=path, raw=raw, channel=channel, chunk_length=chunk)
            return FileSource(path=path, channel=channel, chunk_length=chunk)
        if isinstance(source, io.TextIOBase) or not callable(getattr(source, "read", None)):
            raise SourceError(
                f"{' '.join(reprlib.repr(source).split())} is no recording; give a path, an array with its rate, "
                "or a file opened in binary mode."
            )
        return PipeSource(stream=source, raw=raw, channel=channel, chunk_length=chunk, name="-")

    def check(self, path: str) -> float | None:
        """Seconds that a recording lasts, None for a stream, which is left as it is. Raises SourceError where it cannot be read."""
        return None if is_stream(Path(path)) else checked_duration_s(Path(path), self.conf.CHANNEL)

    def microphone(self) -> Microphone:
        """The chosen input device, open. Raises DeviceError."""
        chunk_s, seconds = self.conf.AUDIO_CHUNK_LENGTH / self.card.front_end.rate, self.conf.RINGBUFFER_LENGTH
        return Microphone(
            device=self.conf.DEVICE,
            channel=self.conf.CHANNEL,
            chunk_s=chunk_s,
            ring=lambda rate: RingBuffer(round(max(2 * chunk_s, seconds) * rate), np.float32),
            stall_timeout_s=self.conf.STALL_TIMEOUT,
        )

    def demonstration(self) -> Source:
        """The recording that ships with the package, at the speed of life."""
        chunk = self.conf.AUDIO_CHUNK_LENGTH
        return PacedSource(
            source=FileSource(path=DEMONSTRATION, channel=0, chunk_length=chunk), name=DEMONSTRATION.name
        )

    def live_tagger(self) -> assembly.LiveTagger:
        """A fresh one, by label; what takes long is done once. Raises ModelError."""
        return self.loaded.live(step_s=self.conf.STEP, window_s=self.conf.WINDOW, peek=self.conf.PEEK)

    def pipeline(
        self, source: Source, sink: Sink, *, live: bool, see: Callable[[Frames], None] | None = None
    ) -> Pipeline:
        """The straight line from `source` to `sink`; `live` takes short steps and gives provisional scores.

        `see`, where it is given, is shown the spectral frames, in the pipeline's thread.
        """
        conf, card, facts = self.conf, self.card, self.card.front_end
        by_label = self.live_tagger() if live else self.loaded.recordings(step_s=conf.FILE_STEP)
        tagger = groups.GroupTagger(tagger=by_label, groups=self.groups, labels=card.labels)
        decoder = EventDecoder(
            labels=self.names,
            tracked=range(len(self.names)),
            thresholds=self.thresholds,
            durations=self.durations,
            smoothing=MedianFilter(length=self.smoothing_frames),
            early=conf.EARLY == "always",
            source=source.name,
            model=card.name,
        )
        return Pipeline(
            source=source,
            resampler=partial(resampler, facts.rate),
            front_end=front_end(facts) if see is None else WatchedFrontEnd(front_end=front_end(facts), see=see),
            tagger=tagger,
            decoder=decoder,
            sink=sink,
            limits=Limits(conf.GAP_FILL, conf.SILENCE_LEVEL, conf.SILENCE_TIMEOUT),
        )

    @property
    def durations(self) -> Durations:
        """The rules about an event's length."""
        return Durations(self.conf.MAX_RISE, self.conf.MIN_DURATION, self.conf.MERGE_GAP, self.conf.MAX_DURATION)

    @property
    def smoothing_frames(self) -> int:
        """Length of the filter over the scores."""
        return odd(self.conf.SMOOTHING / self.loaded.score_s)

    def reasons(self) -> Reasons:
        """Says why a label is or is not an event, as the pipeline decides it."""
        return Reasons(
            labels=self.names,
            tracked=range(len(self.names)),
            thresholds=self.thresholds,
            durations=self.durations,
            smoothing_frames=self.smoothing_frames,
        )

    def events(self, source: Source) -> Iterator[Event]:
        """The ended events of a source that ends, as they end."""
        inbox = Inbox(length=2**31)
        pipeline = self.pipeline(source, inbox, live=False)
        with contextlib.closing(pipeline.steps()) as steps:
            for _ in steps:
                yield from _ended(inbox)
        yield from _ended(inbox)


def _ended(inbox: Inbox) -> Iterator[Event]:
    return (event for event in inbox.take() if event.state is EventState.ENDED)


def front_end(facts: FrontEndFacts) -> FrontEnd:
    """A fresh front end for what the card says."""
    fft_size = facts.fft_size or facts.window_size
    bands = {"panns": slaney_filterbank, "efficientat": kaldi_filterbank}[facts.kind](
        rate=facts.rate, fft_size=fft_size, n_mels=facts.n_mels, fmin=facts.fmin, fmax=facts.fmax
    )
    kind = EmphasisedLogMel if facts.kind == "efficientat" else LogMel
    return kind(filterbank=bands, window_size=facts.window_size, hop=facts.hop)


def resampler(output_rate: int, input_rate: int) -> Resampler:
    """A fresh resampler to `output_rate`."""
    same = input_rate == output_rate
    return PassThrough() if same else StreamResampler(input_rate=input_rate, output_rate=output_rate)
