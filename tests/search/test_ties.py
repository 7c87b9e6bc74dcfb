"""Photos of one part are fused, and what is nearly tied is told from held-out renders."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import cad2real.cli
from cad2real.layout import Layout
from search.held_out import held_out_renders
from search.index import Index, IndexedPart, load_index, save_index
from search.part_filter import PartFilter
from search.principal import principal_components
from search.ranking import Queries, nearest_parts
from search.stage import build_index
from search.stores.exact import ExactStore
from search.stores.ranking import nearest_in_store
from search.stores.store import PartRows
from search.ties import telling_view, tie_margin, tie_of
from tests.search.test_search import ColorModel, project  # noqa: F401  (a fixture)


def unit(rows: object) -> np.ndarray:
    rows = np.asarray(rows, dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def random_index(parts: int = 30, views: int = 6, d: int = 16) -> Index:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(parts, d)).repeat(views, axis=0)
    said = tuple(
        IndexedPart(f"p{number}", f"p{number}", "", "steel" if number % 2 else "brass") for number in range(parts)
    )
    names = tuple(f"p{row // views}/view_{row % views:03d}.png" for row in range(parts * views))
    rows = unit(centres + rng.normal(size=centres.shape) * 0.8)
    return Index(rows, said, np.arange(parts).repeat(views), names, "adapt", "key")


def photos_of(index: Index, part: int, count: int, noise: float) -> Queries:
    rng = np.random.default_rng(part)
    rows = index.embeddings[index.rows_of(part)[:count]]
    return Queries(unit(rows + rng.normal(size=rows.shape).astype(np.float32) * noise))


def test_more_photos_find_more() -> None:
    index = random_index()
    right = {1: 0, 3: 0}
    for part in range(len(index.parts)):
        for count in right:
            (found,) = nearest_parts(index, photos_of(index, part, count, 0.55), 1, together=True)
            right[count] += found[0].part_id == f"p{part}"
    assert right[3] > right[1] + 3


def test_one_photo_alone_is_answered_as_ever() -> None:
    index = random_index()
    alone = photos_of(index, 3, 1, 0.3)
    assert nearest_parts(index, alone, 5, together=True) == nearest_parts(index, alone, 5)


def test_fused_distances_are_means_and_views_those_of_the_nearest_photo() -> None:
    index = random_index()
    two = photos_of(index, 3, 2, 0.3)
    (fused,) = nearest_parts(index, two, 30, together=True)
    single = [{match.part_id: match for match in found} for found in nearest_parts(index, two, 30)]
    for match in fused:
        own = [found[match.part_id] for found in single]
        assert match.distance == pytest.approx(np.mean([one.distance for one in own]), abs=1e-5)
        assert match.view == max(own, key=lambda one: one.similarity).view


def test_filters_hold_for_all_photos() -> None:
    index = random_index()
    (found,) = nearest_parts(index, photos_of(index, 3, 3, 0.3), 40, PartFilter(material="brass"), together=True)
    assert len(found) == 15 and all(int(match.part_id[1:]) % 2 == 0 for match in found)


def test_large_catalogues_and_stores_fuse_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    index, three = random_index(), photos_of(random_index(), 7, 3, 0.3)
    (expected,) = nearest_parts(index, three, 5, together=True)
    large = replace(index, principal=principal_components(index.embeddings, 12))
    monkeypatch.setattr("search.ranking.SHORTLIST", 10)
    (found,) = nearest_parts(large, three, 5, together=True)
    assert [(one.part_id, one.view) for one in found] == [(one.part_id, one.view) for one in expected]
    assert [one.distance for one in found] == pytest.approx([one.distance for one in expected], abs=1e-5)
    store = ExactStore()
    for number, part in enumerate(index.parts):
        rows = index.rows_of(number)
        store.add(PartRows(part, index.embeddings[rows], tuple(index.views[row] for row in rows)))
    for least in (30, 12):  # with the second it leaves parts out, others for each photo
        monkeypatch.setattr("search.stores.ranking.LEAST_PARTS", least)
        (found,) = nearest_in_store(store, index, three, 3, together=True)
        same = 3 if least == 30 else 1
        assert [match.part_id for match in found[:same]] == [match.part_id for match in expected[:same]]


def test_one_in_ten_right_answers_is_a_tie() -> None:
    index = random_index(parts=20)
    own = np.arange(20).repeat(6)
    rng = np.random.default_rng(1)
    rows = unit(index.embeddings + rng.normal(size=index.embeddings.shape) * 0.2)
    margin = tie_margin(index, Queries(rows), own)
    assert margin is not None and margin > 0
    found = nearest_parts(index, Queries(rows), 2)
    right = [matches for matches, part in zip(found, own, strict=True) if matches[0].part_id == f"p{part}"]
    tied = [tie_of(replace(index, tie_margin=margin), matches) is not None for matches in right]
    assert 0.05 < np.mean(tied) < 0.15


def test_nothing_is_tied_where_nobody_knows() -> None:
    index = random_index(parts=20)
    (found,) = nearest_parts(index, photos_of(index, 1, 1, 0.5), 2)
    assert tie_of(index, found) is None
    assert tie_of(replace(index, tie_margin=9.0), found[:1]) is None
    few = np.arange(10)
    assert tie_margin(index, Queries(index.embeddings[:10]), few // 6) is None  # ten right answers: too few


def test_the_side_that_tells_is_the_one_that_the_other_part_does_not_have() -> None:
    # Two parts that are alike from above (first axis), and have a side of their own each, twice.
    rows = unit([[1, 0, 0], [0.1, 1, 0], [0.1, 0.98, 0], [1, 0, 0.02], [0.1, 0, 1], [0.1, 0, 0.98]])
    said = (IndexedPart("a", "a", ""), IndexedPart("b", "b", ""))
    names = ("a/top.png", "a/side1.png", "a/side2.png", "b/top.png", "b/side1.png", "b/photo_1.png")
    index = Index(rows, said, np.array([0, 0, 0, 1, 1, 1]), names, "adapt", "key")
    assert telling_view(index, 0, 1).startswith("a/side") and telling_view(index, 1, 0) == "b/side1.png"
    alone = Index(rows[[0, 3]], said, np.array([0, 1]), ("a/photo_1.png", "b/top.png"), "adapt", "key")
    assert (telling_view(alone, 0, 1), telling_view(alone, 1, 0)) == ("a/photo_1.png", "b/top.png")


def test_on_the_command_line(project: Path) -> None:  # noqa: F811
    build_index(Layout())
    save_index(Layout().index, replace(load_index(Layout().index), tie_margin=5.0))

    def asked(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(cad2real.cli.app, ["search", *arguments])
        return result.exit_code, result.stdout + str(result.exception or "")

    code, said = asked("data/photos/washer/0.jpg", "--same", "data/photos/washer/1.jpg")
    assert code == 0 and "1     washer" in said
    assert "washer and hex_nut are nearly tied" in said or "washer and hex_bolt are nearly tied" in said
    assert "data/renders/washer/view_" in said and "--same" in said
    code, said = asked("data/photos/washer/0.jpg", "--json", "--top", "1")
    assert code == 0 and '"photograph"' in said
    assert "photo.jpg" in asked("data/photos/washer/0.jpg", "--same", "no photo.jpg")[1]
    boxes = ("--box", "1,1,20,20") * 3
    assert (
        "3 boxes are given for 2" in asked("data/photos/washer/0.jpg", "--same", "data/photos/washer/1.jpg", *boxes)[1]
    )
    many = ("--same", "data/photos/washer/1.jpg") * 5
    assert "6 photos of one part are too many" in asked("data/photos/washer/0.jpg", *many)[1]


def test_a_model_that_cannot_be_asked_about_renders_has_no_margin(project: Path) -> None:  # noqa: F811
    assert held_out_renders(ColorModel(), Path("data/renders")) is None
    build_index(Layout())
    assert load_index(Layout().index).tie_margin is None
