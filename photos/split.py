"""Photos set apart that training never sees: by a draw from each file's content, or in a folder of their own.

A part is a folder of links to the photos, with a box file of its own, so that no stage that reads the other part can
come upon them. All boxes of a photo go with it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from cad2real.errors import Skipped, UserError
from cad2real.files import atomic_folder, write_text
from photos.annotations.own_csv import CORNERS
from photos.annotations.row import BoxRow
from photos.boxes import BOXES, given_boxes
from photos.find import find_photos, folder_label
from photos.params import BoxesOn

COLUMNS = ("image", "label", *CORNERS)


@dataclass(frozen=True)
class PhotoSet:
    """A folder of photos with its file or folder of boxes, if it has one."""

    folder: Path
    boxes: Path | None
    boxes_on: BoxesOn = "auto"


@dataclass(frozen=True)
class Split:
    """Photos that may be adapted to, photos that may not, and what belongs to neither because it cannot be used."""

    seen: PhotoSet
    unseen: PhotoSet
    skipped: list[Skipped]


def is_unseen(sha256: str, share: float) -> bool:
    """Whether the photo with this content is drawn, with the chance `share` in [0, 1], to be set apart.

    The draw hangs on nothing else: neither on other photos, nor on names or their order.

    >>> [is_unseen("00", share) for share in (0.0, 0.5, 1.0)]
    [False, True, True]
    """
    draw = hashlib.blake2b(f"unseen {sha256}".encode(), digest_size=8).digest()
    return int.from_bytes(draw) / 2**64 < share


def split_photos(photos: PhotoSet, share: float, out: Path) -> Split:
    """Writes out/seen and out/unseen, about `share` of the photos in the second; files of the same content lie in the
    same. Raises UserError where one of them would be empty.
    """
    names, skipped = find_photos(photos.folder)
    unseen = {name for name in names if is_unseen(_sha256(photos.folder / name), share)}
    for wanted, which in ((unseen, "unseen"), (set(names) - unseen, "seen")):
        if not wanted:
            raise UserError(
                f"Of the {len(names)} photos in {photos.folder} none is {which} at a share of {share:g}.",
                "Name another share, or more photos.",
            )
    apart = _write(photos, out / "unseen", names, lambda name: name in unseen)
    return Split(_write(photos, out / "seen", names, lambda name: name not in unseen), apart, skipped)


def set_apart(unseen: PhotoSet, seen: PhotoSet, out: Path) -> Split:
    """Writes out/unseen with the photos of `unseen` that are not among those of `seen` as well, whatever they are
    called; the others are skipped. Raises UserError where one folder lies in the other or nothing is left.
    """
    folders = unseen.folder.resolve(), seen.folder.resolve()
    if folders[0].is_relative_to(folders[1]) or folders[1].is_relative_to(folders[0]):
        raise UserError(f"{unseen.folder} and {seen.folder} lie in each other.", "Name folders that are apart.")
    known = {_sha256(seen.folder / name) for name in find_photos(seen.folder)[0]}
    names, skipped = find_photos(unseen.folder)
    twice = {name for name in names if _sha256(unseen.folder / name) in known}
    if len(twice) == len(names):
        raise UserError(f"{unseen.folder} holds no photo that is not in {seen.folder} too.", "Name other photos.")
    reason = f"is in {seen.folder} too, so it is not unseen. Take it out of one of them."
    skipped += [Skipped(name, str(unseen.folder), reason) for name in names if name in twice]
    # A box file of both names photos of the other folder too, which are no mistake.
    shared = unseen.boxes == seen.boxes
    kept = set(names) - twice
    apart = _write(unseen, out / "unseen", names, lambda name: name in kept or not (shared or name in twice))
    return Split(seen, apart, skipped)


def _write(photos: PhotoSet, out: Path, names: list[str], belongs: Callable[[str], bool]) -> PhotoSet:
    """Writes the folder `out` with the photos that belong to it and their boxes."""
    with atomic_folder(out) as target:
        (target / "photos").mkdir()
        for name in filter(belongs, names):
            place = target / "photos" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            _link(photos.folder / name, place)
        if photos.boxes is not None:
            given = given_boxes(photos.boxes, photos.folder, names, photos.boxes_on)
            rows = [_with_label(row, set(names)) for row in given.rows]
            write_text(target / BOXES, _box_file(row for row in rows if belongs(row.image)))
    return PhotoSet(out / "photos", out / BOXES if photos.boxes is not None else None)


def _with_label(row: BoxRow, known: set[str]) -> BoxRow:
    """`row` with the label of its photo's folder where it has none."""
    return replace(row, label=folder_label(row.image)) if row.label is None and row.image in known else row


def _box_file(rows: Iterable[BoxRow]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        # A row with a fault stays one, so that it is listed as ever.
        corners = ["?"] * 4 if row.fault else [""] * 4
        if row.box is not None:
            box = row.box
            corners = [repr(corner) for corner in (box.x_min, box.y_min, box.x_max, box.y_max)]
        writer.writerow([row.image, row.label or "", *corners])
    return text.getvalue()


def _sha256(path: Path) -> str:
    """Of the file's content; of a file that cannot be read, which is listed when squares are made, of its name."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return hashlib.sha256(os.fsencode(path.name)).hexdigest()


def _link(photo: Path, place: Path) -> None:
    try:
        os.link(photo.resolve(), place)
    except OSError:  # another file system, or one without hard links
        with suppress(OSError):  # an empty file is listed when squares are made
            place.touch()
            shutil.copyfile(photo, place)
