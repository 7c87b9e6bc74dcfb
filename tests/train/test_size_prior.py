"""Parts on plain backgrounds are found and measured, and their sizes help where they can and stay quiet where not."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from train.foreground import find_part, widths, zoom_to_part
from train.size_prior import calibrate, fuse, read_prior, write_prior


def photo(box: tuple[int, int, int, int], background: tuple[int, int, int] = (250, 250, 248)) -> Image.Image:
    picture = Image.new("RGB", (256, 256), background)
    ImageDraw.Draw(picture).rectangle(box, fill=(150, 30, 30))
    return picture


@pytest.mark.parametrize("background", [(250, 250, 248), (8, 8, 8), (90, 120, 100)])
def test_a_part_on_a_plain_background_is_found_and_fills_the_crop(background) -> None:
    found = find_part(photo((40, 100, 103, 131), background))
    assert found is not None
    assert found.extents[0] == pytest.approx(np.hypot(64, 32) / 256, rel=0.06)
    assert found.extents[1] == pytest.approx(32 / 256, rel=0.1)
    zoomed = np.asarray(zoom_to_part(photo((40, 100, 103, 131), background)))
    part = (zoomed == (150, 30, 30)).all(axis=2)
    assert part.any(axis=0).mean() == pytest.approx(1 / 1.12, abs=0.05)


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


def world(spread: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Two classes of 20 and 40 mm; photos at 3 pixels a millimetre, their distance varying by `spread`."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 40)
    extents = np.log(np.array([20.0, 40.0]))[labels, None] + rng.normal(0, 0.02, (80, 2))
    truth = rng.integers(0, 2, 100)
    distance = rng.normal(0, spread, (100, 1))
    observed = np.log(np.array([20.0, 40.0]) * 3)[truth, None] + distance + rng.normal(0, 0.02, (100, 2))
    return extents, labels, observed, truth


def test_one_camera_the_size_decides_where_the_network_cannot() -> None:
    extents, labels, observed, truth = world(spread=0.0)
    unsure = np.full((100, 2), 0.5)
    unsure[np.arange(100), truth] += 0.02  # hardly more than a guess
    unsure /= unsure.sum(axis=1, keepdims=True)
    prior = calibrate(extents, labels, observed, unsure)
    assert prior is not None
    assert np.exp(prior.factor) == pytest.approx(3, rel=0.05)
    assert (fuse(unsure, prior, observed).argmax(axis=1) == truth).all()


def test_any_distance_the_network_is_not_overruled() -> None:
    extents, labels, observed, truth = world(spread=1.5)
    sure = np.full((100, 2), 0.05)
    sure[np.arange(100), truth] = 0.95
    prior = calibrate(extents, labels, observed, sure)
    assert (fuse(sure, prior, observed).argmax(axis=1) == truth).mean() > 0.97


def test_photos_that_could_not_be_measured_stay_as_they_are(tmp_path) -> None:
    extents, labels, observed, _ = world(spread=0.0)
    prior = calibrate(extents, labels, observed, np.full((100, 2), 0.5))
    assert prior is not None
    belief = np.array([[0.3, 0.7]])
    assert fuse(belief, prior, np.full((1, 2), np.nan)) == pytest.approx(belief, abs=1e-5)
    write_prior(tmp_path / "prior.safetensors", prior)
    again = read_prior(tmp_path / "prior.safetensors", 2)
    assert again is not None
    assert again.log_likelihood(observed) == pytest.approx(prior.log_likelihood(observed))
    assert read_prior(tmp_path / "none.safetensors", 2) is None


def test_too_few_photos_give_no_prior() -> None:
    extents, labels, observed, _ = world(spread=0.0)
    assert calibrate(extents, labels, observed[:5], np.full((5, 2), 0.5)) is None
