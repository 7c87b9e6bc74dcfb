"""Composites: seeded picture by picture, boxes and outlines exact, what is hidden is not asked for."""

import numpy as np
import pytest
from PIL import Image

from tests.train.conftest import draw_shape
from train.find.composites import LEAST_VISIBLE, MOST_PARTS, UNSURE, Sources, composite, turned_part, visible_parts

NONE = np.zeros((0, 3, 1, 1), np.uint8)
SIZE = 64


def shapes(count: int = 6, size: int = 48) -> np.ndarray:
    rng = np.random.default_rng(0)
    labels = [("bar", "disc", "ring")[number % 3] for number in range(count)]
    return np.stack([np.asarray(draw_shape(label, size, (200, 60, 40), rng)).transpose(2, 0, 1) for label in labels])


@pytest.fixture(scope="module")
def sources() -> Sources:
    photos = np.random.default_rng(1).integers(0, 255, (3, 3, 40, 40), dtype=np.uint8)
    return Sources(shapes(), photos, photos[:1])


def test_a_composite_depends_on_seed_and_number_only(sources: Sources) -> None:
    first = composite(sources, SIZE, 3, 17)
    composite(sources, SIZE, 3, 16)
    again = composite(sources, SIZE, 3, 17)
    assert np.array_equal(first.picture, again.picture)
    assert np.array_equal(first.instances, again.instances)
    assert np.array_equal(first.boxes, again.boxes)
    assert not np.array_equal(first.picture, composite(sources, SIZE, 3, 18).picture)
    assert not np.array_equal(first.picture, composite(sources, SIZE, 4, 17).picture)


def test_boxes_are_those_of_the_outlines(sources: Sources) -> None:
    for number in range(40):
        one = composite(sources, SIZE, 0, number)
        assert one.picture.shape == (3, SIZE, SIZE)
        assert one.picture.dtype == np.uint8
        assert set(np.unique(one.instances)) <= {UNSURE, *range(len(one.boxes) + 1)}
        for instance, box in enumerate(one.boxes, start=1):
            rows, columns = np.nonzero(one.instances == instance)
            assert tuple(box) == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)


def test_pictures_hold_none_one_and_many_parts_from_small_to_all_of_the_picture(sources: Sources) -> None:
    made = [composite(sources, SIZE, 0, number) for number in range(200)]
    counts = [len(one.boxes) for one in made]
    assert min(counts) == 0
    assert 1 in counts
    assert 5 <= max(counts) <= MOST_PARTS
    sides = np.concatenate([(one.boxes[:, 2:] - one.boxes[:, :2]).max(axis=1) for one in made]) / SIZE
    assert sides.min() < 0.12
    assert sides.max() > 0.9


def test_a_part_that_is_hidden_too_much_is_not_asked_for() -> None:
    owners = np.zeros((20, 20), np.int16)
    owners[2:10, 2:10] = 1
    owners[12:16, 12:16] = 2  # 16 pixels
    instances, boxes = visible_parts(owners, [64, int(16 / LEAST_VISIBLE) + 2])
    assert boxes.tolist() == [[2, 2, 10, 10]]
    assert (instances[12:16, 12:16] == UNSURE).all()
    assert (instances[2:10, 2:10] == 1).all()
    _, boxes = visible_parts(owners, [64, 16])
    assert boxes.tolist() == [[2, 2, 10, 10], [12, 12, 16, 16]]


def test_a_part_gets_the_size_that_was_asked_for() -> None:
    for number, render in enumerate(shapes(9, 96)):
        part = turned_part(render, 40, np.random.default_rng(number))
        box = part.getchannel("A").point([0] * 128 + [255] * 128).getbbox()
        assert box
        assert abs(max(box[2] - box[0], box[3] - box[1]) - 40) <= 4


def test_an_empty_render_is_no_part() -> None:
    nothing = np.zeros((1, 4, 16, 16), np.uint8)
    one = composite(Sources(nothing, NONE, NONE), SIZE, 0, 1)
    assert one.boxes.shape == (0, 4)


def test_surfaces_come_from_the_corners_of_unlabelled_photos_not_from_their_middle() -> None:
    from train.find.surfaces import corner_surface

    photo = np.asarray(Image.new("RGB", (60, 60), "white")).transpose(2, 0, 1).copy()
    photo[:, 20:40, 20:40] = 0  # the part
    for number in range(20):
        assert corner_surface(32, photo, np.random.default_rng(number)).min() > 0.95
