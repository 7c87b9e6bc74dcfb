"""The sample project in git is whole: every part has its file, every photo its box, and it is small."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from PIL import ExifTags, Image, ImageOps

DATA = Path(__file__).resolve().parents[2] / "data"
PARTS = DATA / "parts"
PHOTOS = DATA / "photos"


def read_rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def parts() -> list[dict[str, str]]:
    return read_rows(PARTS / "parts.csv")


@pytest.fixture(scope="module")
def boxes() -> list[dict[str, str]]:
    return read_rows(PHOTOS / "boxes.csv")


def test_every_part_has_its_step_file_and_every_file_its_row(parts: list[dict[str, str]]) -> None:
    assert len(parts) == 10
    assert {row["file"] for row in parts} == {file.name for file in PARTS.glob("*.step")}
    assert len({row["part_id"] for row in parts}) == len(parts)
    for row in parts:
        assert (PARTS / row["file"]).read_bytes().startswith(b"ISO-10303-21;"), row["file"]
        assert row["units"] == "mm"


def test_parts_have_at_least_six_materials(parts: list[dict[str, str]]) -> None:
    assert len({(row["material"], row["surface"], row["color"]) for row in parts}) >= 6


def test_every_photo_has_one_box_and_every_part_twelve_photos(
    parts: list[dict[str, str]], boxes: list[dict[str, str]]
) -> None:
    assert [row["image"] for row in boxes] == sorted(str(file.relative_to(PHOTOS)) for file in PHOTOS.glob("*/*.jpg"))
    assert Counter(row["label"] for row in boxes) == {row["part_id"]: 12 for row in parts}
    assert all(row["image"].startswith(f"{row['label']}/") for row in boxes)


def test_boxes_lie_inside_the_upright_photos(boxes: list[dict[str, str]]) -> None:
    for row in boxes:
        with Image.open(PHOTOS / row["image"]) as photo:
            turned = photo.getexif().get(ExifTags.Base.Orientation, 1) in (5, 6, 7, 8)
            width, height = photo.size[::-1] if turned else photo.size
        x_min, y_min, x_max, y_max = (int(row[key]) for key in ("x_min", "y_min", "x_max", "y_max"))
        assert 0 <= x_min < x_max <= width, row["image"]
        assert 0 <= y_min < y_max <= height, row["image"]
        assert max(x_max - x_min, y_max - y_min) > width / 8, f"the part is too small in {row['image']}"


def test_some_photos_are_stored_turned_and_all_say_that_they_are_simulated(boxes: list[dict[str, str]]) -> None:
    orientations: Counter[int] = Counter()
    for row in boxes:
        with Image.open(PHOTOS / row["image"]) as photo:
            exif = photo.getexif()
        orientations[exif.get(ExifTags.Base.Orientation, 1)] += 1
        assert "Simulated" in exif[ExifTags.Base.ImageDescription]
    assert orientations[6] >= 10
    assert orientations[8] >= 3
    assert orientations[3] >= 3


def test_no_photo_is_black_or_blown_out(boxes: list[dict[str, str]]) -> None:
    for row in boxes:
        with Image.open(PHOTOS / row["image"]) as photo:
            grey = ImageOps.exif_transpose(photo).convert("L").resize((64, 64))
        shares = [sum(grey.histogram()[low:high]) / 64**2 for low, high in ((0, 4), (252, 256))]
        assert shares[0] < 0.4, f"{row['image']} is black"
        assert shares[1] < 0.4, f"{row['image']} is blown out"


def test_the_sample_stays_small() -> None:
    sizes = [file.stat().st_size for folder in (PARTS, PHOTOS) for file in folder.rglob("*") if file.is_file()]
    assert sum(sizes) < 12e6
