"""What each body of a part wears: the part's own look, other looks for bodies by name, or a look drawn at random.

The `bodies` column of the part list says what single bodies of an assembly are made of:
`housing*=aluminium anodized black; screw*=steel galvanized`. Names may hold `*` and `?`; the first that fits counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, Protocol

from render.looks import Look
from render.materials import MATERIAL_WORDS, SURFACE_WORDS, read_material, vocabulary
from render.seeds import stream


class Words(Protocol):
    """The words of a part that say what it is made of."""

    @property
    def part_id(self) -> str: ...
    @property
    def material(self) -> str: ...
    @property
    def surface(self) -> str: ...
    @property
    def color(self) -> str: ...
    @property
    def bodies(self) -> str: ...


@dataclass(frozen=True)
class Wardrobe:
    """(pattern of a body's name, look), tried in order; the last one fits every body. `keeps_skins`: bodies that only
    the last one fits keep what their file says of their surface, if it says anything.
    """

    patterns: tuple[tuple[str, Look], ...]
    keeps_skins: bool = False

    def look(self, body: str) -> Look:
        return self.patterns[self._place(body)][1]

    def keeps_skin(self, body: str) -> bool:
        """Whether the part list leaves it to the file what `body` looks like."""
        return self.keeps_skins and self._place(body) == len(self.patterns) - 1

    def _place(self, body: str) -> int:
        return next(at for at, (pattern, _) in enumerate(self.patterns) if fnmatchcase(body.lower(), pattern))

    @property
    def main(self) -> Look:
        """The look of the part as a whole."""
        return self.patterns[-1][1]


def wardrobe(part: Words, mode: Literal["metadata", "random"], seed: int) -> Wardrobe:
    """What the bodies of `part` wear; in mode random one look of the whole vocabulary, by seed and part id."""
    if mode == "random":
        words = vocabulary()
        chosen = words[int(stream(seed, part.part_id, None, "material").integers(len(words)))]
        return Wardrobe((("*", read_material(*chosen)[0]),))
    own = read_material(part.material, part.surface, part.color)[0]
    silent = not (part.material or part.surface or part.color)
    return Wardrobe((*read_bodies(part.bodies)[0], ("*", own)), keeps_skins=silent)


def read_bodies(text: str) -> tuple[tuple[tuple[str, Look], ...], tuple[str, ...]]:
    """The (pattern, look) pairs of a `bodies` cell, and notes on what in it could not be taken as it was said."""
    looks: list[tuple[str, Look]] = []
    notes: list[str] = []
    for item in text.split(";"):
        if not item.strip():
            continue
        name, equals, words = item.partition("=")
        if not equals or not name.strip():
            notes.append(f"bodies: {item.strip()!r} is not name=material surface color; left out")
            continue
        look, said = read_material(*_split(words))
        looks.append((name.strip().lower(), look))
        notes += [f"bodies: {name.strip()}: {note}" for note in said]
    return tuple(looks), tuple(notes)


def _split(words: str) -> tuple[str, str, str]:
    """Splits "steel galvanized ral 7015" into (material, surface, color): the longest known beginnings are taken."""
    material, rest = _beginning(words.split(), MATERIAL_WORDS)
    surface, rest = _beginning(rest, SURFACE_WORDS)
    return material or (rest.pop(0) if rest else ""), surface, " ".join(rest)


def _beginning(words: list[str], known: frozenset[str]) -> tuple[str, list[str]]:
    for count in range(min(3, len(words)), 0, -1):
        start = " ".join(words[:count]).lower()
        if start in known:
            return start, words[count:]
    return "", list(words)
