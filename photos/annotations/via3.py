"""VGG Image Annotator, version 3: a project as JSON, its boxes in pixels apart from the files that they are on."""

from __future__ import annotations

from typing import Any

from photos.annotations.files import Content
from photos.annotations.row import Annotations, BoxRow, around, corners, label_of, numbers, pairs
from photos.annotations.via import LABEL_KEYS
from photos.crop import Box

NAME = "VIA 3 json"
IMAGE = 2
RECTANGLE, CIRCLE, ELLIPSE = 2, 3, 4
LINES = (6, 7, 8)
"""A line of several points, a polygon, and a box by its outermost points."""


def fits(content: Content) -> bool:
    value = content.value
    return isinstance(value, dict) and {"file", "view", "metadata"} <= value.keys()


def read(content: Content) -> Annotations:
    project = content.value
    files, views, marks = (_entries(project[key]) for key in ("file", "view", "metadata"))
    attributes = _entries(project.get("attribute"))
    rows: list[BoxRow] = []
    marked: set[str] = set()
    moving = 0
    for key, mark in marks.items():
        file = _file(files, views, str(mark.get("vid")))
        if file.get("type", IMAGE) != IMAGE or mark.get("z"):
            moving += 1
            continue
        if name := file.get("fname") or file.get("src"):
            marked.add(str(name))
            rows.append(_row(str(name), mark, attributes, f"{content.path} mark {key}", content))
    images = {str(file["fname"]) for file in files.values() if file.get("type", IMAGE) == IMAGE and file.get("fname")}
    notes = [f"{moving} marks in videos or sounds are left out: mark photos"] if moving else []
    return Annotations(NAME, rows, _labels(attributes), len(images - marked), notes)


def _entries(value: Any) -> dict[str, dict[str, Any]]:
    return {str(key): one for key, one in value.items() if isinstance(one, dict)} if isinstance(value, dict) else {}


def _file(files: dict[str, dict[str, Any]], views: dict[str, dict[str, Any]], view: str) -> dict[str, Any]:
    """The file that a view shows; an empty one where there is none."""
    shown = views.get(view, {}).get("fid_list") or [None]
    return files.get(str(shown[0]), {}) if isinstance(shown, list) else {}


def _row(
    image: str, mark: dict[str, Any], attributes: dict[str, dict[str, Any]], where: str, content: Content
) -> BoxRow:
    box, fault, label = None, "", ""
    try:
        label = _label(mark.get("av") or {}, attributes)
        if mark.get("xy"):  # without, the mark is of the whole photo
            box = _box(mark["xy"])
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        fault = f"the mark cannot be read ({error or 'incomplete'})."
    return BoxRow(image, label, box, where, fault, content.path.parent)


def _label(values: dict[str, Any], attributes: dict[str, dict[str, Any]]) -> str:
    """The value of the attribute that is called like a label, else of the first one; options stand for their text."""
    order = sorted(values, key=lambda key: _rank(str(attributes.get(str(key), {}).get("aname", ""))))
    if not order:
        return ""
    options = attributes.get(str(order[0]), {}).get("options")
    chosen = str(values[order[0]]).split(",")[0]  # of several check boxes the first
    return label_of(options.get(chosen, chosen) if isinstance(options, dict) else chosen)


def _rank(name: str) -> int:
    return LABEL_KEYS.index(name.lower()) if name.lower() in LABEL_KEYS else len(LABEL_KEYS)


def _labels(attributes: dict[str, dict[str, Any]]) -> list[str]:
    """The options of the attribute that is called like a label."""
    first = min(attributes.values(), key=lambda one: _rank(str(one.get("aname", ""))), default={})
    options = first.get("options")
    return [label_of(text) for text in options.values()] if isinstance(options, dict) else []


def _box(shape: list[Any]) -> Box:
    kind, *values = shape
    if kind == RECTANGLE:
        return around(corners(*numbers(values[:4])))
    if kind in (CIRCLE, ELLIPSE):
        x, y, across, down = numbers([*values, values[-1]][:4])
        return Box(x - across, y - down, x + across, y + down)
    if kind in LINES:
        return around(pairs(numbers(values)))
    raise ValueError(f"shape {kind} is no box")
