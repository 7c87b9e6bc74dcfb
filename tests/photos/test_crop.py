"""The crop rule: exact cases by hand, and what must hold for any box."""

import math
import random
from typing import get_args

import pytest

from cad2real.errors import UserError
from photos.crop import Box, Crop, square_crop, usable_box, whole_photo
from photos.params import Border
from tools.letterbox_picture import CASES, crop_of


@pytest.mark.parametrize(
    ("box", "border", "crop"),
    [
        (Box(200, 100, 300, 140), "shift", Crop(200, 70, 100, "none")),  # grows up and down alike
        (Box(200, 100, 240, 200), "shift", Crop(170, 100, 100, "none")),  # grows left and right alike
        (Box(200, 0, 300, 40), "shift", Crop(200, 0, 100, "shifted")),
        (Box(200, 0, 300, 40), "pad", Crop(200, -30, 100, "padded")),
        (Box(600, 400, 640, 480), "shift", Crop(560, 400, 80, "shifted")),
        (Box(600, 400, 640, 480), "pad", Crop(580, 400, 80, "padded")),
        (Box(20, 100, 620, 200), "shift", Crop(20, -120, 600, "padded")),  # higher than the photo: no way without black
        (Box(20, 200, 620, 300), "shift", Crop(20, -50, 600, "padded")),  # the whole height is in view: not moved
        (Box(0, 0, 640, 480), "shift", Crop(0, -80, 640, "padded")),
        (Box(100, 100, 150, 150), "pad", Crop(100, 100, 50, "none")),
        (Box(10.4, 10.6, 20.2, 14), "shift", Crop(10, 6, 11, "none")),  # the square holds every pixel of the box
    ],
)
def test_known_boxes(box: Box, border: Border, crop: Crop) -> None:
    assert square_crop(box, 640, 480, border) == crop


def test_a_whole_photo_is_padded_evenly() -> None:
    assert whole_photo(640, 480) == Crop(0, -80, 640, "padded")
    assert whole_photo(480, 640) == Crop(-80, 0, 640, "padded")
    assert whole_photo(500, 500) == Crop(0, 0, 500, "none")


def _overlap(start: int, side: int, length: int) -> int:
    return max(0, min(start + side, length) - max(start, 0))


@pytest.mark.parametrize("border", get_args(Border))
def test_what_holds_for_any_box(border: Border) -> None:
    rng = random.Random(7)
    for _ in range(3000):
        width, height = rng.randint(8, 900), rng.randint(8, 900)
        xs, ys = sorted(rng.uniform(0, width) for _ in range(2)), sorted(rng.uniform(0, height) for _ in range(2))
        if xs[1] - xs[0] < 4 or ys[1] - ys[0] < 1e-3:
            continue
        box = usable_box(Box(xs[0], ys[0], xs[1], ys[1]), width, height)
        crop = square_crop(box, width, height, border)
        # the whole box is in it
        assert crop.x <= box.x_min and box.x_max <= crop.x + crop.side
        assert crop.y <= box.y_min and box.y_max <= crop.y + crop.side
        # it is no larger than the longer side needs
        longer = max(box.x_max - box.x_min, box.y_max - box.y_min)
        assert longer <= crop.side < longer + 2
        # shifting: as much of the photo in view as a square of this side can hold
        if border == "shift":
            assert _overlap(crop.x, crop.side, width) == min(crop.side, width)
            assert _overlap(crop.y, crop.side, height) == min(crop.side, height)
        else:
            assert abs(crop.x + crop.side / 2 - (box.x_min + box.x_max) / 2) <= 1.5
            assert abs(crop.y + crop.side / 2 - (box.y_min + box.y_max) / 2) <= 1.5
        # what is said of the border is true
        inside = _overlap(crop.x, crop.side, width) == crop.side and _overlap(crop.y, crop.side, height) == crop.side
        assert (crop.border == "padded") == (not inside)


def test_the_rule_is_the_same_for_a_mirrored_or_turned_photo() -> None:
    width, height, box = 640, 480, Box(30, 4, 90, 220)
    crop = square_crop(box, width, height, "shift")
    turned = square_crop(Box(box.y_min, box.x_min, box.y_max, box.x_max), height, width, "shift")
    assert (turned.y, turned.x, turned.side) == (crop.x, crop.y, crop.side)
    mirrored = square_crop(Box(width - 90, 4, width - 30, 220), width, height, "shift")
    assert mirrored.x == width - crop.x - crop.side


def test_a_box_partly_outside_is_clipped() -> None:
    assert usable_box(Box(-20, 10, 60, 50), 640, 480) == Box(0, 10, 60, 50)
    assert usable_box(Box(600, 400, 660, 500), 640, 480) == Box(600, 400, 640, 480)


@pytest.mark.parametrize(
    ("box", "why"),
    [
        (Box(50, 10, 40, 60), "inverted"),
        (Box(50, 60, 90, 10), "inverted"),
        (Box(50, 10, 50, 60), "empty"),
        (Box(math.nan, 10, 50, 60), "not a number"),
        (Box(0, 0, math.inf, 60), "not a number"),
        (Box(700, 10, 800, 60), "outside"),
        (Box(640, 10, 800, 60), "outside"),
        (Box(600, 10, 1000, 60), "mostly outside"),
        (Box(10, 10, 13, 13), "less than 4 pixels"),
    ],
)
def test_boxes_that_cannot_be_used(box: Box, why: str) -> None:
    with pytest.raises(UserError, match=why):
        usable_box(box, 640, 480)


LETTERBOX = {
    "wide box": (Crop(110, 50, 100, "none"), Crop(110, 50, 100, "none")),
    "high box": (Crop(110, 50, 100, "none"), Crop(110, 50, 100, "none")),
    "at the top": (Crop(110, 0, 100, "shifted"), Crop(110, -30, 100, "padded")),
    "at the bottom": (Crop(110, 100, 100, "shifted"), Crop(110, 130, 100, "padded")),
    "at the left": (Crop(0, 50, 100, "shifted"), Crop(-30, 50, 100, "padded")),
    "at the right": (Crop(220, 50, 100, "shifted"), Crop(250, 50, 100, "padded")),
    "in a corner": (Crop(270, 0, 50, "shifted"), Crop(270, -15, 50, "padded")),
    "longer than the photo is high": (Crop(30, 0, 260, "padded"), Crop(30, 15, 260, "padded")),
    "longer than the photo is wide": (Crop(0, 30, 260, "padded"), Crop(15, 30, 260, "padded")),
    "no box, wide photo": (Crop(0, -60, 320, "padded"), Crop(0, -60, 320, "padded")),
    "no box, high photo": (Crop(-60, 0, 320, "padded"), Crop(-60, 0, 320, "padded")),
}


@pytest.mark.parametrize(("name", "size", "box"), CASES, ids=[case[0] for case in CASES])
def test_every_case_of_the_picture_in_the_docs(name: str, size: tuple[int, int], box: Box | None) -> None:
    assert (crop_of(size, box, "shift"), crop_of(size, box, "pad")) == LETTERBOX[name]
