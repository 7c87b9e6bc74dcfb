"""The base of every block of params.yaml: unknown keys and wrong types are refused, every parameter says what it is.

What a parameter does stands as a docstring under it, its range and default in its `Field`, its unit and the meaning of
the words that it allows there too (`unit`, `values`). The comments of params.yaml, `cad2real params`, the reference in
docs/ and the JSON Schema for editors are all made of these, see `cad2real.reference`.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, JsonValue

UNIT, VALUES = "unit", "values"
"""Keywords in the JSON Schema of a parameter, beside those of the standard."""


class Block(BaseModel):
    """A block of params.yaml. Strict: no unknown keys, no silent conversion, no infinite numbers; values do not
    change after loading.

    The first sentence under a parameter is its comment in params.yaml: short, without the range, which is added.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


def unit(name: str) -> dict[str, JsonValue]:
    """For `json_schema_extra`: what the number counts or is measured in, in the plural where it is a word."""
    return {UNIT: name}


def values(meanings: Mapping[str, str]) -> dict[str, JsonValue]:
    """For `json_schema_extra`: each word that is allowed, or that may be a name in a mapping, with its meaning."""
    return {VALUES: dict(meanings)}
