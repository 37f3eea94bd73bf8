"""PSDS1 and collar F1, by sed_scores_eval, are those of cases that can be worked out by hand."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from auricle.errors import EvaluationError
from auricle.evaluation import onsets
from auricle.evaluation.figures import Heard
from auricle.evaluation.manifest import Clip, Span
from auricle.evaluation.onsets import Judge
from tests.material import one_sentence

needs_library = pytest.mark.skipif(
    importlib.util.find_spec("sed_scores_eval") is None, reason="sed_scores_eval is not installed: the extra “evaluate”"
)


def heard(
    spans: tuple[Span, ...], edges: list[float], scores: list[list[float]], events: tuple[Span, ...] = ()
) -> Heard:
    """One recording with these frames."""
    labels = tuple(dict.fromkeys(span.label for span in spans))
    return Heard(
        clip=Clip(Path("a.wav"), edges[-1], labels, spans),
        scores=np.zeros(0, np.float32),
        first=frozenset(),
        events=events,
        frames=np.array(scores, np.float32),
        edges=np.array(edges),
    )


@needs_library
def test_psds1_is_the_area_under_rate_of_hits_against_false_alarms_per_hour() -> None:
    """In 72 s one false alarm is 50 per hour. It scores between two sounds: half are found up to 50, all up to 100: 0.75."""
    truth = (Span("Dog", 10, 12), Span("Dog", 20, 22))
    edges = [0.0, 10.0, 12.0, 20.0, 22.0, 30.0, 32.0, 72.0]
    item = heard(truth, edges, [[0], [0.9], [0], [0.5], [0], [0.7], [0]])
    found = Judge().figures([item], ("Dog",))
    assert found.psds1 == pytest.approx(0.75)
    assert found.psds1_by_label == {"Dog": pytest.approx(0.75)}


@needs_library
def test_psds1_takes_off_what_differs_between_labels() -> None:
    """One label perfect, one never found: mean 0.5 less deviation 0.5 is 0."""
    truth = (Span("Dog", 10, 12), Span("Rain", 20, 22))
    item = heard(truth, [0.0, 10.0, 12.0, 72.0], [[0, 0], [0.9, 0], [0, 0]])
    found = Judge().figures([item], ("Dog", "Rain"))
    assert found.psds1 == pytest.approx(0.0)
    assert found.psds1_by_label == {"Dog": pytest.approx(1.0), "Rain": pytest.approx(0.0)}


@needs_library
def test_a_detection_must_cover_seven_tenths() -> None:
    """Of a sound of ten seconds, 7 s are enough and 6 s are not."""
    truth = (Span("Dog", 10, 20),)
    for length, psds in ((7.0, 1.0), (6.0, 0.0)):
        item = heard(truth, [0.0, 10.0, 10.0 + length, 72.0], [[0], [0.9], [0]])
        assert Judge().figures([item], ("Dog",)).psds1 == pytest.approx(psds)


@needs_library
def test_collar_f1_counts_onsets_within_half_a_second() -> None:
    """0.4 s late is a hit whatever its end, 0.6 s late is none: one hit, one false, one missed: 0.5; Rain is perfect: 0.75."""
    truth = (Span("Dog", 10, 12), Span("Dog", 20, 22), Span("Rain", 30, 32))
    events = (Span("Dog", 10.4, 19), Span("Dog", 20.6, 22), Span("Rain", 29.5, 32))
    item = heard(truth, [0.0, 36.0, 72.0], [[0.1, 0.1], [0.2, 0.2]], events)
    found = Judge().figures([item], ("Dog", "Rain"))
    assert found.collar_f1_by_label == {"Dog": pytest.approx(0.5), "Rain": pytest.approx(1.0)}
    assert found.collar_f1 == pytest.approx(0.75)


@needs_library
def test_a_recording_without_sounds_counts_for_false_alarms() -> None:
    """An event in it makes the precision a half: F1 is 2/3."""
    bark = heard((Span("Dog", 10, 12),), [0.0, 36.0], [[0.1]], (Span("Dog", 10, 12),))
    calm = heard((), [0.0, 36.0], [[0.1]], (Span("Dog", 3, 4),))
    assert Judge().figures([bark, calm], ("Dog",)).collar_f1 == pytest.approx(2 / 3)


@needs_library
def test_no_event_at_all_is_zero() -> None:
    """Neither figure fails where nothing was found."""
    item = heard((Span("Dog", 10, 12),), [0.0, 72.0], [[0.0]])
    found = Judge().figures([item], ("Dog",))
    assert (found.collar_f1, found.psds1) == (0.0, 0.0)


@needs_library
def test_a_long_recording_is_judged_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten minutes in pieces have the figures of ten minutes at once, where scores fall to 0 between sounds."""
    random = np.random.default_rng(0)
    edges = np.arange(0.0, 601.0)
    spans = tuple(Span(("Dog", "Rain")[k % 2], 10.0 * k + 2, 10.0 * k + 6 + k % 3) for k in range(60))
    scores = random.random((600, 2)) * (np.arange(600) % 10 != 0)[:, None]
    for span in spans:
        scores[int(span.onset_s) : int(span.offset_s), int(span.label == "Rain")] += 0.6
    item = heard(spans, edges.tolist(), scores.tolist())
    assert len(list(onsets._pieces(item))) > 4
    assert sum(len(piece.spans) for piece in onsets._pieces(item)) == 60
    in_pieces = Judge().figures([item], ("Dog", "Rain"))
    monkeypatch.setattr(onsets, "_PIECE_S", 1e9)
    whole = Judge().figures([item], ("Dog", "Rain"))
    assert 0.1 < whole.psds1 < 0.99
    assert in_pieces.psds1 == pytest.approx(whole.psds1)
    assert in_pieces.psds1_by_label == pytest.approx(whole.psds1_by_label)


def test_no_sound_is_cut_in_two() -> None:
    """Where one lasts for long, so does the piece, and a recording that is nothing but sound stays in one."""
    edges = np.arange(0.0, 1001.0).tolist()
    quiet = [[0.0]] * 1000
    for spans in ((Span("Rain", 10, 400), Span("Rain", 500, 501)), (Span("Rain", 0, 1000),)):
        pieces = list(onsets._pieces(heard(spans, edges, quiet)))
        lengths = [span.offset_s - span.onset_s for piece in pieces for span in piece.spans]
        assert lengths == [span.offset_s - span.onset_s for span in spans]
        assert sum(piece.duration_s for piece in pieces) == 1000
        assert sum(len(piece.frames) for piece in pieces) == 1000


@needs_library
def test_what_memory_cannot_hold_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what to do."""

    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    judge = Judge()
    monkeypatch.setattr(judge._library, "psds", fail)
    with pytest.raises(EvaluationError, match="cut it into shorter ones") as caught:
        judge.figures([heard((Span("Dog", 1, 2),), [0.0, 72.0], [[0.0]])], ("Dog",))
    one_sentence(caught.value)


def test_without_the_library_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the extra, and what works without it."""
    for name in ("sed_scores_eval", "sed_scores_eval.base_modules.scores"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(EvaluationError, match=r"pip install -c constraints\.txt -e '\.\[evaluate\]'") as caught:
        Judge()
    one_sentence(caught.value)
