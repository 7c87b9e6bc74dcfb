"""Ranking and scoring, on embeddings made by hand."""

import numpy as np
import pytest

from photos.manifest import SquareRow
from search.index import Index, IndexedPart
from search.ranking import Queries, nearest_parts, part_distances
from search.scores.retrieval import EXAMPLES, TOP, WRONG_EXAMPLES, choose_examples, retrieval_scores


def _unit(*vectors: tuple[float, ...]) -> np.ndarray:
    array = np.array(vectors, dtype=np.float32)
    return array / np.linalg.norm(array, axis=1, keepdims=True)


def _index(embeddings: np.ndarray, part_rows: list[int], labels: list[str]) -> Index:
    parts = tuple(IndexedPart(f"part{number}", label, f"Part {number}") for number, label in enumerate(labels))
    views = tuple(f"part{part}/view_{row:03d}.png" for row, part in enumerate(part_rows))
    return Index(embeddings, parts, np.array(part_rows), views, "adapt", "key")


def test_a_part_is_as_near_as_its_three_nearest_views() -> None:
    views = _unit((1, 0), (0.8, 0.6), (0.6, 0.8), (0, 1), (0.9, 0.1), (-1, 0))
    index = _index(views, [0, 0, 0, 0, 1, 1], ["a", "b"])
    query = _unit((1, 0))
    distances, nearest = part_distances(index, Queries(query))
    assert distances[0] == pytest.approx([1 - (1 + 0.8 + 0.6) / 3, 1 - (views[4, 0] - 1) / 2], abs=1e-6)
    assert nearest[0].tolist() == [0, 4]
    matches = nearest_parts(index, Queries(query), 5)[0]
    assert [(m.rank, m.part_id, m.label, m.view) for m in matches] == [
        (1, "part0", "a", "part0/view_000.png"), (2, "part1", "b", "part1/view_004.png"),
    ]  # fmt: skip


def test_views_of_a_part_need_not_lie_together() -> None:
    rng = np.random.default_rng(0)
    views = _unit(*rng.normal(size=(30, 8)))
    rows = rng.integers(0, 4, 30)
    queries = _unit(*rng.normal(size=(7, 8)))
    distances, _ = part_distances(_index(views, rows.tolist(), list("abcd")), Queries(queries))
    for query in range(7):
        for part in range(4):
            own = sorted((float(queries[query] @ views[row]) for row in np.flatnonzero(rows == part)), reverse=True)[:3]
            assert distances[query, part] == pytest.approx(1 - sum(own) / len(own), abs=1e-5)


def test_the_classifiers_opinion_counts_as_much_as_the_nearest_views() -> None:
    index = _index(_unit((1, 0), (0, 1)), [0, 1], ["a", "b"])
    query = _unit((0.8, 0.6))
    distances, _ = part_distances(index, Queries(query, np.array([[0.1, 0.9]], dtype=np.float32)))
    assert distances[0] == pytest.approx([(0.2 + 0.9) / 2, (0.4 + 0.1) / 2], abs=1e-6)


def test_scores_count_labels_not_parts() -> None:
    eye = np.eye(7, dtype=np.float32)
    index = _index(eye, list(range(7)), ["bolt", "bolt", "nut", "c", "d", "e", "f"])
    queries = _unit(
        (1, 0.9, 0, 0, 0, 0, 0),  # another bolt is as good: first
        (0, 0.9, 1, 0, 0, 0, 0),  # nut before bolt: in the first five
        (0.1, 0.2, 0.5, 0.6, 0.7, 0.8, 0.9),  # bolts come last
    )
    scores = retrieval_scores(nearest_parts(index, Queries(queries), TOP), ["bolt", "bolt", "bolt"])
    assert scores.photos == 3
    assert scores.top1 == pytest.approx(1 / 3) and scores.top5 == pytest.approx(2 / 3)
    assert retrieval_scores([], []).top1 is None


def _square(number: int, label: str) -> SquareRow:
    return SquareRow(f"{number}.jpg", f"{number}.jpg", label, "", "", "", "", 0, 0, 9, "none", "whole", "", "")


def test_examples_show_all_labels_and_some_mistakes() -> None:
    rows = [_square(number, f"label{number // 10}") for number in range(100)]
    right: list[bool | None] = [number % 10 != 0 for number in range(100)]
    shown = choose_examples(rows, right)
    assert len(shown) == EXAMPLES and shown == sorted(set(shown))
    assert sum(right[number] is False for number in shown) == WRONG_EXAMPLES
    assert len({rows[number].label for number in shown if right[number]}) == EXAMPLES - WRONG_EXAMPLES
    assert choose_examples(rows[:3], [None] * 3) == [0, 1, 2]
    assert choose_examples([], []) == []
    assert len(choose_examples(rows, [False] * 100)) == WRONG_EXAMPLES
