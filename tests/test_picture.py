"""The picture of an evaluation shows who was taken for whom."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from auricle.evaluation import picture

LABELS = ["Dog", "Crowing, cock-a-doodle-doo", "Rain", "Lärm <1>"]


def drawn(confusion: list[list[int]], labels: list[str]) -> Image.Image:
    """The picture, read back."""
    stream = io.BytesIO()
    picture.draw(np.array(confusion, np.int64), labels, "bundled 1.0: 3 of 4 named right", stream)
    return Image.open(stream).convert("RGB")


def colours(image: Image.Image) -> set[tuple[int, ...]]:
    """All of them."""
    found = image.getcolors(maxcolors=1 << 24)
    assert found is not None
    return {colour for _, colour in found if isinstance(colour, tuple)}


def test_right_and_wrong_have_colours_of_their_own() -> None:
    """Without a mistake there is no orange; the paper is white."""
    perfect = drawn(np.eye(4, dtype=int).tolist(), LABELS)
    assert picture._RIGHT in colours(perfect)
    assert picture._WRONG not in colours(perfect)
    assert picture._WRONG in colours(drawn([[0, 1], [1, 0]], LABELS[:2]))
    assert {perfect.getpixel((x, y)) for x in (0, perfect.width - 1) for y in (0, perfect.height - 1)} == {
        (255, 255, 255)
    }


@pytest.mark.parametrize("count", [2, picture.MOST_LABELS])
def test_it_grows_with_the_labels(count: int) -> None:
    """A square for each pair, whatever the names."""
    labels = [f"{LABELS[k % 4]} {k}" for k in range(count)]
    image = drawn(np.ones((count, count), int).tolist(), labels)
    assert min(image.size) > count * 56
