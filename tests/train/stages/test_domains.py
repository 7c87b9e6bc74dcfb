"""The map of both domains: neighbours stay neighbours, the same seed gives the same map, and small sets do not fail."""

import numpy as np
import pytest

from train.stages.domain_gap import flat_map


def blobs(count: int, centres: np.ndarray, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.repeat(centres, count, axis=0) + rng.normal(0, 0.1, (count * len(centres), centres.shape[1]))


def test_groups_stay_together_across_domains() -> None:
    centres = 3 * np.eye(3, 8)
    source, target = blobs(20, centres, 0), blobs(10, centres, 1)
    places = flat_map(source, target, seed=0)
    assert places is not None
    ours, theirs = places
    assert ours.shape == (60, 2) and theirs.shape == (30, 2)
    everything = np.concatenate(places)
    assert everything.min() >= 0 and everything.max() <= 1
    nearest = np.linalg.norm(theirs[:, None] - ours[None], axis=2).argmin(axis=1)
    assert (nearest // 20 == np.arange(30) // 10).all()
    again = flat_map(source, target, seed=0)
    assert again is not None and np.array_equal(again[0], ours)


@pytest.mark.parametrize(("ours", "theirs"), [(6, 2), (2, 30)])
def test_few_images(ours: int, theirs: int) -> None:
    rng = np.random.default_rng(0)
    places = flat_map(rng.normal(size=(ours, 5)), rng.normal(size=(theirs, 5)), seed=0)
    assert places is not None and np.isfinite(np.concatenate(places)).all()
    assert flat_map(np.zeros((3, 5)), np.zeros((2, 5)), seed=0) is None


@pytest.mark.parametrize("value", [1.0, float("nan")])
def test_without_differences_there_is_no_map(value: float) -> None:
    assert flat_map(np.full((10, 4), value), np.full((10, 4), value), seed=0) is None


def test_copies_of_an_image_do_not_fail() -> None:
    rows = np.repeat(np.eye(2, 5), 10, axis=0)
    places = flat_map(rows, rows, seed=0)
    assert places is not None and np.isfinite(np.concatenate(places)).all()
