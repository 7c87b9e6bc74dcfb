"""The finder that was adapted is kept where it agrees with itself on photos and still finds renders."""

import numpy as np
import numpy.typing as npt
import pytest

from photos.finder.look import Maps, Network
from tests.photos.finder.test_look import maps
from train.find.choice import MAY_COST, Candidate, agreement, better
from train.find.scores import DetectionScores

PHOTOS = np.zeros((3, 3, 128, 128), np.uint8)
PHOTOS[:, 0, 40:80, 40:80] = 250  # a red square


def sees_red(picture: npt.NDArray[np.uint8]) -> Maps:
    """A network that finds what is red, wherever it lies."""
    side = picture.shape[1]
    rows, columns = np.nonzero(picture[0] > 128)
    box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    return maps((side, side), tuple(int(round(value / 4) * 4) for value in box))  # type: ignore[arg-type]


def sees_the_left(picture: npt.NDArray[np.uint8]) -> Maps:
    """A network that finds something at one place, whatever the picture shows."""
    side = picture.shape[1]
    return maps((side, side), (0, 0, side // 4, side // 4))


def sees_nothing(picture: npt.NDArray[np.uint8]) -> Maps:
    return maps((picture.shape[2], picture.shape[1]))


@pytest.mark.parametrize(("network", "wanted"), [(sees_red, 1.0), (sees_the_left, 0.0), (sees_nothing, np.nan)])
def test_a_finder_agrees_with_itself_where_it_finds_the_same_in_a_mirrored_photo(
    network: Network, wanted: float
) -> None:
    assert agreement(network, PHOTOS, 64, 0.5) == pytest.approx(wanted, nan_ok=True)
    assert np.isnan(agreement(network, PHOTOS[:0], 64, 0.5))


def finder(average_precision: float, agrees: float) -> Candidate:
    return Candidate(b"", DetectionScores(0.8, 0.8, average_precision, 0.5), agrees)


@pytest.mark.parametrize(
    ("adapted", "taken"),
    [
        (finder(0.8, 0.9), True),
        (finder(0.8 - MAY_COST + 0.001, 0.9), True),
        (finder(0.8 - MAY_COST - 0.001, 0.9), False),  # it forgot the renders
        (finder(0.9, 0.6), False),  # it is at odds with itself
        (finder(0.9, float("nan")), False),  # it finds nothing in photos
        (finder(float("nan"), 0.9), False),
    ],
)
def test_source_only_is_the_fall_back(adapted: Candidate, taken: bool) -> None:
    source = finder(0.8, 0.7)
    assert better(source, adapted) is (adapted if taken else source)
    assert better(finder(0.8, float("nan")), finder(0.8, 0.1)).agreement == 0.1
