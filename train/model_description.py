"""What stands beside a model's weights (model.json), checked before anything is built from it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Colours = Annotated[list[float], Field(min_length=3, max_length=3)]


class Description(BaseModel):
    """What a model needs to be built. The rest of model.json, figures for people, is passed on as it is.

    `architecture`: timm's own name of the network, where `backbone` names one on the hub, which may be out of reach.
    `mean` and `std` per channel of the pixels in [0, 1] that it expects.
    """

    model_config = ConfigDict(extra="allow", strict=True)

    classes: Annotated[list[str], Field(min_length=1)]
    backbone: str
    image_size: int = Field(ge=1, le=4096)
    rotations: Literal[1, 2, 4]
    architecture: str | None = None
    mean: Colours | None = None
    std: Colours | None = None


def read_description(text: bytes) -> dict[str, Any]:
    """The content of model.json. Raises ValueError, in one line, for what is no description of a model."""
    try:
        return Description.model_validate_json(text).model_dump()
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or "model.json"
        raise ValueError(f"{where}: {first['msg']}") from None
