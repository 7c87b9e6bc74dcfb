"""The typed schema of the `train` block of params.yaml: what all training stages share, and one sub-block a stage."""

from __future__ import annotations

from pydantic import Field

from cad2real.schema import Block


class TrainParams(Block):
    """What all training stages share, and one sub-block a stage."""

    backbone: str = "tf_efficientnet_lite0"
    seed: int = Field(0, ge=0)
