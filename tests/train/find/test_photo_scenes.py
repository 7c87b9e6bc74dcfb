"""Photos that train: what is seen with certainty counts, what is faint is not asked for, and trust weighs all of it."""

import numpy as np
import numpy.typing as npt
import pytest

from photos.finder.look import Maps
from tests.photos.finder.test_look import maps
from tests.train.find.test_composites import shapes
from train.find.composites import Composite, Sources
from train.find.photo_scenes import PhotoScene, photo_composite, photo_scene
from train.find.scene import UNSURE
from train.find.targets import targets

SIDE = 128
NONE = np.zeros((0, 3, 1, 1), np.uint8)
PHOTO = np.full((3, SIDE, SIDE), 200, np.uint8)


def sees(*boxes: tuple[int, int, int, int], sure: float = 0.9) -> Maps:
    return maps((SIDE, SIDE), *boxes, sure=sure)


def scene_of(fine: Maps, middle: Maps | None = None) -> PhotoScene:
    def network(picture: npt.NDArray[np.uint8]) -> Maps:
        return {32: maps((32, 32)), 64: middle or maps((64, 64)), 128: fine}[picture.shape[2]]

    return photo_scene(network, PHOTO, 64, threshold=0.6)


def test_what_is_seen_with_certainty_is_a_part_and_what_is_faint_is_not_asked_for() -> None:
    sure = scene_of(sees((16, 16, 40, 32)))
    assert set(np.unique(sure.owners)) == {0, 1}
    rows, columns = np.nonzero(sure.owners == 1)
    assert abs(columns.min() - 16) <= 4
    assert abs(rows.max() - 31) <= 4
    faint = scene_of(sees((16, 16, 40, 32), sure=0.2))
    assert set(np.unique(faint.owners)) == {UNSURE, 0}
    nothing = scene_of(sees((16, 16, 40, 32), sure=0.02))
    assert not (nothing.owners > 0).any()


def test_trust_is_the_share_of_sure_pixels() -> None:
    assert scene_of(sees()).trust == 1
    doubtful = maps((64, 64))
    doubtful[0][:, :8] = 0.5  # half of the cells
    half = scene_of(sees(), doubtful)
    assert half.trust == pytest.approx(0.5, abs=0.05)
    assert (half.owners[:, :56] == UNSURE).all()
    assert (half.owners[:, 72:] == 0).all()


def test_pictures_depend_on_seed_and_number_and_show_parts_that_were_seen_and_pasted_ones() -> None:
    scenes = [scene_of(sees((16, 16, 40, 32), (60, 60, 100, 90)))]
    sources = Sources(shapes(), NONE, NONE)
    made = [photo_composite(scenes, sources, 64, 0, number) for number in range(40)]
    again = photo_composite(scenes, sources, 64, 0, 7)
    assert np.array_equal(made[7].picture, again.picture)
    assert np.array_equal(made[7].instances, again.instances)
    assert not np.array_equal(made[7].picture, made[8].picture)
    assert {one.seen for one in made} >= {1, 2}
    assert any(len(one.boxes) > one.seen for one in made)
    assert any(len(one.boxes) == one.seen for one in made)
    for one in made:
        assert one.picture.shape == (3, 64, 64)
        for instance, box in enumerate(one.boxes, start=1):
            rows, columns = np.nonzero(one.instances == instance)
            assert tuple(box) == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)


def test_a_photo_in_which_nothing_was_seen_is_ground() -> None:
    scenes = [PhotoScene(PHOTO, np.zeros((SIDE, SIDE), np.int16), 1.0)]
    made = [photo_composite(scenes, Sources(shapes(), NONE, NONE), 64, 0, number) for number in range(20)]
    assert all(one.seen == 0 for one in made)


def test_trust_weighs_what_was_seen_and_not_what_was_pasted() -> None:
    instances = np.zeros((64, 64), np.int16)
    instances[8:24, 8:24] = 1  # seen
    instances[40:56, 40:56] = 2  # pasted
    boxes = np.array([[8, 8, 24, 24], [40, 40, 56, 56]], np.float32)
    wanted = targets([Composite(np.zeros((3, 64, 64), np.uint8), instances, boxes, seen=1, trust=0.25)])
    assert wanted.sure[0, 3, 3] == pytest.approx(0.25)
    assert wanted.sure[0, 15, 0] == pytest.approx(0.25)
    assert wanted.sure[0, 12, 12] == 1
    assert wanted.weight[0, :8, :8].sum() == pytest.approx(0.25)
    assert wanted.weight[0, 8:, 8:].sum() == pytest.approx(1)
