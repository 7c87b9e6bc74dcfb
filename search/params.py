"""The typed schema of the `search` block of params.yaml."""

from __future__ import annotations

from pydantic import Field

from cad2real.schema import Block


class SearchParams(Block):
    """How many parts a search answers."""

    top: int = Field(5, ge=1, le=100)
