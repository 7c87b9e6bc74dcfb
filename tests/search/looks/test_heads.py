"""Heads say what photos look like, as far as renders of parts that they have not seen show that they can."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cad2real.errors import UserError
from cad2real.layout import Layout
from search.index import Index, IndexedPart
from search.looks.fitting import fit_looks
from search.looks.heads import Looks, Shift, load_looks, save_looks
from search.looks.photo_shift import best_length
from search.looks.unseen import found_unseen

DIMENSIONS, VIEWS = 24, 12
LOOKS = ("brass polished", "steel plain", "plastic matte red", "plastic matte blue")


def made(root: Path, looks: tuple[str, ...] = LOOKS, told: float = 3.0, parts: int = 6) -> Index:
    """An index of parts, each of which is drawn with every look in turn, and their part.json; a vector shows part and
    look, the look `told` times as much as the noise.
    """
    rng = np.random.default_rng(0)
    of_look = {look: rng.normal(size=DIMENSIONS) for look in looks}
    rows, views, vectors = [], [], []
    for part in range(parts):
        own, entries = rng.normal(size=DIMENSIONS), []
        for view in range(VIEWS):
            look = looks[(part + view) % len(looks)]
            entries.append({"file": f"{view}.png", "materials": {"*": look}})
            vectors.append(own + told * of_look[look] + rng.normal(size=DIMENSIONS))
            rows.append(part)
            views.append(f"p{part}/{view}.png")
        (root / f"data/renders/p{part}").mkdir(parents=True)
        (root / f"data/renders/p{part}/part.json").write_text(json.dumps({"material": "", "views": entries}))
    embeddings = np.array(vectors, np.float32)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    names = tuple(IndexedPart(f"p{part}", f"p{part}", "") for part in range(parts))
    return Index(embeddings, names, np.array(rows), tuple(views), "adapt", "key")


def test_a_head_is_measured_on_parts_that_it_has_not_seen(tmp_path: Path) -> None:
    index = made(tmp_path)
    looks = fit_looks(index, Layout(tmp_path))
    assert [head.kind for head in looks.described.heads] == ["material", "surface", "color"]
    material = looks.described.heads[0]
    assert material.values == ["brass", "plastic", "steel"] and material.is_known and material.accuracy > 0.9
    assert (material.views, material.parts) == (72, 6)
    facts = {(fact.kind, fact.value) for fact in looks.facts(index.embeddings[[0]])}
    assert facts == {("material", "brass"), ("surface", "polished")}  # a bare material has no colour to name
    assert ("color", "red") in {(fact.kind, fact.value) for fact in looks.facts(index.embeddings[[2]])}
    assert looks.described.hits is not None and looks.described.hits.first > 0.8
    assert looks.described.hits.chance == pytest.approx(1 / 4)


def test_what_renders_say_nothing_of_is_not_said(tmp_path: Path) -> None:
    index = made(tmp_path, told=0.0)
    looks = fit_looks(index, Layout(tmp_path))
    assert not any(head.is_known for head in looks.described.heads) and looks.described.hits is None
    assert looks.facts(index.embeddings[[0]]) == []


def test_parts_that_each_have_a_look_of_their_own_teach_nothing(tmp_path: Path) -> None:
    """A head would tell the parts apart, and call it their material."""
    index = made(tmp_path, parts=4)
    for part, look in enumerate(LOOKS):
        views = [{"file": f"{view}.png"} for view in range(VIEWS)]
        content = {"material": look.replace("plastic", ("plastic", "rubber")[part % 2]), "views": views}
        (tmp_path / f"data/renders/p{part}/part.json").write_text(json.dumps(content))
    looks = fit_looks(index, Layout(tmp_path))
    assert [head.kind for head in looks.described.heads if head.kind == "material"] == []


@pytest.mark.parametrize("looks", [("steel plain",), ("my oak", "my elm")])
def test_one_value_or_none_is_no_head(tmp_path: Path, looks: tuple[str, ...]) -> None:
    found = fit_looks(made(tmp_path, looks), Layout(tmp_path))
    assert (
        found.described.heads == [] and found.weights == () and found.facts(np.ones((1, DIMENSIONS), np.float32)) == []
    )


def test_renders_that_are_gone_are_passed_over(tmp_path: Path) -> None:
    assert fit_looks(replace(made(tmp_path), views=("x/0.png",) * 72), Layout(tmp_path)).described.heads == []


def test_a_part_without_renders_is_found_by_its_metadata(tmp_path: Path) -> None:
    index = made(tmp_path)
    unseen = [
        IndexedPart("knob", "knob", "Knob", "Plastic", "matte", "Signal red"),  # a colour without a family
        IndexedPart("cap", "cap", "Cap", "plastic", "matte", "RAL 3020"),
        IndexedPart("bush", "bush", "Bush", "brass"),
        IndexedPart("thing", "thing", "Thing", "unobtainium"),
    ]
    looks = fit_looks(index, Layout(tmp_path), unseen)
    assert [one.part.part_id for one in found_unseen(looks, index.embeddings[[2]])] == ["cap", "knob"]
    assert [one.part.part_id for one in found_unseen(looks, index.embeddings[[0]])] == ["bush"]
    assert found_unseen(looks, index.embeddings[[1]]) == []  # steel
    assert found_unseen(fit_looks(index, Layout(tmp_path)), index.embeddings[[2]]) == []


def test_words_that_are_rare_are_something_else_and_are_not_said(tmp_path: Path) -> None:
    """A photo of what no head knows would be called what it is least unlike."""
    index = made(tmp_path, (*LOOKS, "plastic matte red", "plastic matte blue", "plastic matte green"))
    rare = fit_looks(made(tmp_path / "few", (*LOOKS[:3], "plastic matte green"), parts=2), Layout(tmp_path / "few"))
    assert "green" not in [value for head in rare.described.heads for value in head.values]
    color = next(head for head in fit_looks(index, Layout(tmp_path)).described.heads if head.kind == "color")
    assert "" in color.values


def test_what_all_photos_have_in_common_is_given_back() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(40, DIMENSIONS)) * 2 + 5
    source = (rng.normal(size=DIMENSIONS), rng.uniform(1, 3, DIMENSIONS))
    target = (features.mean(axis=0), features.std(axis=0))
    photos, renders = (
        (standardised / np.linalg.norm(standardised, axis=1, keepdims=True)).astype(np.float32)
        for standardised in ((features - mean) / spread for mean, spread in (target, source))
    )
    scale, offset = target[1] / source[1], (target[0] - source[0]) / source[1]
    shift = best_length(photos, renders, scale, offset)
    before, after = (photos * renders).sum(axis=1).mean(), (shift.of(photos) * renders).sum(axis=1).mean()
    assert before < 0.6 and after > 0.98


def test_they_are_kept_beside_the_index(tmp_path: Path) -> None:
    index = made(tmp_path)
    ones = np.ones(DIMENSIONS, np.float32)
    cap = IndexedPart("cap", "cap", "Cap", "plastic", size_mm=(1.0, 2.0, 3.0))
    looks = fit_looks(index, Layout(tmp_path), [cap], Shift(2 * ones, 0 * ones))
    save_looks(tmp_path, looks)
    again = load_looks(tmp_path, "key", DIMENSIONS)
    assert again.described == looks.described and again.unseen == looks.unseen
    assert again.facts(index.embeddings[[0]]) == looks.facts(index.embeddings[[0]])
    assert load_looks(tmp_path, "another model", DIMENSIONS).described.heads == []
    assert load_looks(tmp_path / "before", "key", DIMENSIONS).described.heads == []


@pytest.mark.parametrize(
    "change",
    [
        {"heads": 3},
        {"heads": [{"kind": "taste"}]},
        {"heads": [{"temperature": 0.0}]},
        {"heads": [{"values": ["a"]}]},
        {"heads": [{"values": ["a", "b", "c", "d"]}]},
        {"unseen": [{"part_id": 3}]},
    ],
)
def test_a_strangers_file_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    looks = fit_looks(made(tmp_path), Layout(tmp_path))
    save_looks(
        tmp_path, Looks(looks.described.model_copy(update={"heads": looks.described.heads[:1]}), looks.weights[:1])
    )
    content = json.loads((tmp_path / "looks.json").read_text())
    own = content["heads"][0]
    heads = change.get("heads")
    content |= {**change, "heads": [own | heads[0]]} if isinstance(heads, list) else change
    (tmp_path / "looks.json").write_text(json.dumps(content))
    with pytest.raises(UserError, match=r"looks.json is damaged .*Run `cad2real index`"):
        load_looks(tmp_path, "key", DIMENSIONS)
    (tmp_path / "looks.json").write_text("{")
    with pytest.raises(UserError, match="damaged"):
        load_looks(tmp_path, "key", DIMENSIONS)


def test_weights_that_are_no_numbers_or_of_another_size_are_refused(tmp_path: Path) -> None:
    looks = fit_looks(made(tmp_path), Layout(tmp_path))
    for weights in (tuple(one * np.nan for one in looks.weights), tuple(one[:, 1:] for one in looks.weights)):
        save_looks(tmp_path, Looks(looks.described, weights))
        with pytest.raises(UserError, match="damaged"):
            load_looks(tmp_path, "key", DIMENSIONS)
    (tmp_path / "looks.safetensors").write_bytes(b"x")
    with pytest.raises(UserError, match="damaged"):
        load_looks(tmp_path, "key", DIMENSIONS)
