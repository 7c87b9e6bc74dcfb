"""CVAT's XML for images: boxes, polygons, ellipses and masks in pixels, tags for whole photos."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cad2real.errors import UserError
from photos.annotations.files import Content
from photos.annotations.row import Annotations, BoxRow, around, corners, label_of, numbers, size_of, turned
from photos.crop import Box

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

NAME = "CVAT xml"
SHAPES = ("box", "polygon", "polyline", "ellipse", "mask", "points", "cuboid", "skeleton")


def fits(content: Content) -> bool:
    root = content.root
    return root is not None and root.tag == "annotations" and (root.find("image") is not None or _is_video(root))


def read(content: Content) -> Annotations:
    root = content.root
    assert root is not None  # noqa: S101 -- `fits` has seen it
    notes = []
    if _is_video(root) and root.find("image") is None:
        raise UserError(
            f"{content.path} holds tracks through a video, whose frames are no photos with names.",
            "Export it from CVAT as `CVAT for images 1.1`, with its images.",
        )
    if _is_video(root):
        notes = ["tracks through a video are left out: export it as `CVAT for images`"]
    rows: list[BoxRow] = []
    empty = 0
    for image in root.findall("image"):
        found = [shape for shape in image if shape.tag in (*SHAPES, "tag")]
        empty += not found
        rows += [_row(image, shape, number, content) for number, shape in enumerate(found, start=1)]
    categories = [label_of(label.text) for label in root.iterfind("meta//label/name")]
    return Annotations(NAME, rows, categories, empty, notes)


def _is_video(root: Element) -> bool:
    return root.find("track") is not None


def _row(image: Element, shape: Element, number: int, content: Content) -> BoxRow:
    name = image.get("name", "")
    where, label = f"{content.path} {name} {shape.tag} {number}", label_of(shape.get("label"))
    box, fault = None, ""
    try:
        box = None if shape.tag == "tag" else _box(shape)
    except (TypeError, ValueError) as error:
        fault = f"its {shape.tag} cannot be read ({error})."
    stated = size_of(image.get("width"), image.get("height"))
    return BoxRow(name, label, box, where, fault, content.path.parent, stated=stated)


def _box(shape: Element) -> Box:
    turn = numbers([shape.get("rotation") or 0])[0]
    if shape.tag == "box":
        box = Box(*numbers(shape.get(side) for side in ("xtl", "ytl", "xbr", "ybr")))
    elif shape.tag == "ellipse":
        x, y, wide, high = numbers(shape.get(key) for key in ("cx", "cy", "rx", "ry"))
        box = Box(x - wide, y - high, x + wide, y + high)
    elif shape.tag == "mask":
        return around(corners(*numbers(shape.get(key) for key in ("left", "top", "width", "height"))))
    elif shape.tag in ("polygon", "polyline"):
        return around([(x, y) for x, y in (numbers(point.split(",")) for point in _points(shape))])
    else:
        raise ValueError(f"{shape.tag} is no box")
    if not turn:
        return box
    middle = ((box.x_min + box.x_max) / 2, (box.y_min + box.y_max) / 2)
    return turned(corners(box.x_min, box.y_min, box.x_max - box.x_min, box.y_max - box.y_min), turn, middle)


def _points(shape: Element) -> list[str]:
    return [point for point in (shape.get("points") or "").split(";") if point.strip()]
