"""Which labels of photos train: told apart from those that score when squares are made, so that no photo can do both.

A square's label stands in one of two files. In photos.csv it scores. In labels.json it trains, and then photos.csv has
none for it, nor for any other square of its photo, nor of photos that are or look the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from cad2real.errors import Skipped
from cad2real.files import atomic_folder, read_json, write_json
from photos.annotations.reading import NO_BOXES
from photos.boxes import read_boxes
from photos.crop import Box
from photos.duplicates import DUPLICATES, Print, alike_photos, same_photos
from photos.finder.overlap import overlaps
from photos.manifest import MANIFEST, SquareRow, read_manifest, write_manifest
from photos.names import named_rows
from photos.unfinished import link

LABELS = "labels.json"
TRAINING_LABELS = NO_BOXES
SAME_PART = 0.5  # intersection over union from which two boxes show one part, as PASCAL VOC counts

type LabelMode = Literal["none", "folders", "csv"]


@dataclass(frozen=True)
class FeedbackPhoto:
    """A photo that somebody named on the served page: its `square` in the folder of squares, `label` and print."""

    square: str
    photo: str
    label: str
    print: Print


@dataclass(frozen=True)
class Learned:
    """Squares whose labels train, in `photos` (square, photo, label, from, picture); the `rows` of all squares, with
    labels where they score only; the labels that squares lost by it, by square (`withheld`), for whoever writes
    the photos' labels down again; what of the labels could not be used.
    """

    photos: list[dict[str, str]]
    rows: list[SquareRow]
    withheld: dict[str, str]
    skipped: list[Skipped] = field(default_factory=list)

    def write(self, squares: Path, mode: LabelMode, feedback: bool) -> None:
        """Writes labels.json into the folder `squares`."""
        content = {"labels": mode, "feedback": feedback, "photos": self.photos, "withheld": self.withheld}
        write_json(squares / LABELS, content)

    def note(self) -> str:
        """What people should know, in a line; empty where no label trains."""
        if not self.photos:
            return ""
        return (
            f"{len(self.photos)} labels train; {len(self.withheld)} squares of these photos, and of photos that look "
            "the same, do not score"
        )


def tell_apart(
    rows: Sequence[SquareRow],
    prints: Mapping[str, Print],
    mode: LabelMode,
    folder: Path,
    feedback: Sequence[FeedbackPhoto] = (),
) -> Learned:
    """Divides the labels of the squares `rows` of the photo `folder` into those that train and those that score.

    `mode` says which train: none; `folders`: those of photos in sub-folders; `csv`: those that training_labels.csv in
    `folder` lists, whatever photos.csv says of them. Labels of `feedback` train in any case. Raises UserError for a
    table that cannot be read.
    """
    labels, skipped = _from_csv(rows, folder) if mode == "csv" else (_from_folders(rows, mode), [])
    theirs = {one.photo: one.print for one in feedback}
    learned = _learned(rows, {**prints, **theirs}, labels, mode, set(theirs))
    photos = [_entry(one.square, one.photo, one.label, "feedback", one.print) for one in feedback]
    return replace(learned, photos=learned.photos + photos, skipped=skipped)


def divide_anew(squares: Path, labels: Mapping[str, str], silent: Collection[str], out: Path) -> None:
    """Writes `out`: the folder of `squares` again, with `labels` (by square) that train instead of its own; photos in
    `silent` do not score either.
    """
    rows = read_manifest(squares)
    stored = read_json(squares / DUPLICATES, "prints")["prints"]
    prints = {photo: Print(**(one | {"colour": tuple(one["colour"])})) for photo, one in stored.items()}
    mode: LabelMode = "csv" if labels else "none"
    learned = _learned(rows, prints, labels, mode, silent)
    with atomic_folder(out) as target:
        for path in sorted(squares.iterdir()):
            if path.name not in (MANIFEST, LABELS):
                link(path, target / path.name)
        write_manifest(target, learned.rows)
        learned.write(target, mode, feedback=False)


def _learned(
    rows: Sequence[SquareRow],
    prints: Mapping[str, Print],
    labels: Mapping[str, str],
    source: str,
    silent: Collection[str],
) -> Learned:
    """`labels` by square train; they, the photos `silent` and what looks the same do not score."""
    by_name = {row.square: row for row in rows}
    photos = [
        _entry(square, by_name[square].photo, label, source, prints.get(by_name[square].photo))
        for square, label in sorted(labels.items())
    ]
    quiet = _silent({by_name[square].photo for square in labels} | set(silent), prints)
    kept = [replace(row, label="") if row.photo in quiet else row for row in rows]
    lost = {row.square: row.label for row in rows if row.photo in quiet and row.label}
    return Learned(photos, kept, lost)


def _entry(square: str, photo: str, label: str, source: str, seen: Print | None) -> dict[str, str]:
    picture = seen.picture if seen else ""
    return {"square": square, "photo": photo, "label": label, "from": source, "picture": picture}


def _silent(labelled: set[str], prints: Mapping[str, Print]) -> set[str]:
    """The photos that must not score: the labelled ones and all that are or look the same."""
    if not labelled:
        return set()
    same = same_photos(prints)
    firsts = {same.get(photo, photo) for photo in labelled}
    for group in alike_photos(prints):
        if firsts & set(group):
            firsts |= set(group)
    return labelled | firsts | {photo for photo, first in same.items() if first in firsts}


def _from_folders(rows: Sequence[SquareRow], mode: LabelMode) -> dict[str, str]:
    if mode == "none":
        return {}
    return {row.square: row.label for row in rows if row.label and "/" in row.photo and not row.duplicate_of}


def _from_csv(rows: Sequence[SquareRow], folder: Path) -> tuple[dict[str, str], list[Skipped]]:
    """The labels by square that the table gives, and its rows that cannot be used. A row without a label says nothing:
    somebody was asked and has not answered yet.
    """
    path = folder / TRAINING_LABELS
    if not path.is_file():
        reason = "train.labels is csv and there is no such table. `cad2real label --suggest 20` helps to make one."
        return {}, [Skipped(TRAINING_LABELS, str(folder), reason)]
    squares: dict[str, list[SquareRow]] = {}
    for row in rows:
        squares.setdefault(row.photo, []).append(row)
    given: dict[str, dict[str, str]] = {}
    skipped = []
    for asked in named_rows([one for one in read_boxes(path) if one.label], folder, sorted(squares)):
        own = squares.get(asked.image, [])
        square, fault = _meant(own, asked.box)
        if asked.fault or square is None:
            skipped.append(Skipped(asked.image or "(no name)", asked.where, asked.fault or fault))
        else:
            given.setdefault(square, {})[asked.label or ""] = asked.where
    for square in [name for name, labels in given.items() if len(labels) > 1]:
        photo = next(row.photo for row in rows if row.square == square)
        where = next(iter(given[square].values()))
        skipped.append(Skipped(photo, where, f"has the labels {' and '.join(given.pop(square))}. Leave one of them."))
    return {square: next(iter(labels)) for square, labels in given.items()}, skipped


def _meant(own: Sequence[SquareRow], box: Box | None) -> tuple[str | None, str]:
    """The square of a photo's squares that a row means; or None, and why there is none."""
    if not own:
        return None, "is no photo that there is a square of. Correct the name."
    if box is None:
        return (own[0].square, "") if len(own) == 1 else (None, f"shows {len(own)} parts. Name the box of one.")
    shared = {row.square: _overlap(box, row) for row in own}
    best = max(shared, key=lambda square: shared[square])
    if shared[best] < SAME_PART:
        return None, "has no part where the box is. Name the box as data/squares/photos.csv has it, or none."
    return best, ""


def _overlap(box: Box, row: SquareRow) -> float:
    """Intersection over union of a box with that of a square; 0 for the square of a whole photo."""
    if not row.x_min:
        return 0.0
    corners = [[box.x_min, box.y_min, box.x_max, box.y_max], [row.x_min, row.y_min, row.x_max, row.y_max]]
    return float(overlaps(*np.array(corners, np.float32)[:, None])[0, 0])


def with_all_labels(squares: Path) -> list[SquareRow]:
    """All squares of a folder with every label that is known of them, whether it scores, trains or does neither: to be
    written down for people, never to train or score.
    """
    rows, path = read_manifest(squares), squares / LABELS
    if not path.is_file():
        return rows
    content = read_json(path, "photos", "withheld")
    known = content["withheld"] | {one["square"]: one["label"] for one in content["photos"]}
    return [replace(row, label=known.get(row.square, row.label)) for row in rows]
