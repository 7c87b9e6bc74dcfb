"""Photos without boxes are cut by what a finder finds in them; given boxes win; what is unsure stays whole."""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from pycocotools import mask as coco
from red_finder import PLACES, red_finder, red_photos
from typer.testing import CliRunner

import cad2real.cli
from cad2real.errors import UserError
from cad2real.layout import Layout
from photos.finder.finder import Finder
from photos.finder.look import Maps
from photos.looking import Looking, project_looking
from photos.manifest import read_manifest
from photos.params import PhotosParams
from photos.stage import make_squares


@pytest.fixture
def finder() -> Finder:
    return red_finder()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return red_photos(tmp_path / "photos")


def cut(folder: Path, out: Path, looking: Looking, boxes: Path | None = None) -> dict[str, list[tuple[str, str, bool]]]:
    """By photo how each of its squares was cut, with which label, and whether it has a score."""
    make_squares(folder, boxes, "shift", 64, out, looking)
    found: dict[str, list[tuple[str, str, bool]]] = {}
    for row in read_manifest(out):
        assert (out / row.square).is_file()
        found.setdefault(row.photo, []).append((row.how, row.label, bool(row.score)))
    return found


def test_every_part_is_a_square_and_the_largest_one_has_the_photos_label(
    folder: Path, tmp_path: Path, finder: Finder
) -> None:
    assert cut(folder, tmp_path / "squares", Looking(finder)) == {
        "bolt/faint.png": [("whole", "bolt", False)],
        "nut/nothing.png": [("whole", "nut", False)],
        "nut/two.png": [("found", "", True), ("found", "nut", True)],  # the smaller one is surer
    }
    rows = {row.square: row for row in read_manifest(tmp_path / "squares")}
    largest = next(row for row in rows.values() if row.how == "found" and row.label)
    corners = [float(value) for value in (largest.x_min, largest.y_min, largest.x_max, largest.y_max)]
    assert np.abs(np.array(corners) - PLACES[1]).max() <= 4


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


def test_masks_are_kept_in_cocos_form(folder: Path, tmp_path: Path, finder: Finder) -> None:
    out = tmp_path / "squares"
    make_squares(folder, None, "shift", 64, out, Looking(finder))
    kept = (out / "found.json").read_text()
    seen = json.loads(kept)["photos"]
    assert [len(seen[photo]["masks"]) for photo in sorted(seen)] == [0, 0, 2]
    for (x_min, y_min, x_max, y_max, _), run_lengths in zip(
        seen["nut/two.png"]["parts"], seen["nut/two.png"]["masks"], strict=True
    ):
        mask = coco.decode(run_lengths)
        assert mask.shape == (128, 192)
        left, top, width, height = coco.toBbox(run_lengths)
        assert np.abs(np.array([left, top, left + width, top + height]) - (x_min, y_min, x_max, y_max)).max() <= 4
        assert mask.mean() > 0.8 * (x_max - x_min) * (y_max - y_min) / mask.size
    # Found by an earlier version, without masks: looked through once more.
    for one in seen.values():
        del one["masks"]
    (out / "found.json").write_text(json.dumps(json.loads(kept) | {"photos": seen}))
    make_squares(folder, None, "shift", 64, out, Looking(finder))
    assert (out / "found.json").read_text() == kept


def test_masks_of_large_photos_are_small(tmp_path: Path, finder: Finder) -> None:
    picture = Image.new("RGB", (1600, 1200), (120, 120, 120))
    picture.paste((255, 0, 0), (400, 300, 800, 900))
    (tmp_path / "photos").mkdir()
    picture.save(tmp_path / "photos" / "large.png")
    make_squares(tmp_path / "photos", None, "shift", 64, tmp_path / "squares", Looking(finder))
    seen = json.loads((tmp_path / "squares" / "found.json").read_text())["photos"]["large.png"]
    assert seen["masks"][0]["size"] == [288, 384]
    assert np.array(seen["parts"][0][:4]) == pytest.approx([400, 300, 800, 900], abs=40)
    assert coco.toBbox(seen["masks"][0]) / 384 * 1600 == pytest.approx([400, 300, 400, 600], abs=40)
