"""Parts by what somebody types: a number, a name, or a piece of either."""

from __future__ import annotations

from search.index import Index
from search.part_filter import PartFilter


def found_parts(index: Index, text: str, wanted: PartFilter) -> list[int]:
    """Numbers of the parts that `wanted` lets pass and whose id, name or label is `text`, begins with it or has all its
    words in it; in that order, and else in that of the index. An empty text finds all.
    """
    asked = text.strip().casefold()
    found: list[tuple[int, int]] = []
    for number, part in enumerate(index.parts):
        if not wanted.passes(part):
            continue
        names = [name.casefold() for name in (part.part_id, part.name, part.label) if name]
        everything = " ".join(names)
        if not asked or asked in names:
            found.append((0, number))
        elif any(name.startswith(asked) for name in names):
            found.append((1, number))
        elif all(word in everything for word in asked.split()):
            found.append((2, number))
    return [number for _, number in sorted(found)]
