"""`cad2real predict` and `cad2real search` of the same photo: equal class probabilities, to rounding.

Both make their square in their own way (many photos in threads, one photo), and the network is asked in two ways
(classes alone, with the embedding). Where they differed, a photo would be found as one part and named as another.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import search.query
from cad2real.layout import Layout
from photos.crop import Box
from search.index import Index
from search.part_filter import PartFilter
from search.prediction import Predictor
from search.query import Search
from search.ranking import Match, Queries, nearest_parts
from search.stage import build_index
from tests.congruence.small_model import DESCRIPTION, photos, small_network
from tests.train.conftest import CLASSES, write_renders
from train.model import save_model


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


@pytest.mark.parametrize("box", [None, Box(4, 6, 40, 44)], ids=["whole", "box"])
def test_the_same_probabilities(project: Layout, box: Box | None, monkeypatch: pytest.MonkeyPatch) -> None:
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
        assert probabilities is not None
        found = {part.label: float(p) for part, p in zip(finder.index.parts, probabilities[0], strict=True)}
        assert dict(prediction.labels) == pytest.approx(found, abs=1e-6)
    assert len(asked) == len(paths) == 4
