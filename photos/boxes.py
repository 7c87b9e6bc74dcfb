"""The boxes that somebody gave for a folder of photos, whatever the format: which photos, in upright pixels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cad2real.errors import Skipped
from photos.annotations.reading import has_annotations, read_annotations
from photos.annotations.row import Annotations, BoxRow
from photos.names import named_rows
from photos.params import BoxesOn, PhotosParams
from photos.placing import placed_rows

BOXES = "boxes.csv"
SHOWN = 8  # unused categories that are named


@dataclass(frozen=True)
class GivenBoxes:
    """Rows whose `image` is a photo's path in the photo folder, with boxes in upright pixels; files that could not be
    read; and notes for people.
    """

    rows: list[BoxRow]
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def box_source(root: Path, params: PhotosParams) -> Path | None:
    """Where the boxes of the project in `root` are: a file or a folder, None where there are none. Where the file at
    the default path is missing, boxes in the photo folder in any known format count.
    """
    if not params.boxes:
        return None
    path = root / params.boxes
    is_given = path.exists() or _is_dead_link(path) or params.boxes != PhotosParams().boxes
    return path if is_given else boxes_in(root / params.folder)


def boxes_in(folder: Path) -> Path | None:
    """Where the boxes of a photo folder are if nobody says: its boxes.csv, or what else lies in it; None for none."""
    if (folder / BOXES).is_file() or _is_dead_link(folder / BOXES):
        return folder / BOXES
    return folder if folder.is_dir() and has_annotations(folder) else None


def _is_dead_link(path: Path) -> bool:
    """Whether somebody gave boxes that are not there any more, which reading them says."""
    return path.is_symlink() and not path.exists()


def read_boxes(path: Path) -> list[BoxRow]:
    """The rows of a file or folder of boxes, as they stand there. Raises UserError for what holds none."""
    return read_annotations(path)[0].rows


def given_boxes(source: Path | None, folder: Path, photos: Sequence[str], boxes_on: BoxesOn = "auto") -> GivenBoxes:
    """The boxes of `source` for `photos` (paths in `folder`). Raises UserError for a source that holds no boxes."""
    if source is None:
        return GivenBoxes([])
    annotations, skipped = read_annotations(source)
    rows, notes = placed_rows(named_rows(annotations.rows, folder, photos), folder, boxes_on)
    return GivenBoxes(rows, skipped, [_summary(annotations, source, rows, set(photos)), *annotations.notes, *notes])


def _summary(annotations: Annotations, source: Path, rows: Sequence[BoxRow], photos: set[str]) -> str:
    usable = [row for row in rows if row.image in photos and not row.fault]
    labels = Counter(row.label for row in usable if row.label)
    marked = len({row.image for row in usable})
    text = f"{len(usable)} boxes of {marked} photos from {source} ({annotations.format}, {len(labels)} labels)"
    if annotations.empty:
        text += f"; {annotations.empty} photos are listed there without a box"
    unused = [name for name in dict.fromkeys(annotations.categories) if name and name not in labels]
    if unused:
        more = f" and {len(unused) - SHOWN} more" if len(unused) > SHOWN else ""
        text += f"; no box has the category {', '.join(unused[:SHOWN])}{more}"
    return text
