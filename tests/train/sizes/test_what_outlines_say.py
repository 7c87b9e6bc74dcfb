"""Where photos come from varying distances the shape of outlines still tells parts apart, and only where it agrees."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from train.sizes.calibration import calibrate
from train.sizes.possible_sizes import Sizes
from train.sizes.size_prior import SizePrior, believed, fuse, read_prior, write_prior

WIDTHS_MM = np.array([[20.0, 20.0], [40.0, 20.0], [60.0, 20.0], [60.0, 8.0]])
"""Four parts that differ in how long they are for their width."""


def photos(distance_spread: float, count: int = 160) -> tuple[list[Sizes], np.ndarray, np.ndarray]:
    """What the parts can look like, log widths of photos of them from varying distances, and whose photos they are."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, len(WIDTHS_MM), count)
    observed = (
        np.log(3 * WIDTHS_MM[truth]) + rng.normal(0, distance_spread, (count, 1)) + rng.normal(0, 0.01, (count, 2))
    )
    labels = np.arange(len(WIDTHS_MM))
    return [Sizes(np.log(WIDTHS_MM), labels, np.ones(len(labels)), 480.0)], observed, truth


def guesses(truth: np.ndarray, right: float, sure: float) -> np.ndarray:
    """What a network says that names a share `right` of the photos, each time with the probability `sure`."""
    rng = np.random.default_rng(1)
    classes = len(WIDTHS_MM)
    named = np.where(rng.random(len(truth)) < right, truth, rng.integers(0, classes, len(truth)))
    said = np.full((len(truth), classes), (1 - sure) / (classes - 1))
    said[np.arange(len(truth)), named] = sure
    return said


def named(probabilities: np.ndarray, truth: np.ndarray) -> float:
    return float((probabilities.argmax(axis=1) == truth).mean())


@pytest.mark.parametrize("distance_spread", [0.25, 0.5, 1.0])
def test_shapes_tell_parts_apart_that_are_seen_from_varying_distances(distance_spread: float) -> None:
    possible, observed, truth = photos(distance_spread)
    weak = guesses(truth, 0.4, 0.6)
    prior = calibrate(possible, observed, weak)
    assert prior is not None and prior.distance_spread > 0
    assert named(weak, truth) < 0.6
    assert named(fuse(weak, prior, observed), truth) > 0.95


def test_shapes_that_disagree_with_what_is_seen_count_for_nothing() -> None:
    possible, observed, truth = photos(0.5)
    sure = guesses(truth, 0.8, 0.8)
    others = np.random.default_rng(2).permutation(len(observed))  # each photo has the outline of another
    assert calibrate(possible, observed[others], sure) is None
    assert calibrate(possible, observed, sure) is not None


def test_outlines_that_look_like_no_part_count_for_nothing() -> None:
    """Shadows make an outline of anything; that what is wide is called by one name and what is long by another is not
    enough to believe them.
    """
    possible, _, truth = photos(0.5)
    rng = np.random.default_rng(3)
    lean = np.where(truth >= 2, 0.35, 0.0)[:, None] * [1, -1]
    observed = 5 + rng.normal(0, 0.4, (len(truth), 1)) + rng.normal(0, 0.35, (len(truth), 2)) + lean
    assert calibrate(possible, observed, guesses(truth, 0.8, 0.8)) is None


def test_a_photo_of_unknown_scale_is_judged_by_shape_and_one_camera_by_nothing() -> None:
    possible, observed, truth = photos(0.3)
    prior = calibrate(possible, observed, guesses(truth, 0.6, 0.7))
    assert prior is not None and prior.of_shapes is not None
    unsure = np.full((len(truth), len(WIDTHS_MM)), 1 / len(WIDTHS_MM))
    anywhere = observed + np.random.default_rng(4).uniform(-3, 3, (len(truth), 1))
    assert named(fuse(unsure, prior.of_shapes, anywhere), truth) > 0.95
    assert SizePrior(possible[0], len(WIDTHS_MM), 1.1, 0.02).of_shapes is None


def test_sizes_count_beside_shapes_only_where_one_distance_holds() -> None:
    for distance_spread, one in ((0.0, True), (0.3, False)):
        possible, observed, truth = photos(distance_spread)
        prior = calibrate(possible, observed, guesses(truth, 0.6, 0.7))
        assert prior is not None
        assert (prior.distance_spread == 0) is one


def test_a_network_that_is_often_mistaken_and_sure_is_believed_less() -> None:
    possible, observed, truth = photos(0.5)
    doubts = []
    for right in (1.0, 0.5):
        prior = calibrate(possible, observed, guesses(truth, right, 0.98))
        assert prior is not None
        doubts.append(prior.mistaken)
    assert doubts[0] < 0.1 < doubts[1]


def test_beliefs_stay_probabilities() -> None:
    said = guesses(photos(0.5)[2], 0.6, 0.9)
    assert believed(said, 0.3).sum(axis=1) == pytest.approx(np.ones(len(said)))
    assert believed(said, 0.0) == pytest.approx(said)


def test_a_stored_prior_keeps_what_it_says_of_distances_and_one_of_before_is_read(tmp_path: Path) -> None:
    possible, observed, _ = photos(0.5)
    prior = SizePrior(possible[0], len(WIDTHS_MM), 1.1, 0.02, distance_spread=0.35, mistaken=0.2)
    write_prior(tmp_path / "prior.safetensors", prior)
    again = read_prior(tmp_path / "prior.safetensors", len(WIDTHS_MM))
    assert again is not None
    assert (again.distance_spread, again.mistaken) == (0.35, 0.2)
    assert again.log_likelihood(observed) == pytest.approx(prior.log_likelihood(observed))
    stored = load_file(tmp_path / "prior.safetensors")
    of_before = {name: value for name, value in stored.items() if name not in {"varying", "typical"}}
    save_file(of_before, tmp_path / "before.safetensors")
    before = read_prior(tmp_path / "before.safetensors", len(WIDTHS_MM))
    assert before is not None and before.distance_spread == 0 and np.isfinite(before.log_likelihood(observed)).all()
    save_file(stored | {"varying": np.array([np.nan, 0.1, 0.0])}, tmp_path / "broken.safetensors")
    with pytest.raises(ValueError, match="no sizes"):
        read_prior(tmp_path / "broken.safetensors", len(WIDTHS_MM))
