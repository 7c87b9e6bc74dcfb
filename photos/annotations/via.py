"""VGG Image Annotator, version 2: a project or an export as JSON, or an export as csv. Boxes in pixels."""

from __future__ import annotations

from typing import Any

from cad2real.files import parse_json
from photos.annotations.files import Content, columns, table
from photos.annotations.row import Annotations, BoxRow, around, corners, label_of, numbers
from photos.crop import Box

NAME, CSV_NAME = "VIA json", "VIA csv"
COLUMNS = ("filename", "region_shape_attributes", "region_attributes")
LABEL_KEYS = ("label", "class", "name", "type", "category", "part")
"""Attributes are named by whoever marks regions: these come first, else the only one that a region has."""


def fits(content: Content) -> bool:
    value = content.value
    return isinstance(value, dict) and ("_via_img_metadata" in value or _is_export(value))


def fits_csv(content: Content) -> bool:
    # VIA writes its first column as "#filename" in some editions.
    names = columns(content)
    return set(COLUMNS) <= {name.lstrip("#") for name in names}


def read(content: Content) -> Annotations:
    photos = content.value.get("_via_img_metadata", content.value)
    rows: list[BoxRow] = []
    empty = 0
    for entry in photos.values() if isinstance(photos, dict) else []:
        if not isinstance(entry, dict) or not entry.get("filename"):
            continue
        regions = entry.get("regions") or []
        regions = list(regions.values()) if isinstance(regions, dict) else regions
        empty += not regions
        for number, region in enumerate(regions, start=1):
            where = f"{content.path} {entry['filename']} region {number}"
            rows.append(_row(str(entry["filename"]), region, where, content))
    return Annotations(NAME, rows, empty=empty)


def read_csv(content: Content) -> Annotations:
    rows: list[BoxRow] = []
    empty = 0
    for number, cells in table(content)[1]:
        values = {name.lstrip("#"): cell for name, cell in cells.items()}
        try:
            shape, attributes = (parse_json(values[key] or "{}") for key in COLUMNS[1:])
            region = {"shape_attributes": shape, "region_attributes": attributes}
        except ValueError:
            region = {}
        if region.get("shape_attributes") == {}:
            empty += 1
            continue
        rows.append(_row(values["filename"], region, f"{content.path} row {number}", content))
    return Annotations(CSV_NAME, rows, empty=empty)


def _is_export(value: dict[str, Any]) -> bool:
    first = next(iter(value.values()), None)
    return isinstance(first, dict) and "filename" in first and "regions" in first


def _row(image: str, region: Any, where: str, content: Content) -> BoxRow:
    box, fault, label = None, "", ""
    try:
        label = _label(region.get("region_attributes") or {})
        box = _box(region["shape_attributes"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        fault = f"the region cannot be read ({error or 'incomplete'})."
    return BoxRow(image, label, box, where, fault, content.path.parent)


def _label(attributes: dict[str, Any]) -> str:
    value = next((attributes[key] for key in LABEL_KEYS if attributes.get(key)), None)
    if value is None and len(attributes) == 1:
        value = next(iter(attributes.values()))
    if isinstance(value, dict):  # check boxes: {"bolt": true}
        value = next((name for name, is_set in value.items() if is_set), None)
    return label_of(value)


def _box(shape: dict[str, Any]) -> Box:
    kind = shape.get("name")
    if kind == "rect":
        return around(corners(*numbers(shape[key] for key in ("x", "y", "width", "height"))))
    if kind in ("polygon", "polyline"):
        xs, ys = numbers(shape["all_points_x"]), numbers(shape["all_points_y"])
        return around(list(zip(xs, ys, strict=True)))
    if kind in ("circle", "ellipse"):
        x, y = numbers((shape["cx"], shape["cy"]))
        across, down = numbers((shape.get("r", shape.get("rx")), shape.get("r", shape.get("ry"))))
        return Box(x - across, y - down, x + across, y + down)
    raise ValueError(f"a {kind} is no box")
