"""Further classes, beyond the core: instruments, learnt from made sounds, and what else humans named in the corpus; what is true of them.

An instrument's phrase is that instrument, which its sample library says. Of what the corpus has a label for a human's word counts, and the
teacher's only against it. Else the teacher's counts: at least 0.3 for yes, under 0.05 for no, and what lies between is unknown.
"""

import numpy as np
from numpy.typing import NDArray

from training import phrases, synthesis
from training.labels import CLASSES, CORE, INDEX
from training.lessons import Book
from training.made import NAMES, Made
from training.mixtures import ABSENT, PRESENT, UNKNOWN

INSTRUMENTS = tuple(name for name in phrases.names() if name not in phrases.NO_LABEL)
LABELS = (*INSTRUMENTS, *(label for label in CLASSES if label not in (*CORE, *INSTRUMENTS)))
ADDED = tuple(label for label in LABELS if label not in INDEX)
ROWS = {**INDEX, **{label: len(CLASSES) + number for number, label in enumerate(ADDED)}}
"""Where a wide student's head has the answer for each label."""
SURE, HARDLY = 0.3, 0.05
BESIDE = {"Music": ("Drum kit", "Hi-hat"), "Cymbal": ("Hi-hat",)}
"""What a sound of a label may hold besides, of the further classes that the corpus has no label for; the teacher often misses it."""

Codes = NDArray[np.uint8]


def opinion(teacher: NDArray[np.floating], columns: list[int]) -> Codes:
    """Present, absent or unknown by the teacher's scores (n, 527), for the teacher's classes of those numbers."""
    scores = teacher[:, columns]
    codes = np.where(scores >= SURE, PRESENT, np.where(scores < HARDLY, ABSENT, UNKNOWN))
    for number, label in enumerate(LABELS):
        if label in INDEX:
            codes[:, number] = np.minimum(codes[:, number], UNKNOWN)
    return codes.astype(np.uint8)


def of_book(book: Book, columns: list[int]) -> Codes:
    """The same for clips and lessons, of which a human may have said that a further class is there, or may be."""
    codes = opinion(book.teacher, columns)
    for number, label in enumerate(LABELS):
        if label in INDEX:
            said = book.targets[:, :, INDEX[label]].max(1)
            codes[:, number] = np.where(said == ABSENT, codes[:, number], said)
    for label, others in BESIDE.items():
        is_there = (book.targets[:, :, INDEX[label]] == PRESENT).any(1)
        for other in others:
            column = codes[:, LABELS.index(other)]
            column[is_there & (column == ABSENT)] = UNKNOWN
    return codes


def of_made(made: Made, columns: list[int]) -> Codes:
    """The same for made sounds, of which instruments and standard tones are known."""
    codes = opinion(made.teacher, columns)
    for kind in np.unique(made.kind):
        name, rows = NAMES[kind], made.kind == kind
        if name in phrases.names():
            codes[rows, : len(INSTRUMENTS)] = ABSENT
            for other in set(phrases.SEVERAL.get(name, ())) - set(phrases.NO_LABEL):
                codes[rows, LABELS.index(other)] = UNKNOWN
            if name in INSTRUMENTS:
                codes[rows, LABELS.index(name)] = PRESENT
        elif name in synthesis.SOUNDS:  # these have a label of their own already
            codes[rows] = ABSENT
    return codes
