"""The further classes of the bundled model: what is true of made sounds, what is learnt from them, and what the evidence says."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed: pip install 'auricle[train]'")
pytest.importorskip("mido", reason="mido is not installed: pip install 'auricle[train]'")

from training import card, further, phrases, signals, trials
from training.__main__ import main as training_main
from training.frontend import RATE
from training.further import LABELS
from training.labels import CLASSES, INDEX, Contents
from training.lessons import Book
from training.made import NAMES, Made
from training.mixtures import ABSENT, PRESENT, UNKNOWN
from training.phrases import Note, Phrase
from training.synthesis import gate
from training.trials import Trial

LIBRARY = Path("/usr/share/sounds/sf2/TimGM6mb.sf2")
COLUMNS = list(range(len(LABELS)))
FLUTE, CELLO, GLOCKENSPIEL = (LABELS.index(name) for name in ("Flute", "Cello", "Glockenspiel"))


def made(name: str, teacher: dict[int, float]) -> Made:
    """One sound of that name, and what the teacher says of it."""
    scores = np.zeros((1, 527), np.float16)
    for number, score in teacher.items():
        scores[0, number] = score
    return Made(np.array([NAMES.index(name)], np.int16), np.zeros((1, 312, 64), np.float16), scores)


def test_a_phrase_is_its_instrument_whatever_the_teacher_says() -> None:
    """The library's name counts, for this instrument and against all others but those that a listener may also name."""
    codes = further.of_made(made("Cello", {FLUTE: 0.9}), COLUMNS)[0]
    assert codes[CELLO] == PRESENT
    assert codes[FLUTE] == ABSENT
    assert codes[LABELS.index("Double bass")] == UNKNOWN


def test_an_instrument_without_a_label_is_none_of_the_others() -> None:
    """AudioSet has no oboe; whether it sounds like a bell the teacher says, as of any phrase."""
    bell = LABELS.index("Bell")
    codes = further.of_made(made("Oboe", {bell: 0.5}), COLUMNS)[0]
    assert codes[bell] == UNKNOWN
    assert (np.delete(codes, bell) == ABSENT).all()


@pytest.mark.parametrize(("score", "code"), [(0.9, PRESENT), (0.3, PRESENT), (0.2, UNKNOWN), (0.04, ABSENT)])
def test_a_signal_is_what_the_teacher_takes_it_for(score: float, code: int) -> None:
    """A bell by formula may pass for an instrument."""
    assert further.of_made(made("Bicycle bell", {GLOCKENSPIEL: score}), COLUMNS)[0, GLOCKENSPIEL] == code


def test_a_humans_word_on_a_clip_counts_more_than_the_teachers() -> None:
    """A snare drum that the teacher misses is one; what may be a cymbal, or is a bird to the teacher alone, stays unknown."""
    targets = np.full((1, 39, len(CLASSES)), ABSENT, np.uint8)
    targets[0, 3, INDEX["Snare drum"]], targets[0, 5, INDEX["Cymbal"]] = PRESENT, UNKNOWN
    scores = np.full((1, 527), 0.01, np.float16)
    scores[0, [FLUTE, LABELS.index("Bird")]] = 0.4
    codes = further.of_book(Book(np.zeros((1, 312, 64), np.float16), targets, scores), COLUMNS)[0]
    assert codes[LABELS.index("Snare drum")] == PRESENT
    assert codes[LABELS.index("Cymbal")] == UNKNOWN
    assert codes[LABELS.index("Bird")] == UNKNOWN
    assert codes[LABELS.index("Thunder")] == ABSENT
    assert codes[FLUTE] == PRESENT
    assert codes[CELLO] == ABSENT


def test_music_may_hold_a_drum_kit_and_what_is_named_hat_a_hi_hat() -> None:
    """Nobody wrote down what plays, and the teacher often misses it; of flutes its word counts."""
    targets = np.full((2, 39, len(CLASSES)), ABSENT, np.uint8)
    targets[0, 3, INDEX["Music"]] = PRESENT
    book = Book(np.zeros((2, 312, 64), np.float16), targets, np.full((2, 527), 0.01, np.float16))
    codes = further.of_book(book, COLUMNS)
    kit = LABELS.index("Drum kit")
    assert codes[:, kit].tolist() == [UNKNOWN, ABSENT]
    assert codes[:, FLUTE].tolist() == [ABSENT, ABSENT]
    hat, cymbal = LABELS.index("Hi-hat"), Contents(("Cymbal",), ())
    assert trials.left_out(codes[1], "music/loop.ogg", Contents(("Music",), ()))[[kit, hat]].tolist() == [
        UNKNOWN,
        UNKNOWN,
    ]
    assert trials.left_out(codes[1], "music_oneshot/001-hat-psych.ogg", cymbal)[[kit, hat]].tolist() == [
        ABSENT,
        UNKNOWN,
    ]
    assert trials.left_out(codes[1], "music_oneshot/056-drum-cymbal-open.ogg", cymbal)[hat] == ABSENT


def trial(
    path: str,
    fold: int,
    flute: float | None,
    truth: int,
    folder: str = trials.MADE,
    seconds: float = 5.0,
) -> Trial:
    """A sound with a score for Flute; one of the other labels is unknown."""
    codes = np.full(len(LABELS), UNKNOWN, np.uint8)
    codes[FLUTE] = truth
    scores = np.full(len(LABELS), flute)
    return Trial(path, folder, fold, seconds, codes, scores, scores)


def test_the_threshold_lets_no_recording_through_and_nine_of_ten_events_be_right() -> None:
    """Ten flutes, a made sound and a recording that are none; what is unknown counts nothing."""
    flutes = [trial(f"Flute/{k}", k % 4 + 1, 0.5 + 0.04 * k, PRESENT) for k in range(10)]
    others = [trial("Oboe/0", 1, 0.9, ABSENT), trial("speech/1.ogg", 2, 0.62, ABSENT, "speech", 600.0)]
    found = trials.judge([*flutes, *others, trial("Drum/0", 1, 1.0, UNKNOWN)], "Flute")
    assert (found.positives, found.recordings, found.folds) == (10, 10, 4)
    assert found.threshold == 0.91  # over the oboe too: nine hits for one wrong are not left at 0.63
    assert found.false_per_hour == 0.0
    without = trials.judge([*flutes, others[1]], "Flute")
    assert without.threshold == 0.63
    assert without.recall == 0.6
    assert without.precision == 1.0


def test_a_class_ships_only_on_its_evidence() -> None:
    """Average precision, recall, precision, false events, and enough of it: each can keep a class out."""
    good = trials.Finding(20, 20, 4, 0.8, 0.5, 0.7, 0.95, 0.0, "Flute")
    assert card.is_heard(good)
    for weak in (
        {"positives": 9}, {"folds": 2}, {"average_precision": 0.59}, {"recall": 0.39}, {"precision": 0.79}, {"false_per_hour": 1.1},
    ):  # fmt: skip
        assert not card.is_heard(trials.Finding(**{**vars(good), **weak}))


def test_each_label_gets_the_row_of_the_head_that_its_evidence_is_of() -> None:
    """Wind is a class with human labels too, but what ships was learnt from the teacher."""
    kinds = {"Dog": card.HUMAN, "Wind": card.TAUGHT, "Flute": card.NAMED}
    rows = card.rows(kinds, ["Speech", "Wind"])
    assert rows == [("own", 0), ("taught", 1), ("own", further.ROWS["Flute"])]
    assert further.ROWS["Snare drum"] == INDEX["Snare drum"]  # a drum that was named in the corpus keeps its row
    assert sorted(further.ROWS.values()) == list(range(len(further.ROWS)))


def test_labels_of_further_classes_are_audiosets() -> None:
    """Every one, as the labels that Auricle ships spell it."""
    from auricle.labels import audioset

    assert set(LABELS) <= set(audioset.names())


@pytest.mark.parametrize("name", phrases.names())
def test_a_phrase_keeps_to_its_time_and_range(name: str) -> None:
    """And the same seed composes the same."""
    phrase = phrases.compose(np.random.default_rng(3), name, 5.0)
    assert phrase == phrases.compose(np.random.default_rng(3), name, 5.0)
    assert phrase.notes
    assert all(0.0 <= note.at_s < 5.5 for note in phrase.notes)
    if name in phrases.INSTRUMENTS:
        instrument = phrases.INSTRUMENTS[name]
        assert all(instrument.lowest <= note.number <= instrument.highest for note in phrase.notes)


@pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not LIBRARY.exists(),
    reason="needs Debian's fluidsynth and timgm6mb-soundfont, which `make train` installs",
)
def test_phrases_sound_as_they_are_written() -> None:
    """Two phrases from a real library: each has its pitch, in its place, and nothing of the other."""
    played = [Phrase(0, 73, (Note(0.5, 1.0, number, 100),)) for number in (69, 76)]
    for sound, hertz in zip(phrases.render(LIBRARY, played, 2.0), (440.0, 659.3), strict=True):
        assert len(sound) == 2 * RATE
        assert np.abs(sound[: RATE // 4]).max() < 1e-3
        spectrum = np.abs(np.fft.rfft(sound[RATE // 2 : 3 * RATE // 2]))
        assert np.argmax(spectrum) == pytest.approx(hertz, abs=4.0)  # bins of one hertz


@pytest.mark.parametrize("name", signals.SIGNALS)
def test_a_signal_is_sound_and_the_same_again(name: str) -> None:
    """Finite, of its length, and neither silence nor a constant."""
    for seed in range(2):
        sound = signals.make(np.random.default_rng(seed), name, 3 * RATE)
        assert sound.shape == (3 * RATE,)
        assert np.isfinite(sound).all()
        assert sound.std() > 1e-3
        assert np.array_equal(sound, signals.make(np.random.default_rng(seed), name, 3 * RATE))


def test_a_gate_that_opened_before_the_sound_is_open_at_its_beginning() -> None:
    """And shut at its end."""
    envelope = gate(1000, [(-0.01, 0.01)])
    assert envelope[160] == 1.0
    assert envelope[-400:].max() == 0.0


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "is missing; say where"), (b"", "is no SoundFont 2"), (b"RIFF\0\0\0\0WAVEfmt ", "is no SoundFont 2")],
)
def test_a_library_that_cannot_play_is_told_before_hours_of_training(
    content: bytes | None,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One sentence, exit 2, and nothing begun."""
    libraries = tmp_path / "a.sf2", tmp_path / "b.sf2"
    if content is not None:
        for path in libraries:
            path.write_bytes(content)
    monkeypatch.setattr("sys.argv", ["training", "--libraries", *map(str, libraries), "--work", str(tmp_path / "work")])
    monkeypatch.setattr(shutil, "which", lambda _: "fluidsynth")
    assert training_main() == 2
    assert f"{libraries[0]} {said}" in capsys.readouterr().err
    assert not (tmp_path / "work").exists()
