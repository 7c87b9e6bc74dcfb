"""Photos set apart: drawn by content alone, whole with their boxes, and listed where they cannot be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cad2real.errors import UserError
from photos.boxes import read_boxes
from photos.find import find_photos
from photos.split import PhotoSet, set_apart, split_photos

MANY = 40


def write_photos(folder: Path, numbers: range) -> None:
    for number in numbers:
        path = folder / f"label{number % 3}" / f"{number:03d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"photo %d" % number)


def contents(folder: Path) -> set[bytes]:
    return {(folder / name).read_bytes() for name in find_photos(folder)[0]}


@pytest.fixture
def photos(tmp_path: Path) -> PhotoSet:
    write_photos(tmp_path / "all", range(MANY))
    return PhotoSet(tmp_path / "all", None)


def test_every_photo_lies_on_one_side_in_its_own_folder(photos: PhotoSet, tmp_path: Path) -> None:
    split = split_photos(photos, 0.5, tmp_path / "out")
    seen, unseen = (find_photos(side.folder)[0] for side in (split.seen, split.unseen))
    assert sorted(seen + unseen) == find_photos(photos.folder)[0]
    assert 10 <= len(unseen) <= 30, "about half"


def test_neither_more_photos_nor_other_names_move_one(photos: PhotoSet, tmp_path: Path) -> None:
    before = contents(split_photos(photos, 0.5, tmp_path / "out").unseen.folder)
    write_photos(photos.folder, range(MANY, MANY + 20))
    for name in find_photos(photos.folder)[0]:
        (photos.folder / name).rename(photos.folder / name.replace("/", "/z", 1))
    after = contents(split_photos(photos, 0.5, tmp_path / "out").unseen.folder)
    assert {content for content in after if int(content.split()[1]) < MANY} == before


def test_copies_of_a_photo_stay_together(photos: PhotoSet, tmp_path: Path) -> None:
    for number in range(MANY):
        (photos.folder / "copies").mkdir(exist_ok=True)
        (photos.folder / "copies" / f"{number}.jpg").write_bytes(b"photo %d" % number)
    split = split_photos(photos, 0.5, tmp_path / "out")
    assert not contents(split.seen.folder) & contents(split.unseen.folder)


@pytest.mark.parametrize("relative_to", ["all", "."])  # the photo folder, or the box file's
def test_all_boxes_of_a_photo_go_with_it(photos: PhotoSet, tmp_path: Path, relative_to: str) -> None:
    names = find_photos(photos.folder)[0]
    prefix = "all/" if relative_to == "." else ""
    lines = [f"{prefix}{name},{name[:6]},{left},0,{left + 9.5},10" for left in (0, 20) for name in names]
    boxes = (tmp_path if prefix else photos.folder) / "boxes.csv"
    faults = [f"{prefix}{names[0]},x,1,nonsense,3,4", "nowhere.jpg,x,,,,"]
    boxes.write_text("\n".join(["image,label,x_min,y_min,x_max,y_max", *lines, *faults]) + "\n")
    split = split_photos(PhotoSet(photos.folder, boxes), 0.5, tmp_path / "out")
    rows = {side: read_boxes(side.boxes) for side in (split.seen, split.unseen) if side.boxes}
    for side, own in rows.items():
        assert {row.image for row in own if row.image != "nowhere.jpg"} == set(find_photos(side.folder)[0])
    everything = [row for own in rows.values() for row in own]
    assert len(everything) == len(lines) + len(faults) and sum(bool(row.fault) for row in everything) == 1
    boxed = {(row.image, row.label, row.box.x_min, row.box.x_max) for row in everything if row.box}
    assert (names[0], names[0][:6], 20.0, 29.5) in boxed


def test_a_side_without_a_photo_is_refused(photos: PhotoSet, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="none is unseen"):
        split_photos(photos, 1e-9, tmp_path / "out")
    with pytest.raises(UserError, match="none is seen"):
        split_photos(photos, 1 - 1e-9, tmp_path / "out")


def test_a_folder_of_its_own_loses_what_was_seen(photos: PhotoSet, tmp_path: Path) -> None:
    write_photos(tmp_path / "new", range(MANY - 2, MANY + 3))
    (tmp_path / "new" / "label1").rename(tmp_path / "new" / "renamed")
    split = set_apart(PhotoSet(tmp_path / "new", None), photos, tmp_path / "out")
    assert split.seen == photos and len(split.skipped) == 2
    assert contents(split.unseen.folder) == {b"photo %d" % number for number in range(MANY, MANY + 3)}
    assert "not unseen" in str(split.skipped[0])


def test_one_box_file_may_name_the_photos_of_both(photos: PhotoSet, tmp_path: Path) -> None:
    write_photos(tmp_path / "new", range(MANY, MANY + 3))
    names = [f"all/{name}" for name in find_photos(photos.folder)[0]]
    names += [f"new/{name}" for name in find_photos(tmp_path / "new")[0]]
    boxes = tmp_path / "boxes.csv"
    boxes.write_text("\n".join(["image,x_min,y_min,x_max,y_max", *(f"{name},0,0,9,9" for name in names)]))
    split = set_apart(PhotoSet(tmp_path / "new", boxes), PhotoSet(photos.folder, boxes), tmp_path / "out")
    assert split.unseen.boxes is not None
    rows = read_boxes(split.unseen.boxes)
    assert [row.image for row in rows] == find_photos(split.unseen.folder)[0]
    assert {row.label for row in rows} == {"label0", "label1", "label2"}, "the folder's, as there is no column"


@pytest.mark.parametrize("inside", [True, False])
def test_folders_in_each_other_are_refused(photos: PhotoSet, tmp_path: Path, inside: bool) -> None:
    other = photos.folder / "label0" if inside else tmp_path
    with pytest.raises(UserError, match="lie in each other"):
        set_apart(PhotoSet(other, None), photos, tmp_path / "out")


def test_without_hard_links_photos_are_copied(photos: PhotoSet, tmp_path: Path, monkeypatch) -> None:
    def refused(*_: object) -> None:
        raise OSError("another file system")

    monkeypatch.setattr(os, "link", refused)
    split = split_photos(photos, 0.5, tmp_path / "out")
    assert len(contents(split.seen.folder) | contents(split.unseen.folder)) == MANY
