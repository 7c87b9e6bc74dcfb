"""Photos without boxes are cut by what a finder finds in them; given boxes win; what is unsure stays whole."""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from typer.testing import CliRunner

import cad2real.cli
from cad2real.errors import UserError
from cad2real.layout import Layout
from photos.finder.finder import Finder, FinderDescription
from photos.finder.look import Maps
from photos.looking import Looking, project_looking
from photos.manifest import read_manifest
from photos.params import PhotosParams
from photos.stage import make_squares

RED = (220, 20, 20)
PLACES = ((20, 20, 60, 60), (100, 40, 150, 90))


def sees_red(picture: npt.NDArray[np.uint8]) -> Maps:
    """A network that takes every red patch for a part, the brighter the surer."""
    red = (picture[0].astype(float) - picture[2]) / 255
    cells = np.clip(red[2::4, 2::4], 0, 1).astype(np.float32)
    centre, reach = np.zeros_like(cells), np.full((4, *cells.shape), 4, np.float32)
    from scipy import ndimage

    outlines, count = ndimage.label(cells > 0.2)
    for number, (rows, columns) in enumerate(ndimage.find_objects(outlines), start=1):
        middle = (rows.start + rows.stop - 1) // 2, (columns.start + columns.stop - 1) // 2
        centre[middle] = cells[outlines == number].mean()
        across, down = (columns.stop - columns.start) * 2, (rows.stop - rows.start) * 2
        reach[:, rows, columns] = np.array([across, down, across, down], np.float32)[:, None, None]
    assert count <= 2
    return cells, centre, reach


@pytest.fixture
def finder() -> Finder:
    return Finder(sees_red, FinderDescription(image_size=192, threshold=0.5), "a finder that sees red")


def photo(path: Path, *patches: tuple[tuple[int, int, int, int], tuple[int, int, int]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.new("RGB", (192, 128), (120, 120, 120))
    for box, colour in patches:
        picture.paste(colour, box)
    picture.save(path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    photo(folder / "nut" / "two.png", (PLACES[0], (255, 0, 0)), (PLACES[1], RED))
    photo(folder / "nut" / "nothing.png")
    photo(folder / "bolt" / "faint.png", (PLACES[0], (170, 90, 90)))
    return folder


def cut(folder: Path, out: Path, looking: Looking, boxes: Path | None = None) -> dict[str, list[tuple[str, str, bool]]]:
    """By photo how each of its squares was cut, with which label, and whether it has a score."""
    make_squares(folder, boxes, "shift", 64, out, looking)
    found: dict[str, list[tuple[str, str, bool]]] = {}
    for row in read_manifest(out):
        assert (out / row.square).is_file()
        found.setdefault(row.photo, []).append((row.how, row.label, bool(row.score)))
    return found


def test_every_part_is_a_square_and_the_best_one_has_the_photos_label(
    folder: Path, tmp_path: Path, finder: Finder
) -> None:
    assert cut(folder, tmp_path / "squares", Looking(finder)) == {
        "bolt/faint.png": [("whole", "bolt", False)],
        "nut/nothing.png": [("whole", "nut", False)],
        "nut/two.png": [("found", "nut", True), ("found", "", True)],
    }
    rows = {row.square: row for row in read_manifest(tmp_path / "squares")}
    best = next(row for row in rows.values() if row.how == "found" and row.label)
    corners = [float(value) for value in (best.x_min, best.y_min, best.x_max, best.y_max)]
    assert np.abs(np.array(corners) - PLACES[0]).max() <= 4


def test_unsure_parts_count_where_that_is_asked_for(folder: Path, tmp_path: Path, finder: Finder) -> None:
    found = cut(folder, tmp_path / "squares", Looking(finder, unsure=True))
    assert found["bolt/faint.png"] == [("found", "bolt", True)]
    assert found["nut/nothing.png"] == [("whole", "nut", False)]


def test_given_boxes_win(folder: Path, tmp_path: Path, finder: Finder) -> None:
    boxes = folder / "boxes.csv"
    boxes.write_text("image,label,x_min,y_min,x_max,y_max\nnut/two.png,washer,0,0,50,50\nnut/nothing.png,nut,,,,\n")
    found = cut(folder, tmp_path / "squares", Looking(finder), boxes)
    assert found["nut/two.png"] == [("boxes", "washer", False)]
    assert found["nut/nothing.png"] == [("boxes", "nut", False)]  # somebody said that it is the whole photo


def test_a_photo_is_looked_through_once(folder: Path, tmp_path: Path, finder: Finder) -> None:
    out = tmp_path / "squares"
    first = cut(folder, out, Looking(finder))

    def blind(picture: npt.NDArray[np.uint8]) -> Maps:
        raise AssertionError("looked again")

    again = Finder(blind, finder.description, finder.key)
    assert cut(folder, out, Looking(again)) == first
    other = Finder(blind, finder.description, "another finder")
    with pytest.raises(AssertionError, match="looked again"):
        make_squares(folder, None, "shift", 64, out, Looking(other))
    (out / "found.json").write_text("[]")  # damaged: looked through again
    assert cut(folder, out, Looking(finder)) == first


def test_a_bad_photo_is_listed_and_the_others_go_on(folder: Path, tmp_path: Path, finder: Finder) -> None:
    (folder / "nut" / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    outcome = make_squares(folder, None, "shift", 64, tmp_path / "squares", Looking(finder))
    assert [fault.thing for fault in outcome.skipped] == ["nut/broken.jpg"]
    assert len(outcome.rows) == 4


@pytest.mark.parametrize("crop", ["auto", "boxes", "whole"])
def test_without_a_finder_photos_stay_whole(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crop: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(f"photos: {{folder: photos, size: 64, crop: {crop}}}\n")
    run = CliRunner().invoke(cad2real.cli.app, ["photos"])
    assert run.exit_code == 0
    assert {row.how for row in read_manifest(Path("data/squares"))} == {"whole"}
    assert ("no finder" in run.stderr) == (crop == "auto")


def test_asked_for_what_was_found_without_a_finder_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cad2real train find"):
        project_looking(Layout(tmp_path), PhotosParams(crop="found"))


def test_a_finder_of_other_parts_is_refused(tmp_path: Path, finder: Finder, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = Layout(tmp_path)
    layout.renders.mkdir(parents=True)
    (layout.renders / "renders.json").write_text(json.dumps({"parts": ["nut"]}))
    (layout.models / "find").mkdir(parents=True)
    (layout.models / "find" / "finder.json").write_text("{}")
    finder.description.parts_key = "of other parts"
    monkeypatch.setattr(Finder, "load", lambda folder, threads: finder)
    with pytest.raises(UserError, match="learned from other renders"):
        project_looking(layout, PhotosParams())


def test_manifests_of_earlier_versions_can_be_read(folder: Path, tmp_path: Path, finder: Finder) -> None:
    out = tmp_path / "squares"
    make_squares(folder, None, "shift", 64, out, Looking(finder))
    lines = [line.split(",") for line in (out / "photos.csv").read_text().splitlines()]
    kept = [column for column, name in enumerate(lines[0]) if name not in ("how", "score")]
    (out / "photos.csv").write_text("\n".join(",".join(line[column] for column in kept) for line in lines) + "\n")
    assert [row.how for row in read_manifest(out)] == ["whole", "whole", "boxes", "boxes"]
