"""Parts that were added after training take few photos of those that the model has learned, and keep their own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from search.handicaps import TAKEN, limits, usual_photos, with_handicaps
from search.index import Index, IndexedPart, load_index, save_index
from search.ranking import Queries, nearest_parts, part_distances, part_similarities

LEARNED, VIEWS, SIZE = ("a", "b"), 6, 16


def rows(centre: int, count: int, spread: float, seed: int, common: float = 0.0) -> np.ndarray:
    """Embeddings around one axis, all with something of the last one in `common`."""
    rng = np.random.default_rng(seed)
    found = np.eye(SIZE)[centre] + spread * rng.normal(0, 1, (count, SIZE)) / np.sqrt(SIZE)
    found[:, -1] += common
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def index_with(added: dict[str, np.ndarray], photos: np.ndarray | None) -> Index:
    """Two learned parts on axes 0 and 1, and `added` ones with these views."""
    views = {"a": rows(0, VIEWS, 0.3, 1), "b": rows(1, VIEWS, 0.3, 2), **added}
    parts = tuple(IndexedPart(name, name, "") for name in views)
    of_parts = np.repeat(np.arange(len(views)), [len(some) for some in views.values()])
    names = tuple(f"{name}/{row}.png" for name, some in views.items() for row in range(len(some)))
    return Index(np.concatenate(list(views.values())), parts, of_parts, names, "adapt", "key", photos=photos)


def photos_of_learned(seed: int) -> np.ndarray:
    """Photos have much in common that no render of a learned part has."""
    return np.concatenate([rows(0, 60, 0.8, seed, 1.0), rows(1, 60, 0.8, seed + 1, 1.0)])


def asked(index: Index, photos: np.ndarray, probability: float = 0.9) -> Queries:
    """Photos about which the classifier says the nearer of both learned parts."""
    similar = part_similarities(index, photos)[:, :2]
    probabilities = np.full((len(photos), len(index.parts)), np.nan, np.float32)
    probabilities[:, :2] = np.where(similar == similar.max(axis=1, keepdims=True), probability, 1 - probability)
    return Queries(photos, probabilities)


HUB = {f"hub {number}": rows(15, VIEWS, 0.3, 10 + number) for number in range(20)}
"""Parts that are near to whatever is a photo."""
OWN = {"new": rows(5, VIEWS, 0.3, 50)}


def test_parts_near_to_everything_take_few_photos_of_the_learned() -> None:
    plain = index_with(HUB, photos_of_learned(20))
    index, photos = with_handicaps(plain, LEARNED), photos_of_learned(30)
    before = part_distances(plain, asked(plain, photos))[0].argmin(axis=1)
    after = part_distances(index, asked(index, photos))[0].argmin(axis=1)
    assert (before >= 2).mean() > 0.5 and (after >= 2).mean() < 1.3 * TAKEN
    assert [part.handicap for part in index.parts[:2]] == [0, 0] and min(index.handicaps[2:]) > 0
    first = [found[0].part_id for found in nearest_parts(index, asked(index, photos), 1)]
    assert [index.number_of[part] for part in first] == after.tolist()


def test_a_part_of_its_own_is_found_beside_them() -> None:
    index = with_handicaps(index_with(OWN | HUB, photos_of_learned(20)), LEARNED)
    photos = rows(5, 40, 0.8, 60, 1.0)
    found = part_distances(index, asked(index, photos, 0.6))[0].argmin(axis=1)
    assert (found == 2).mean() > 0.9


def test_what_takes_nothing_has_no_handicap() -> None:
    index = with_handicaps(index_with(OWN, photos_of_learned(20)), LEARNED)
    assert not index.handicaps.any()


def test_photos_of_what_the_catalogue_has_not_say_nothing_of_added_parts() -> None:
    strangers = rows(5, 120, 0.8, 70, 1.0)
    index = index_with({}, None)
    parts = tuple(replace(part, least_similarity=0.4) for part in index.parts)
    index = replace(index, parts=parts)
    kept = usual_photos(index, np.concatenate([photos_of_learned(20), strangers]), LEARNED)
    assert 0.8 * 120 < len(kept) <= 122
    both = [with_handicaps(index_with(OWN, some), LEARNED) for some in (kept, np.concatenate([kept, strangers]))]
    assert both[0].handicaps[2] < 0.05 < both[1].handicaps[2]


@pytest.mark.parametrize("photos", [None, np.zeros((0, SIZE), np.float32), rows(15, 19, 0.5, 3)])
def test_few_photos_say_nothing(photos: np.ndarray | None) -> None:
    assert not with_handicaps(index_with(HUB, photos), LEARNED).handicaps.any()


def test_of_added_parts_alone_none_has_a_handicap() -> None:
    assert not with_handicaps(index_with(HUB, photos_of_learned(20)), ()).handicaps.any()


@pytest.mark.parametrize("parts", [1, 3, 50])
def test_all_parts_together_are_above_their_limits_in_a_twentieth_of_the_rows(parts: int) -> None:
    nearer = np.random.default_rng(0).normal(0, 1, (200, parts))
    above = (nearer > limits(nearer)).any(axis=1).mean()
    assert above <= TAKEN and (parts > 1 or above > 0.03)


def test_handicaps_and_photos_are_kept(tmp_path: Path) -> None:
    index = with_handicaps(index_with(HUB, photos_of_learned(20)), LEARNED)
    save_index(tmp_path, index)
    again = load_index(tmp_path)
    assert again.parts == index.parts and again.photos is not None and np.array_equal(again.photos, index.photos)
