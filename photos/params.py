"""The typed schema of the `photos` block of params.yaml."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cad2real.schema import Block

Border = Literal["shift", "pad"]


class PhotosParams(Block):
    """Where the photos and their boxes are, and how they become square.

    `boxes` at its default may be missing: then every photo is used whole, and its sub-folder is its label.
    `border`: a square that would leave the photo is moved into it (`shift`) or filled with black (`pad`).
    """

    folder: str = "data/photos"
    boxes: str | None = "data/photos/boxes.csv"
    border: Border = "shift"
    size: int = Field(512, ge=16, le=4096)
