"""The looks at a photo: a large part is taken whole, a small one from the finest look."""

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from photos.finder import look as looking
from photos.finder.look import SCALES, Maps, look


def maps(size: tuple[int, int], *boxes: tuple[int, int, int, int], sure: float = 0.9) -> Maps:
    """What a network would say that sees parts in these boxes, in pixels of a picture of `size` (width, height)."""
    width, height = size[0] // 4, size[1] // 4
    foreground, centre = np.zeros((height, width), np.float32), np.zeros((height, width), np.float32)
    reach = np.ones((4, height, width), np.float32)
    for x_min, y_min, x_max, y_max in boxes:
        rows, columns = slice(y_min // 4, y_max // 4), slice(x_min // 4, x_max // 4)
        foreground[rows, columns] = 1
        centre[(y_min + y_max) // 8, (x_min + x_max) // 8] = sure
        y, x = np.mgrid[rows, columns] * 4 + 2
        reach[:, rows, columns] = np.stack([x - x_min, y - y_min, x_max - x, y_max - y])
    return foreground, centre, reach


def boxes_of(photo: Image.Image, coarse: Maps, middle: Maps, fine: Maps) -> list[list[int]]:
    def network(picture: npt.NDArray[np.uint8]) -> Maps:
        return {32: coarse, 64: middle, 128: fine}[picture.shape[2]]

    return [[round(float(side)) for side in one.box] for one in look(network, photo, 64)]


@pytest.fixture(autouse=True)
def all_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pictures here are so small that the coarsest look would be left out."""
    monkeypatch.setattr(looking, "looks", lambda image_size: list(SCALES))


NOTHING = maps((32, 32))
PHOTO = Image.new("RGB", (128, 128))


def test_of_a_large_part_and_its_pieces_the_whole_is_taken() -> None:
    whole = maps((64, 64), (8, 8, 40, 24), sure=0.5)
    pieces = maps((128, 128), (16, 16, 44, 48), (52, 16, 80, 48))
    assert boxes_of(PHOTO, NOTHING, whole, pieces) == [[16, 16, 80, 48]]


def test_a_whole_has_the_box_around_its_pieces_though_one_of_them_is_most_of_it() -> None:
    """A bolt whose shank and head the finest look takes for two: the shank alone would be alike enough."""
    whole = maps((64, 64), (8, 8, 42, 24), sure=0.6)
    pieces = maps((128, 128), (16, 16, 64, 44), (64, 12, 88, 52))
    assert boxes_of(PHOTO, NOTHING, whole, pieces) == [[16, 12, 88, 52]]


def test_of_a_faint_whole_and_sure_pieces_the_pieces_are_parts() -> None:
    whole = maps((64, 64), (8, 8, 40, 24), sure=0.1)
    pieces = maps((128, 128), (16, 16, 44, 48), (52, 16, 80, 48))
    assert sorted(boxes_of(PHOTO, NOTHING, whole, pieces)) == [[16, 16, 44, 48], [52, 16, 80, 48]]


def test_small_parts_come_from_the_finer_look() -> None:
    fine = maps((128, 128), (16, 16, 28, 28), (80, 80, 96, 92))
    assert sorted(boxes_of(PHOTO, NOTHING, maps((64, 64)), fine)) == [[16, 16, 28, 28], [80, 80, 96, 92]]


def test_a_part_that_fills_the_photo_is_taken_whole_from_the_coarsest_look() -> None:
    whole = maps((32, 32), (0, 0, 32, 28), sure=0.4)
    pieces = maps((64, 64), (4, 4, 28, 52), (32, 4, 60, 52))
    smaller = maps((128, 128), (8, 8, 40, 40), (64, 64, 100, 100))
    assert boxes_of(PHOTO, whole, pieces, smaller) == [[0, 0, 128, 112]]


def test_each_look_gives_parts_of_its_own_size() -> None:
    """Small parts of a coarse look and large ones of a fine look are left to the others."""
    small, large = maps((32, 32), (4, 4, 8, 8)), maps((128, 128), (8, 8, 120, 100))
    assert boxes_of(PHOTO, small, maps((64, 64)), large) == []


def test_a_part_in_the_box_of_a_long_one_is_not_taken_for_a_piece_of_it() -> None:
    """A screw from corner to corner, seen coarsely, and a nut beside it, seen finely."""
    middle = maps((64, 64), (8, 8, 56, 56))
    away = np.abs(np.subtract.outer(np.arange(16), np.arange(16))) > 1
    middle[0][away] = 0
    nut = maps((128, 128), (88, 24, 104, 40))
    assert sorted(boxes_of(PHOTO, NOTHING, middle, nut)) == [[16, 16, 112, 112], [88, 24, 104, 40]]
