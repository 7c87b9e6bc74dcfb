"""The typed schema of the `search` block of params.yaml."""

from __future__ import annotations

from pydantic import Field

from cad2real.schema import Block, unit


class SearchParams(Block):
    """What `cad2real search` answers."""

    top: int = Field(5, ge=1, le=100, json_schema_extra=unit("parts"))
    """How many parts an answer names, nearest first.

    A change here makes the stage `index` stale; `cad2real search --top N` changes one answer only.
    """
