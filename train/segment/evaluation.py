"""How good the masks of photos are, where somebody has masks or boxes of them. Both only score."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cad2real.errors import Skipped, UserError
from cad2real.progress import Progress
from photos.boxes import given_boxes
from photos.find import find_photos, folder_label
from photos.opening import open_photo
from photos.params import BoxesOn
from train.segment.coco import GivenMasks
from train.segment.model import Segmenter
from train.segment.prediction import ClassMap
from train.segment.scores import BoxAgreement, mask_scores


@dataclass
class Evaluation:
    """`figures` by name, null where not defined; of how many `photos`; what of the given could not be used."""

    photos: int = 0
    figures: dict[str, Any] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def against_masks(segmenter: Segmenter, folder: Path, masks: GivenMasks) -> Evaluation:
    """Scores the photos of `folder` that have masks. Raises UserError where none has."""
    result = Evaluation()
    if unknown := masks.unknown(segmenter.classes):
        result.notes.append(f"not scored, as no part has that label: {', '.join(unknown)}")

    def pairs() -> Iterator[tuple[ClassMap, npt.NDArray[np.int64]]]:
        for name, found in class_maps(segmenter, folder, list(masks.photos), "segment evaluate", result.skipped):
            try:
                true = masks.class_map(name, segmenter.classes)
                if true.shape != found.shape:
                    size = f"{true.shape[1]}x{true.shape[0]}"
                    raise UserError(f"its mask is of {size} pixels, not of the upright photo's.", "Mask it upright.")
            except UserError as error:
                result.skipped.append(Skipped(name, "", str(error)))
                continue
            result.photos += 1
            yield found, true

    names = segmenter.classes.names
    scores = mask_scores(pairs(), len(names))
    result.figures = {
        "mean_iou": _known(scores.mean_iou),
        "mean_iou_of_parts": _known(scores.parts_iou),
        "iou": {name: _known(value) for name, value in zip(names, scores.by_class, strict=True)},
    }
    return result


def against_boxes(segmenter: Segmenter, folder: Path, source: Path, boxes_on: BoxesOn = "auto") -> Evaluation:
    """Says how far the photos' masks agree with the boxes of `source`. Raises UserError for a source without boxes."""
    result, agreement = Evaluation(), BoxAgreement()
    names, _ = find_photos(folder)
    given = given_boxes(source, folder, names, boxes_on)
    boxes: dict[str, list[tuple[tuple[float, float, float, float], int]]] = {}
    unknown = set()
    for row in given.rows:
        label = folder_label(row.image) if row.label is None else row.label
        number = segmenter.classes.number(label)
        if row.box is None or row.fault:
            continue
        if number is None:
            unknown.add(label)
            continue
        corners = (float(row.box.x_min), float(row.box.y_min), float(row.box.x_max), float(row.box.y_max))
        boxes.setdefault(row.image, []).append((corners, number))
    if unknown:
        result.notes.append(f"not scored, as no part has that label: {', '.join(sorted(unknown))}")
    for name, found in class_maps(segmenter, folder, list(boxes), "segment evaluate", result.skipped):
        agreement.add(found, boxes[name])
        result.photos += 1
    result.figures = {
        "boxes": len(agreement.classes),
        "mean_box_iou": _known(agreement.mean_overlap()),
        "named_right": _known(agreement.share_named()),
    }
    return result


def class_maps(
    segmenter: Segmenter, folder: Path, names: Sequence[str], title: str, skipped: list[Skipped]
) -> Iterator[tuple[str, ClassMap]]:
    """The class maps of photos, by their paths in `folder`, one by one; what cannot be used is added to `skipped`."""
    with Progress(title, len(names), "photos") as progress:
        for name in names:
            try:
                if not (folder / name).is_file():
                    raise UserError("does not exist.", f"Correct its name, or put it into {folder}.")
                with open_photo(folder / name) as photo:
                    found = segmenter.segment(photo.read())
            except (UserError, MemoryError) as error:
                skipped.append(Skipped(name, "", str(error) or "is too large for the memory that is left."))
                progress.failures += 1
            else:
                yield name, found
            progress.advance()


def _known(value: float) -> float | None:
    """JSON has no number for what is not defined."""
    return None if math.isnan(value) else value
