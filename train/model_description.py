"""What stands beside a model's weights (model.json). It may be a stranger's: it is checked first."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

Number = Annotated[float, Field(allow_inf_nan=False)]
Colours = Annotated[list[Number], Field(min_length=3, max_length=3)]
Deviations = Annotated[list[Annotated[Number, Field(gt=0)]], Field(min_length=3, max_length=3)]
NETWORK_NAME = re.compile(r"\w[\w.-]{0,199}", re.ASCII)
"""As timm has them: nothing that names a hub, an address or a folder."""


class Description(BaseModel):
    """What a model needs to be built. The rest of model.json, figures for people, is passed on as it is.

    `architecture`: timm's own name of the network, where `backbone` names one on the hub: loading asks no hub.
    `pooling`: of its tokens; models of before there was a choice have their network's own. `transferable`: whether
    attention is weighed as in TVT. `members`: how many such networks answer together. `mean` and `std` per channel of
    the pixels in [0, 1] that it expects. `image_size` is bounded as train.image_size is.
    """

    model_config = ConfigDict(extra="allow", strict=True)

    classes: Annotated[list[str], Field(min_length=1, max_length=100_000)]
    backbone: str
    image_size: int = Field(ge=1, le=1024)
    rotations: Literal[1, 2, 4]
    architecture: str | None = None
    pooling: Literal["own", "token and patches"] = "own"
    transferable: bool = False
    members: int = Field(1, ge=1, le=20)
    mean: Colours | None = None
    std: Deviations | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(set(self.classes)) < len(self.classes):
            raise ValueError("two classes have the same name")
        threshold = (self.model_extra or {}).get("unknown_below")
        if threshold is not None and not (isinstance(threshold, float | int) and 0 <= threshold <= 1):
            raise ValueError("unknown_below is no confidence in [0, 1]")
        learned = (self.model_extra or {}).get("labelled_pictures", [])
        if not isinstance(learned, list) or not all(isinstance(picture, str) for picture in learned):
            raise ValueError("labelled_pictures is no list of names")
        temperature = (self.model_extra or {}).get("temperature")
        if temperature is not None and not (isinstance(temperature, float | int) and 0 < temperature < math.inf):
            raise ValueError("temperature is no positive number")
        return self


def read_description(text: bytes) -> dict[str, Any]:
    """The content of model.json. Raises ValueError, in one line, for what is no description of a model."""
    try:
        return Description.model_validate_json(text).model_dump()
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or "model.json"
        raise ValueError(f"{where}: {first['msg']}") from None


def precision(description: dict[str, Any]) -> str:
    """The `train.precision` that the model was trained and chosen with; models of before there was one: float32."""
    parameters = description.get("parameters")
    return str(parameters.get("precision")) if isinstance(parameters, dict) else "float32"


def network_name(description: dict[str, Any]) -> str:
    """What the network of `description` is built from. Raises ValueError when only a hub could say."""
    name = description["architecture"] or description["backbone"]
    if not NETWORK_NAME.fullmatch(name):
        raise ValueError(f"its network {name[:100]!r} is none of timm's own, and loading a model asks no hub")
    return str(name)
