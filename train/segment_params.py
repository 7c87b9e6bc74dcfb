"""The typed schema of the `segment` block of params.yaml: not in `train`, so that changing it makes no model stale."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, NonNegativeFloat

from cad2real.schema import Block, unit, values

CLASSES = {"label": "parts by their labels", "material": "what they are made of, as the part list says"}
METHODS = {
    "entropy": "sure pixels (MinEnt); weight 0.001",
    "advent": "a discriminator on maps of the pixels' uncertainty; weight 0.001",
    "domain_classifier": "a discriminator on three levels of features, which learn to fool it; weight 0.1",
    "self_training": "the averaged network's classes, with rendered parts pasted in (ClassMix); weight 1",
    "masked_consistency": "photos with hidden blocks, the averaged network's classes (MIC); weight 1",
}
MapMethodName = Literal["entropy", "advent", "domain_classifier", "self_training", "masked_consistency"]


class SegmentParams(Block):
    """Segmentation, `cad2real segment`: the class of every pixel. No stage of a run."""

    classes: Literal["label", "material"] = Field("label", json_schema_extra=values(CLASSES))
    """What is told apart."""
    image_size: int = Field(192, ge=64, le=1024, multiple_of=32, json_schema_extra=unit("px"))
    """Side of the pictures that it trains on.

    Photos are looked at with their longer side at it and at twice that. Larger sees finer and costs its square.
    """
    batch_size: int = Field(8, ge=2, le=1024, json_schema_extra=unit("images"))
    """Pictures in a step; with photos, half of them are photos."""
    steps: int = Field(600, ge=1, le=1_000_000, json_schema_extra=unit("steps"))
    """Length of its training on renders; a third as many steps follow with the photos."""
    methods: dict[MapMethodName, NonNegativeFloat] = Field({}, json_schema_extra=values(METHODS))
    """Adaptation losses on the photos' maps and their weights; {}: none, training on renders alone.

    On simulated photos none gave more than as many steps without photos: docs/how-to/segment.md.
    """
