"""Composites: seeded picture by picture, boxes and outlines exact, what is hidden is not asked for."""

import numpy as np
import pytest
from PIL import Image

from tests.train.conftest import draw_shape
from train.find.composites import MOST_PARTS, Sources, composite
from train.find.pieces import like_ground, longer, turned_part
from train.find.scene import LEAST_VISIBLE, UNSURE, visible_parts
from train.find.shadows import Light, margins, scene_light, shadow

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
    instances, boxes, kept = visible_parts(owners, [64, int(16 / LEAST_VISIBLE) + 2])
    assert boxes.tolist() == [[2, 2, 10, 10]]
    assert (instances[12:16, 12:16] == UNSURE).all()
    assert (instances[2:10, 2:10] == 1).all()
    assert kept == [1]
    _, boxes, kept = visible_parts(owners, [64, 16])
    assert kept == [1, 2]
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


def test_a_long_part_is_shown_longer_and_no_thicker() -> None:
    bar = Image.new("RGBA", (80, 80))
    bar.paste((90, 90, 90, 255), (10, 36, 70, 44))
    bar = bar.rotate(30, Image.Resampling.BICUBIC)
    for number in range(10):
        box = longer(bar, np.random.default_rng(number)).getchannel("A").point([0] * 128 + [255] * 128).getbbox()
        assert box
        assert 60 * 1.25 < box[2] - box[0] < 60 * 2.7
        assert abs(box[3] - box[1] - 8) <= 2


def test_a_part_that_is_not_long_stays_as_it_is() -> None:
    disc = Image.fromarray(np.ascontiguousarray(shapes(2, 64)[1].transpose(1, 2, 0)), "RGBA")
    assert longer(disc, np.random.default_rng(0)) is disc
    assert longer(Image.new("RGBA", (8, 8)), np.random.default_rng(0)).size == (8, 8)


def test_a_part_is_lit_until_a_side_of_it_is_as_bright_as_the_ground() -> None:
    """The dark half of this part is its dark side, whatever it is lit by; its outline stays."""
    pixels = np.zeros((20, 40, 4), np.uint8)
    pixels[2:18, 2:20] = (60, 60, 60, 255)
    pixels[2:18, 20:38] = (180, 180, 180, 255)
    part = Image.fromarray(pixels, "RGBA")
    ground = np.full((5, 5, 3), 0.1, np.float32)
    means = []
    for number in range(12):
        lit = np.asarray(like_ground(part, ground, np.random.default_rng(number)), np.float32)
        assert np.array_equal(lit[..., 3], pixels[..., 3])
        dark, bright = lit[5, 10, :3].mean() / 255, lit[5, 30, :3].mean() / 255
        assert bright == pytest.approx(3 * dark, rel=0.1)
        means.append((dark, bright))
    assert {tuple(round(float(value), 1) for value in pair) for pair in means} == {(0.1, 0.3), (0.0, 0.1)}


def test_nothing_is_lit_like_no_ground() -> None:
    nothing = Image.new("RGBA", (4, 4))
    assert like_ground(nothing, np.zeros((3, 3, 3), np.float32), np.random.default_rng(0)) is nothing
    part = Image.new("RGBA", (4, 4), (9, 9, 9, 255))
    assert like_ground(part, np.zeros((0, 0, 3), np.float32), np.random.default_rng(0)) is part


def test_a_shadow_falls_away_from_the_light_as_far_as_its_margins() -> None:
    light = Light(np.array([1.0, 0.0]), reach=0.5, blur=0.01, darkness=0.8)
    left, above, right, below = margins((40, 40), light)
    assert right - left == 20
    assert above == below == left
    outline = Image.new("L", (left + 40 + right, above + 40 + below))
    outline.paste(255, (left, above, left + 40, above + 40))
    taken = shadow(outline, 40, light)
    assert taken.max() == pytest.approx(0.8, abs=0.01)
    row = taken[above + 20]
    assert (row[left + 42 : left + 57] > 0.7).all()  # one piece with the part, no second outline beside it
    assert row[-1] < 0.05
    assert row[: left - 2].max() < 0.05


def test_scenes_have_no_shadow_soft_and_hard_ones() -> None:
    lights = [scene_light(np.random.default_rng(number)) for number in range(400)]
    assert any(light.darkness == 0 for light in lights)
    assert any(light.darkness > 0.8 and light.reach > 0.6 for light in lights)
    assert all(np.linalg.norm(light.away) == pytest.approx(1) for light in lights)
    assert not shadow(Image.new("L", (5, 5), 255), 5, Light(np.array([1.0, 0.0]), 0.0, 0.05, 0.0)).any()


def test_shadows_are_no_parts() -> None:
    """What is marked as a part is as large as the part, whatever shadow it throws."""
    square = np.zeros((1, 4, 32, 32), np.uint8)
    square[:, 3, 4:28, 4:28] = 255
    for number in range(30):
        one = composite(Sources(square, NONE, NONE), SIZE, 1, number)
        for instance, box in enumerate(one.boxes, start=1):
            if (box[:2] > 0).all() and (box[2:] < SIZE).all():
                area = (one.instances == instance).sum()
                assert area >= 0.3 * np.prod(box[2:] - box[:2])
