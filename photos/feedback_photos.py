"""Photos that people named on the served page (data/feedback), as squares whose labels train."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from cad2real.errors import Skipped, UserError
from cad2real.files import parse_json
from photos.annotations.row import box_of
from photos.crop import Box
from photos.duplicates import print_of
from photos.learned import FeedbackPhoto
from photos.opening import open_photo
from photos.params import Border
from photos.square import squares_of

LOG = "log.jsonl"
PHOTO = re.compile(r"photos/([A-Za-z0-9_-]{1,64})\.jpg", re.ASCII)
LONGEST_LABEL = 200


@dataclass(frozen=True)
class _Named:
    """What somebody said of a photo, or of a box in it."""

    photo: str
    box: Box | None
    label: str


def feedback_squares(
    folder: Path, border: Border, size: int, target: Path
) -> tuple[list[FeedbackPhoto], list[Skipped]]:
    """Cuts the photos of the log in `folder` as search did, into squares in `target`; of several words on one photo the
    last counts. What cannot be used is skipped, with its line.
    """
    said, skipped = _read(folder)
    made: list[FeedbackPhoto] = []
    for number, one in enumerate(said):
        try:
            with open_photo(folder / one.photo) as photo:
                (result,), picture = squares_of(photo, [one.box], border, size)
            if isinstance(result, UserError) or picture is None:
                raise result if isinstance(result, UserError) else UserError("cannot be cut.")
            content = hashlib.sha256((folder / one.photo).read_bytes()).hexdigest()
        except (OSError, UserError) as error:
            skipped.append(Skipped(one.photo, str(folder), f"{error}"))
            continue
        square = f"feedback_{number:05}.jpg"
        result[1].save(target / square, "JPEG", quality=95, subsampling=0)
        made.append(FeedbackPhoto(square, f"feedback/{one.photo}", one.label, print_of(content, picture)))
    return made, skipped


def _read(folder: Path) -> tuple[list[_Named], list[Skipped]]:
    """The last word on each photo and box, in the order of the log."""
    try:
        lines = (folder / LOG).read_bytes().splitlines()
    except FileNotFoundError:
        return [], []
    last: dict[tuple[str, str], _Named] = {}
    skipped = []
    for number, line in enumerate(lines, start=1):
        try:
            entry = parse_json(line)
            photo, label, box = (str(entry[name]) for name in ("photo", "label", "box"))
            if not PHOTO.fullmatch(photo) or not 0 < len(label) <= LONGEST_LABEL:
                raise ValueError(line)
            corners, fault = box_of(box.split(",")) if box else (None, "")
            if fault:
                raise ValueError(fault)
        except (ValueError, KeyError, TypeError):
            skipped.append(Skipped(f"line {number}", str(folder / LOG), "says no photo, label and box. Delete it."))
            continue
        last.pop((photo, box), None)
        last[photo, box] = _Named(photo, corners, label)
    return list(last.values()), skipped
