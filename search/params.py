"""The typed schema of the `search` block of params.yaml."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cad2real.schema import Block, unit, values


class SearchParams(Block):
    """What `cad2real search` answers."""

    top: int = Field(5, ge=1, le=100, json_schema_extra=unit("parts"))
    """How many parts an answer names, nearest first.

    A change here makes the stage `index` stale; `cad2real search --top N` changes one answer only.
    """
    store: Literal["exact", "qdrant", "qdrant_edge"] = Field(
        "exact",
        json_schema_extra=values(
            {
                "exact": "in memory, with all of them",
                "qdrant": "a Qdrant server at qdrant_url",
                "qdrant_edge": "Qdrant's engine on this machine, in data/cache/vectors",
            }
        ),
    )
    """What a photo is compared with the renders by.

    The two of Qdrant are for more than a million renders and need the extra `qdrant`; an API key is read from
    CAD2REAL_QDRANT_API_KEY.
    """
    qdrant_url: str = Field("http://127.0.0.1:6333", pattern=r"^https?://[^\s/@]+(/\S*)?$", max_length=300)
    """Address of the Qdrant server."""
