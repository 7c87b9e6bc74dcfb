"""Which material each body of a part has: the part's own, others for bodies by name, or one drawn at random.

The `bodies` column of the part list says what single bodies of an assembly are made of:
`housing*=aluminium anodized black; screw*=steel galvanized`. Names may hold `*` and `?`; the first that fits counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, Protocol

from render.materials.library import plain_name
from render.materials.presets import PbrMaterial
from render.materials.vocabulary import MATERIAL_WORDS, SURFACE_WORDS, drawn_vocabulary, read_material
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
class MaterialAssignment:
    """Pairs (pattern of a body's name, material), tried in order; the last pattern fits every body.

    `keeps_file_materials`: bodies that only the last pattern fits keep the material of their CAD file, if it has one.
    `names`: under which a material library may have the material of each pattern, best first.
    """

    patterns: tuple[tuple[str, PbrMaterial], ...]
    keeps_file_materials: bool = False
    names: tuple[tuple[str, ...], ...] = ()

    def material(self, body: str) -> PbrMaterial:
        """The material of the body called `body`."""
        return self.patterns[self._index(body)][1]

    def library_names(self, body: str) -> tuple[str, ...]:
        """The names under which a material library may have the material of `body`, best first."""
        return self.names[self._index(body)] if self.names else ()

    def keeps_file_material(self, body: str) -> bool:
        """Whether the part list leaves the material of `body` to the CAD file."""
        return self.keeps_file_materials and self.is_main(body)

    def is_main(self, body: str) -> bool:
        """Whether `body` has the material of the part as a whole."""
        return self._index(body) == len(self.patterns) - 1

    def _index(self, body: str) -> int:
        return next(at for at, (pattern, _) in enumerate(self.patterns) if fnmatchcase(body.lower(), pattern))

    @property
    def main(self) -> PbrMaterial:
        """The material of the part as a whole."""
        return self.patterns[-1][1]


def assign_materials(part: Words, mode: Literal["metadata", "random"], seed: int) -> MaterialAssignment:
    """The materials of `part`'s bodies: as its words say, or in mode random one of the vocabulary, drawn by seed
    and part id.

    >>> from types import SimpleNamespace
    >>> words = {"material": "plastic", "surface": "", "color": "black", "bodies": "screw*=steel galvanized"}
    >>> assigned = assign_materials(SimpleNamespace(part_id="gearbox", **words), mode="metadata", seed=0)
    >>> [assigned.material(body).name for body in ("Screw_1", "Lid")]
    ['steel galvanized', 'plastic matte black']
    """
    if mode == "random":
        known = drawn_vocabulary()
        chosen = known[int(stream(seed, part.part_id, None, "material").integers(len(known)))]
        drawn = read_material(*chosen)[0]
        return MaterialAssignment((("*", drawn),), names=(_library_names(" ".join(chosen), drawn),))
    main = read_material(part.material, part.surface, part.color)[0]
    words = " ".join((part.material, part.surface, part.color))
    bodies = read_bodies(part.bodies)[0]
    words_of_bodies = [item.partition("=")[2] for item in part.bodies.split(";") if _names_a_body(item)]
    names = (
        *(_library_names(text, material) for text, (_, material) in zip(words_of_bodies, bodies, strict=True)),
        _library_names(words, main),
    )
    return MaterialAssignment((*bodies, ("*", main)), keeps_file_materials=not words.strip(), names=names)


def _library_names(words: str, material: PbrMaterial) -> tuple[str, ...]:
    """What a library may call the material that `words` name: just so, or as the vocabulary calls it."""
    plain = plain_name(words)
    return tuple(dict.fromkeys(name for name in (plain, plain.removesuffix(" natural"), material.name) if name))


def _names_a_body(item: str) -> bool:
    name, equals, _ = item.partition("=")
    return bool(equals and name.strip())


def read_bodies(text: str) -> tuple[tuple[tuple[str, PbrMaterial], ...], tuple[str, ...]]:
    """The pairs (pattern of a body's name, material) of a `bodies` cell, and notes on what in it is not known.

    >>> bodies, notes = read_bodies("housing*=aluminium anodized black; screw*=steel galvanized")
    >>> [(pattern, material.name) for pattern, material in bodies]
    [('housing*', 'aluminium anodized black'), ('screw*', 'steel galvanized')]
    """
    bodies: list[tuple[str, PbrMaterial]] = []
    notes: list[str] = []
    for item in text.split(";"):
        if not item.strip():
            continue
        name, _, words = item.partition("=")
        if not _names_a_body(item):
            notes.append(f"bodies: {item.strip()!r} is not name=material surface color; left out")
            continue
        material, unknown = read_material(*split_words(words))
        bodies.append((name.strip().lower(), material))
        notes += [f"bodies: {name.strip()}: {note}" for note in unknown]
    return tuple(bodies), tuple(notes)


def split_words(words: str) -> tuple[str, str, str]:
    """Splits "steel galvanized ral 7015" into (material, surface, color): the longest known beginnings are taken.

    >>> split_words("steel zinc plated ral 7015")
    ('steel', 'zinc plated', 'ral 7015')
    """
    material, rest = _longest_known(words.split(), MATERIAL_WORDS)
    surface, rest = _longest_known(rest, SURFACE_WORDS)
    return material or (rest.pop(0) if rest else ""), surface, " ".join(rest)


def _longest_known(words: list[str], known: frozenset[str]) -> tuple[str, list[str]]:
    for count in range(min(3, len(words)), 0, -1):
        start = " ".join(words[:count]).lower()
        if start in known:
            return start, words[count:]
    return "", list(words)
