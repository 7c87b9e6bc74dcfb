"""LabelMe's JSON, one file a photo: shapes with points in pixels."""

from __future__ import annotations

import math
from typing import Any

from photos.annotations.files import Content
from photos.annotations.row import Annotations, BoxRow, around, label_of, numbers, size_of
from photos.crop import Box

NAME = "LabelMe json"
NO_AREA = ("point", "line", "points")


def fits(content: Content) -> bool:
    value = content.value
    return isinstance(value, dict) and isinstance(value.get("shapes"), list) and "imagePath" in value


def read(content: Content) -> Annotations:
    value = content.value
    stated = size_of(value.get("imageWidth"), value.get("imageHeight"))
    image = str(value["imagePath"] or content.path.stem)
    rows = []
    for number, shape in enumerate(value["shapes"], start=1):
        where = f"{content.path} shape {number}"
        box, fault, label = None, "", ""
        try:
            label = label_of(shape.get("label"))
            box = _box(shape)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            fault = f"the shape cannot be read ({error})."
        base = content.path.parent
        rows.append(BoxRow(image, label, box, where, fault, base, alias=content.path.stem, stated=stated))
    return Annotations(NAME, rows, empty=not rows)


def _box(shape: dict[str, Any]) -> Box:
    kind = shape.get("shape_type") or "polygon"
    points = [(x, y) for x, y in (numbers(point) for point in shape["points"])]
    if kind in NO_AREA:
        raise ValueError(f"a {kind} is no box")
    if kind == "circle":
        (x, y), edge = points
        radius = math.dist((x, y), edge)
        return Box(x - radius, y - radius, x + radius, y + radius)
    return around(points)
