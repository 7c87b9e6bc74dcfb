"""The typed schema of the `photos` block of params.yaml."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cad2real.schema import Block


class PhotosParams(Block):
    """Where the photos and their boxes are, and how they become square."""

    folder: str = "data/photos"
    boxes: str | None = "data/photos/boxes.csv"
    border: Literal["shift", "pad"] = "shift"
    size: int = Field(512, ge=16, le=4096)
