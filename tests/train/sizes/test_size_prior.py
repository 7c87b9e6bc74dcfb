"""Parts on plain backgrounds are found and measured, and their sizes help where they can and stay quiet where not."""

import json
import math

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.train.conftest import CLASSES, write_renders
from train.data.foreground import feret, find_part, measure_part, widths, zoom_to_part
from train.sizes import possible_sizes as possible
from train.sizes import size_prior
from train.sizes.calibration import calibrate
from train.sizes.possible_sizes import Sizes, possible_sizes
from train.sizes.size_prior import SizePrior, fuse, read_prior, write_prior


def photo(box: tuple[int, int, int, int], background: tuple[int, int, int] = (250, 250, 248)) -> Image.Image:
    picture = Image.new("RGB", (256, 256), background)
    ImageDraw.Draw(picture).rectangle(box, fill=(150, 30, 30))
    return picture


@pytest.mark.parametrize("background", [(250, 250, 248), (8, 8, 8), (90, 120, 100)])
def test_a_part_on_a_plain_background_is_found_and_fills_the_crop(background) -> None:
    picture = photo((40, 100, 103, 131), background)
    found = find_part(picture)
    assert found is not None
    assert found.background == background
    assert measure_part(picture, found) == pytest.approx((np.hypot(64, 32) / 256, 32 / 256), rel=0.02)
    zoomed = np.asarray(zoom_to_part(picture))
    part = (zoomed == (150, 30, 30)).all(axis=2)
    assert part.any(axis=0).mean() == pytest.approx(1 / 1.12, abs=0.05)


def test_a_turned_and_blurred_part_is_as_large_as_a_sharp_one() -> None:
    sharp = photo((100, 120, 155, 135)).resize((512, 512), Image.Resampling.BICUBIC)
    turned = sharp.rotate(33, Image.Resampling.BICUBIC, fillcolor=(250, 250, 248)).resize((64, 64)).resize((512, 512))
    measured = []
    for picture in (sharp, turned):
        found = find_part(picture)
        assert found is not None
        measured.append(measure_part(picture, found))
    assert measured[1] == pytest.approx(measured[0], rel=0.06)


def test_no_part_is_found_on_a_pattern_or_in_an_empty_photo() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    patterned = Image.fromarray(noise).resize((256, 256), Image.Resampling.NEAREST)
    assert find_part(patterned) is None
    assert zoom_to_part(patterned) is patterned
    assert find_part(Image.new("RGB", (256, 256), (250, 250, 250))) is None


def test_a_part_at_the_edge_is_zoomed_with_the_background_around_it() -> None:
    zoomed = zoom_to_part(photo((0, 0, 60, 200)))
    assert zoomed.width == zoomed.height
    assert np.asarray(zoomed)[-1, -1].tolist() == [250, 250, 248]


def test_widths_are_those_of_the_outline() -> None:
    mask = np.zeros((64, 64), dtype=bool)
    mask[10:20, 5:45] = True
    largest, smallest = widths(mask)
    assert 40 <= largest <= 42 and smallest == pytest.approx(10)


def test_feret_diameters_are_exact_for_any_turn_and_for_lines() -> None:
    turn = np.deg2rad(17)
    corners = np.array([[0, 0], [40, 0], [40, 9], [0, 9]]) @ np.array(
        [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]
    )
    assert feret(corners) == pytest.approx((np.hypot(40, 9), 9))
    assert feret(np.array([[0.0, 0.0], [3.0, 4.0]])) == pytest.approx((5, 0))


def brick(height: float) -> list[list[float]]:
    return [[x, y, z] for x in (-24, 24) for y in (-4, 4) for z in (0, height)]


def test_from_above_a_tall_part_looks_larger_than_a_flat_one_of_the_same_footprint(tmp_path) -> None:
    """What tells a brick from a plate where both show the same top: the brick's is nearer to the camera."""
    for part_id, height in (("brick", 11.2), ("plate", 4.8)):
        (tmp_path / part_id).mkdir()
        outline = [{"probability": 1.0, "points_mm": brick(height)}]
        described = {"label": part_id, "size": 64, "views": [], "resting_outlines": outline}
        (tmp_path / part_id / "part.json").write_text(json.dumps(described), encoding="utf-8")
    possible = possible_sizes(tmp_path, ["brick", "plate"])
    heights = {sizes.distance_mm: np.exp(sizes.extents[:, 0]) for sizes in possible if sizes.distance_mm is not None}
    assert heights[np.inf] == pytest.approx(np.full(2, np.hypot(48, 8)))
    near = heights[min(heights)]
    assert near[0] / near[1] == pytest.approx((72 - 4.8) / (72 - 11.2), rel=1e-3)

    truth = np.arange(80) % 2
    height = np.array([11.2, 4.8])[truth]
    scale = 3.7 * 480 / (480 - height)  # a camera 480 mm above the table, between two of those that are tried
    observed = np.log(scale[:, None] * [np.hypot(48, 8), 8.0])
    observed += np.random.default_rng(0).normal(0, 0.002, observed.shape)
    unsure = np.full((80, 2), 0.5)
    prior = calibrate(possible, observed, unsure)
    assert prior is not None and prior.sizes.distance_mm is not None
    assert (fuse(unsure, prior, observed).argmax(axis=1) == truth).all()


def test_a_network_that_fools_itself_does_not_overrule_sharp_sizes() -> None:
    """The brick and the plate again, from one camera; the network takes every brick for a plate, and is sure of it."""
    size = np.array([[49.0, 8.2], [48.0, 8.0]])
    possible = [Sizes(np.log(size), np.arange(2), np.ones(2), 480.0)]
    truth = np.arange(100) % 2
    observed = np.log(3.7 * size[truth]) + np.random.default_rng(0).normal(0, 0.004, (100, 2))
    fooled = np.tile([0.05, 0.95], (100, 1))
    prior = calibrate(possible, observed, fooled)
    assert prior is not None and prior.spread < 0.02
    assert (fuse(fooled, prior, observed).argmax(axis=1) == truth).mean() > 0.95


def test_parts_of_all_sizes_fit_any_scale_a_little_and_that_is_no_scale() -> None:
    rng = np.random.default_rng(1)
    shape = np.array([0.0, -0.7])
    sizes = np.log(np.geomspace(5, 200, 60))[:, None] + shape
    observed = np.log(rng.uniform(20, 400, (60, 1))) + shape + rng.normal(0, 0.02, (60, 2))
    assert calibrate([Sizes(sizes, np.arange(60), np.ones(60), 480.0)], observed, np.full((60, 60), 1 / 60)) is None


def test_photos_of_one_shape_from_varying_distances_are_no_scale() -> None:
    """The outlines fit to a percent, but not the sizes: two classes that differ in size only."""
    rng = np.random.default_rng(2)
    sizes = np.log([[20.0, 10.0], [30.0, 15.0]])
    observed = np.log([60.0, 30.0]) + rng.normal(0, 0.5, (100, 1)) + rng.normal(0, 0.004, (100, 2))
    assert calibrate([Sizes(sizes, np.arange(2), np.ones(2), 480.0)], observed, np.full((100, 2), 0.5)) is None


def world(spread: float) -> tuple[list[Sizes], np.ndarray, np.ndarray]:
    """Two classes of 20 and 40 mm; photos at 3 pixels a millimetre, their distance varying by `spread`."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 40)
    extents = np.log(np.array([20.0, 40.0]))[labels, None] + rng.normal(0, 0.02, (80, 2))
    truth = rng.integers(0, 2, 100)
    distance = rng.normal(0, spread, (100, 1))
    observed = np.log(np.array([20.0, 40.0]) * 3)[truth, None] + distance + rng.normal(0, 0.02, (100, 2))
    return [Sizes(extents, labels, np.full(80, 1 / 40), None)], observed, truth


def test_one_camera_the_size_decides_where_the_network_cannot() -> None:
    possible, observed, truth = world(spread=0.0)
    unsure = np.full((100, 2), 0.5)
    unsure[np.arange(100), truth] += 0.02  # hardly more than a guess
    unsure /= unsure.sum(axis=1, keepdims=True)
    prior = calibrate(possible, observed, unsure)
    assert prior is not None
    assert np.exp(prior.factor) == pytest.approx(3, rel=0.05)
    assert (fuse(unsure, prior, observed).argmax(axis=1) == truth).all()


def test_any_distance_the_network_is_not_overruled() -> None:
    possible, observed, truth = world(spread=1.5)
    sure = np.full((100, 2), 0.05)
    sure[np.arange(100), truth] = 0.95
    prior = calibrate(possible, observed, sure)
    assert (fuse(sure, prior, observed).argmax(axis=1) == truth).mean() > 0.97


def test_photos_that_could_not_be_measured_stay_as_they_are(tmp_path) -> None:
    possible, observed, _ = world(spread=0.0)
    prior = calibrate(possible, observed, np.full((100, 2), 0.5))
    assert prior is not None
    belief = np.array([[0.3, 0.7]])
    assert fuse(belief, prior, np.full((1, 2), np.nan)) == pytest.approx(belief, abs=1e-5)
    write_prior(tmp_path / "prior.safetensors", prior)
    again = read_prior(tmp_path / "prior.safetensors", 2)
    assert again is not None
    assert again.log_likelihood(observed) == pytest.approx(prior.log_likelihood(observed))
    assert read_prior(tmp_path / "none.safetensors", 2) is None


def test_too_few_photos_give_no_prior() -> None:
    possible, observed, _ = world(spread=0.0)
    assert calibrate(possible, observed[:5], np.full((5, 2), 0.5)) is None


def test_sizes_of_views_kept_or_measured_anew_are_the_same_bytes(tmp_path, monkeypatch) -> None:
    write_renders(tmp_path / "renders", views=3)
    Image.new("RGBA", (48, 48)).save(tmp_path / "renders" / "bar_part" / "view_001.png")  # shows no part
    fresh = possible_sizes(tmp_path / "renders", CLASSES)
    for kept in (False, True):
        if kept:
            monkeypatch.setattr(possible, "_widths", lambda view: pytest.fail("measured again"))
        again = possible_sizes(tmp_path / "renders", CLASSES, tmp_path / "cache")
        assert [each.extents.tobytes() for each in again] == [each.extents.tobytes() for each in fresh]
        assert len(again[0].extents) == 3 * len(CLASSES) - 1
        assert again[0].shares.tobytes() == fresh[0].shares.tobytes()


def test_many_photos_and_looks_are_taken_by_pieces(monkeypatch) -> None:
    rng = np.random.default_rng(0)
    sizes = Sizes(rng.normal(size=(40, 2)), rng.integers(0, 7, 40), np.full(40, 0.1), None)
    prior, observed = SizePrior(sizes, 7, 0.3, 0.05), rng.normal(size=(30, 2))
    observed[4] = math.nan
    whole = prior.log_likelihood(observed)
    for at_once in (1, 40 * 7):
        monkeypatch.setattr(size_prior, "LOOKS_AT_ONCE", at_once)
        assert prior.log_likelihood(observed).tobytes() == whole.tobytes()
