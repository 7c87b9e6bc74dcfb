"""Ranking of many parts at once: the same answers as part by part, also by way of the short form, and with filters."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import search.ranking
from cad2real.errors import UserError
from search.index import Index, IndexedPart, load_index, save_index
from search.part_filter import PartFilter
from search.principal import principal_components
from search.ranking import Queries, nearest_parts, part_distances

MATERIALS = ("steel", "brass", "plastic")


def catalogue(parts: int, width: int = 24) -> tuple[Index, Queries]:
    """Parts of 1 to 9 views each, in mixed order, and 10 photos of parts, with probabilities."""
    rng = np.random.default_rng(parts)
    rows = rng.permutation(np.repeat(np.arange(parts), rng.integers(1, 10, parts)))
    centres = rng.normal(size=(parts, width)) * np.arange(1, width + 1) ** -0.7
    views = centres[rows] + 0.1 * rng.normal(size=(len(rows), width))
    said = tuple(
        IndexedPart(f"p{n}", f"p{n}", f"Part {n}", MATERIALS[n % 3], size_mm=(1.0, n + 1.0, 2.0)) for n in range(parts)
    )
    names = tuple(f"p{part}/view_{row:03d}.png" for row, part in enumerate(rows))
    queries = centres[:10] + 0.1 * rng.normal(size=(10, width))
    chances = rng.dirichlet(np.ones(parts), 10).astype(np.float32)
    return Index(unit(views), said, rows, names, "adapt", "key"), Queries(unit(queries), chances)


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_parts_at_once_are_as_near_as_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    index, queries = catalogue(60)
    distances, nearest = part_distances(index, queries)
    assert queries.probabilities is not None
    for part in range(60):
        rows = np.flatnonzero(index.part_rows == part)
        own = queries.embeddings @ index.embeddings[rows].T
        mean = np.sort(own, axis=1)[:, -3:].mean(axis=1)
        assert distances[:, part] == pytest.approx((2 - mean - queries.probabilities[:, part]) / 2, abs=1e-6)
        assert (nearest[:, part] == rows[own.argmax(axis=1)]).all()
    monkeypatch.setattr(search.ranking, "AT_ONCE", 1)  # photo after photo
    again = part_distances(index, queries)
    assert again[0] == pytest.approx(distances, abs=1e-6) and (again[1] == nearest).all()


def test_the_short_form_finds_the_same_parts_at_the_same_distances(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search.ranking, "SHORTLIST", 40)
    index, queries = catalogue(300)
    short = replace(index, principal=principal_components(index.embeddings, count=12))
    for exact, found in zip(nearest_parts(index, queries, 5), nearest_parts(short, queries, 5), strict=True):
        assert [match.part_id for match in found] == [match.part_id for match in exact]
        assert [m.distance for m in found] == pytest.approx([m.distance for m in exact], abs=1e-6)
        assert [match.view for match in found] == [match.view for match in exact]


def test_views_that_lie_side_by_side_are_found_as_those_that_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search.ranking, "SHORTLIST", 40)
    index, queries = catalogue(300)
    order = np.argsort(index.part_rows, kind="stable")  # as the index of a project has them
    views = tuple(index.views[row] for row in order)
    tidy = replace(index, embeddings=index.embeddings[order], part_rows=index.part_rows[order], views=views)
    tidy = replace(tidy, principal=principal_components(tidy.embeddings, count=12))
    for exact, found in zip(nearest_parts(index, queries, 5), nearest_parts(tidy, queries, 5), strict=True):
        assert [match.part_id for match in found] == [match.part_id for match in exact]
        assert [m.distance for m in found] == pytest.approx([m.distance for m in exact], abs=1e-6)
        assert [match.view for match in found] == [match.view for match in exact]


def test_parts_with_as_many_views_each_are_found_wherever_these_lie(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search.ranking, "SHORTLIST", 40)
    rng, parts = np.random.default_rng(0), 100
    vectors, of_parts = unit(rng.normal(size=(parts * 4, 24))), np.repeat(np.arange(parts), 4)
    names = tuple(f"p{part}/view_{row:03d}.png" for row, part in enumerate(of_parts))
    said = tuple(IndexedPart(f"p{n}", f"p{n}", "") for n in range(parts))
    tidy = Index(vectors, said, of_parts, names, "adapt", "key")
    order = rng.permutation(len(vectors))
    mixed = replace(tidy, embeddings=vectors[order], part_rows=of_parts[order], views=tuple(names[n] for n in order))
    queries = Queries(unit(vectors[::40] + 0.1 * rng.normal(size=(10, 24))))
    expected = nearest_parts(mixed, queries, 5)
    short = replace(tidy, principal=principal_components(vectors, count=20))
    for found in (nearest_parts(tidy, queries, 5), nearest_parts(short, queries, 5)):
        for one, other in zip(found, expected, strict=True):
            assert [(match.part_id, match.view) for match in one] == [(match.part_id, match.view) for match in other]
            assert [m.distance for m in one] == pytest.approx([m.distance for m in other], abs=1e-6)


@pytest.mark.parametrize("short", [False, True], ids=["exact", "short form"])
def test_filters_come_before_ranking(short: bool) -> None:
    index, queries = catalogue(60)
    if short:
        index = replace(index, principal=principal_components(index.embeddings, count=12))
    wanted = PartFilter(material="BRASS", min_mm=10, max_mm=40)
    there = {part.part_id for part in index.parts if wanted.passes(part)}
    assert 5 < len(there) < 15
    for found in nearest_parts(index, queries, 50, wanted):
        assert {match.part_id for match in found} == there
    assert nearest_parts(index, queries, 5, PartFilter(material="gold")) == [[]] * 10


def test_what_the_views_say_alone_is_kept() -> None:
    index, queries = catalogue(30)
    alone = part_distances(index, Queries(queries.embeddings))[0]
    for row, found in enumerate(nearest_parts(index, queries, 30)):
        for match in found:
            assert match.similarity == pytest.approx(1 - alone[row, index.number_of[match.part_id]], abs=1e-5)


def test_parts_without_views_or_sizes() -> None:
    parts = (IndexedPart("a", "a", "A"), IndexedPart("b", "b", "B"))
    index = Index(unit(np.ones((1, 4))), parts, np.array([1]), ("b/view_000.png",), "adapt", "key")
    assert [match.part_id for match in nearest_parts(index, Queries(index.embeddings), 5)[0]] == ["b"]
    assert nearest_parts(index, Queries(index.embeddings), 5, PartFilter(min_mm=1)) == [[]]


def test_looks_and_the_short_form_are_kept(tmp_path: Path) -> None:
    index, _ = catalogue(20)
    index = replace(index, principal=principal_components(index.embeddings, count=6))
    save_index(tmp_path, index)
    read = load_index(tmp_path)
    assert read.parts == index.parts and read.parts[4].longest_mm == 5.0
    assert read.principal is not None and index.principal is not None
    assert (read.principal.reduced == index.principal.reduced).all()


def test_a_short_form_of_other_embeddings_is_refused(tmp_path: Path) -> None:
    index, _ = catalogue(20)
    short = principal_components(index.embeddings[1:], count=6)
    save_index(tmp_path, replace(index, principal=short))
    with pytest.raises(UserError, match="damaged index"):
        load_index(tmp_path)
