"""COCO's JSON: images, categories and annotations with boxes (x, y, width, height in pixels), polygons or masks."""

from __future__ import annotations

from typing import Any

from photos.annotations.files import Content
from photos.annotations.row import Annotations, BoxRow, around, corners, label_of, numbers, pairs, size_of
from photos.crop import Box

NAME = "COCO json"
MAX_MASK_PIXELS = 150_000_000


def fits(content: Content) -> bool:
    value = content.value
    return isinstance(value, dict) and all(isinstance(value.get(key), list) for key in ("images", "annotations"))


def read(content: Content) -> Annotations:
    value = content.value
    images = {entry["id"]: entry for entry in _objects(value["images"]) if _is_id(entry.get("id"))}
    named = {entry["id"]: entry.get("name") for entry in _objects(value.get("categories")) if _is_id(entry.get("id"))}
    rows = []
    marked = set()
    for annotation in _objects(value["annotations"]):
        where = f"{content.path} annotation {annotation.get('id', '?')}"
        number = annotation.get("image_id")
        image = images.get(number) if _is_id(number) else None
        if image is None or not image.get("file_name"):
            rows.append(BoxRow("", "", None, where, f"belongs to image {number}, which the file does not have."))
            continue
        marked.add(number)
        box, fault = None, ""
        category = annotation.get("category_id")
        if annotation.get("iscrowd"):
            fault = "the annotation marks a crowd, not one part."
        elif not _is_id(category) or (named and category not in named):
            fault = f"category {category} is none of the file's."
        else:
            try:
                box = _box(annotation)
            except (TypeError, ValueError, KeyError) as error:
                fault = f"its box cannot be read ({error})."
        label = label_of(named.get(category)) if _is_id(category) else ""
        stated = size_of(image.get("width"), image.get("height"))
        rows.append(BoxRow(str(image["file_name"]), label, box, where, fault, content.path.parent, stated=stated))
    declared = [label_of(name) for name in named.values()]
    return Annotations(NAME, rows, declared, empty=len(images.keys() - marked))


def _objects(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _is_id(value: Any) -> bool:
    return isinstance(value, int | str)


def _box(annotation: dict[str, Any]) -> Box:
    """The box, or the one around polygons or mask where there is none."""
    if annotation.get("bbox"):
        left, top, width, height = numbers(annotation["bbox"])
        if width < 0 or height < 0:
            raise ValueError("its width or height is negative")
        return around(corners(left, top, width, height))
    segmentation = annotation.get("segmentation")
    if isinstance(segmentation, dict):
        return _mask_box(segmentation)
    if not segmentation:
        raise ValueError("it has neither box nor outline")
    return around([point for polygon in segmentation for point in pairs(numbers(polygon))])


def _mask_box(mask: dict[str, Any]) -> Box:
    from pycocotools import mask as coco_mask

    height, width = (int(side) for side in mask["size"])
    if not 0 < height * width <= MAX_MASK_PIXELS:
        raise ValueError("its mask has no usable size")
    counts = mask["counts"]
    if isinstance(counts, list):
        lengths = [int(count) for count in counts]
        if min(lengths, default=-1) < 0 or sum(lengths) != height * width:
            raise ValueError("its mask does not have as many pixels as it says")
        encoded = coco_mask.frPyObjects({"size": [height, width], "counts": lengths}, height, width)
    else:
        # A damaged string is not noticed by the decoder, which would read past what there is.
        encoded = {"size": [height, width], "counts": _checked(str(counts), height * width).encode("ascii")}
    left, top, across, down = (float(side) for side in coco_mask.toBbox(encoded))
    return Box(left, top, left + across, top + down)


def _checked(counts: str, pixels: int) -> str:
    """COCO's packed run lengths, once they add up to `pixels`. Raises ValueError."""
    lengths: list[int] = []
    place = 0
    while place < len(counts):
        value = shift = 0
        more = True
        while more:
            if place >= len(counts) or shift > 60:
                raise ValueError("its mask is cut off")
            code = ord(counts[place]) - 48
            if not 0 <= code < 64:
                raise ValueError("its mask is damaged")
            value |= (code & 0x1F) << shift
            more = bool(code & 0x20)
            place += 1
            shift += 5
            if not more and code & 0x10:
                value -= 1 << shift
        lengths.append(value + lengths[-2] if len(lengths) > 2 else value)
    if min(lengths, default=-1) < 0 or sum(lengths) != pixels:
        raise ValueError("its mask does not have as many pixels as it says")
    return counts
