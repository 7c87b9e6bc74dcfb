"""What a store of vectors can: rows of parts go in, the parts nearest to a photo come out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cad2real.errors import UserError
from search.index import IndexedPart
from search.part_filter import EVERY_PART, PartFilter
from search.ranking import Floats


@dataclass(frozen=True)
class PartRows:
    """A part with its views: embeddings (v, d), L2-normalised, and the v views' names."""

    part: IndexedPart
    embeddings: Floats
    views: tuple[str, ...]


@dataclass(frozen=True)
class Hit:
    """A part that was found: `similarity` the mean cosine of its nearest views, `view` the nearest."""

    part_id: str
    similarity: float
    view: str


class StoreError(UserError):
    """A store cannot be reached, or does not answer as it should."""


class VectorStore(Protocol):
    """Rows of parts. All of it raises StoreError where the store cannot be reached."""

    def add(self, rows: PartRows) -> None:
        """Puts a part in, in the place of one with its id."""

    def remove(self, part_id: str) -> None:
        """Takes a part out; nothing happens where it is not there."""

    def search(self, query: Floats, top: int, wanted: PartFilter = EVERY_PART) -> list[Hit]:
        """The `top` parts nearest to query (d,) that `wanted` lets pass, nearest first."""

    def count(self, wanted: PartFilter = EVERY_PART) -> int:
        """How many views it has of parts that `wanted` lets pass."""
