"""Composition root: takes the configuration apart, and is the only file that names concrete classes."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from auricle import settings
from auricle.audio.resample import PassThrough, StreamResampler
from auricle.audio.ring import RingBuffer
from auricle.card import FrontEndFacts, ModelCard, Thresholds
from auricle.config import ConfDef
from auricle.errors import SettingsError, SourceError
from auricle.events.decoder import EventDecoder
from auricle.events.hysteresis import Durations
from auricle.events.reasons import Reasons
from auricle.events.smoothing import MedianFilter
from auricle.events.tracker import PredictionTracker
from auricle.features.logmel import LogMel
from auricle.features.mel import slaney_filterbank
from auricle.features.watched import WatchedFrontEnd
from auricle.labels import subset
from auricle.messages import Event, EventState, Frames
from auricle.models import panns, store
from auricle.models.runtime import OnnxNetwork
from auricle.models.window import WindowTagger
from auricle.pipeline import Limits, Pipeline
from auricle.sinks.inbox import Inbox
from auricle.sources.array import ArraySource, as_mono
from auricle.sources.file import FileSource
from auricle.sources.microphone import Microphone
from auricle.sources.paced import PacedSource
from auricle.sources.pipe import PipeSource, RawFormat
from auricle.stages import FrontEnd, Resampler, Sink, Source
from auricle.tagging import Model

DEMONSTRATION = Path(__file__).parent / "demonstration" / "demonstration.ogg"
_FACTS = {
    "SAMPLERATE": "rate",
    "MODEL_WINSIZE": "window_size",
    "STFT_HOPSIZE": "hop",
    "STFT_WINDOW": "window",
    "N_MELS": "n_mels",
    "MEL_FMIN": "fmin",
    "MEL_FMAX": "fmax",
}
"""Settings that repeat a fact of the model's card."""


def load_model(name: str, **values: Any) -> Model:
    """The model called `name`, or the one in the folder `name`, ready to hear. Keyword arguments are settings.

    Raises ModelError where there is none or it is damaged, SettingsError for a setting that does not fit.
    """
    return Auricle(settings.load(values={**values, "MODEL": name})).model


def detect(
    source: str | Path | NDArray[np.generic] | BinaryIO, *, rate: int | None = None, **values: Any
) -> Iterator[Event]:
    """The events in a recording, in the order in which they end.

    `source`: a path, an array of samples with its `rate` in Hz, or an open binary stream. Keyword arguments are
    settings, as `auricle -h` lists them. Raises AuricleError.
    """
    auricle = Auricle(settings.load(values=values))
    return auricle.events(auricle.recording(source, rate))


@contextlib.contextmanager
def listen(**values: Any) -> Iterator[Inbox]:
    """The microphone, until the block is left; iterate it for events as they start and as they end.

    Keyword arguments are settings. Raises AuricleError.
    """
    conf = settings.load(values=values)
    auricle = Auricle(conf)
    source, inbox = auricle.microphone(), Inbox(length=conf.QUEUE_LENGTH)
    pipeline = auricle.pipeline(source, inbox, live=True)

    def run() -> None:
        try:
            pipeline.run()
            inbox.close()
        except BaseException as error:
            inbox.fail(error)

    thread = threading.Thread(target=run, name="pipeline", daemon=True)
    thread.start()
    try:
        yield inbox
    finally:
        source.close()
        thread.join()


@dataclass(frozen=True, eq=False)
class Auricle:
    """A configuration and what is made of it; the network is loaded once, at its first use."""

    conf: ConfDef

    @cached_property
    def installed(self) -> store.Installed:
        """The chosen model's card and place. Raises ModelError, and SettingsError where a setting contradicts it."""
        path = self.conf.MODEL_PATH
        found = store.look(Path(path)) if path else store.find(self.conf.MODEL)
        check_facts(self.conf, found.card.front_end)
        return found

    @property
    def card(self) -> ModelCard:
        """The chosen model's."""
        return self.installed.card

    @cached_property
    def network(self) -> OnnxNetwork:
        """The chosen model's, ready to run. Raises ModelError."""
        tensors = store.read_weights(self.installed)
        panns.check(self.card, tensors)
        trunk, head = panns.trunk(self.card, tensors), panns.head(self.card, tensors)
        return OnnxNetwork(trunk=trunk, head=head, threads=self.conf.THREADS)

    @cached_property
    def tracked(self) -> list[int]:
        """Indices of the labels that are followed. Raises LabelError."""
        path = self.conf.SUBSET_LABELS_PATH
        names = subset.read_subset(Path(path)) if path else []
        return subset.tracked(self.card.labels, subset=names, allow=self.conf.ALLOW, deny=self.conf.DENY)

    @cached_property
    def tracker(self) -> PredictionTracker:
        """Ranks the tracked labels."""
        return PredictionTracker(labels=self.card.labels, tracked=self.tracked, top_k=self.conf.TOP_K)

    @cached_property
    def model(self) -> Model:
        """The chosen model, for whole clips."""
        frame_s = self.card.front_end.hop / self.card.front_end.rate
        return Model(
            card=self.card,
            network=self.network,
            front_end=partial(front_end, self.card.front_end),
            resampler=partial(resampler, self.card.front_end.rate),
            as_mono=partial(as_mono, channel=self.conf.CHANNEL, name="audio"),
            pooled_frames=panns.pooled_frames(self.card.architecture),
            context=panns.context(self.card.architecture),
            chunk_frames=round(self.conf.FILE_STEP / frame_s),
        )

    def recording(self, source: str | Path | NDArray[np.generic] | BinaryIO, rate: int | None) -> Source:
        """A source that ends: a path, an array with its rate, or an open binary stream. Raises SourceError."""
        chunk, channel = self.conf.FILE_CHUNK_LENGTH, self.conf.CHANNEL
        if isinstance(source, (str, Path)):
            return FileSource(path=Path(source), channel=channel, chunk_length=chunk)
        if isinstance(source, np.ndarray):
            if rate is None:
                raise SourceError("An array does not say how fast it is; give rate=, its samples per second.")
            return ArraySource(audio=source, rate=rate, channel=channel, chunk_length=chunk, name="array")
        raw = None
        if self.conf.PIPE_FORMAT != "wav":
            raw = RawFormat(self.conf.PIPE_FORMAT, self.conf.PIPE_SAMPLERATE, self.conf.PIPE_CHANNELS)
        return PipeSource(stream=source, raw=raw, channel=channel, chunk_length=chunk, name="-")

    def microphone(self) -> Microphone:
        """The chosen input device, open. Raises DeviceError."""
        chunk, seconds = self.conf.AUDIO_CHUNK_LENGTH, self.conf.RINGBUFFER_LENGTH
        return Microphone(
            device=self.conf.DEVICE,
            channel=self.conf.CHANNEL,
            chunk_length=chunk,
            ring=lambda rate: RingBuffer(max(2 * chunk, round(seconds * rate)), np.float32),
            stall_timeout_s=self.conf.STALL_TIMEOUT,
        )

    def demonstration(self) -> Source:
        """The recording that ships with the package, at the speed of life."""
        chunk = self.conf.AUDIO_CHUNK_LENGTH
        return PacedSource(source=FileSource(path=DEMONSTRATION, channel=0, chunk_length=chunk))

    def pipeline(
        self, source: Source, sink: Sink, *, live: bool, see: Callable[[Frames], None] | None = None
    ) -> Pipeline:
        """The straight line from `source` to `sink`; `live` takes short steps and gives provisional scores.

        `see`, where it is given, is shown the spectral frames, in the pipeline's thread.
        """
        conf, card = self.conf, self.card
        facts, pooled = card.front_end, panns.pooled_frames(card.architecture)
        frame_s = facts.hop / facts.rate
        window_s = conf.WINDOW if conf.WINDOW is not None else card.window_s
        tagger = WindowTagger(
            network=self.network,
            frame_s=frame_s,
            pooled_frames=pooled,
            context=panns.context(card.architecture),
            step_frames=round((conf.STEP if live else conf.FILE_STEP) / frame_s),
            window_frames=round(window_s / frame_s),
            provisional=live,
        )
        decoder = EventDecoder(
            labels=card.labels,
            tracked=self.tracked,
            thresholds=thresholds(conf, card),
            durations=self.durations,
            smoothing=MedianFilter(length=self.smoothing_frames),
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
        return Durations(self.conf.MIN_DURATION, self.conf.MERGE_GAP, self.conf.MAX_DURATION)

    @property
    def smoothing_frames(self) -> int:
        """Length of the filter over the scores."""
        facts = self.card.front_end
        return odd(self.conf.SMOOTHING * facts.rate / (panns.pooled_frames(self.card.architecture) * facts.hop))

    def reasons(self) -> Reasons:
        """Says why a label is or is not an event, as the pipeline decides it."""
        return Reasons(
            labels=self.card.labels,
            tracked=self.tracked,
            thresholds=thresholds(self.conf, self.card),
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
    bands = slaney_filterbank(
        rate=facts.rate, fft_size=facts.window_size, n_mels=facts.n_mels, fmin=facts.fmin, fmax=facts.fmax
    )
    return LogMel(filterbank=bands, window_size=facts.window_size, hop=facts.hop)


def resampler(output_rate: int, input_rate: int) -> Resampler:
    """A fresh resampler to `output_rate`."""
    if input_rate == output_rate:
        return PassThrough()
    return StreamResampler(input_rate=input_rate, output_rate=output_rate)


def odd(frames: float) -> int:
    """The odd number nearest to `frames`, at least 1."""
    return 2 * round(max(0.0, frames - 1) / 2) + 1


def thresholds(conf: ConfDef, card: ModelCard) -> list[Thresholds]:
    """One pair for each label: per label from the settings, else for all from the settings, else the card's."""
    given: Mapping[str, dict[str, float]] = {
        "on": {subset.known(name, card.labels): value for name, value in conf.ON_THRESHOLDS.items()},
        "off": {subset.known(name, card.labels): value for name, value in conf.OFF_THRESHOLDS.items()},
    }
    pairs = []
    for label in card.labels:
        fact = card.thresholds[label]
        on = given["on"].get(label, fact.on if conf.ON_THRESHOLD is None else conf.ON_THRESHOLD)
        # A lower on-threshold takes the card's off-threshold down with it.
        usual = min(fact.off, on) if conf.OFF_THRESHOLD is None else conf.OFF_THRESHOLD
        off = given["off"].get(label, usual)
        if off > on:
            raise SettingsError(f"The off-threshold of “{label}”, {off:g}, is above its on-threshold {on:g}; lower it.")
        pairs.append(Thresholds(on=on, off=off))
    return pairs


def check_facts(conf: ConfDef, facts: FrontEndFacts) -> None:
    """Raises SettingsError where a setting differs from what the weights were trained on."""
    for key, name in _FACTS.items():
        wanted, fact = getattr(conf, key), getattr(facts, name)
        if wanted is not None and wanted != fact:
            raise SettingsError(
                f"{key}={wanted} does not fit the model, whose weights were trained with {fact}; leave it out."
            )
