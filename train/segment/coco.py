"""Masks in COCO's form: written for other tools (compressed run lengths), read for scoring (polygons, too)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cad2real.coco_masks import coco_mask
from cad2real.errors import DamagedFileError, UserError
from cad2real.files import read_json
from train.losses.classmix import BACKGROUND
from train.losses.self_training import IGNORED
from train.segment.classes import Classes

MOST_PIXELS = 150_000_000
"""Of a mask that is read; photos have no more."""


@dataclass(frozen=True)
class GivenMasks:
    """The masks of photos: `photos`: file name -> (height, width, annotations as COCO has them); `categories`: their
    names by id.
    """

    photos: dict[str, tuple[int, int, list[dict[str, Any]]]]
    categories: dict[int, str]

    def unknown(self, classes: Classes) -> list[str]:
        """Categories that are no class, sorted: their pixels are not scored."""
        return sorted({name for name in self.categories.values() if classes.number(name) is None})

    def class_map(self, photo: str, classes: Classes) -> npt.NDArray[np.int64]:
        """The class (h, w) of each pixel of a photo: of what no mask covers 0, of unknown categories `IGNORED`; where
        masks overlap, the smaller one's. Raises UserError for a mask that is damaged.
        """
        height, width, annotations = self.photos[photo]
        found = np.full((height, width), BACKGROUND, np.int64)
        masks: list[tuple[int, npt.NDArray[np.bool_], int]] = []
        for annotation in annotations:
            number = classes.number(self.categories.get(annotation.get("category_id", -1), ""))
            mask = _decoded(annotation, height, width, photo)
            masks.append((int(mask.sum()), mask, IGNORED if number is None else number))
        for _, mask, number in sorted(masks, key=lambda one: -one[0]):
            found[mask] = number
        return found


def read_masks(path: Path) -> GivenMasks:
    """Reads a COCO file. Raises UserError for what is none."""
    try:
        content = read_json(path, "images", "annotations", "categories")
        categories = {int(one["id"]): str(one["name"]) for one in content["categories"]}
        names = {one["id"]: (str(one["file_name"]), int(one["height"]), int(one["width"])) for one in content["images"]}
        by_photo: dict[str, tuple[int, int, list[dict[str, Any]]]] = {}
        for name, height, width in names.values():
            if not 0 < height * width <= MOST_PIXELS:
                raise ValueError(f"{name} has {height} x {width} pixels")
            by_photo[name] = (height, width, [])
        for annotation in content["annotations"]:
            by_photo[names[annotation["image_id"]][0]][2].append(annotation)
    except DamagedFileError as error:
        raise UserError(f"{path} is no COCO file of masks: {error.what}", "Export masks as COCO instances.") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}).", "Name a COCO file of masks.") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise UserError(f"{path} is no COCO file of masks ({reason}).", "Export masks as COCO instances.") from None
    return GivenMasks(by_photo, categories)


def _decoded(annotation: dict[str, Any], height: int, width: int, photo: str) -> npt.NDArray[np.bool_]:
    """The mask (h, w) of run lengths, plain or compressed, or of polygons."""
    from pycocotools import mask as coco

    shape = annotation.get("segmentation")
    try:
        if isinstance(shape, list):
            encoded = coco.merge(coco.frPyObjects(shape, height, width))
        elif isinstance(shape["counts"], list):  # type: ignore[index]
            if sum(shape["counts"]) != height * width:  # type: ignore[index]
                raise ValueError("its runs are not as long as the picture")
            encoded = coco.frPyObjects(shape, height, width)
        else:
            encoded = shape
        if tuple(encoded["size"]) != (height, width):
            raise ValueError(f"it is of {encoded['size']}")
        return np.asarray(coco.decode(encoded), bool)
    except Exception as error:  # pycocotools raises whatever comes
        raise UserError(f"a mask of {photo} is damaged ({str(error)[:100]}).", "Export the masks again.") from None


def as_coco(maps: Iterable[tuple[str, npt.NDArray[np.uint8]]], names: Sequence[str]) -> dict[str, Any]:
    """COCO's form of class maps (h, w) by photo: for each class but what is no part one annotation, of all its pixels
    in the photo, with the class's number as its category.
    """
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for image, (photo, found) in enumerate(maps, start=1):
        images.append({"id": image, "file_name": photo, "width": found.shape[1], "height": found.shape[0]})
        for number in np.unique(found[found != BACKGROUND]).tolist():
            mask = found == number
            rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
            box = [columns[0], rows[0], columns[-1] + 1 - columns[0], rows[-1] + 1 - rows[0]]
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image,
                    "category_id": number,
                    "segmentation": coco_mask(mask),
                    "area": int(mask.sum()),
                    "bbox": [int(side) for side in box],
                    "iscrowd": 0,
                }
            )
    categories = [{"id": number, "name": name} for number, name in enumerate(names) if number != BACKGROUND]
    return {"images": images, "annotations": annotations, "categories": categories}
