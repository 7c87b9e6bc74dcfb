"""Where parts stand: the positions that a list gives them, and the assemblies and machines that they are built into."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from render.part_lists.rows import PartRow

MOST_PLACES, MOST_WITHIN = 100, 30
"""Of a part, and assemblies around one place: a screw may be everywhere, and a damaged list names anything."""
MOST_LETTERS = 200


@dataclass(frozen=True)
class Place:
    """One row of a part list: the `position` that it has there (empty: none), and what the part is `within`: names of
    assemblies, the outermost first, which may be a machine.
    """

    position: str = ""
    within: tuple[str, ...] = ()

    @classmethod
    def of(cls, said: Any) -> Place:
        """The place of a file's record. Raises KeyError, TypeError."""
        return cls(str(said["position"]), tuple(map(str, said["within"])))


def place(position: str, within: Iterable[str]) -> Place | None:
    """The place of what cells say, None where they say nothing. What follows itself counts once: a list may name its
    assembly in a column and as the row above.

    >>> place(" 3 ", ["Press 40", "", "Frame", "frame"])
    Place(position='3', within=('Press 40', 'Frame'))
    """
    names: list[str] = []
    for name in within:
        short = " ".join(name.split())[:MOST_LETTERS]
        if short and short.casefold() not in (known.casefold() for known in names):
            names.append(short)
    where = " ".join(position.split())[:MOST_LETTERS]
    return Place(where, tuple(names[:MOST_WITHIN])) if where or names else None


def distinct(places: Iterable[Place | None]) -> tuple[Place, ...]:
    """Those that say something, each once, at most MOST_PLACES."""
    return tuple(dict.fromkeys(one for one in places if one is not None))[:MOST_PLACES]


def places_of_rows(rows: Sequence[PartRow], parents: Sequence[int | None]) -> list[Place | None]:
    """The place of each of `rows`, which belong to the rows `parents`, to what their columns name and to the heading
    that they stand under.
    """
    return [place(row.get("position"), _around(at, rows, parents)) for at, row in enumerate(rows)]


def _around(at: int, rows: Sequence[PartRow], parents: Sequence[int | None]) -> list[str]:
    """The names of what row `at` is in, the outermost first."""
    inner: list[str] = []
    above, seen = parents[at], {at}
    while above is not None and above not in seen and len(inner) < MOST_WITHIN:
        inner.append(rows[above].get("name") or rows[above].get("part_number"))
        seen.add(above)
        above = parents[above]
    own = rows[at]
    named = own.get("parent") if parents[at] is None else ""  # an assembly that the list does not have as a row
    heading = "" if own.section_kind else own.section  # one that is known says of what kind parts are
    return [own.get("machine"), own.get("assembly"), heading, named, *reversed(inner)]
