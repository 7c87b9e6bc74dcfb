"""Hand-made maps to parts: apart, touching, one over another, none, one that fills the picture, pieces and twins."""

import numpy as np
import pytest

from photos.finder.decode import Instances, decode, distinct
from photos.finder.masks import mask_of, photo_mask, run_lengths
from tests.train.find.test_targets_and_losses import scene
from train.find.composites import Composite
from train.find.targets import targets


def decoded(one: Composite) -> Instances:
    """What is decoded from maps that say exactly what the composite holds."""
    wanted = targets([one])
    return decode(wanted.foreground[0].numpy(), wanted.centre[0].numpy(), wanted.reach[0].numpy())


def boxes_of(found: Instances) -> set[tuple[int, ...]]:
    return {tuple(round(float(side)) for side in box) for box in found.boxes}


@pytest.mark.parametrize(
    "boxes",
    [
        ((8, 8, 24, 16), (40, 32, 56, 60)),
        ((8, 8, 32, 32), (32, 8, 56, 32)),  # touching
        ((4, 4, 40, 24), (24, 16, 60, 60)),  # the second lies over the first
        ((0, 0, 64, 64),),  # fills the picture
        ((0, 0, 16, 64), (20, 0, 36, 64), (40, 0, 56, 64)),  # bars side by side
        ((30, 30, 36, 36),),  # small
        (),
    ],
)
def test_exact_maps_give_exact_boxes(boxes: tuple[tuple[int, int, int, int], ...]) -> None:
    found = decoded(scene(*boxes))
    assert boxes_of(found) == set(boxes)
    for number, box in enumerate(found.boxes):
        rows, columns = np.nonzero(found.owner == number)
        assert len(rows)
        assert columns.min() * 4 >= box[0] - 4
        assert rows.max() * 4 < box[3]


def test_a_ring_is_one_part() -> None:
    ring = scene((8, 8, 56, 56))
    ring.instances[20:44, 20:44] = 0
    assert boxes_of(decoded(ring)) == {(8, 8, 56, 56)}


def test_a_part_that_fills_the_picture_is_not_taken_for_its_pieces() -> None:
    wanted = targets([scene((0, 0, 64, 64))])
    centre, reach = wanted.centre[0].numpy().copy(), wanted.reach[0].numpy().copy()
    centre[3, 3] = 0.9  # a false centre, whose box is a corner of the part
    reach[:, 3, 3] = 10
    found = decode(wanted.foreground[0].numpy(), centre, reach)
    assert boxes_of(found) == {(0, 0, 64, 64)}
    assert found.owner.max() == 0


def test_a_middle_between_two_parts_is_none() -> None:
    wanted = targets([scene((8, 8, 24, 24), (40, 8, 56, 24))])
    centre, reach = wanted.centre[0].numpy().copy(), wanted.reach[0].numpy().copy()
    centre[4, 8], reach[:, 4, 8] = 1.0, (26, 12, 24, 12)  # one box around both
    found = decode(wanted.foreground[0].numpy(), centre, reach)
    assert boxes_of(found) == {(8, 8, 24, 24), (40, 8, 56, 24)}


def test_a_long_part_with_several_middles_is_one_where_its_cells_say_so() -> None:
    wanted = targets([scene((4, 24, 60, 36))])
    centre = wanted.centre[0].numpy().copy()
    centre[7, 3], centre[7, 12] = 0.9, 0.8  # as of a bolt's head and of its tip
    assert boxes_of(decode(wanted.foreground[0].numpy(), centre, wanted.reach[0].numpy())) == {(4, 24, 60, 36)}


def test_an_outline_without_a_middle_is_a_part_of_low_score() -> None:
    wanted = targets([scene((8, 8, 40, 40))])
    centre = np.full((16, 16), 0.04, np.float32)
    found = decode(wanted.foreground[0].numpy(), centre, wanted.reach[0].numpy())
    assert boxes_of(found) == {(8, 8, 40, 40)}
    assert found.scores[0] == pytest.approx(0.2)


def test_of_a_large_part_the_outline_says_the_box_of_a_small_one_the_network() -> None:
    wanted = targets([scene((8, 8, 40, 40), (52, 52, 56, 60))])
    reach = np.full((4, 16, 16), 5, np.float32)
    found = decode(wanted.foreground[0].numpy(), wanted.centre[0].numpy(), reach)
    assert (8, 8, 40, 40) in boxes_of(found)
    assert (49, 53, 59, 63) in boxes_of(found)


def test_nothing_is_found_in_empty_maps() -> None:
    empty = np.zeros((8, 8), np.float32)
    found = decode(empty, empty, np.ones((4, 8, 8), np.float32))
    assert len(found.boxes) == len(found.scores) == 0
    assert (found.owner == -1).all()


def test_of_twins_the_better_one_stays() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10]], np.float32)
    assert distinct(boxes, np.array([0.5, 0.9, 0.2], np.float32)).tolist() == [1, 2]


def test_run_lengths_are_those_of_coco() -> None:
    mask = np.array([[0, 1], [1, 1], [0, 0]], bool)
    assert run_lengths(mask) == {"size": [3, 2], "counts": [1, 1, 1, 2, 1]}  # down the first column, then the second
    for mask in (np.ones((2, 3), bool), np.zeros((2, 3), bool), np.random.default_rng(0).random((7, 5)) > 0.5):
        assert np.array_equal(mask_of(run_lengths(mask)), mask)
    assert run_lengths(np.ones((2, 3), bool))["counts"] == [0, 6]


def test_a_mask_has_the_photos_pixels_and_stays_in_its_box() -> None:
    foreground = np.zeros((8, 8), np.float32)
    foreground[2:6, 2:6] = 1
    mask = photo_mask(foreground, foreground > 0, np.array([50, 25, 150, 75], np.float32), (200, 100))
    assert mask.shape == (100, 200)
    truth = np.zeros_like(mask)
    truth[25:75, 50:150] = True
    assert (mask & truth).sum() / (mask | truth).sum() > 0.9
    assert not photo_mask(foreground, foreground > 0, np.zeros(4, np.float32), (200, 100)).any()
