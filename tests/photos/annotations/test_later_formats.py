"""VIA 3, masks painted with Label Studio's brush, CVAT's tracks: read, or refused with what to do instead."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from cad2real.errors import UserError
from photos.annotations.brush import around_painted
from photos.annotations.reading import read_annotations
from photos.boxes import given_boxes
from photos.crop import Box
from photos.find import find_photos

PAINTED = [0, 1, 56, 128, 57, 27, 255, 62, 167, 0]
PAINTED += [216, 255, 252, 9, 92, 3, 99, 255, 240, 37, 112, 13, 143, 255, 192, 149, 192, 54, 63, 255, 2, 87, 0] * 7
PAINTED += [216, 255, 252, 9, 92, 3, 99, 255, 249, 230, 240, 0]
"""What Label Studio's own encoder makes of a mask of 200 x 100 pixels, a rectangle from (10, 20) to (60, 50)."""


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for name in ("a.jpg", "sub/b.jpg"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (200, 100), "grey").save(path)
    return tmp_path / "photos"


def pack(runs: list[tuple[int, int]]) -> list[int]:
    """Runs of (length, value) in Label Studio's packing, every length with 16 bits."""
    values = sum(length for length, _ in runs)
    bits = f"{values:032b}" + f"{7:05b}" + f"{15:04b}" * 4
    bits += "".join(f"1{0:02b}{length - 1:016b}{value:08b}" for length, value in runs)
    bits += "0" * (-len(bits) % 8)
    return [int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)]


def test_the_box_around_what_was_painted() -> None:
    assert around_painted(PAINTED, 200, 100) == Box(10, 20, 60, 50)
    over_a_line_end = pack([(4 * 8, 0), (4 * 4, 255), (4 * 8, 0)])
    assert around_painted(over_a_line_end, 10, 2) == Box(0, 0, 10, 2)
    alpha_alone = pack([(3, 9), (1, 0), (3, 0), (1, 255), (8, 0)])
    assert around_painted(alpha_alone, 2, 2) == Box(1, 0, 2, 1)


@pytest.mark.parametrize(
    ("packed", "size", "words"),
    [
        (PAINTED, (100, 200, 2), "another size"),
        (PAINTED[:60], (200, 100), "ends too early"),
        ([], (200, 100), "ends too early"),
        (pack([(8, 0)]), (2, 1), "nothing is painted"),
        ([256, -1], (2, 1), "bytes must be in range"),
    ],
)
def test_damaged_masks(packed: list[int], size: tuple[int, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        around_painted(packed, size[0], size[1] * (size[2] if len(size) > 2 else 1))


def test_label_studio_masks_are_boxes(photos: Path, tmp_path: Path) -> None:
    value = {"format": "rle", "rle": PAINTED, "brushlabels": ["nut"]}
    sides = {"original_width": 200, "original_height": 100}
    results = [
        {"type": "brushlabels", "value": value, **sides},
        {"type": "brushlabels", "value": value | {"rle": PAINTED[:50]}, **sides},
        {"type": "brushlabels", "value": value},
    ]
    tasks = [{"id": 1, "data": {"image": "/data/upload/1/0a1b2c3d-b.jpg"}, "annotations": [{"result": results}]}]
    (tmp_path / "boxes.json").write_text(json.dumps(tasks))
    rows = read_annotations(tmp_path / "boxes.json")[0].rows
    assert [row.box for row in rows] == [Box(10, 20, 60, 50), None, None]
    assert "ends too early" in rows[1].fault
    assert rows[2].fault
    short = [{"id": 1, "image": "https://host/b.jpg", "annotator": 1, "label": [value | sides]}]
    (tmp_path / "short.json").write_text(json.dumps(short))
    (row,) = given_boxes(tmp_path / "short.json", photos, find_photos(photos)[0]).rows
    assert (row.image, row.label, row.box) == ("sub/b.jpg", "nut", Box(10, 20, 60, 50))


def via3(metadata: dict[str, object], kind: int = 2) -> dict[str, object]:
    return {
        "project": {"data_format_version": "3.1.1", "vid_list": ["1", "2"]},
        "attribute": {
            "1": {"aname": "remark", "type": 1},
            "2": {"aname": "Class", "type": 3, "options": {"0": "nut", "B": "hex bolt"}},
        },
        "file": {
            "1": {"fid": 1, "fname": "sub/b.jpg", "type": kind, "loc": 1},
            "2": {"fid": 2, "fname": "a.jpg", "type": 2},
        },
        "view": {"1": {"fid_list": [1]}, "2": {"fid_list": ["2"]}},
        "metadata": metadata,
    }


def test_via_3(photos: Path, tmp_path: Path) -> None:
    marks = {
        "1_a": {"vid": "1", "flg": 0, "z": [], "xy": [2, 10, 20, 50, 30], "av": {"1": "old", "2": "B"}},
        "1_b": {"vid": "1", "z": [], "xy": [7, 5, 5, 25, 5, 25, 45], "av": {"2": "0"}},
        "1_c": {"vid": "1", "z": [], "xy": [3, 50, 50, 10], "av": {"2": "0"}},
        "1_d": {"vid": "1", "z": [], "xy": [1, 50, 50], "av": {"2": "0"}},
        "1_e": {"vid": "1", "z": [], "xy": [4, 50], "av": 3},
        "1_f": {"vid": "9", "z": [], "xy": [2, 1, 1, 5, 5], "av": {}},
        "1_g": {"vid": "1", "z": [0.5, 2], "xy": [], "av": {"2": "0"}},
    }
    (tmp_path / "boxes.json").write_text(json.dumps(via3(marks)))
    given = given_boxes(tmp_path / "boxes.json", photos, find_photos(photos)[0])
    assert [(row.image, row.label, row.box) for row in given.rows if not row.fault] == [
        ("sub/b.jpg", "hex bolt", Box(10, 20, 60, 50)),
        ("sub/b.jpg", "nut", Box(5, 5, 25, 45)),
        ("sub/b.jpg", "nut", Box(40, 40, 60, 60)),
    ]
    read = read_annotations(tmp_path / "boxes.json")[0]
    assert (read.categories, read.empty) == (["nut", "hex bolt"], 1)
    assert sum(bool(row.fault) for row in read.rows) == 2
    assert read.notes == ["1 marks in videos or sounds are left out: mark photos"]
    (tmp_path / "video.json").write_text(json.dumps(via3(marks, kind=4)))
    assert read_annotations(tmp_path / "video.json")[0].rows == []


def test_cvat_tracks_are_refused_with_what_to_export(tmp_path: Path) -> None:
    box = '<box frame="0" outside="0" xtl="1" ytl="2" xbr="3" ybr="4"/>'
    track = f'<track id="0" label="nut">{box}</track>'
    (tmp_path / "tracks.xml").write_text(f"<annotations><version>1.1</version>{track}</annotations>")
    with pytest.raises(UserError, match="tracks through a video") as error:
        read_annotations(tmp_path / "tracks.xml")
    assert "CVAT for images" in error.value.remedy
