"""Every format comes to the same rows, also where others write it; damaged files are lines, no crashes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from globox import Annotation, AnnotationSet, BoundingBox
from PIL import Image
from pycocotools import mask as coco_mask

from cad2real.errors import UserError
from photos.annotations.reading import read_annotations
from photos.annotations.row import Annotations
from photos.boxes import GivenBoxes, given_boxes
from photos.crop import Box
from photos.find import find_photos

SIZE = (200, 100)
BOXES = {
    "nut/Mutter groß 1.jpg": [("nut", (10, 20, 60, 50)), ("hex bolt", (100, 10, 180, 90))],
    "nut/b.jpg": [("nut", (5, 5, 25, 45))],
    "loose.jpg": [("hex bolt", (0, 0, 200, 100))],
}


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for name in (*BOXES, "nut/plain.jpg"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", SIZE, "grey").save(path)
    return tmp_path / "photos"


def given(source: Path, photos: Path) -> GivenBoxes:
    return given_boxes(source, photos, find_photos(photos)[0])


def boxes_of(given: GivenBoxes) -> dict[str, list[tuple[str, tuple[float, ...]]]]:
    found: dict[str, list[tuple[str, tuple[float, ...]]]] = {}
    for row in given.rows:
        assert not row.fault, row
        assert row.box is not None
        corners = (row.box.x_min, row.box.y_min, row.box.x_max, row.box.y_max)
        found.setdefault(row.image, []).append((row.label or "", tuple(round(corner) for corner in corners)))
    return found


def of_others() -> AnnotationSet:
    """The boxes as the library globox has them; it knows photos by their names alone."""
    annotations = []
    for name, marked in BOXES.items():
        boxes = [BoundingBox.create(label=label, coords=coords) for label, coords in marked]
        annotations.append(Annotation(Path(name).name, SIZE, boxes))
    return AnnotationSet(annotations)


@pytest.mark.parametrize("kind", ["coco", "cvat", "pascal_voc", "labelme", "yolo_v5", "openimage", "via_json"])
def test_what_a_library_of_others_writes_is_read_alike(kind: str, photos: Path, tmp_path: Path) -> None:
    theirs, ids = of_others(), {"nut": 0, "hex bolt": 1}
    target = tmp_path / "labels"
    if kind in ("pascal_voc", "labelme", "yolo_v5"):
        target.mkdir()
        more = {"label_to_id": ids} if kind == "yolo_v5" else {}
        getattr(theirs, f"save_{kind}")(target, **more)
        if kind == "yolo_v5":
            (target / "data.yaml").write_text("names: [nut, hex bolt]\n")
    else:
        target = tmp_path / f"boxes.{ {'openimage': 'csv', 'cvat': 'xml'}.get(kind, 'json') }"
        flat = tmp_path / "flat"
        flat.mkdir()
        for name in BOXES:
            (flat / Path(name).name).write_bytes((photos / name).read_bytes())
        more = {"image_folder": flat} if kind == "via_json" else {"auto_ids": True} if kind == "coco" else {}
        getattr(theirs, f"save_{kind}")(target, **more)
    assert boxes_of(given(target, photos)) == BOXES


def write_csv(path: Path, header: str, rows: list[str]) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_tables(photos: Path, tmp_path: Path) -> None:
    each = [(name, label, box) for name, marked in BOXES.items() for label, box in marked]
    roboflow = write_csv(
        tmp_path / "_annotations.csv",
        "filename,width,height,class,xmin,ymin,xmax,ymax",
        [f"{Path(name).name},200,100,{label},{','.join(map(str, box))}" for name, label, box in each],
    )
    assert boxes_of(given(roboflow, photos)) == BOXES
    open_images = write_csv(
        tmp_path / "train-annotations-bbox.csv",
        "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsGroupOf",
        [
            f"{Path(name).stem},x,/m/{len(label)},1,{x0 / 200},{x1 / 200},{y0 / 100},{y1 / 100},0"
            for name, label, (x0, y0, x1, y1) in each
        ],
    )
    (tmp_path / "class-descriptions-boxable.csv").write_text("/m/3,nut\n/m/8,hex bolt\n/m/9,never seen\n")
    read = given(open_images, photos)
    assert boxes_of(read) == BOXES
    assert "no box has the category never seen" in read.notes[0]
    via = tmp_path / "via.csv"
    rows = ["filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes"]
    for name, label, (x0, y0, x1, y1) in each:
        shape = json.dumps({"name": "rect", "x": x0, "y": y0, "width": x1 - x0, "height": y1 - y0}).replace('"', '""')
        rows.append(f'{Path(name).name},1,"{{}}",1,0,"{shape}","{{""part"": ""{label}""}}"')
    via.write_text("\n".join([*rows, 'plain.jpg,1,"{}",0,0,"{}","{}"']))
    assert boxes_of(given(via, photos)) == BOXES
    labels = write_csv(tmp_path / "labels.csv", "image,label", ["loose.jpg,washer"])
    assert [(row.image, row.label, row.box) for row in given(labels, photos).rows] == [("loose.jpg", "washer", None)]


def test_outlines_and_masks_become_boxes(photos: Path, tmp_path: Path) -> None:
    shape = np.zeros((100, 200), np.uint8, order="F")
    shape[20:50, 10:60] = 1
    packed = coco_mask.encode(shape)
    flat = shape.flatten(order="F")
    ends = np.flatnonzero(np.diff(flat)) + 1
    counts = np.diff([0, *ends, flat.size]).tolist()
    outline = [10, 20, 60, 20, 60, 50, 10, 50]
    segmentations = [
        [outline],
        {"size": [100, 200], "counts": counts},
        {"size": [100, 200], "counts": packed["counts"].decode()},
    ]
    coco = {
        "images": [{"id": 1, "file_name": "b.jpg", "width": 200, "height": 100}],
        "categories": [{"id": 7, "name": "nut"}],
        "annotations": [
            {"id": n, "image_id": 1, "category_id": 7, "segmentation": s} for n, s in enumerate(segmentations)
        ],
    }
    path = tmp_path / "coco.json"
    path.write_text(json.dumps(coco))
    assert boxes_of(given(path, photos))["nut/b.jpg"] == [("nut", (10, 20, 60, 50))] * 3
    (tmp_path / "y").mkdir()
    shares = " ".join(str(value / side) for value, side in zip(outline, (200, 100) * 4, strict=True))
    (tmp_path / "y" / "b.txt").write_text(f"0 {shares}\n")
    (tmp_path / "y" / "classes.txt").write_text("nut\n")
    assert boxes_of(given(tmp_path / "y", photos))["nut/b.jpg"] == [("nut", (10, 20, 60, 50))]


def test_label_studio_in_full_and_in_short(photos: Path, tmp_path: Path) -> None:
    value = {"x": 5, "y": 20, "width": 25, "height": 30, "rotation": 0, "rectanglelabels": ["nut"]}
    sides = {"original_width": 200, "original_height": 100}
    result = [{"type": "rectanglelabels", "value": value, **sides}, {"type": "rating", "value": {"rating": 3}}]
    cancelled = {"was_cancelled": True, "result": [{"type": "rectanglelabels", "value": value | {"x": 50}, **sides}]}
    tasks = [
        {
            "id": 1,
            "data": {"image": "/data/upload/1/0a1b2c3d-Mutter_gro%C3%9F_1.jpg"},
            "annotations": [cancelled, {"result": result}],
        },
        {"id": 2, "data": {"image": "/data/local-files/?d=shots/nut/b.jpg"}, "annotations": [{"result": result}]},
        {"id": 3, "data": {"image": "loose.jpg"}, "annotations": [{"result": []}]},
    ]
    (tmp_path / "full.json").write_text(json.dumps(tasks))
    expected = {name: [("nut", (10, 20, 60, 50))] for name in ("nut/Mutter groß 1.jpg", "nut/b.jpg")}
    assert boxes_of(given(tmp_path / "full.json", photos)) == expected
    short = [{"id": 1, "image": "https://host/b.jpg?token=1", "annotator": 1, "label": [value | sides]}]
    (tmp_path / "short.json").write_text(json.dumps(short))
    assert boxes_of(given(tmp_path / "short.json", photos)) == {"nut/b.jpg": [("nut", (10, 20, 60, 50))]}


def test_turned_boxes_are_surrounded(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "cvat.xml").write_text(
        '<annotations><image name="b.jpg" width="200" height="100">'
        '<box label="nut" xtl="40" ytl="40" xbr="60" ybr="50" rotation="90"/>'
        '<ellipse label="nut" cx="50" cy="45" rx="10" ry="5"/><tag label="nut"/>'
        '<points label="nut" points="1,2"/></image></annotations>'
    )
    rows = given(tmp_path / "cvat.xml", photos).rows
    assert [row.box for row in rows] == [Box(45, 35, 55, 55), Box(40, 40, 60, 50), None, None]
    assert [bool(row.fault) for row in rows] == [False, False, False, True]


def test_yolo_layouts(photos: Path, tmp_path: Path) -> None:
    for place in ("images/train", "labels/train"):
        (tmp_path / "set" / place).mkdir(parents=True)
    for folder in ("train", "."):
        Image.new("RGB", SIZE).save(tmp_path / "set" / "images" / folder / "one.jpg")
    (tmp_path / "set" / "labels" / "train" / "one.txt").write_text("1 0.5 0.5 0.5 0.5\n")
    (tmp_path / "set" / "data.yaml").write_text("names: {0: nut, 1: bolt}\nnc: 2\n")
    folder = tmp_path / "set"
    read = given_boxes(folder, folder, find_photos(folder)[0])
    assert boxes_of(read) == {"images/train/one.jpg": [("bolt", (50, 25, 150, 75))]}
    assert boxes_of(given_boxes(folder / "data.yaml", folder, find_photos(folder)[0])) == boxes_of(read)
    (folder / "data.yaml").unlink()  # nobody names the classes: folders do
    read = given_boxes(folder, folder, find_photos(folder)[0])
    assert [row.label for row in read.rows] == [None] and "names the classes" in read.notes[1]


def test_a_folder_with_two_formats_is_a_question(photos: Path, tmp_path: Path) -> None:
    of_others().save_coco(photos / "a.json", auto_ids=True)
    assert boxes_of(given(photos, photos)) == BOXES
    of_others().save_cvat(photos / "b.xml")
    with pytest.raises(UserError, match=r"several formats: COCO json .*a.json.* and CVAT xml .*b.xml"):
        given(photos, photos)


BOMB = '<!DOCTYPE a [<!ENTITY b "ha">]><annotation><filename>&b;</filename></annotation>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><annotation><filename>&b;</filename></annotation>'


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.xml", BOMB, "declares entities"),
        ("a.xml", OUTSIDE, "declares entities"),
        ("a.xml", "<annotation><filename>", "no complete XML"),
        ("a.json", '{"images": [', "no complete JSON"),
        ("a.json", "[" * 200_000, "no complete JSON"),
        ("a.json", '{"images": 3, "annotations": {}}', "no boxes in a known format"),
        ("a.txt", "these are words", "no boxes in a known format"),
        ("a.csv", "name,age\n", "lacks the column"),
    ],
)
def test_files_that_are_refused(tmp_path: Path, name: str, content: str, why: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(UserError, match=why):
        read_annotations(tmp_path / name)


@pytest.mark.parametrize("seed", range(3))
def test_damaged_values_are_faults_and_never_crash(photos: Path, tmp_path: Path, seed: int) -> None:
    """Values of any kind in the place of others, in a file of each format."""
    rng = np.random.default_rng(seed)
    theirs = of_others()
    theirs.save_coco(tmp_path / "coco.json", auto_ids=True)
    theirs.save_cvat(tmp_path / "cvat.xml")
    theirs.save_openimage(tmp_path / "open.csv")
    for folder in ("voc", "labelme", "yolo"):
        (tmp_path / folder).mkdir()
    theirs.save_pascal_voc(tmp_path / "voc")
    theirs.save_labelme(tmp_path / "labelme")
    theirs.save_yolo_v5(tmp_path / "yolo", label_to_id={"nut": 0, "hex bolt": 1})
    odd = [b"null", b"-1", b"[]", b"{}", b'"x"', b"1e999", b"NaN", b"", b"\xff", b"99999999999999999999", b"true"]
    files = [path for path in sorted(tmp_path.rglob("*")) if path.suffix in (".json", ".xml", ".csv", ".txt")]
    read = 0
    for path in files:
        words = re.split(rb"(-?\d+(?:\.\d+)?|\"[^\"<>]*\")", path.read_bytes())  # at odd places numbers and strings
        for _ in range(25):
            changed = list(words)
            for place in 1 + 2 * rng.integers(0, len(words) // 2, 3):
                changed[place] = odd[int(rng.integers(len(odd)))]
            path.write_bytes(b"".join(changed))
            try:
                found = given_boxes(path, photos, find_photos(photos)[0])
                read += isinstance(found, GivenBoxes)
            except UserError as error:
                assert len(str(error).splitlines()) <= 2
        path.write_bytes(b"".join(words))
    assert read > len(files) * 25 / 3


def test_what_is_in_a_file_is_said(photos: Path, tmp_path: Path) -> None:
    coco = {
        "images": [
            {"id": 1, "file_name": "C:\\Users\\m\\nut\\b.jpg", "width": 200, "height": 100},
            {"id": 2, "file_name": "plain.jpg", "width": 200, "height": 100},
        ],
        "categories": [{"id": 1, "name": "nut"}, {"id": 2, "name": "ring"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 10, 20, 20]},
            {"id": 2, "image_id": 1, "category_id": 9, "bbox": [10, 10, 20, 20]},
            {"id": 3, "image_id": 1, "category_id": 1, "bbox": [10, 10, 20, 20], "iscrowd": 1},
            {"id": 4, "image_id": 8, "category_id": 1, "bbox": [10, 10, 20, 20]},
        ],
    }
    (tmp_path / "coco.json").write_text(json.dumps(coco))
    read = given(tmp_path / "coco.json", photos)
    assert read.notes[0].startswith("1 boxes of 1 photos from")
    assert "1 photos are listed there without a box; no box has the category ring" in read.notes[0]
    assert ["category 9" in row.fault for row in read.rows] == [False, True, False, False]
    assert "crowd" in read.rows[2].fault and "image 8" in read.rows[3].fault
    assert isinstance(read_annotations(tmp_path / "coco.json")[0], Annotations)


def test_bad_files_in_a_folder_are_lines_and_the_others_count(photos: Path, tmp_path: Path) -> None:
    of_others().save_pascal_voc(photos)
    (photos / "bomb.xml").write_text(BOMB)
    (tmp_path / "secret.xml").write_text("<annotation><filename>loose.jpg</filename></annotation>")
    (photos / "out.xml").symlink_to(tmp_path / "secret.xml")
    (photos / "cut.json").write_text('{"images": [')
    read = given(photos, photos)
    assert boxes_of(read) == BOXES
    reasons = {skipped.thing: skipped.reason for skipped in read.skipped}
    assert reasons.keys() == {"bomb.xml", "out.xml", "cut.json"}
    assert "entities" in reasons["bomb.xml"] and "leads out" in reasons["out.xml"]
