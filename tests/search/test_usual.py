"""From where a part may be none of the catalogue: by held-out renders of each part, and by all photos."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from search.evaluation.left_out import left_out
from search.index import Index, IndexedPart, load_index, save_index
from search.ranking import Queries, nearest_parts
from search.usual import LEAST_QUESTIONS, with_usual

SIZE = 48


def around(centre: np.ndarray, spread: float, count: int, seed: int) -> np.ndarray:
    rows = centre + spread * np.random.default_rng(seed).normal(0, SIZE**-0.5, (count, SIZE))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def index() -> Index:
    """Three parts, ten views each: the views of the second differ more."""
    rows = np.concatenate([around(np.eye(SIZE)[part], (0.3, 0.9, 0.3)[part], 10, part) for part in range(3)])
    parts = tuple(IndexedPart(f"p{part}", f"p{part}", "") for part in range(3))
    return Index(
        rows, parts, np.repeat(np.arange(3), 10), tuple(f"p{n // 10}/{n}.png" for n in range(30)), "adapt", "k"
    )


def held_out(count: int) -> tuple[np.ndarray, np.ndarray]:
    rows = [around(np.eye(SIZE)[part], (0.3, 0.9, 0.3)[part], count, 100 + part) for part in range(3)]
    return np.concatenate(rows), np.repeat(np.arange(3), count)


def test_each_part_has_its_own_limit_which_its_renders_keep(index: Index) -> None:
    usual = with_usual(index, *held_out(100))
    least = usual.least_similarities
    assert least[1] < min(least[0], least[2]) - 0.1
    for part in range(3):
        asked = Queries(around(np.eye(SIZE)[part], (0.3, 0.9, 0.3)[part], 200, 200 + part))
        unusual = [matches[0].is_unusual for matches in nearest_parts(usual, asked, 1)]
        assert np.mean(unusual) < 0.12
    stranger = Queries(around(np.eye(SIZE)[7], 0.3, 50, 9))
    assert all(matches[0].is_unusual for matches in nearest_parts(usual, stranger, 1))


def test_a_part_with_few_renders_takes_the_limit_of_all(index: Index) -> None:
    rows, own = held_out(LEAST_QUESTIONS - 1)
    assert len(set(with_usual(index, rows, own).least_similarities)) == 1
    assert np.isnan(index.least_similarities).all()
    assert not nearest_parts(index, Queries(rows[:1]), 1)[0][0].is_unusual  # nothing is known
    assert with_usual(index, rows[:0], own[:0]) is index


def test_photos_that_are_all_farther_away_move_the_limits(index: Index) -> None:
    rows, own = held_out(100)
    photos = np.concatenate([around(np.eye(SIZE)[part], 1.2, 40, 300 + part) for part in range(3)])
    alone, with_photos = with_usual(index, rows, own), with_usual(index, rows, own, Queries(photos))
    few = with_usual(index, rows, own, Queries(photos[:5]))
    assert (with_photos.least_similarities < alone.least_similarities - 0.1).all()
    assert (few.least_similarities == alone.least_similarities).all()


def test_limits_are_kept_and_parts_added_later_have_the_middle_one(index: Index, tmp_path: Path) -> None:
    usual = with_usual(index, *held_out(50))
    save_index(tmp_path, usual)
    again = load_index(tmp_path)
    assert again.parts == usual.parts
    larger = again.with_rows(around(np.eye(SIZE)[9], 0.1, 4, 1), [3] * 4, [f"new/{n}.png" for n in range(4)],
                             [IndexedPart("new", "new", "")])  # fmt: skip
    assert larger.least_similarities[3] == pytest.approx(np.median(usual.least_similarities))


def test_parts_that_are_left_out_are_noticed(index: Index) -> None:
    usual = with_usual(index, *held_out(100))
    photos = np.concatenate([around(np.eye(SIZE)[part], 0.3, 30, 400 + part) for part in range(3)])
    right = np.repeat(np.eye(3, dtype=bool), 30, axis=0)
    found = left_out(usual, Queries(photos), right).scores["by_renders"]
    assert found.auroc > 0.95
    assert found.known_rejected is not None and found.known_rejected < 0.2
    assert "by_renders" not in left_out(index, Queries(photos), right).scores
