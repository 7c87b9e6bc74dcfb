"""OpenImages' csv: ImageID, LabelName, XMin, XMax, YMin, YMax in shares of the photo. Names of the labels, which are
codes such as /m/0h8l4fh, stand in a csv beside it whose name has `class-descriptions` in it.
"""

from __future__ import annotations

import csv
from pathlib import Path

from cad2real.errors import UserError
from photos.annotations.files import Content, columns, read_content, table
from photos.annotations.row import Annotations, BoxRow, box_of, label_of

NAME = "OpenImages csv"
COLUMNS = ("ImageID", "LabelName", "XMin", "YMin", "XMax", "YMax")


def fits(content: Content) -> bool:
    names = columns(content)
    return set(COLUMNS) <= names


def read(content: Content) -> Annotations:
    named = _descriptions(content.path.parent)
    rows = []
    for number, values in table(content)[1]:
        where = f"{content.path} row {number}"
        box, fault = box_of([values[name] for name in COLUMNS[2:]])
        if values.get("IsGroupOf") == "1":
            fault = "the box marks a group, not one part."
        label = label_of(named.get(values["LabelName"], values["LabelName"]))
        rows.append(BoxRow(values["ImageID"], label, box, where, fault, content.path.parent, shares=True))
    return Annotations(NAME, rows, list(named.values()))


def _descriptions(folder: Path) -> dict[str, str]:
    """The names of codes in the csv that describes them, which has no header in most editions."""
    named: dict[str, str] = {}
    for path in sorted(folder.glob("*class-descriptions*.csv")):
        try:
            lines = read_content(path).text.splitlines()
            named |= {row[0].strip(): row[1].strip() for row in csv.reader(lines) if len(row) > 1}
        except (UserError, csv.Error):
            continue
    named.pop("LabelName", None)
    return named
