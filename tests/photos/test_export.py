"""Boxes that are given and found, written as others' formats, come back as they were."""

from __future__ import annotations

from pathlib import Path

import pytest
from globox import AnnotationSet
from PIL import Image
from typer.testing import CliRunner

import cad2real.cli
from cad2real.errors import UserError
from photos.annotations.reading import read_annotations
from photos.boxes import given_boxes
from photos.export import ExportFormat, export_boxes
from photos.find import find_photos
from photos.manifest import read_manifest
from photos.stage import make_squares

ROWS = [
    "nut/a.jpg,hex & nut,10,20,60,50.5",
    "nut/a.jpg,,100,10,180,90",
    "nut/a.png,bolt,5,5,25,45",
    "turned.jpg,bolt,10,100,70,190",
    "Größe 1.tif,bolt,0,0,200,100",
]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data" / "photos"
    (folder / "nut").mkdir(parents=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    for name in ("nut/a.jpg", "nut/a.png", "turned.jpg", "Größe 1.tif", "whole.jpg"):
        Image.new("RGB", (200, 100), "grey").save(folder / name, **({"exif": exif} if name == "turned.jpg" else {}))
    (folder / "boxes.csv").write_text("image,label,x_min,y_min,x_max,y_max\n" + "\n".join(ROWS))
    monkeypatch.chdir(tmp_path)
    make_squares(folder, folder / "boxes.csv", "shift", 32, tmp_path / "data" / "squares")
    return tmp_path


@pytest.mark.parametrize("kind", ["coco", "yolo", "voc"])
def test_they_come_back(project: Path, kind: ExportFormat) -> None:
    out = project / kind
    assert export_boxes(project / "data" / "squares", project / "data" / "photos", kind, out)[:2] == (5, 5)
    names = find_photos(out)[0]
    images = "JPEGImages" if kind == "voc" else "images"
    assert {
        f"{images}/{name}" for name in ("nut/a.jpg", "nut/a_png.png", "turned.jpg", "Größe 1.jpg", "whole.jpg")
    } == set(names)
    read = given_boxes(out, out, names)
    got = set()
    for row in read.rows:
        assert row.box is not None and not row.fault
        corners = (row.box.x_min, row.box.y_min, row.box.x_max, row.box.y_max)
        got.add((Path(row.image).name, row.label, *(round(corner, 4) for corner in corners)))
    assert got == {
        ("a.jpg", "hex & nut", 10, 20, 60, 50.5),
        ("a.jpg", "", 100, 10, 180, 90),
        ("a_png.png", "bolt", 5, 5, 25, 45),
        ("turned.jpg", "bolt", 10, 100, 70, 190),
        ("Größe 1.jpg", "bolt", 0, 0, 200, 100),
    }
    with Image.open(out / images / "turned.jpg") as turned:
        assert turned.size == (100, 200) and turned.getexif().get(0x0112, 1) == 1


def test_a_library_of_others_reads_them(project: Path) -> None:
    squares, folder = project / "data" / "squares", project / "data" / "photos"
    for kind in ("coco", "voc"):
        export_boxes(squares, folder, "coco" if kind == "coco" else "voc", project / kind)
    theirs = AnnotationSet.from_coco(project / "coco" / "annotations.json")
    assert sorted(box.label for one in theirs for box in one.boxes) == ["bolt"] * 3 + ["hex & nut", "unlabelled"]
    theirs = AnnotationSet.from_pascal_voc(project / "voc" / "Annotations", recursive=True)
    assert sum(len(one.boxes) for one in theirs) == 5


def test_the_command(project: Path) -> None:
    runner = CliRunner()
    result = runner.invoke(cad2real.cli.app, ["photos", "--export", "coco", "--out", "marked"])
    assert result.exit_code == 0 and "5 boxes of 5 photos in marked" in result.stdout
    assert read_annotations(Path("marked"))[0].empty == 1
    again = runner.invoke(cad2real.cli.app, ["photos", "--export", "coco", "--out", "marked"])
    assert isinstance(again.exception, UserError) and "there already" in str(again.exception)
    alone = runner.invoke(cad2real.cli.app, ["photos", "--export", "coco"])
    assert isinstance(alone.exception, UserError)
    assert len(read_manifest(Path("data/squares"))) == 6


def test_a_photo_that_is_gone_is_listed(project: Path) -> None:
    (project / "data" / "photos" / "turned.jpg").unlink()
    found = export_boxes(project / "data" / "squares", project / "data" / "photos", "voc", project / "voc")
    assert found[:2] == (4, 4) and found[2][0].thing == "turned.jpg"
