"""Masks as COCO, which pycocotools reads, and as PNG; masks of others read back, bad ones refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO

from cad2real.errors import UserError
from train.losses.self_training import IGNORED
from train.segment.classes import Classes, classes_of
from train.segment.coco import as_coco, read_masks
from train.segment.palette import mask_image, palette

CLASSES = Classes(("background", "nut", "washer"), {"nut": "nut", "washer": "washer"})


def maps() -> list[tuple[str, np.ndarray]]:
    one, none = np.zeros((6, 9), np.uint8), np.zeros((4, 5), np.uint8)
    one[1:4, 2:5], one[5, 8] = 1, 2
    return [("one.jpg", one), ("none.jpg", none)]


def written(folder: Path, content: object) -> Path:
    path = folder / "masks.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_pycocotools_reads_the_masks_as_they_are(tmp_path: Path) -> None:
    path = written(tmp_path, as_coco(maps(), CLASSES.names))
    coco = COCO(path)
    assert [one["name"] for one in coco.loadCats(coco.getCatIds())] == ["nut", "washer"]
    first = coco.loadAnns(coco.getAnnIds(imgIds=[1]))
    assert [one["category_id"] for one in first] == [1, 2]
    for annotation in first:
        mask = coco.annToMask(annotation)
        assert np.array_equal(mask, maps()[0][1] == annotation["category_id"])
        assert annotation["area"] == mask.sum()
    assert first[0]["bbox"] == [2, 1, 3, 3]
    assert not coco.getAnnIds(imgIds=[2])
    given = read_masks(path)
    for name, found in maps():
        assert np.array_equal(given.class_map(name, CLASSES), found)


def test_polygons_plain_runs_and_unknown_categories(tmp_path: Path) -> None:
    content = {
        "images": [{"id": 7, "file_name": "a.jpg", "height": 8, "width": 8}],
        "categories": [{"id": 1, "name": "nut"}, {"id": 2, "name": "screw"}, {"id": 3, "name": "washer"}],
        "annotations": [
            {"image_id": 7, "category_id": 1, "segmentation": [[0, 0, 4, 0, 4, 4, 0, 4]]},
            {"image_id": 7, "category_id": 2, "segmentation": {"size": [8, 8], "counts": [56, 8]}},
            {"image_id": 7, "category_id": 3, "segmentation": {"size": [8, 8], "counts": [0, 1, 63]}},
        ],
    }
    given = read_masks(written(tmp_path, content))
    found = given.class_map("a.jpg", CLASSES)
    assert (found[:, 7] == IGNORED).all()
    assert found[0, 0] == 2  # the smaller of two that overlap
    assert (found[:4, :4] == 1).sum() == 15
    assert given.unknown(CLASSES) == ["screw"]


@pytest.mark.parametrize(
    "content",
    [
        "no json",
        "[]",
        {"images": [], "annotations": []},
        {"images": [{"id": 1}], "annotations": [], "categories": []},
        {"images": [{"id": 1, "file_name": "a", "height": 1e9, "width": 1e9}], "annotations": [], "categories": []},
        {"images": [], "annotations": [{"image_id": 5}], "categories": []},
        {"images": 3, "annotations": [], "categories": []},
    ],
)
def test_what_is_no_coco_file_is_refused_in_a_line(tmp_path: Path, content: object) -> None:
    with pytest.raises(UserError, match=r"masks\.json is"):
        read_masks(written(tmp_path, content))
    with pytest.raises(UserError, match="cannot be read"):
        read_masks(tmp_path / "missing.json")


@pytest.mark.parametrize(
    "shape",
    [
        None,
        3,
        [],
        [[1]],
        {"size": [8, 8]},
        {"size": [8, 8], "counts": [3, 4]},
        {"size": [90, 90], "counts": [4050, 4050]},
        {"size": [9, 8], "counts": "abc"},
        {"size": [8, 8], "counts": 5},
    ],
)
def test_a_damaged_mask_is_refused_in_a_line(tmp_path: Path, shape: object) -> None:
    content = {
        "images": [{"id": 1, "file_name": "a.jpg", "height": 8, "width": 8}],
        "categories": [{"id": 1, "name": "nut"}],
        "annotations": [{"image_id": 1, "category_id": 1, "segmentation": shape}],
    }
    with pytest.raises(UserError, match=r"a mask of a\.jpg is damaged"):
        read_masks(written(tmp_path, content)).class_map("a.jpg", CLASSES)


def test_a_png_keeps_every_class_and_has_colours_of_its_own(tmp_path: Path) -> None:
    found = np.arange(256, dtype=np.uint8).reshape(8, 32)
    mask_image(found).save(tmp_path / "mask.png", optimize=True)
    with Image.open(tmp_path / "mask.png") as picture:
        assert picture.mode == "P"
        assert np.array_equal(np.asarray(picture), found)
        assert np.array_equal(np.asarray(picture.convert("RGB"))[0, 1], palette()[1])
    assert len(np.unique(palette(), axis=0)) == 256
    # PASCAL VOC's: aeroplane, bicycle, bird, and class 20.
    assert palette()[[1, 2, 3, 20]].tolist() == [[128, 0, 0], [0, 128, 0], [128, 128, 0], [0, 64, 128]]


def part(folder: Path, part_id: str, label: str, material: str) -> None:
    (folder / part_id).mkdir()
    (folder / part_id / "part.json").write_text(json.dumps({"part_id": part_id, "label": label, "material": material}))


def test_classes_are_labels_or_materials(tmp_path: Path) -> None:
    part(tmp_path, "m8", "bolt", "steel galvanized")
    part(tmp_path, "m10", "bolt", "steel galvanized")
    part(tmp_path, "n8", "nut", "brass")
    by_label = classes_of(tmp_path, "label", ["bolt", "nut", "bolt"])
    assert by_label.names == ("background", "bolt", "nut")
    by_material = classes_of(tmp_path, "material", ["bolt", "nut", "bolt"])
    assert by_material.names == ("background", "brass", "steel galvanized")
    assert by_material.number("bolt") == 2
    assert by_material.number("brass") == 1
    assert by_material.number("screw") is None


def test_classes_that_cannot_be_told_are_refused(tmp_path: Path) -> None:
    part(tmp_path, "m8", "bolt", "steel")
    part(tmp_path, "m10", "bolt", "brass")
    with pytest.raises(UserError, match="bolt stands for parts of brass and of steel"):
        classes_of(tmp_path, "material", ["bolt", "bolt"])
    part(tmp_path, "a", "a", "")
    with pytest.raises(UserError, match="a has no material"):
        classes_of(tmp_path, "material", ["a"])
    with pytest.raises(UserError, match="256 classes are too many"):
        classes_of(tmp_path, "label", [str(number) for number in range(256)])
    with pytest.raises(UserError, match="called background"):
        classes_of(tmp_path, "label", ["background"])
