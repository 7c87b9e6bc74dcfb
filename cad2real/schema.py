"""The base of every block of params.yaml: unknown keys and wrong types are refused."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Block(BaseModel):
    """A block of params.yaml. Strict: no unknown keys, no silent conversion, no infinite numbers; values do not
    change after loading.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
