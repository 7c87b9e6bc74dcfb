"""Label Studio's JSON and JSON-MIN: tasks with results in percent of the photo."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from photos.annotations.brush import around_painted
from photos.annotations.files import Content
from photos.annotations.row import Annotations, BoxRow, around, corners, label_of, numbers, pairs, size_of, turned
from photos.crop import Box

NAME = "Label Studio json"
SHAPES = ("rectangle", "polygon", "ellipse", "brush")
PHOTO_KEYS = ("image", "img", "photo", "picture", "url")


def fits(content: Content) -> bool:
    first = content.value[0] if isinstance(content.value, list) and content.value else None
    if not isinstance(first, dict):
        return False
    in_full = isinstance(first.get("data"), dict) and ("annotations" in first or "completions" in first)
    return in_full or ("id" in first and _photo(first) != "" and ("annotation_id" in first or "annotator" in first))


def read(content: Content) -> Annotations:
    rows: list[BoxRow] = []
    empty = several = 0
    for number, task in enumerate(content.value, start=1):
        if not isinstance(task, dict):
            continue
        where = f"{content.path} task {task.get('id', number)}"
        in_full = isinstance(task.get("data"), dict)
        image = _photo(task["data"] if in_full else task)
        answers = _answers(task) if in_full else [list(_short(task))]
        several += len(answers) > 1
        # Several people may have marked the same photo: the first answer counts.
        results = answers[0] if answers else []
        here = [row for result in results if (row := _row(image, result, where, content))]
        empty += not here
        rows += here
    notes = [f"{several} tasks have several answers; the first of each counts"] if several else []
    return Annotations(NAME, rows, empty=empty, notes=notes)


def _photo(data: dict[str, Any]) -> str:
    """The photo's name: of an upload `/data/upload/3/1a2b3c4d-name.jpg`, of a local file `...?d=folder/name.jpg`."""
    for key in PHOTO_KEYS:
        if isinstance(data.get(key), str):
            return _local(data[key])
    texts = [value for value in data.values() if isinstance(value, str) and "/" in value]
    return _local(texts[0]) if texts else ""


def _local(address: str) -> str:
    return address.partition("?d=")[2] or address.partition("?")[0]


def _answers(task: dict[str, Any]) -> list[list[Any]]:
    found = task.get("annotations") or task.get("completions") or []
    usable = [one for one in found if isinstance(one, dict) and not one.get("was_cancelled")]
    usable.sort(key=lambda one: not one.get("ground_truth"))
    return [one["result"] for one in usable if isinstance(one.get("result"), list)]


def _short(task: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The results of a task of JSON-MIN, as they stand in the full form."""
    for value in task.values():
        for entry in value if isinstance(value, list) else []:
            kind = next((kind for kind in SHAPES if isinstance(entry, dict) and f"{kind}labels" in entry), None)
            if kind:
                sides = {key: entry.get(key) for key in ("original_width", "original_height")}
                yield {"type": f"{kind}labels", "value": entry, **sides}


def _row(image: str, result: Any, where: str, content: Content) -> BoxRow | None:
    """None for what says nothing about boxes, such as a comment or a rating."""
    if not isinstance(result, dict) or not isinstance(value := result.get("value"), dict):
        return None
    kind = str(result.get("type", "")).removesuffix("labels")
    base = content.path.parent
    if kind == "choices":
        return BoxRow(image, label_of(next(iter(value.get("choices") or []), None)), None, where, base=base)
    if not kind or f"{kind}labels" not in value:
        return None
    label = label_of(next(iter(value[f"{kind}labels"] or []), None))
    stated = size_of(result.get("original_width"), result.get("original_height"))
    try:
        box = _painted(value, stated) if kind == "brush" else _box(kind, value, stated or (1.0, 1.0))
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        return BoxRow(image, label, None, where, f"its box cannot be read ({error}).", base)
    if stated is None:  # in shares: pixels of a photo of 1 x 1
        return BoxRow(image, label, box, where, base=base, shares=True)
    return BoxRow(image, label, box, where, base=base, stated=stated)


def _painted(value: dict[str, Any], size: tuple[float, float] | None) -> Box:
    """The box around what was painted with a brush. Raises ValueError."""
    if value.get("format") != "rle" or size is None:
        raise ValueError("it is no mask as Label Studio writes them, with the photo's size")
    return around_painted(value["rle"], int(size[0]), int(size[1]))


def _box(kind: str, value: dict[str, Any], size: tuple[float, float]) -> Box:
    """In pixels of a photo of `size`. What is turned is turned in pixels, about its upper left corner."""
    across, down = size[0] / 100, size[1] / 100
    if kind == "rectangle":
        x, y, width, height = numbers(value[key] for key in ("x", "y", "width", "height"))
        points = corners(x * across, y * down, width * across, height * down)
        return turned(points, numbers([value.get("rotation") or 0])[0], about=points[0])
    if kind == "polygon":
        return around([(x * across, y * down) for x, y in (numbers(point) for point in value["points"])])
    if kind == "ellipse":
        x, y, wide, high = numbers(value[key] for key in ("x", "y", "radiusX", "radiusY"))
        return around(pairs([(x - wide) * across, (y - high) * down, (x + wide) * across, (y + high) * down]))
    raise ValueError(f"{kind} is no box")
