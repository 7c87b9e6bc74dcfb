"""The camera's height is found among all that are tried, and not only among those that a rough look ranks first."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from train.sizes import calibration
from train.sizes.calibration import _Photos, calibrate
from train.sizes.possible_sizes import Sizes, possible_sizes
from train.sizes.size_prior import fuse

BLOCKS_MM = {
    "long_brick": (48, 8, 11.2),
    "long_plate": (48, 8, 4.8),
    "wide_brick": (32, 16, 11.2),
    "wide_plate": (32, 16, 4.8),
    "wedge": (40, 12, 20.0),
    "tile": (64, 16, 3.2),
}
"""Length, width and height; from above they differ in pairs by nothing but how near their tops are."""

LARGEST_MM = 64


def corners(length: float, width: float, height: float) -> list[list[float]]:
    return [[x, y, z] for x in (-length / 2, length / 2) for y in (-width / 2, width / 2) for z in (0, height)]


@pytest.fixture
def possible(tmp_path: Path) -> list[Sizes]:
    for part_id, size in BLOCKS_MM.items():
        (tmp_path / part_id).mkdir()
        length, width, height = size
        flat, on_its_side = corners(length, width, height), corners(length, height, width)
        outline = [{"probability": 0.6, "points_mm": flat}, {"probability": 0.4, "points_mm": on_its_side}]
        described = {"label": part_id, "size": 64, "views": [], "resting_outlines": outline}
        (tmp_path / part_id / "part.json").write_text(json.dumps(described), encoding="utf-8")
    return [sizes for sizes in possible_sizes(tmp_path, sorted(BLOCKS_MM)) if sizes.distance_mm is not None]


def photos(possible: list[Sizes], distance_mm: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log widths (m, 2) of photos from that distance, of which some are read badly; class probabilities of a network
    that hardly knows the parts; and what the photos show.
    """
    (seen,) = [sizes for sizes in possible if sizes.distance_mm == pytest.approx(distance_mm)]
    rng = np.random.default_rng(0)
    truth = rng.integers(0, len(BLOCKS_MM), 300)
    spread = np.where(rng.random((300, 1)) < 0.25, 0.04, 0.006)
    pose = (rng.random(300) < 0.4).astype(int)
    observed = np.log(3.7) + seen.extents[np.searchsorted(seen.labels, truth) + pose] + rng.normal(0, spread, (300, 2))
    said = np.full((300, len(BLOCKS_MM)), 0.1)
    said[np.arange(300), truth] += 0.1
    return observed, said / said.sum(axis=1, keepdims=True), truth


@pytest.mark.parametrize("near", [4.0, 10.0])
def test_the_height_of_the_camera_is_found(possible: list[Sizes], near: float) -> None:
    observed, said, truth = photos(possible, near * LARGEST_MM)
    prior = calibrate(possible, observed, said)
    assert prior is not None and prior.sizes.distance_mm == pytest.approx(near * LARGEST_MM, rel=0.3)
    assert (fuse(said, prior, observed).argmax(axis=1) == truth).mean() > 0.8


@pytest.mark.parametrize("near", [2.0, 8.0])
@pytest.mark.parametrize("rough", [0.05, 0.2])
def test_no_other_height_explains_the_photos_better_however_rough_the_first_look_is(
    possible: list[Sizes], near: float, rough: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration, "COARSE", rough)
    observed, said, _ = photos(possible, near * LARGEST_MM)
    with ThreadPoolExecutor(1) as pool:
        seen = _Photos(observed, said, pool)
        found = seen.log_likelihoods(seen.one_distance(possible)).sum()
        alone = [seen.log_likelihoods(seen.one_distance([sizes])).sum() for sizes in possible]
    assert found == pytest.approx(max(alone), abs=1e-6)
