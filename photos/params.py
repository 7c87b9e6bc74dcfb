"""The typed schema of the `photos` block of params.yaml."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cad2real.schema import Block, unit, values

Border = Literal["shift", "pad"]
BoxesOn = Literal["auto", "upright", "stored"]
CropBy = Literal["auto", "boxes", "found", "whole"]


class PhotosParams(Block):
    """Where the photos and their boxes are, and how they become square."""

    folder: str = "data/photos"
    """Folder of photos; a photo's sub-folder is its label.

    Photos without a label are fine: labels only score, unless `train.labels` says otherwise. For `cad2real run` it has
    to lie in data/photos/.
    """
    boxes: str | None = "data/photos/boxes.csv"
    """Boxes of parts: a file or a folder; null: do not look.

    A csv (image, label, x_min, y_min, x_max, y_max in pixels of the upright photo), COCO, YOLO, Pascal VOC, LabelMe,
    CVAT, Label Studio, VIA, OpenImages or Roboflow, told by what it holds. At this default the file may be missing:
    then boxes in any of these formats that lie in photos.folder count.
    """
    boxes_on: BoxesOn = Field(
        "auto",
        json_schema_extra=values(
            {
                "auto": "the stated sizes say, or boxes that only fit one of the two",
                "upright": "as people see it",
                "stored": "as it is stored, before its EXIF turns it",
            }
        ),
    )
    """Which picture of a turned photo boxes were drawn on. A csv of our own is upright unless `stored` is set."""
    crop: CropBy = Field(
        "auto",
        json_schema_extra=values(
            {
                "auto": "the given boxes; where a photo has none, what was found in it with certainty, else all of it",
                "boxes": "the given boxes; a photo without any is used whole",
                "found": "what was found in it, however unsure; given boxes are not looked at",
                "whole": "every photo as it is",
            }
        ),
    )
    """What the squares are cut by."""
    border: Border = Field(
        "shift", json_schema_extra=values({"shift": "it is moved inside", "pad": "it is filled with black"})
    )
    """What becomes of a square that would leave the photo."""
    size: int = Field(512, ge=16, le=4096, json_schema_extra=unit("px"))
    """Side of a square; training shrinks it to train.image_size."""
