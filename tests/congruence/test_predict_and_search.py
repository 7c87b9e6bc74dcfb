"""`cad2real predict` and `cad2real search` of the same photo: equal class probabilities, to rounding.

Both make their square in their own way (many photos in threads, one photo), and the network is asked in two ways
(classes alone, with the embedding). Where they differed, a photo would be found as one part and named as another.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import search.query
from cad2real.errors import UserError
from cad2real.layout import Layout
from photos.crop import Box
from search.index import Index
from search.model.embedding import embed_queries
from search.part_filter import PartFilter
from search.prediction import Predictor
from search.query import Search
from search.ranking import Match, Queries, nearest_parts
from search.seeing.things import Shown
from search.stage import build_index
from tests.congruence.small_model import DESCRIPTION, photos, small_network
from tests.train.conftest import CLASSES, write_renders
from train.model import save_model
from train.sizes.possible_sizes import Sizes
from train.sizes.size_prior import SizePrior, write_prior


@pytest.fixture
def project(tmp_path: Path) -> Layout:
    """A project with a model, an index and photos, one of them to be turned by its EXIF."""
    layout = Layout(tmp_path)
    write_renders(layout.renders, views=2)
    ids = [f"{label}_part" for label in CLASSES]
    (layout.renders / "renders.json").write_text(json.dumps({"parts": ids, "failed": []}))
    save_model(layout.models / "adapt", small_network(), DESCRIPTION | {"stage": "adapt"})
    (tmp_path / "shots").mkdir()
    for number, picture in enumerate(photos(4)):
        picture.getexif()[0x0112] = 6 if number == 1 else 1
        picture.save(tmp_path / "shots" / f"{number}.jpg", exif=picture.getexif(), quality=95)
    layout.squares.mkdir(parents=True)
    header = "square,photo,label,x_min,y_min,x_max,y_max,crop_x,crop_y,crop_side,border,content_key\n"
    (layout.squares / "photos.csv").write_text(header)
    build_index(layout)
    return layout


def know_outlines(project: Layout, distance_spread: float) -> None:
    """Adapts the model, as it were, to photos from one distance (0) or varying ones, and makes the index anew."""
    looks = np.log([[80.0, 20.0], [60.0, 50.0], [40.0, 40.0]])
    sizes = Sizes(looks, np.arange(3), np.ones(3), None)
    write_prior(project.models / "adapt/size_prior.safetensors", SizePrior(sizes, 3, 0.2, 0.05, distance_spread))
    build_index(project)


@pytest.mark.parametrize("distance_spread", [None, 0.0, 0.2], ids=["no outlines", "one distance", "varying distances"])
@pytest.mark.parametrize("box", [None, Box(4, 6, 40, 44)], ids=["whole", "box"])
def test_the_same_probabilities(
    project: Layout, box: Box | None, distance_spread: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, (width, height) in enumerate(((34, 10), (30, 24), (20, 20), (12, 12))):
        picture = Image.new("RGB", (64, 48), "white")
        picture.paste("navy", (8, 8, 8 + width, 8 + height))
        picture.save(project.root / "shots" / f"outline_{number}.png")
    if distance_spread is not None:
        know_outlines(project, distance_spread)
    asked: list[Queries] = []

    def watched(index: Index, queries: Queries, top: int, wanted: PartFilter, together: bool) -> list[list[Match]]:
        asked.append(queries)
        return nearest_parts(index, queries, top, wanted, together)

    monkeypatch.setattr(search.query, "nearest_parts", watched)
    paths = sorted((project.root / "shots").iterdir())
    finder = Search.open(project.root)
    for path, prediction in zip(paths, Predictor.open(project.root).predict(paths, box, top=3), strict=True):
        finder.find(path, box)
        probabilities = asked[-1].probabilities
        assert probabilities is not None and np.isfinite(probabilities).all()
        found = {part.label: float(p) for part, p in zip(finder.index.parts, probabilities[0], strict=True)}
        assert dict(prediction.labels) == pytest.approx(found, abs=1e-6)
    assert len(asked) == len(paths) == 8
    changed = [
        not np.allclose(queries.probabilities, plain.probabilities, atol=1e-3)
        for queries, plain in zip(asked, _without_outlines(project, paths, box), strict=True)
    ]
    assert any(changed) == bool(distance_spread)


def _without_outlines(project: Layout, paths: list[Path], box: Box | None) -> list[Queries]:
    search = Search.open(project.root)
    seen = [search._eye.whole(Shown(path, box)).square for path in paths]
    return [embed_queries(search.model, search.index, [square]) for square in seen]


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x08\0\0\0\0\0\0\0{      }"])
def test_damaged_outlines_of_an_index_are_named(project: Layout, content: bytes) -> None:
    know_outlines(project, 0.2)
    (project.index / "outlines.safetensors").write_bytes(content)
    with pytest.raises(UserError, match=r"outlines\.safetensors is damaged.*Run `cad2real index`"):
        Search.open(project.root)


def test_an_index_made_anew_without_outlines_has_none(project: Layout) -> None:
    know_outlines(project, 0.2)
    assert Search.open(project.root).outlines is not None
    (project.models / "adapt/size_prior.safetensors").unlink()
    build_index(project)
    assert Search.open(project.root).outlines is None
