"""Our own box file: a csv with the columns image, label, x_min, y_min, x_max, y_max (pixels of the upright photo).

Without the four corners it names the labels of whole photos.
"""

from __future__ import annotations

from collections.abc import Iterable

from cad2real.errors import UserError
from photos.annotations.files import Content, columns, table
from photos.annotations.row import Annotations, BoxRow
from photos.crop import Box

NAME = "csv"
CORNERS = ("x_min", "y_min", "x_max", "y_max")


def fits(content: Content) -> bool:
    names = columns(content)
    return {"image", *CORNERS} <= names or _only_labels(names)


def read(content: Content) -> Annotations:
    """Raises UserError for a file that is no box file."""
    names, rows = table(content)
    missing = [name for name in ("image", *CORNERS) if name not in names]
    if missing and not _only_labels(names):
        raise UserError(
            f"{content.path} lacks the column(s) {', '.join(missing)}.", f"It needs image, label, {', '.join(CORNERS)}."
        )
    return Annotations(NAME, [_row(values, content, number) for number, values in rows])


def _only_labels(names: Iterable[str]) -> bool:
    return set(names) >= {"image", "label"} and not any(name.lower().startswith(("x", "y", "w", "h")) for name in names)


def _row(values: dict[str, str], content: Content, number: int) -> BoxRow:
    image, label = values["image"], values.get("label")
    where, base = f"{content.path} row {number}", content.path.parent
    corners = [values.get(name, "") for name in CORNERS]
    if not image:
        return BoxRow(image, label, None, where, "names no photo. Fill in the column image.", base)
    if not any(corners):
        return BoxRow(image, label, None, where, base=base, upright=True)
    try:
        return BoxRow(image, label, Box(*(float(corner) for corner in corners)), where, base=base, upright=True)
    except ValueError:
        given = " ".join(corner or "(empty)" for corner in corners)
        return BoxRow(image, label, None, where, f"box {given} is not four numbers. Write four pixel values.", base)
