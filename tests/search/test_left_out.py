"""Classes are left out in turn: a look-alike, said by renders alone, is what their photos are hard to tell from."""

from __future__ import annotations

import numpy as np
import pytest

from search.evaluation.left_out import LeftOut, left_out
from search.index import Index, IndexedPart
from search.ranking import Queries
from search.usual import with_usual
from tests.search.test_usual import SIZE, around

LABELS = ("bolt", "bolt_flanged", "gear", "hub", "washer", "wing")
PHOTOS = 40
CENTRES = np.eye(SIZE)[: len(LABELS)]
CENTRES[1] = CENTRES[0] + 0.05 * CENTRES[1]  # looks like the first, which looks like it
CENTRES /= np.linalg.norm(CENTRES, axis=1, keepdims=True)


def rows_of(count: int, seed: int) -> np.ndarray:
    return np.concatenate([around(centre, 0.4, count, seed + part) for part, centre in enumerate(CENTRES)])


@pytest.fixture
def index() -> Index:
    own = np.repeat(np.arange(len(LABELS)), 10)
    parts = tuple(IndexedPart(label, label, "") for label in LABELS)
    views = tuple(f"{LABELS[part]}/{number}.png" for number, part in enumerate(own))
    return with_usual(Index(rows_of(10, 0), parts, own, views, "adapt", "key"), rows_of(100, 10), own.repeat(10))


@pytest.fixture
def shown() -> np.ndarray:
    return np.repeat(np.arange(len(LABELS)), PHOTOS)


def asked(index: Index, shown: np.ndarray) -> LeftOut:
    return left_out(index, Queries(rows_of(PHOTOS, 20)), shown[:, None] == np.arange(len(LABELS)))


def test_a_part_is_told_from_all_others_but_not_from_its_look_alike(index: Index, shown: np.ndarray) -> None:
    found = asked(index, shown)
    first, second = found.most_alike
    assert {(first.label, first.look_alike), (second.label, second.look_alike)} == {LABELS[:2], LABELS[1::-1]}
    assert len(found.least_alike) == 4 and first.similarity > found.least_alike[0].similarity + 0.3
    for one in found.most_alike:
        assert one.scores["by_renders"].auroc < 0.75 and one.scores["by_distance"].auroc < 0.75
    for one in found.least_alike:
        assert one.scores["by_renders"].auroc > 0.95 and (one.scores["by_renders"].new_detected or 0) > 0.95
    hard, easy = (found.as_dict()["look_alikes"][group]["by_renders"] for group in ("most_alike", "least_alike"))
    assert hard["auroc"] < found.scores["by_renders"].auroc < easy["auroc"]
    assert hard["accuracy"] < 0.65 and easy["accuracy"] > 0.9


def test_known_are_the_photos_of_the_look_alike_alone(index: Index, shown: np.ndarray) -> None:
    for one in asked(index, shown).look_alikes:
        assert {(scores.known, scores.new) for scores in one.scores.values()} == {(PHOTOS // 2, PHOTOS // 2)}


def test_no_photo_says_what_looks_alike(index: Index, shown: np.ndarray) -> None:
    mixed = np.random.default_rng(0).permutation(shown)
    pairs, of_mixed = ([(one.label, one.look_alike, one.similarity) for one in asked(index, some).look_alikes]
                       for some in (shown, mixed))  # fmt: skip
    assert pairs == of_mixed


def test_without_photos_of_the_look_alike_there_is_no_such_question(index: Index, shown: np.ndarray) -> None:
    shown[shown == 0] = 5
    found = asked(index, shown)
    assert {one.label for one in found.look_alikes}.isdisjoint(LABELS[:2])
    assert found.scores["by_photos"].new == len(shown) // 2


def test_of_one_class_nothing_is_left() -> None:
    parts = (IndexedPart("a", "bolt", ""), IndexedPart("b", "bolt", ""))
    alone = Index(np.eye(2, dtype=np.float32), parts, np.arange(2), ("a/0.png", "b/0.png"), "adapt", "key")
    found = left_out(alone, Queries(np.eye(2, dtype=np.float32)), np.ones((2, 2), dtype=bool))
    assert found.as_dict() == {
        "not_in_catalogue": {},
        "look_alikes": {"most_alike": {}, "least_alike": {}, "classes": []},
    }


def test_a_class_whose_views_were_all_removed_is_passed_over(index: Index, shown: np.ndarray) -> None:
    found = asked(index.without_rows(index.rows_of(4)), shown)
    assert "washer" not in {one.label for one in found.look_alikes} | {one.look_alike for one in found.look_alikes}
