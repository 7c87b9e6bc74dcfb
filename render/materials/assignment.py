"""Which material each body of a part has: the part's own, others for bodies by name, or one drawn at random.

What the words leave open is drawn for each view (`for_view`, by the one principle of `render.materials.unsaid`).

The `bodies` column of the part list says what single bodies of an assembly are made of:
`housing*=aluminium anodized black; screw*=steel galvanized`. Names may hold `*` and `?`; the first that fits counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Literal, Protocol

from render.materials.library import plain_name
from render.materials.presets import PbrMaterial
from render.materials.unsaid import Unsaid, Words, place_of, unsaid
from render.materials.vocabulary import MATERIAL_WORDS, SURFACE_WORDS, drawn_vocabulary, read_material
from render.seeds import stream

WHOLE = "*"
"""The pattern of the bodies that the part list does not name."""


class Described(Protocol):
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
    `names`: under which a material library may have the material of each pattern, best first. `unsaid`: what each
    pattern's words leave open, None where they do not; its material here is then what they mean by default.
    """

    patterns: tuple[tuple[str, PbrMaterial], ...]
    keeps_file_materials: bool = False
    names: tuple[tuple[str, ...], ...] = ()
    unsaid: tuple[Unsaid | None, ...] = ()

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

    def left_open(self, body: str) -> tuple[str, ...]:
        """Which of "material", "surface" and "color" the part list leaves open for `body`."""
        left = self.unsaid[self._index(body)] if self.unsaid else None
        return left.open if left is not None else ()

    def for_view(self, seed: int, part_id: str, view: int) -> MaterialAssignment:
        """The materials of view `view`: this assignment where nothing is open, else with all that is open drawn."""
        if not any(self.unsaid):
            return self
        patterns, names = [], []
        for (pattern, material), known_as, left in zip(self.patterns, self.names, self.unsaid, strict=True):
            if left is not None:
                material = read_material(*left.complete(place_of(seed, part_id, view, pattern)))[0]
                known_as = tuple(dict.fromkeys((*known_as, material.name)))
            patterns.append((pattern, material))
            names.append(known_as)
        return replace(self, patterns=tuple(patterns), names=tuple(names))

    def pattern_of(self, body: str) -> str:
        """The pattern that fits `body` first."""
        return self.patterns[self._index(body)][0]

    def _index(self, body: str) -> int:
        return next(at for at, (pattern, _) in enumerate(self.patterns) if fnmatchcase(body.lower(), pattern))

    @property
    def main(self) -> PbrMaterial:
        """The material of the part as a whole."""
        return self.patterns[-1][1]


def assign_materials(
    part: Described, mode: Literal["metadata", "random"], seed: int, unknown: Literal["vary", "default"] = "default"
) -> MaterialAssignment:
    """The materials of `part`'s bodies: as its words say, or in mode random one of the vocabulary, drawn by seed
    and part id. With `unknown` vary, what the words leave open is left open (see `MaterialAssignment.for_view`).

    >>> from types import SimpleNamespace
    >>> words = {"material": "plastic", "surface": "", "color": "black", "bodies": "screw*=steel galvanized"}
    >>> part = SimpleNamespace(part_id="gearbox", **words)
    >>> assigned = assign_materials(part, mode="metadata", seed=0)
    >>> [assigned.material(body).name for body in ("Screw_1", "Lid")]
    ['steel galvanized', 'plastic matte black']
    >>> assigned = assign_materials(part, mode="metadata", seed=0, unknown="vary")
    >>> [assigned.for_view(0, "gearbox", view).material("Lid").name for view in range(3)]
    ['plastic glossy black', 'plastic matte black', 'plastic matte black']
    """
    if mode == "random":
        known = drawn_vocabulary()
        chosen = known[int(stream(seed, part.part_id, None, "material").integers(len(known)))]
        drawn = read_material(*chosen)[0]
        return MaterialAssignment(((WHOLE, drawn),), names=(_library_names(" ".join(chosen), drawn),))
    said = (part.material, part.surface, part.color)
    bodies = [(name, words) for name, words in map(_named_words, part.bodies.split(";")) if name]
    texts = [*bodies, (WHOLE, " ".join(said))]
    words = [*(split_words(text) for _, text in bodies), said]
    materials = [read_material(*each)[0] for each in words]
    left = [_left_open(each) if unknown == "vary" else None for each in words]
    return MaterialAssignment(
        tuple((pattern, material) for (pattern, _), material in zip(texts, materials, strict=True)),
        keeps_file_materials=not any(word.strip() for word in said),
        # The look that is drawn is the vocabulary's name of what is open.
        names=tuple(
            _library_names(text, material if open_words is None else None)
            for (_, text), material, open_words in zip(texts, materials, left, strict=True)
        ),
        unsaid=tuple(left),
    )


def _left_open(words: Words) -> Unsaid | None:
    left = unsaid(*words)
    return left if left.open else None


def _library_names(words: str, material: PbrMaterial | None) -> tuple[str, ...]:
    """What a library may call the material that `words` name: just so, or as the vocabulary calls `material`."""
    plain = plain_name(words)
    names = (plain, plain.removesuffix(" natural"), material.name if material is not None else "")
    return tuple(dict.fromkeys(name for name in names if name))


def _named_words(item: str) -> tuple[str, str]:
    """Pattern and words of one item of a `bodies` cell, "name=material surface color"; empty where it is none."""
    name, equals, words = item.partition("=")
    return (name.strip().lower(), words) if equals else ("", "")


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
        name, words = _named_words(item)
        if not name:
            notes.append(f"bodies: {item.strip()!r} is not name=material surface color; left out")
            continue
        material, unknown = read_material(*split_words(words))
        bodies.append((name, material))
        notes += [f"bodies: {name}: {note}" for note in unknown]
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
