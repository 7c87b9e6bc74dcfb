"""Pascal VOC's XML, one file a photo: objects with corners in pixels; older LabelMe files have polygons instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from photos.annotations.files import Content
from photos.annotations.row import Annotations, BoxRow, around, label_of, numbers, size_of
from photos.crop import Box

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

NAME = "Pascal VOC xml"


def fits(content: Content) -> bool:
    root = content.root
    return root is not None and root.tag == "annotation" and (root.find("filename") is not None or _objects(root) != [])


def read(content: Content) -> Annotations:
    root = content.root
    assert root is not None  # noqa: S101 -- `fits` has seen it
    stem = content.path.stem
    image = (root.findtext("filename") or "").strip() or stem
    folder = (root.findtext("folder") or "").strip()
    stated = size_of(root.findtext("size/width"), root.findtext("size/height"))
    rows = []
    for number, found in enumerate(_objects(root), start=1):
        where = f"{content.path} object {number}"
        box, fault = None, ""
        try:
            box = _box(found)
        except (TypeError, ValueError) as error:
            fault = f"its box cannot be read ({error})."
        name = f"{folder}/{image}" if folder and "/" not in image and "\\" not in image else image
        label = label_of(found.findtext("name"))
        rows.append(BoxRow(name, label, box, where, fault, content.path.parent, alias=stem, stated=stated))
    return Annotations(NAME, rows, empty=not rows)


def _objects(root: Element) -> list[Element]:
    return [one for one in root.findall("object") if (one.findtext("deleted") or "0").strip() != "1"]


def _box(found: Element) -> Box:
    if found.find("bndbox") is not None:
        return Box(*numbers(found.findtext(f"bndbox/{side}") for side in ("xmin", "ymin", "xmax", "ymax")))
    points = [numbers((point.findtext("x"), point.findtext("y"))) for point in found.findall("polygon/pt")]
    return around([(x, y) for x, y in points])
