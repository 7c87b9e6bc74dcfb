"""Pictures of segmentation: the class of each pixel is that of the render pasted there; pieces of photos are seeded."""

from __future__ import annotations

import numpy as np
import pytest

from tests.train.conftest import draw_shape
from train.find.composites import Sources, composite
from train.find.scene import UNSURE
from train.losses.self_training import IGNORED
from train.segment.pictures import LabelledSources, class_map, labelled_composite, photo_piece

NONE = np.zeros((0, 3, 1, 1), np.uint8)
SIZE = 64


@pytest.fixture(scope="module")
def labelled() -> LabelledSources:
    rng = np.random.default_rng(0)
    labels = ("bar", "disc", "ring") * 2
    renders = [np.asarray(draw_shape(label, 48, (200, 60, 40), rng)).transpose(2, 0, 1) for label in labels]
    return LabelledSources(Sources(np.stack(renders), NONE, NONE), np.array([1, 2, 3] * 2))


def test_each_part_has_the_class_of_its_render(labelled: LabelledSources) -> None:
    seen = set()
    for number in range(30):
        one = composite(labelled.sources, SIZE, 0, number)
        assert len(one.renders) == len(one.boxes)
        found = class_map(one, labelled.classes)
        assert (found[one.instances == 0] == 0).all()
        assert (found[one.instances == UNSURE] == IGNORED).all()
        for instance, render in enumerate(one.renders, start=1):
            assert (found[one.instances == instance] == labelled.classes[render]).all()
        seen |= set(np.unique(found))
        picture, again = labelled_composite(labelled, SIZE, 0, number)
        assert np.array_equal(picture, one.picture)
        assert np.array_equal(again, found)
    assert {0, 1, 2, 3} <= seen


def test_a_pasted_colour_is_that_of_the_render_which_is_named() -> None:
    """A render of pure red and one of pure green: where the map says red, the picture is rather red than green."""
    renders = np.zeros((2, 4, 48, 48), np.uint8)
    renders[0, 0], renders[1, 1] = 255, 255
    renders[:, 3, 4:44, 4:44] = 255
    sources = Sources(renders, NONE, NONE)
    right = asked = 0
    for number in range(60):
        one = composite(sources, SIZE, 1, number)
        for instance, render in enumerate(one.renders, start=1):
            red, green, _ = one.picture[:, one.instances == instance].astype(float).mean(1)
            if abs(red - green) > 20:  # some are shown in another colour
                asked += 1
                right += (red > green) == (render == 0)
    assert asked > 30
    assert right / asked > 0.75


def test_a_piece_of_a_photo_depends_on_seed_and_number_only() -> None:
    photos = np.random.default_rng(1).integers(0, 255, (3, 3, 96, 96), dtype=np.uint8)
    one, again, other = (photo_piece(photos, SIZE, 0, number) for number in (5, 5, 6))
    assert np.array_equal(one.weak, again.weak)
    assert np.array_equal(one.strong, again.strong)
    assert not np.array_equal(one.weak, other.weak)
    assert one.weak.shape == one.strong.shape == (3, SIZE, SIZE)


def test_both_views_of_a_piece_show_the_same_place() -> None:
    """The strong view differs in light only: a bright square stays where it is."""
    photos = np.full((1, 3, 96, 96), 40, np.uint8)
    photos[:, :, 30:60, 20:50] = 220
    for number in range(20):
        piece = photo_piece(photos, SIZE, 0, number)
        weak, strong = (view.mean(0) > view.mean() for view in (piece.weak, piece.strong))
        assert (weak == strong).mean() > 0.9
