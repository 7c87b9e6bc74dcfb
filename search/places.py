"""Where a part stands: its positions in the part list, and the assemblies and machines that it is built into."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

SHOWN = 3  # places that are written out


@dataclass(frozen=True)
class Place:
    """A `position` (empty: none), and what the part is `within`: names of assemblies, the outermost first, which may be
    a machine.
    """

    position: str = ""
    within: tuple[str, ...] = ()

    @property
    def keys(self) -> set[str]:
        """What can be asked of it (see `key`): each assembly, the position, and both together."""
        return {key(name, position) for name in ("", *self.within) for position in {"", self.position}} - {key("", "")}

    def __str__(self) -> str:
        within = " > ".join(self.within)
        return f"{self.position} in {within}" if self.position and within else self.position or within


class DescribedPlace(BaseModel):
    """A place in a file."""

    model_config = ConfigDict(strict=True, frozen=True)
    position: str = ""
    within: list[str] = Field(default=[], max_length=100)

    @property
    def place(self) -> Place:
        return Place(self.position, tuple(self.within))


def key(assembly: str | None, position: str | None) -> str:
    """One word for an assembly and a position in it, either of which may be left out.

    >>> key("Frame", "3") in Place("3", ("Press 40", "Frame")).keys, key("Frame", "4") in Place("3", ("Frame",)).keys
    (True, False)
    """
    return f"{(assembly or '').strip().casefold()}\t{(position or '').strip().casefold()}"


def places_of(said: Iterable[Any]) -> tuple[Place, ...]:
    """The places of a catalogue's records. Raises KeyError, TypeError for what are none."""
    return tuple(Place(str(one["position"]), tuple(map(str, one["within"]))) for one in said)


def assemblies_of(places: Iterable[Sequence[Place]]) -> list[str]:
    """All assemblies and machines that parts with these places are in, sorted as people sort, each once."""
    names: dict[str, str] = {}
    for some in places:
        for one in some:
            for name in one.within:
                names.setdefault(name.casefold(), name)
    return [names[name] for name in sorted(names)]


def in_words(places: Sequence[Place]) -> str:
    """The first places of a part, for a terminal.

    >>> in_words([Place("3", ("Press 40", "Frame")), Place("12")])
    '3 in Press 40 > Frame; 12'
    """
    more = [f"and {len(places) - SHOWN} more"] if len(places) > SHOWN else []
    return "; ".join([*map(str, places[:SHOWN]), *more])
