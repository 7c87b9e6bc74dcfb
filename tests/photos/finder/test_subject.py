"""Which of several parts a photo is of."""

from __future__ import annotations

import pytest

from photos.crop import Box
from photos.finder.subject import subject

SIZE = (640, 480)
SMALL, LARGE = Box(300, 200, 360, 260), Box(100, 100, 260, 300)
TAPE = Box(0, 300, 250, 480)  # lies beside the part, larger and cut by the border
HALF = Box(0, 0, 400, 480)  # fills the photo from one side to beyond its middle


@pytest.mark.parametrize(
    ("boxes", "expected"),
    [
        ([SMALL], 0),
        ([SMALL, LARGE], 1),
        ([LARGE, SMALL], 0),
        ([SMALL, TAPE], 0),
        ([TAPE, SMALL, LARGE], 2),
        ([SMALL, HALF], 1),
        ([TAPE, Box(560, 0, 640, 90)], 0),
    ],
    ids=["alone", "larger", "order", "cut and larger", "cut, small, large", "cut at the middle", "all are cut"],
)
def test_a_photo_is_of_its_largest_part_but_for_what_the_border_cuts(boxes: list[Box], expected: int) -> None:
    assert subject(boxes, *SIZE) == expected


@pytest.mark.parametrize("side", ["left", "top", "right", "bottom"])
def test_every_border_cuts(side: str) -> None:
    width, height = SIZE
    cut = {
        "left": Box(2, 10, 200, 200),
        "top": Box(10, 2, 200, 200),
        "right": Box(440, 10, width - 2, 200),
        "bottom": Box(10, 290, 200, height - 2),
    }[side]
    assert subject([cut, SMALL], *SIZE) == 1
