"""Which parts a search may answer with, by what the part list says of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cad2real.errors import UserError
from search.index import IndexedPart
from search.places import key

RANGE = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)?-(\d{1,9}(?:\.\d{1,6})?)?")


@dataclass(frozen=True)
class PartFilter:
    """A part passes when it is of the given `material` and `color` (None: of any) and its longest side lies between
    `min_mm` and `max_mm` (None: no bound). A part whose size is not known passes no bound of sizes. Where there are
    `part_ids`, it is one of these. It stands in the `assembly` (or machine), at the `position`, of the part list: where
    both are given, at that position of that assembly.
    """

    material: str | None = None
    color: str | None = None
    min_mm: float | None = None
    max_mm: float | None = None
    part_ids: frozenset[str] | None = None
    assembly: str | None = None
    position: str | None = None

    @property
    def passes_all(self) -> bool:
        return self == PartFilter()

    @property
    def place(self) -> str | None:
        """What `search.places.Place.keys` must have, None: anything."""
        return key(self.assembly, self.position) if self.assembly is not None or self.position is not None else None

    def passes(self, part: IndexedPart) -> bool:
        """Whether `part` may be an answer.

        >>> nut = IndexedPart("m10", "nut", "Nut M10", material="brass", size_mm=(17.8, 16.0, 8.4))
        >>> PartFilter(material="Brass", max_mm=20).passes(nut), PartFilter(min_mm=18).passes(nut)
        (True, False)
        """
        longest, place = part.longest_mm, self.place
        return (
            (self.material is None or part.material.casefold() == self.material.casefold())
            and (self.part_ids is None or part.part_id in self.part_ids)
            and (self.color is None or part.color.casefold() == self.color.casefold())
            and (self.min_mm is None or (longest is not None and longest >= self.min_mm))
            and (self.max_mm is None or (longest is not None and longest <= self.max_mm))
            and (place is None or any(place in one.keys for one in part.places))
        )

    def mask(self, parts: Sequence[IndexedPart]) -> npt.NDArray[np.bool_]:
        """For each of `parts` (p,) whether it passes."""
        return np.array([self.passes(part) for part in parts], dtype=bool)


EVERY_PART = PartFilter()


def size_range(text: str | None) -> tuple[float | None, float | None]:
    """The least and largest mm of a range such as 20-60, 20- or -60. Raises UserError for what is none.

    >>> size_range("20-60"), size_range("7.5-"), size_range(None)
    ((20.0, 60.0), (7.5, None), (None, None))
    """
    if text is None:
        return None, None
    found = RANGE.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        raise UserError(f"--size {text} is no range of mm.", "Write 20-60, 20- or -60.")
    least, most = (float(bound) if bound else None for bound in found.groups())
    return least, most
