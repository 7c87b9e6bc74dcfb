"""Whether a project's photos need a finder, and which of them it would look through."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cad2real.errors import UserError
from cad2real.layout import Layout
from photos.boxes import box_source, read_boxes
from photos.find import find_photos, wanted_squares
from photos.names import named_rows
from photos.params import PhotosParams
from photos.square import photo_square
from train.data.foreground import find_part

ASKED = 64  # photos that are looked at, evenly through the folder
PLAIN_SHARE = 0.95  # of them plain: a few may have a finger or a table's edge in them
SIDE_PX = 256


def photos_to_look_through(layout: Layout, params: PhotosParams) -> list[Path]:
    """The project's photos that no box cuts. Raises UserError when the box file cannot be read."""
    folder = layout.root / params.folder
    if not folder.is_dir() or params.crop in ("boxes", "whole"):
        return []
    names, _ = find_photos(folder)
    boxes = box_source(layout.root, params) if params.crop == "auto" else None
    wanted, _ = wanted_squares(names, folder, named_rows(read_boxes(boxes), folder, names) if boxes else [])
    return [folder / name for name, squares in wanted.items() if squares[0].how == "whole"]


def why_no_finder(photos: Sequence[Path], params: PhotosParams) -> str:
    """Why the project needs no finder, in a sentence; empty where it needs one. `photos`: those that no box cuts.

    A photo is plain where its border is one even colour: training cuts the part out of it without a finder
    (`train.data.foreground`). With `photos.crop: found` a finder is made in any case where there are photos.
    """
    if params.crop in ("boxes", "whole"):
        return f"photos.crop is {params.crop}."
    if not photos:
        return "there is no photo without a box."
    if params.crop == "auto":
        some = photos[:: max(1, len(photos) // ASKED)]
        if sum(map(_plain, some)) >= PLAIN_SHARE * len(some):
            return "the photos without boxes are plain pictures of one part each (photos.crop: found asks for one)."
    return ""


def _plain(photo: Path) -> bool:
    try:
        return find_part(photo_square(photo, None, "shift", SIDE_PX)) is not None
    except (UserError, MemoryError):  # `cad2real photos` lists it
        return True
