"""The typed schema of the `find` block of params.yaml: not in `train`, so that changing it makes no model stale."""

from __future__ import annotations

from pydantic import Field

from cad2real.schema import Block, unit


class FindParams(Block):
    """The finder, which finds parts in whole photos: trained on renders that are pasted onto surfaces."""

    image_size: int = Field(192, ge=64, le=1024, multiple_of=32, json_schema_extra=unit("px"))
    """Side of the pictures that it trains on. Photos are looked at three times: with their longer side at half of it,
    at it, and, for small parts, at twice that.

    Larger finds smaller parts and costs its square.
    """
    batch_size: int = Field(8, ge=1, le=1024, json_schema_extra=unit("images"))
    """Pictures in a step."""
    steps: int = Field(600, ge=1, le=1_000_000, json_schema_extra=unit("steps"))
    """Length of its training on renders; a third as many steps follow with the photos."""
