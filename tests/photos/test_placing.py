"""Boxes drawn on stored, upright or smaller pictures come to upright pixels; names of photos are found wherever."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from photos.annotations.row import BoxRow
from photos.crop import Box
from photos.names import named_rows
from photos.opening import UPRIGHT, Frame, photo_frame
from photos.placing import placed_rows

STORED = Box(10, 20, 30, 50)


def turned_photo(path: Path, orientation: int, size: tuple[int, int] = (120, 80)) -> None:
    """As it is stored: grey, with `STORED` in white."""
    image = Image.new("RGB", size, "grey")
    image.paste("white", (10, 20, 30, 50))
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(path, exif=exif, quality=95)


def white(path: Path, orientation: int) -> Box:
    """Where the upright photo is white."""
    with Image.open(path) as image:
        stored = image.convert("L") if image.format != "TIFF" else Image.fromarray(np.asarray(image.convert("L")))
    upright = stored.transpose(UPRIGHT[orientation]) if orientation in UPRIGHT and path.suffix != ".tif" else stored
    rows, columns = np.nonzero(np.asarray(upright) > 200)
    return Box(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_box_of_the_stored_picture_turns_with_it(tmp_path: Path, orientation: int, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    turned_photo(path, orientation)
    frame = photo_frame(path)
    assert frame.upright == ((80, 120) if orientation >= 5 else (120, 80)) and frame.stored == (120, 80)
    got, expected = frame.turned_upright(STORED), white(path, orientation)
    for side in ("x_min", "y_min", "x_max", "y_max"):
        assert abs(getattr(got, side) - getattr(expected, side)) <= 1


def row(image: str, box: Box = STORED, stated: tuple[float, float] | None = None, **more: object) -> BoxRow:
    return BoxRow(image, "nut", box, "here", stated=stated, **more)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, orientation in enumerate((1, 6, 6, 3)):
        turned_photo(tmp_path / f"{number}.jpg", orientation)
    return tmp_path


def test_stated_sizes_say_on_which_picture_boxes_were_drawn(folder: Path) -> None:
    upright = Frame((120, 80), 6).turned_upright(STORED)
    rows, notes = placed_rows([row("1.jpg", STORED, (120, 80)), row("1.jpg", upright, (80, 120))], folder, "auto")
    assert rows[0].box == upright  # the first row of a photo decides
    assert "1 photos were marked as they are stored" in notes[0]
    rows, _ = placed_rows([row("1.jpg", upright, (80, 120)), row("0.jpg", STORED, (120, 80))], folder, "auto")
    assert [one.box for one in rows] == [upright, STORED]


def test_the_other_photos_decide_for_one_that_says_nothing(folder: Path) -> None:
    half = Frame((120, 80), 3).turned_upright(STORED)  # upside down: both sizes are the same
    said = [row("1.jpg", STORED, (120, 80)), row("3.jpg", STORED, (120, 80))]
    assert placed_rows(said, folder, "auto")[0][1].box == half
    silent = [row("1.jpg", STORED, (80, 120)), row("3.jpg", STORED, (120, 80))]
    assert placed_rows(silent, folder, "auto")[0][1].box == STORED


def test_pixels_that_only_fit_one_picture(folder: Path) -> None:
    wide = Box(90, 10, 118, 40)  # outside the upright photo of 80 x 120
    assert placed_rows([row("1.jpg", wide)], folder, "auto")[0][0].box == Box(40, 90, 70, 118)
    assert placed_rows([row("1.jpg", wide, upright=True)], folder, "auto")[0][0].box == wide  # our own csv says so


def test_shares_and_smaller_copies(folder: Path) -> None:
    shares = row("0.jpg", Box(0.25, 0.5, 0.5, 1), shares=True)
    smaller = row("0.jpg", Box(5, 10, 15, 25), (60, 40))
    rows, notes = placed_rows([shares, smaller], folder, "auto")
    assert [one.box for one in rows] == [Box(30, 40, 60, 80), STORED]
    assert "smaller or larger copies" in notes[0]


def test_a_size_that_is_neither_is_named(folder: Path) -> None:
    (one,), _ = placed_rows([row("1.jpg", STORED, (640, 640))], folder, "auto")
    assert "640x640" in one.fault and "80x120 pixels (120x80 as it is stored)" in one.fault
    (one,), _ = placed_rows([row("1.jpg", STORED, (120, 80))], folder, "upright")
    assert "photos.boxes_on" in one.fault
    (one,), _ = placed_rows([row("1.jpg", STORED, (120, 80))], folder, "stored")
    assert one.box == Frame((120, 80), 6).turned_upright(STORED)


PHOTOS = ["nut/a.jpg", "bolt/a.jpg", "bolt/Größe 2.jpg", "nut/IMG_1.JPG", "c.png"]


@pytest.mark.parametrize(
    ("image", "photo"),
    [
        ("nut/a.jpg", "nut/a.jpg"),
        (r"C:\Users\me\set\bolt\a.jpg", "bolt/a.jpg"),
        ("/home/me/set/c.png", "c.png"),
        ("img_1.jpg", "nut/IMG_1.JPG"),
        (unicodedata.normalize("NFD", "Größe 2.jpg"), "bolt/Größe 2.jpg"),
        ("https://host/data/Gr%C3%B6%C3%9Fe%202.jpg", "bolt/Größe 2.jpg"),
        ("12345678-Größe_2.jpg", "bolt/Größe 2.jpg"),
        ("IMG_1", "nut/IMG_1.JPG"),
        ("images/IMG_1.JPG", "nut/IMG_1.JPG"),
        ("a.jpg", "may be any of 2 photos"),
        ("bolt/IMG_1.JPG", ""),
        ("../c.png", ""),
        ("d.png", ""),
        ("a\0b.jpg", ""),
    ],
)
def test_names_of_photos(tmp_path: Path, image: str, photo: str) -> None:
    (got,) = named_rows([BoxRow(image, "", None, "here", base=tmp_path / "labels")], tmp_path / "photos", PHOTOS)
    if photo.startswith("may be"):
        assert photo in got.fault
    else:
        assert (got.image, got.fault) == (photo or image, "")


def test_one_photo_is_not_taken_for_two(tmp_path: Path) -> None:
    names = ["old/c.png", "new/c.png"]
    rows = named_rows([BoxRow(name, "", None, "here") for name in names], tmp_path, PHOTOS)
    assert all("named by others" in one.fault for one in rows)
    exact, other = named_rows([BoxRow("c.png", "", None, "1"), BoxRow("x/c.png", "", None, "2")], tmp_path, PHOTOS)
    assert exact.image == "c.png" and not exact.fault and "named by others" in other.fault
