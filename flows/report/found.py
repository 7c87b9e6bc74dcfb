"""What was found in photos without boxes, for a person to judge: each photo small, with its boxes, doubtful ones first.

The photos that are shown are bounded, so that the page stays small however many there are.
"""

from __future__ import annotations

import csv
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from cad2real.errors import UserError
from cad2real.files import read_json
from cad2real.layout import Layout
from cad2real.params import load_params
from flows.report.thumbnails import data_uri
from photos.opening import open_photo

MOST_SHOWN = 240  # photos; a picture has 5 kB or so in the page
MOST_IN_VAIN = 0.4  # of them at most such in which nothing was found, or they might be all
MOST_FAINT = 3  # parts that were seen and not taken are drawn, too, so that it shows what was nearly found
FAINT_SHARE = 0.5  # of the threshold: what is fainter is not drawn
SIDE_PX = 168
QUALITY = 72
TAKEN, LEFT = "#39ff14", "#ffb000"
WORKERS = min(8, os.process_cpu_count() or 1)

type Corners = tuple[float, float, float, float]


@dataclass(frozen=True)
class FoundPhoto:
    """A photo that was looked through: `taken` are the boxes that it is cut by, `faint` others that were seen, in
    pixels of the upright photo of `width`; `scores` of those taken. `doubt`: how near the nearest score lies to the
    one from which a part counts, smaller is more doubtful.
    """

    photo: str
    width: int
    taken: tuple[Corners, ...]
    scores: tuple[float, ...]
    faint: tuple[Corners, ...]
    doubt: float


@dataclass(frozen=True)
class FoundParts:
    """What the report shows of the photos that were looked through: how many of them, the parts found, the names of
    those in which nothing was, and the ones shown with their pictures (data URIs, empty where one cannot be read).
    """

    photos: int
    parts: int
    threshold: float
    in_vain: tuple[str, ...]
    shown: tuple[tuple[FoundPhoto, str], ...]


def read_found(layout: Layout) -> FoundParts | None:
    """Reads data/squares/found.json; None where no photo was looked through. Raises UserError when it is damaged."""
    try:
        found = read_json(layout.squares / "found.json", "threshold", "photos")
    except FileNotFoundError:
        return None
    photos = _photos(found, _cut_by(layout.squares / "photos.csv"))
    if not photos:
        return None
    in_vain = [one for one in photos if not one.taken]
    shown = to_show(photos)
    folder = layout.root / load_params(layout.params).photos.folder
    with ThreadPoolExecutor(WORKERS) as pool:
        pictures = list(pool.map(lambda one: _picture(folder / one.photo, one), shown))
    parts = sum(len(one.taken) for one in photos)
    names = tuple(one.photo for one in in_vain)
    return FoundParts(len(photos), parts, found["threshold"], names, tuple(zip(shown, pictures, strict=True)))


def not_looked_through(layout: Layout) -> str:
    """Why photos without boxes are used whole although there is a finder, in a sentence; else empty."""
    try:
        return str(read_json(layout.models / "find" / "finder.json").get("set_aside", ""))
    except (OSError, UserError, AttributeError):
        return ""


def to_show(photos: list[FoundPhoto], most: int = MOST_SHOWN) -> list[FoundPhoto]:
    """Of all photos the `most` doubtful ones, most doubtful first: those in which nothing was found, the ones with the
    faintest parts last of them, then those with a part nearest to the threshold.
    """
    ordered = sorted(photos, key=lambda one: (bool(one.taken), one.doubt, one.photo))
    in_vain = [one for one in ordered if not one.taken]
    others = ordered[len(in_vain) :]
    room = max(int(MOST_IN_VAIN * most), most - len(others))
    shown = in_vain[:room]
    return shown + others[: most - len(shown)]


def _photos(found: dict[str, Any], cut_by: dict[str, list[tuple[Corners, float]]]) -> list[FoundPhoto]:
    """The photos that have squares; of one with damaged pixels there is none, and it is listed as skipped."""
    threshold = found["threshold"]
    photos = []
    for photo, seen in found["photos"].items():
        if photo not in cut_by:
            continue
        taken = cut_by[photo]
        left = [part for part in seen["parts"][len(taken) :] if part[4] >= FAINT_SHARE * threshold]
        faint = tuple((part[0], part[1], part[2], part[3]) for part in left[:MOST_FAINT])
        doubt = min((abs(part[4] - threshold) for part in seen["parts"]), default=threshold)
        boxes, scores = tuple(box for box, _ in taken), tuple(score for _, score in taken)
        photos.append(FoundPhoto(photo, seen["width"], boxes, scores, faint, doubt))
    return photos


def _cut_by(manifest: Path) -> dict[str, list[tuple[Corners, float]]]:
    """By photo the boxes that were found and the squares cut by, with their scores; empty where all of it is used."""
    photos: dict[str, list[tuple[Corners, float]]] = {}
    with manifest.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            boxes = photos.setdefault(row["photo"], [])
            if row["how"] == "found":
                corners = (float(row["x_min"]), float(row["y_min"]), float(row["x_max"]), float(row["y_max"]))
                boxes.append((corners, float(row["score"])))
    return photos


def _picture(path: Path, one: FoundPhoto) -> str:
    """The photo with its boxes as a data URI; empty when it cannot be read any more."""
    try:
        with open_photo(path) as photo:
            picture = photo.read(min(1.0, 2 * SIDE_PX / max(photo.width, photo.height)))
    except (UserError, OSError, MemoryError):
        return ""
    picture.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
    scale = picture.width / one.width
    draw = ImageDraw.Draw(picture)
    for boxes, colour, pen in ((one.faint, LEFT, 1), (one.taken, TAKEN, 2)):
        for box in boxes:
            x_min, y_min, x_max, y_max = (side * scale for side in box)
            draw.rectangle((x_min, y_min, max(x_min, x_max - 1), max(y_min, y_max - 1)), outline=colour, width=pen)
    return data_uri(picture, QUALITY)
