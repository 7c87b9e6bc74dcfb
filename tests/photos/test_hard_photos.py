"""Photos in which there is nothing, too much, or a part where it is hard to see: none stops the others."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from red_finder import RED, photo, red_finder
from typer.testing import CliRunner

import cad2real.cli
from photos.finder.look import Sighting
from photos.looking import Looking
from photos.manifest import SquareRow, read_manifest
from photos.stage import make_squares

GREY = (120, 120, 120)


def looked_through(tmp_path: Path, picture: Image.Image) -> list[SquareRow]:
    """The squares of one photo, cut by what the finder that sees red finds in it."""
    (tmp_path / "photos").mkdir()
    picture.save(tmp_path / "photos" / "one.png")
    outcome = make_squares(tmp_path / "photos", None, "shift", 64, tmp_path / "squares", Looking(red_finder()))
    assert outcome.skipped == []
    return read_manifest(tmp_path / "squares")


def box(row: SquareRow) -> list[float]:
    return [float(value) for value in (row.x_min, row.y_min, row.x_max, row.y_max)]


@pytest.mark.parametrize("colour", [(0, 0, 0), GREY, (255, 255, 255)])
def test_a_photo_of_nothing_stays_whole(tmp_path: Path, colour: tuple[int, int, int]) -> None:
    assert [row.how for row in looked_through(tmp_path, Image.new("RGB", (192, 128), colour))] == ["whole"]


def test_fifty_parts_are_fifty_squares(tmp_path: Path) -> None:
    picture = Image.new("RGB", (960, 768), GREY)
    places = [(40 + 90 * column, 70 + 140 * row) for row in range(5) for column in range(10)]
    for x, y in places:
        picture.paste((255, 0, 0), (x, y, x + 40, y + 40))
    rows = looked_through(tmp_path, picture)
    assert len(rows) == 50 and {row.how for row in rows} == {"found"}
    found = np.array([box(row)[:2] for row in rows])
    nearest = np.abs(found[:, None] - np.array(places)).max(axis=2)
    assert (nearest.min(axis=0) <= 8).all() and len(set(nearest.argmin(axis=1))) == 50


def test_a_part_cut_by_the_border_keeps_its_box_inside(tmp_path: Path) -> None:
    picture = Image.new("RGB", (192, 128), GREY)
    picture.paste((255, 0, 0), (150, 90, 192, 128))
    (row,) = looked_through(tmp_path, picture)
    assert row.how == "found" and box(row) == pytest.approx([150, 90, 192, 128], abs=6)
    assert max(box(row)[::2]) <= 192 and max(box(row)[1::2]) <= 128


def test_a_part_that_fills_the_picture_is_one_part(tmp_path: Path) -> None:
    (row,) = looked_through(tmp_path, Image.new("RGB", (192, 128), (255, 0, 0)))
    assert row.how == "found" and box(row) == pytest.approx([0, 0, 192, 128], abs=6)


@pytest.mark.parametrize("size", [(2000, 200), (200, 2000)])
def test_a_panorama_is_looked_through(tmp_path: Path, size: tuple[int, int]) -> None:
    picture = Image.new("RGB", size, GREY)
    x, y = size[0] // 2 - 60, size[1] // 2 - 60
    picture.paste((255, 0, 0), (x, y, x + 120, y + 120))
    (row,) = looked_through(tmp_path, picture)
    assert row.how == "found" and box(row) == pytest.approx([x, y, x + 120, y + 120], abs=40)


def test_where_memory_is_short_a_photo_is_listed_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo(tmp_path / "photos" / "a.png", ((20, 20, 60, 60), RED))
    Image.new("RGB", (600, 400), GREY).save(tmp_path / "photos" / "large.png")
    finder = red_finder()

    def look(picture: Image.Image) -> list[Sighting]:
        if picture.width > 400:
            raise MemoryError
        return type(finder).look(finder, picture)

    monkeypatch.setattr(finder, "look", look)
    outcome = make_squares(tmp_path / "photos", None, "shift", 64, tmp_path / "squares", Looking(finder))
    assert [(fault.thing, "memory" in fault.reason) for fault in outcome.skipped] == [("large.png", True)]
    assert [row.photo for row in outcome.rows] == ["a.png"]


def test_no_photos_at_all_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for made in ("absent", "empty"):
        Path("params.yaml").write_text(f"photos: {{folder: {made}}}\n")
        Path("empty").mkdir(exist_ok=True)
        told = CliRunner().invoke(cad2real.cli.app, ["photos"])
        assert told.exit_code == 0 and "no photos to adapt to" in told.stderr
        corrected = CliRunner().invoke(cad2real.cli.app, ["photos", "--correct"])
        assert corrected.exit_code == 0
        assert "0 found boxes and 0 whole photos" in corrected.output


def test_masks_of_hard_photos_fit_the_photo(tmp_path: Path) -> None:
    looked_through(tmp_path, Image.new("RGB", (2000, 200), (255, 0, 0)))
    (seen,) = json.loads((tmp_path / "squares" / "found.json").read_text())["photos"].values()
    assert [mask["size"] for mask in seen["masks"]] == [[38, 384]] * len(seen["masks"])
    assert np.isfinite([part[4] for part in seen["parts"]]).all()
