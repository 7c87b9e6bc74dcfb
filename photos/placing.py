"""Boxes as they were drawn, to pixels of the upright photo: many programs draw on a photo as it is stored, before its
EXIF turns it upright, some give shares of its sides, and some show a smaller copy.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from cad2real.errors import UserError
from photos.annotations.row import BoxRow
from photos.crop import Box
from photos.opening import Frame, photo_frame
from photos.params import BoxesOn

SAME_SHAPE = 0.01  # a smaller copy has the same ratio of its sides, but for rounding
OUTSIDE_PX = 2.0  # boxes reach so far over the edge by rounding


def placed_rows(rows: Sequence[BoxRow], folder: Path, boxes_on: BoxesOn) -> tuple[list[BoxRow], list[str]]:
    """`rows`, whose `image` is a path in `folder`, with boxes in pixels of the upright photo, and notes for people.

    With `auto` each photo's stated size says whether it was marked as it is stored or upright, else boxes that only fit
    one of the two; where nothing tells, the most of the others. A row whose stated size is neither that of the photo
    nor that of a smaller copy gets a fault that names both sizes.
    """
    frames = _frames(rows, folder, boxes_on)
    by_photo: defaultdict[str, list[BoxRow]] = defaultdict(list)
    for row in rows:
        by_photo[row.image].append(row)
    said = {image: _said(by_photo[image], frame) for image, frame in frames.items() if frame.is_turned}
    most = Counter(said.values())
    stored_is_usual = most["stored"] > most["upright"]
    notes: Counter[str] = Counter()
    placed = []
    for row in rows:
        frame = frames.get(row.image)
        if frame is None or row.box is None or row.fault:
            placed.append(row)
            continue
        on: str = boxes_on
        if on == "auto":
            on = "upright" if row.upright else said.get(row.image) or ("stored" if stored_is_usual else "upright")
        placed.append(_placed(row, frame, on == "stored", boxes_on == "auto", notes))
    if boxes_on == "auto" and most["stored"]:
        notes[f"{most['stored']} photos were marked as they are stored; their boxes are turned upright with them"] = 1
    return placed, list(notes)


def _frames(rows: Iterable[BoxRow], folder: Path, boxes_on: BoxesOn) -> dict[str, Frame]:
    """The size of each photo that has to be known. Photos that cannot be opened are listed when squares are made."""
    frames: dict[str, Frame] = {}
    for image in dict.fromkeys(row.image for row in rows if row.box and (boxes_on == "stored" or not row.upright)):
        try:
            frames[image] = photo_frame(folder / image)
        except (UserError, OSError):
            continue
    return frames


def _said(rows: Iterable[BoxRow], frame: Frame) -> str:
    """Which of the two pictures of a turned photo its rows were drawn on: upright, stored, or empty for unknown."""
    for row in rows:
        if row.stated and not row.upright:
            fits = {way: _same_shape(row.stated, size) for way, size in frame.ways()}
            if fits["upright"] != fits["stored"]:
                return "upright" if fits["upright"] else "stored"
        if row.box and not row.shares and not row.stated:
            within = {way: _within(row.box, size) for way, size in frame.ways()}
            if within["upright"] != within["stored"]:
                return "upright" if within["upright"] else "stored"
    return ""


def _placed(row: BoxRow, frame: Frame, on_stored: bool, is_guess: bool, notes: Counter[str]) -> BoxRow:
    assert row.box is not None  # noqa: S101 -- the caller has seen it
    size = frame.stored if on_stored else frame.upright
    scale = size if row.shares else (1.0, 1.0)
    if row.stated and not _is(row.stated, size):
        if not _same_shape(row.stated, size):
            upright, stored = ("x".join(map(str, way)) for way in (frame.upright, frame.stored))
            known = f"{upright} pixels" + (f" ({stored} as it is stored)" if upright != stored else "")
            stated = "x".join(f"{side:g}" for side in row.stated)
            remedy = "Export the boxes of this photo again" + ("" if is_guess else ", or set photos.boxes_on to auto")
            return replace(row, fault=f"was marked on a picture of {stated} pixels, but is {known}. {remedy}.")
        scale = (size[0] / row.stated[0], size[1] / row.stated[1])
        notes["some boxes were drawn on smaller or larger copies of the photos; they are scaled"] += 1
    box = row.box
    scaled = Box(box.x_min * scale[0], box.y_min * scale[1], box.x_max * scale[0], box.y_max * scale[1])
    return replace(row, box=frame.turned_upright(scaled) if on_stored else scaled)


def _is(stated: tuple[float, float], size: tuple[int, int]) -> bool:
    return max(abs(stated[0] - size[0]), abs(stated[1] - size[1])) < 1


def _same_shape(stated: tuple[float, float], size: tuple[int, int]) -> bool:
    return _is(stated, size) or abs(stated[0] * size[1] / (stated[1] * size[0]) - 1) <= SAME_SHAPE


def _within(box: Box, size: tuple[int, int]) -> bool:
    return box.x_max <= size[0] + OUTSIDE_PX and box.y_max <= size[1] + OUTSIDE_PX
