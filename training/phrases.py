"""Phrases that instruments of General MIDI play, made up at random and rendered from a library of sampled notes by FluidSynth.

The sample libraries' authors say which instrument plays: that is a human label. Two libraries that share no samples let one be held out.
"""

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
import soundfile

from training.frontend import RATE
from training.synthesis import Audio, Random

DRUMS = 9  # General MIDI's channel of percussion, where a note's number chooses the instrument
TICKS = 1000  # a second
SCALES = ((0, 2, 4, 5, 7, 9, 11, 12, 14, 16), (0, 2, 3, 5, 7, 8, 10, 12, 14, 15))
BEATS_S = (0.125, 0.2, 0.25, 0.33, 0.5, 0.8)
SETTLED_S = 1.5  # what is left of a phrase dies away before the next
NO_SOUND = 120  # General MIDI's controller "all sound off"
REVERBERATION = 91


@dataclass(frozen=True)
class Instrument:
    """Programs of General MIDI (from 0), the lowest and highest of their notes, and how often they play chords."""

    programs: tuple[int, ...]
    lowest: int
    highest: int
    chords: float


@dataclass(frozen=True)
class Note:
    """Seconds of its beginning and length, number and velocity."""

    at_s: float
    length_s: float
    number: int
    velocity: int


@dataclass(frozen=True)
class Phrase:
    """What is played, and on what."""

    channel: int
    program: int
    notes: tuple[Note, ...]


INSTRUMENTS = {
    "Piano": Instrument((0, 1, 2), 36, 96, 0.4),
    "Electric piano": Instrument((4, 5), 36, 90, 0.4),
    "Harpsichord": Instrument((6,), 36, 84, 0.4),
    "Glockenspiel": Instrument((9,), 72, 100, 0.0),
    "Vibraphone": Instrument((11,), 53, 89, 0.3),
    "Marimba, xylophone": Instrument((12, 13), 50, 96, 0.0),
    "Tubular bells": Instrument((14,), 55, 77, 0.0),
    "Organ": Instrument((16, 17, 18, 19, 20), 36, 90, 0.5),
    "Accordion": Instrument((21, 23), 48, 90, 0.4),
    "Harmonica": Instrument((22,), 55, 90, 0.1),
    "Acoustic guitar": Instrument((24, 25), 40, 79, 0.4),
    "Electric guitar": Instrument((26, 27, 28, 29, 30), 40, 80, 0.4),
    "Bass guitar": Instrument((32, 33, 34, 35, 36, 37), 28, 55, 0.0),
    "Violin, fiddle": Instrument((40, 110), 55, 96, 0.0),
    "Cello": Instrument((42,), 36, 72, 0.0),
    "Double bass": Instrument((43,), 28, 55, 0.0),
    "Harp": Instrument((46,), 36, 96, 0.4),
    "Timpani": Instrument((47,), 40, 57, 0.0),
    "String section": Instrument((48, 49), 36, 90, 1.0),
    "Choir": Instrument((52, 53), 48, 79, 1.0),
    "Trumpet": Instrument((56, 59), 55, 84, 0.0),
    "Trombone": Instrument((57,), 40, 70, 0.0),
    "French horn": Instrument((60,), 41, 72, 0.0),
    "Saxophone": Instrument((64, 65, 66, 67), 46, 82, 0.0),
    "Oboe": Instrument((68, 69, 70), 46, 88, 0.0),
    "Clarinet": Instrument((71,), 50, 86, 0.0),
    "Flute": Instrument((72, 73), 60, 93, 0.0),
    "Synthesizer": Instrument((50, 62, 63, 80, 81, 90), 40, 84, 0.4),
    "Sitar": Instrument((104,), 48, 74, 0.0),
    "Banjo": Instrument((105,), 50, 80, 0.2),
    "Bagpipes": Instrument((109,), 58, 80, 0.0),
    "Steelpan": Instrument((114,), 55, 84, 0.0),
}
PERCUSSION = {
    "Bass drum": (35, 36),
    "Snare drum": (38, 40),
    "Drum": (41, 43, 45, 47, 48, 50),
    "Hi-hat": (42, 44, 46),
    "Cymbal": (49, 51, 52, 55, 57, 59),
    "Tambourine": (54,),
    "Cowbell": (56,),
    "Wood block": (76, 77),
}
DRUM_KIT = "Drum kit"
KITS = (0, 0, 0, 8, 16, 24, 25, 32, 40)

SEVERAL = {
    DRUM_KIT: ("Bass drum", "Snare drum", "Drum", "Hi-hat", "Cymbal"),
    "Drum": ("Bass drum", "Snare drum", "Timpani", DRUM_KIT),
    "Bass drum": ("Drum", DRUM_KIT),
    "Snare drum": ("Drum", DRUM_KIT),
    "Timpani": ("Drum",),
    "Hi-hat": ("Cymbal", DRUM_KIT),
    "Cymbal": ("Hi-hat", DRUM_KIT),
    "String section": ("Violin, fiddle", "Cello", "Double bass"),
    "Cello": ("Double bass",),
    "Double bass": ("Cello",),
    "Electric guitar": ("Bass guitar", "Acoustic guitar"),
    "Acoustic guitar": ("Electric guitar",),
    "Bass guitar": ("Electric guitar",),
}
"""What else a phrase may be called."""


NO_LABEL = ("Oboe", "Drum")
"""No class of AudioSet, and one above others that are better told: one sound should make one event."""


def names() -> tuple[str, ...]:
    """Whatever can play."""
    return (*INSTRUMENTS, *PERCUSSION, DRUM_KIT)


def _melody(rng: Random, instrument: Instrument, seconds: float) -> tuple[Note, ...]:
    """A walk over a scale, or chords along it."""
    lowest, highest = instrument.lowest, instrument.highest
    base, scale = int(rng.integers(lowest, max(lowest + 1, highest - 12))), SCALES[rng.integers(2)]
    beat_s, legato = rng.choice(BEATS_S) * rng.uniform(0.85, 1.2), rng.uniform(0.5, 1.2)
    steps = (0, 2, 4) if rng.random() < instrument.chords else (0,)
    if instrument.chords == 1.0:  # a section plays long notes
        beat_s *= 2.0
    at_s, place, notes = rng.uniform(0.0, 0.6), int(rng.integers(8)), []
    while at_s < seconds:
        length_s, velocity = beat_s * rng.choice([1, 1, 2, 2, 3]), int(rng.integers(60, 120))
        for step in steps:
            octave, degree = divmod(place + step, 10)
            number = min(highest, base + scale[degree] + 12 * octave)
            notes.append(Note(at_s, length_s * legato, number, velocity))
        place = int(np.clip(place + rng.integers(-2, 3), 0, 9))
        at_s += length_s * (1 if rng.random() < 0.9 else 2)
    return tuple(notes)


def _strokes(rng: Random, numbers: tuple[int, ...], seconds: float) -> tuple[Note, ...]:
    """One piece of percussion, in a rhythm."""
    number, gap_s = int(rng.choice(numbers)), rng.choice([0.12, 0.18, 0.25, 0.35, 0.5, 1.0]) * rng.uniform(0.85, 1.15)
    at_s, notes = rng.uniform(0.0, 1.0), []
    while at_s < seconds:
        notes.append(Note(at_s, 0.1, number, int(rng.integers(60, 127))))
        at_s += gap_s * rng.choice([1, 1, 1, 2])
    return tuple(notes)


def _beat(rng: Random, seconds: float) -> tuple[Note, ...]:
    """A drummer's: cymbals on every half beat, bass and snare in turns, now and then something else."""
    step_s, at_s = 30.0 / rng.uniform(80.0, 160.0), rng.uniform(0.0, 0.3)
    cymbal, density, notes = int(rng.choice([42, 42, 46, 51])), rng.uniform(0.6, 1.0), []
    for step in range(round(seconds / step_s)):
        struck = [cymbal] if rng.random() < density else []
        struck += [36] if step % 4 == 0 or rng.random() < 0.15 else []
        struck += [int(rng.choice([38, 40]))] if step % 4 == 2 or rng.random() < 0.08 else []
        struck += [int(rng.choice([41, 43, 45, 47, 49, 57]))] if rng.random() < 0.06 else []
        notes += [Note(at_s + step * step_s, 0.1, number, int(rng.integers(70, 127))) for number in struck]
    return tuple(notes)


def compose(rng: Random, name: str, seconds: float) -> Phrase:
    """A phrase for the instrument of that name."""
    if name in INSTRUMENTS:
        instrument = INSTRUMENTS[name]
        return Phrase(0, int(rng.choice(instrument.programs)), _melody(rng, instrument, seconds))
    notes = _beat(rng, seconds) if name == DRUM_KIT else _strokes(rng, PERCUSSION[name], seconds)
    return Phrase(DRUMS, int(rng.choice(KITS)), notes)


def _score(phrases: Sequence[Phrase], seconds: float) -> mido.MidiFile:
    """All phrases one after another, with time between them to die away."""
    messages: list[tuple[int, int, mido.Message]] = []  # ticks, order among those of one tick
    for number, phrase in enumerate(phrases):
        begin_s, channel = number * (seconds + SETTLED_S), phrase.channel
        begin, end = round(begin_s * TICKS), round((begin_s + seconds) * TICKS)
        messages.append((begin, 0, mido.Message("program_change", channel=channel, program=phrase.program)))
        messages.append((begin, 0, mido.Message("control_change", channel=channel, control=REVERBERATION, value=40)))
        for note in phrase.notes:
            on = begin + round(note.at_s * TICKS)
            off = min(on + max(1, round(note.length_s * TICKS)), end)
            said = {"channel": channel, "note": note.number}
            messages.append((on, 2, mido.Message("note_on", velocity=note.velocity, **said)))
            messages.append((off, 1, mido.Message("note_off", **said)))
        messages.append((end, 3, mido.Message("control_change", channel=channel, control=NO_SOUND, value=0)))
    messages.sort(key=lambda message: message[:2])
    track, last = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=1_000_000)]), 0
    for ticks, _, message in messages:
        track.append(message.copy(time=ticks - last))
        last = ticks
    file = mido.MidiFile(ticks_per_beat=TICKS)
    file.tracks.append(track)
    return file


def render(library: Path, phrases: Sequence[Phrase], seconds: float) -> list[Audio]:
    """Each phrase as it sounds from a library of samples (SoundFont 2), mono at 32 kHz."""
    with tempfile.TemporaryDirectory() as place:
        score, sound = Path(place) / "score.mid", Path(place) / "sound.wav"
        _score(phrases, seconds).save(score)
        words = ["fluidsynth", "-ni", "-q", "-r", str(RATE), "-g", "0.6", "-F", str(sound), str(library), str(score)]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        audio = soundfile.read(sound, dtype="float32", always_2d=True)[0].mean(axis=1)
    length, begins = round(seconds * RATE), [round(k * (seconds + SETTLED_S) * RATE) for k in range(len(phrases))]
    audio = np.pad(audio, (0, length))
    return [audio[begin : begin + length] for begin in begins]
