"""Further classes: instruments, learnt from made sounds, and what is true of a sound.

An instrument's phrase is that instrument, which its sample library says; else the teacher's word counts, at least 0.3 for yes,
under 0.05 for no, and what lies between is unknown.
"""

import numpy as np
from numpy.typing import NDArray

from training import phrases, synthesis
from training.labels import INDEX
from training.lessons import Book
from training.made import NAMES, Made
from training.mixtures import ABSENT, PRESENT, UNKNOWN

LABELS = tuple(name for name in phrases.names() if name not in phrases.NO_LABEL)
SURE, HARDLY = 0.3, 0.05
IN_MUSIC = ("Drum kit", "Hi-hat")
"""Any piece of music may hold these, as it may hold the drums that the corpus has labels for; the teacher often misses them."""

Codes = NDArray[np.uint8]


def opinion(teacher: NDArray[np.floating], columns: list[int]) -> Codes:
    """Present, absent or unknown by the teacher's scores (n, 527), for the teacher's classes of those numbers."""
    scores = teacher[:, columns]
    codes = np.where(scores >= SURE, PRESENT, np.where(scores < HARDLY, ABSENT, UNKNOWN))
    return codes.astype(np.uint8)


def of_book(book: Book, columns: list[int]) -> Codes:
    """The same for clips and lessons, of which a human may have said that a further class is there, or may be."""
    codes = opinion(book.teacher, columns)
    for number, label in enumerate(LABELS):
        if label in INDEX:
            said = book.targets[:, :, INDEX[label]].max(1)
            codes[:, number] = np.where(said == ABSENT, codes[:, number], said)
    is_music = (book.targets[:, :, INDEX["Music"]] == PRESENT).any(1)
    for label in IN_MUSIC:
        column = codes[:, LABELS.index(label)]
        column[is_music & (column == ABSENT)] = UNKNOWN
    return codes


def of_made(made: Made, columns: list[int]) -> Codes:
    """The same for made sounds, of which instruments and standard tones are known."""
    codes = opinion(made.teacher, columns)
    for kind in np.unique(made.kind):
        name, rows = NAMES[kind], made.kind == kind
        if name in phrases.names():
            codes[rows] = ABSENT
            for other in set(phrases.SEVERAL.get(name, ())) - set(phrases.NO_LABEL):
                codes[rows, LABELS.index(other)] = UNKNOWN
            if name in LABELS:
                codes[rows, LABELS.index(name)] = PRESENT
        elif name in synthesis.SOUNDS:  # these have a label of their own already
            codes[rows] = ABSENT
    return codes
