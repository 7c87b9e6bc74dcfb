"""The stage as a whole: a folder of photos in, squares and a manifest out."""

import json
import os
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

import cad2real.cli
from cad2real.errors import UserError
from photos.boxes import box_source, boxes_in
from photos.manifest import SquareRow, read_manifest
from photos.params import PhotosParams
from photos.stage import Outcome, make_squares

HEADER = "image,label,x_min,y_min,x_max,y_max\n"


def _photo(path: Path, color: str = "red", size: tuple[int, int] = (80, 60)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, color).save(path)


def _rows(out: Path) -> list[SquareRow]:
    return read_manifest(out)


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    names = ("bolt/001.jpg", "bolt/002.png", "nut/001.jpg", "nut/close/001.jpg", "loose.jpg")
    for name, color in zip(names, ("red", "orange", "green", "cyan", "purple"), strict=True):
        _photo(tmp_path / "shots" / name, color)
    return tmp_path / "shots"


def _make(shots: Path, boxes: Path | None = None) -> tuple[Outcome, Path]:
    out = shots.parent / "squares"
    return make_squares(shots, boxes, "shift", 32, out), out


def test_sub_folders_are_labels_and_equal_names_do_not_collide(shots: Path) -> None:
    (shots / "notes.txt").write_text("no photo")
    (shots / ".hidden.jpg").write_text("no photo")
    outcome, out = _make(shots)
    rows = _rows(out)
    assert {row.photo: row.label for row in rows} == {
        "bolt/001.jpg": "bolt", "bolt/002.png": "bolt", "loose.jpg": "",
        "nut/001.jpg": "nut", "nut/close/001.jpg": "nut",
    }  # fmt: skip
    assert len({row.square for row in rows}) == 5 and outcome.skipped == []
    for row in rows:
        with Image.open(out / row.square) as square:
            assert (square.size, square.mode, square.format) == ((32, 32), "RGB", "JPEG")
        assert (row.x_min, row.crop_x, row.crop_y, row.crop_side, row.border) == ("", 0, -10, 80, "padded")
    assert sorted(path.name for path in out.iterdir() if path.suffix != ".jpg") == [
        "duplicates.json", "labels.json", "photos.csv", "skipped.json",
    ]  # fmt: skip


def test_boxes_give_a_square_each_and_name_photos_from_either_folder(shots: Path) -> None:
    boxes = shots.parent / "boxes.csv"
    boxes.write_text(
        HEADER
        + "shots/bolt/001.jpg,hex,10,10,30,20\n"  # relative to the box file
        + "bolt/001.jpg,,40,10,60,50\n"  # relative to the photo folder, label unknown
        + "nut\\001.jpg,nut,0,0,20,10\n"  # written on Windows
        + "loose.jpg,washer,,,,\n"  # a label, no box: the whole photo
    )
    outcome, out = _make(shots, boxes)
    got = {(row.photo, row.x_min): (row.label, row.crop_x, row.crop_y, row.crop_side, row.border) for row in _rows(out)}
    assert got == {
        ("bolt/001.jpg", "10"): ("hex", 10, 5, 20, "none"),
        ("bolt/001.jpg", "40"): ("", 30, 10, 40, "none"),
        ("nut/001.jpg", "0"): ("nut", 0, 0, 20, "shifted"),
        ("loose.jpg", ""): ("washer", 0, -10, 80, "padded"),
        ("bolt/002.png", ""): ("bolt", 0, -10, 80, "padded"),  # no row: whole photo, label from the folder
        ("nut/close/001.jpg", ""): ("nut", 0, -10, 80, "padded"),
    }
    assert outcome.skipped == []


def test_bad_rows_are_skipped_with_their_row_and_the_rest_goes_on(shots: Path) -> None:
    (shots.parent / "secret.jpg").write_bytes((shots / "loose.jpg").read_bytes())
    boxes = shots / "boxes.csv"
    boxes.write_text(
        HEADER
        + "bolt/001.jpg,bolt,10,10,30,20\n"
        + "bolt/001.jpg,bolt,30,10,10,20\n"
        + "bolt/002.png,bolt,nan,0,1,1\n"
        + "nut/001.jpg,nut,a,0,10,10\n"
        + "nut/009.jpg,nut,0,0,10,10\n"
        + "../secret.jpg,nut,0,0,10,10\n"
        + "bolt/001.jpg,bolt,10,10,30,20\n"
        + ",nut,0,0,10,10\n"
    )
    outcome, out = _make(shots, boxes)
    # a photo whose boxes are all wrong is not used whole: that would show something else
    assert sorted(row.photo for row in _rows(out)) == ["bolt/001.jpg", "loose.jpg", "nut/close/001.jpg"]
    reasons = {fault.where.rpartition(" ")[2]: fault.reason for fault in outcome.skipped}
    for row, why in {
        "3": "inverted", "4": "not a number", "5": "not four numbers", "6": "is not a photo in",
        "7": "is not a photo in", "8": "same box as", "9": "names no photo",
    }.items():  # fmt: skip
        assert why in reasons[row], row
    written = json.loads((out / "skipped.json").read_text())
    assert written == [fault.as_dict() for fault in outcome.skipped]


def test_bad_photos_are_skipped_and_links_out_of_the_folder_refused(shots: Path) -> None:
    (shots / "bolt" / "003.jpg").write_bytes(b"not a picture at all")
    (shots.parent / "secret.jpg").write_bytes((shots / "loose.jpg").read_bytes())
    (shots / "bolt" / "004.jpg").symlink_to(shots.parent / "secret.jpg")
    (shots / "bolt" / "005.jpg").symlink_to(shots / "gone.jpg")
    (shots / "out").symlink_to(shots.parent)
    outcome, out = _make(shots)
    assert len(_rows(out)) == 5
    assert {fault.thing for fault in outcome.skipped} == {"bolt/003.jpg", "bolt/004.jpg", "bolt/005.jpg", "out"}


def test_links_that_lead_nowhere_are_listed_with_where_they_led(shots: Path) -> None:
    dead = {"bolt/004.jpg": "/gone/away.jpg", "drive": "/gone/drive", "one": "two", "two": "one", "boxes.txt": "gone"}
    for name, target in dead.items():
        (shots / name).symlink_to(target)
    outcome, out = _make(shots)
    assert len(_rows(out)) == 5
    assert [fault.thing for fault in outcome.skipped] == sorted(dead), "in an order that is the same on every disk"
    for fault in outcome.skipped:
        assert f"is a link that leads nowhere ({dead[fault.thing]}: " in fault.reason


def test_boxes_behind_a_link_that_leads_nowhere_are_missed(shots: Path) -> None:
    """Without them all photos would be used whole, and nobody would know."""
    (shots / "boxes.csv").symlink_to("/gone/boxes.csv")
    with pytest.raises(UserError, match=r"boxes\.csv: no such box file"):
        make_squares(shots, boxes_in(shots), "shift", 64, shots.parent / "squares")
    default = shots.parent / PhotosParams().boxes
    default.parent.mkdir(parents=True)
    default.symlink_to("/gone/boxes.csv")
    assert box_source(shots.parent, PhotosParams()) == default


def test_pipes_among_the_photos_are_not_waited_for(shots: Path) -> None:
    os.mkfifo(shots / "pipe.jpg")
    os.mkfifo(shots / "pipe.csv")
    outcome, out = _make(shots, boxes_in(shots))
    assert len(_rows(out)) == 5
    assert [fault.thing for fault in outcome.skipped] == ["pipe.jpg"]


def test_only_what_changed_is_made_again(shots: Path) -> None:
    first, out = _make(shots)
    before = {row.photo: (out / row.square).stat().st_ino for row in _rows(out)}
    _photo(shots / "bolt" / "000.jpg", "blue")  # moves every number on by one
    _photo(shots / "nut" / "001.jpg", "white")
    second, _ = _make(shots)
    after = {row.photo: (out / row.square).stat().st_ino for row in _rows(out)}
    assert (first.reused, second.reused) == (0, 4)
    assert {photo for photo, inode in after.items() if before.get(photo) == inode} == set(before) - {"nut/001.jpg"}
    assert make_squares(shots, None, "shift", 48, out).reused == 0
    assert make_squares(shots, None, "pad", 48, out).reused == 6  # a whole photo knows no border


def test_a_run_that_was_interrupted_goes_on(shots: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import photos.stage as stage

    def fails(job: stage._Job, work: stage._Work) -> object:
        if job.photo == "nut/close/001.jpg":
            raise KeyboardInterrupt
        return process(job, work)

    process = stage._process
    monkeypatch.setattr(stage, "_process", fails)
    with pytest.raises(KeyboardInterrupt):
        _make(shots)
    monkeypatch.setattr(stage, "_process", process)
    assert not (shots.parent / "squares").exists()
    _photo(shots / "aaa.jpg", "blue")  # moves every number on by one
    (shots / "bolt" / "001.jpg").unlink()
    outcome, out = _make(shots)
    assert outcome.reused >= 2
    assert {row.photo for row in _rows(out)} == {
        "aaa.jpg", "bolt/002.png", "loose.jpg", "nut/001.jpg", "nut/close/001.jpg"
    }  # fmt: skip
    for row in _rows(out):
        with Image.open(out / row.square) as square, Image.open(shots / row.photo) as photo:
            red, green, blue = square.getpixel((16, 16))  # type: ignore[misc]
            same = zip((red, green, blue), photo.convert("RGB").getpixel((40, 30)), strict=True)  # type: ignore[arg-type]
            assert all(abs(one - other) < 12 for one, other in same)
    assert [path.name for path in shots.parent.iterdir() if path.name.startswith(".")] == []


def test_a_killed_run_has_kept_what_it_made_till_shortly_before(shots: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import photos.stage as stage
    from photos.unfinished import Unfinished

    monkeypatch.setattr(stage, "EVERY", 2)
    monkeypatch.setattr(Unfinished, "end", lambda self: None)  # as one that is killed at its end
    _make(shots)
    kept = shots.parent / ".squares.unfinished"
    assert len(read_manifest(kept)) == 4
    assert len(list(kept.glob("*.jpg"))) == 4


def test_folders_that_would_be_lost_are_refused(shots: Path) -> None:
    with pytest.raises(UserError, match="lie in each other"):
        make_squares(shots, None, "shift", 32, shots / "squares")
    with pytest.raises(UserError, match="lie in each other"):
        make_squares(shots, None, "shift", 32, shots.parent)
    home = shots.parent / "home"
    home.mkdir()
    (home / "thesis.doc").write_text("years of work")
    with pytest.raises(UserError, match="would be lost"):
        make_squares(shots, None, "shift", 32, home)
    assert (home / "thesis.doc").exists()


def test_a_box_file_that_is_none(shots: Path) -> None:
    boxes = shots.parent / "boxes.csv"
    for text, why in [("image,label,x,y\n", "lacks the column.*x_min"), ("", "lacks the column"), ("\0\xff", "lacks")]:
        boxes.write_text(text)
        with pytest.raises(UserError, match=why):
            _make(shots, boxes)
    boxes.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="cannot be read"):
        _make(shots, boxes)
    with pytest.raises(UserError, match="no such box file"):
        _make(shots, shots / "none.csv")
    boxes.write_text("﻿image;label;x_min;y_min;x_max;y_max\nbolt/001.jpg;b;1;1;9;9\n")
    assert _make(shots, boxes)[0].rows[0].label == "b"


def test_manifests_that_name_other_folders_are_refused(shots: Path) -> None:
    _, out = _make(shots)
    text = (out / "photos.csv").read_text()
    (out / "photos.csv").write_text(text.replace(_rows(out)[0].square, "../shots/loose.jpg"))
    with pytest.raises(UserError, match="not a file beside it"):
        read_manifest(out)


def test_the_command_in_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    Path("params.yaml").write_text("photos: {size: 24}\n")
    result = runner.invoke(cad2real.cli.app, ["photos"])
    assert result.exit_code == 0 and "no photos" in result.stderr
    assert read_manifest(Path("data/squares")) == []
    assert json.loads(Path("data/squares/skipped.json").read_text()) == []
    _photo(Path("data/photos/nut/1.jpg"))
    (Path("data/photos") / "boxes.csv").write_text(HEADER + "nut/1.jpg,nut,0,0,40,30\nnut/2.jpg,nut,0,0,40,30\n")
    result = runner.invoke(cad2real.cli.app, ["photos"])
    assert result.exit_code == 0 and "1 photos -> 1 squares" in result.stdout and "nut/2.jpg" in result.stderr
    with Image.open(next(Path("data/squares").glob("*.jpg"))) as square:
        assert square.size == (24, 24)


def test_the_command_outside_a_project(shots: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shots.parent)
    runner = CliRunner()
    result = runner.invoke(cad2real.cli.app, ["photos", "--photos", "shots", "--out", "squares", "--size", "16"])
    assert result.exit_code == 0 and "5 photos -> 5 squares in squares (2 labels, 1 squares without" in result.stdout
    assert isinstance(
        runner.invoke(cad2real.cli.app, ["photos", "--photos", "gone", "--out", "x"]).exception, UserError
    )
    assert isinstance(runner.invoke(cad2real.cli.app, ["photos", "--photos", "shots"]).exception, UserError)
    assert not Path("x").exists()
