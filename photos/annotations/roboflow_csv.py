"""Roboflow's csv (and TensorFlow's): filename, width, height, class, xmin, ymin, xmax, ymax, one row a box."""

from __future__ import annotations

from photos.annotations.files import Content, columns, table
from photos.annotations.row import Annotations, BoxRow, box_of, label_of, size_of

NAME = "Roboflow csv"
COLUMNS = ("filename", "class", "xmin", "ymin", "xmax", "ymax")


def fits(content: Content) -> bool:
    names = columns(content)
    return set(COLUMNS) <= names


def read(content: Content) -> Annotations:
    rows = []
    for number, values in table(content)[1]:
        where = f"{content.path} row {number}"
        box, fault = box_of([values[name] for name in COLUMNS[2:]])
        stated = size_of(values.get("width"), values.get("height"))
        label = label_of(values["class"])
        rows.append(BoxRow(values["filename"], label, box, where, fault, content.path.parent, stated=stated))
    return Annotations(NAME, rows)
