"""Where a project's boxes are, if nobody says: in its photo folder, in whatever format."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

import cad2real.cli
from cad2real.errors import UserError
from cad2real.layout import Layout
from cad2real.params import load_params
from photos.boxes import box_source
from photos.manifest import read_manifest
from photos.params import PhotosParams
from train.find.need import photos_to_look_through


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data" / "photos"
    (folder / "nut").mkdir(parents=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    for number in range(3):
        Image.effect_noise((120, 80), 50 + number).convert("RGB").save(folder / "nut" / f"{number}.jpg", exif=exif)
    (tmp_path / "params.yaml").write_text("photos: {size: 32}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def coco(path: Path, size: tuple[int, int], box: list[float]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "images": [{"id": 1, "file_name": "1.jpg", "width": size[0], "height": size[1]}],
        "categories": [{"id": 1, "name": "bolt"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": box}],
    }
    path.write_text(json.dumps(content))


def test_a_file_at_the_default_place_comes_first(project: Path) -> None:
    params = PhotosParams()
    assert box_source(project, params) is None
    coco(project / "data" / "photos" / "export" / "instances.json", (80, 120), [0, 0, 9, 9])
    assert box_source(project, params) == project / "data" / "photos"
    (project / "data" / "photos" / "boxes.csv").write_text("image,label,x_min,y_min,x_max,y_max\n")
    assert box_source(project, params) == project / "data" / "photos" / "boxes.csv"
    assert box_source(project, PhotosParams(boxes=None)) is None
    assert box_source(project, PhotosParams(boxes="gone.json")) == project / "gone.json"  # which is then an error


def test_the_stage_takes_them_and_the_finder_looks_at_the_others(project: Path) -> None:
    coco(project / "data" / "photos" / "instances.json", (120, 80), [10, 20, 30, 40])  # of the stored picture
    result = CliRunner().invoke(cad2real.cli.app, ["photos"])
    assert result.exit_code == 0, result.output
    assert "boxes: 1 boxes of 1 photos from data/photos (COCO json, 1 labels)" in result.stdout
    assert "boxes: 1 photos were marked as they are stored" in result.stdout
    rows = {row.photo: row for row in read_manifest(Path("data/squares"))}
    marked = rows["nut/1.jpg"]
    assert (marked.label, marked.x_min, marked.y_min, marked.x_max, marked.y_max) == ("bolt", "20", "10", "60", "40")
    assert (rows["nut/0.jpg"].label, rows["nut/0.jpg"].how) == ("nut", "whole")
    layout = Layout()
    others = photos_to_look_through(layout, load_params(layout.params).photos)
    assert [photo.name for photo in others] == ["0.jpg", "2.jpg"]


def test_a_parameter_says_on_which_picture_they_were_drawn(project: Path) -> None:
    coco(project / "data" / "photos" / "instances.json", (120, 80), [10, 20, 30, 40])
    Path("params.yaml").write_text("photos: {size: 32, boxes_on: upright}\n")
    result = CliRunner().invoke(cad2real.cli.app, ["photos"])
    assert result.exit_code == 0
    assert "nut/1.jpg" in result.stderr and "120x80 pixels, but is 80x120" in result.stderr
    assert "photos.boxes_on" in result.stderr


def test_a_file_that_is_named_and_is_none(project: Path) -> None:
    Path("params.yaml").write_text("photos: {boxes: data/photos/nut/0.jpg}\n")
    result = CliRunner().invoke(cad2real.cli.app, ["photos"])
    assert isinstance(result.exception, UserError) and "it is no text" in str(result.exception)
