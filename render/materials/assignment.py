"""What each body of a part wears: the part's own look, other looks for bodies by name, or a look drawn at random.

The `bodies` column of the part list says what single bodies of an assembly are made of:
`housing*=aluminium anodized black; screw*=steel galvanized`. Names may hold `*` and `?`; the first that fits counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, Protocol

from render.materials.library import plain_name
from render.materials.presets import Look
from render.materials.vocabulary import MATERIAL_WORDS, SURFACE_WORDS, read_material, vocabulary
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
    the last one fits keep what their file says of their surface, if it says anything. `names`: under which a material
    library may have what goes with each pattern, best first.
    """

    patterns: tuple[tuple[str, Look], ...]
    keeps_skins: bool = False
    names: tuple[tuple[str, ...], ...] = ()

    def look(self, body: str) -> Look:
        return self.patterns[self._place(body)][1]

    def names_for(self, body: str) -> tuple[str, ...]:
        """The names under which a material library may have what `body` wears."""
        return self.names[self._place(body)] if self.names else ()

    def keeps_skin(self, body: str) -> bool:
        """Whether the part list leaves it to the file what `body` looks like."""
        return self.keeps_skins and self.is_main(body)

    def is_main(self, body: str) -> bool:
        """Whether `body` wears what the part as a whole wears."""
        return self._place(body) == len(self.patterns) - 1

    def _place(self, body: str) -> int:
        return next(at for at, (pattern, _) in enumerate(self.patterns) if fnmatchcase(body.lower(), pattern))

    @property
    def main(self) -> Look:
        """The look of the part as a whole."""
        return self.patterns[-1][1]


def wardrobe(part: Words, mode: Literal["metadata", "random"], seed: int) -> Wardrobe:
    """What the bodies of `part` wear; in mode random one look of the whole vocabulary, by seed and part id."""
    if mode == "random":
        known = vocabulary()
        chosen = known[int(stream(seed, part.part_id, None, "material").integers(len(known)))]
        look = read_material(*chosen)[0]
        return Wardrobe((("*", look),), names=(_names(" ".join(chosen), look),))
    own = read_material(part.material, part.surface, part.color)[0]
    words = " ".join((part.material, part.surface, part.color))
    looks = read_bodies(part.bodies)[0]
    said = [item.partition("=")[2] for item in part.bodies.split(";") if _names_a_body(item)]
    names = (*(_names(text, look) for text, (_, look) in zip(said, looks, strict=True)), _names(words, own))
    return Wardrobe((*looks, ("*", own)), keeps_skins=not words.strip(), names=names)


def _names(words: str, look: Look) -> tuple[str, ...]:
    """What a library may call what is said in `words` and looks like `look`: just so, or as the vocabulary does."""
    said = plain_name(words)
    return tuple(dict.fromkeys(name for name in (said, said.removesuffix(" natural"), look.name) if name))


def _names_a_body(item: str) -> bool:
    name, equals, _ = item.partition("=")
    return bool(equals and name.strip())


def read_bodies(text: str) -> tuple[tuple[tuple[str, Look], ...], tuple[str, ...]]:
    """The (pattern, look) pairs of a `bodies` cell, and notes on what in it could not be taken as it was said."""
    looks: list[tuple[str, Look]] = []
    notes: list[str] = []
    for item in text.split(";"):
        if not item.strip():
            continue
        name, _, words = item.partition("=")
        if not _names_a_body(item):
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
