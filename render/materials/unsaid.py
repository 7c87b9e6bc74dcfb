"""Silence is variation: what the part list says of a material is kept, what it leaves open is drawn for each view.

Grey plastic for "plastic" would be a claim that nobody made, and a network would learn it. So the words of a part are
read for what they leave open (its material, the surface of a known material, the colour of what comes in many), and
each view of the part completes them in another plausible way (`render.materials.plausible`). A word that is not known
says nothing, so what it was meant to say is open. A CAD file with colours or textures of its own has spoken: it is
kept as it is, where the list is silent.

Draws depend on the seed, the part's id and the view's number, through a sequence that fills the ranges evenly (of
Kronecker and Weyl: a random start, then steps of an irrational number). A part's first twelve views already show many
colours, so that no part is known by one that chance gave it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from render.materials import plausible
from render.materials.colors import read_color
from render.materials.presets import MATERIAL_PRESETS
from render.materials.vocabulary import FIRST_SURFACE, PAINTED, known_kind, known_surface, surfaces_of
from render.seeds import stream

Words = tuple[str, str, str]
"""(material, surface, color) as a part list has them; an empty one is not said."""

STEPS = (math.sqrt(2) - 1, math.sqrt(3) - 1, (math.sqrt(13) - 3) / 2)
"""From view to view, for material, surface and colour. Numbers that fractions come near to only slowly, so that few
views fill a range; and none of the golden ratio, by which cameras go around the part.
"""
ANY_COLOR = (*PAINTED, "aluminium")
"""What a part may be of which the list says a colour alone."""
BARE_METAL = ("silver", "metallic")
"""Colours that say metal."""
NOT_SILVERY = ("brass", "copper", "tin-bronze", "cast iron")
CLEAR = ("transparent", "clear")
NO_COLOR = ("natural", "plain", "none")
NARROWER = {
    "stainless": "stainless-steel", "stainless steel": "stainless-steel", "inox": "stainless-steel",
    "bronze": "tin-bronze", "silicone": "silicone-rubber", "zinc": "zinc-die-cast",
}  # fmt: skip
"""Words that stand for a wider material where all is said (`vocabulary.LATER`), but say more than it where not."""
METAL = "metal"
"""The word that says no more than that."""


@dataclass(frozen=True)
class Unsaid:
    """What `words` leave open: of "material", "surface" and "color" those that each view draws."""

    words: Words
    open: tuple[str, ...]

    def complete(self, place: tuple[float, float, float]) -> Words:
        """Known words for all three: those that are said as they are, the open ones drawn at `place` (each 0-1)."""
        material, surface, color = (word.strip().lower() for word in self.words)
        kind = _kind(material)
        if kind is None:
            kind = plausible.draw_kind(lambda kind: _fits(kind, material, surface, color), place[0])
        finish = known_surface(kind, surface)
        if finish is None:
            first = FIRST_SURFACE[kind]
            finish = first if _is_coat(kind, color) else plausible.draw_finish(surfaces_of(kind), first, place[1])
        if color in BARE_METAL and MATERIAL_PRESETS[kind, finish].metallic:
            color = ""
        if "color" in self.open and plausible.takes_colors(kind, finish):
            color = plausible.draw_color(kind, place[2])
        return kind, finish, color


def unsaid(material: str, surface: str, color: str) -> Unsaid:
    """What the words of a part, or of one of its bodies, leave open.

    >>> unsaid("plastic", "matte", "").open, unsaid("steel", "", "").open, unsaid("steel", "galvanized", "").open
    (('color',), ('surface',), ())
    >>> unsaid("", "", "").complete((0.5, 0.9, 0.0))
    ('aluminium', 'plain', '')
    """
    words = (material, surface, color)
    material, surface, color = (word.strip().lower() for word in words)
    color_said = color in {*BARE_METAL, *CLEAR, *NO_COLOR} or read_color(color) is not None
    kind = _kind(material)
    if kind is None:
        return Unsaid(words, ("material", "surface") if color_said else ("material", "surface", "color"))
    finish = known_surface(kind, surface)
    finishes = [finish] if finish else [FIRST_SURFACE[kind]] if _is_coat(kind, color) else surfaces_of(kind)
    takes_colors = any(plausible.takes_colors(kind, each) for each in finishes)
    is_open = {"surface": len(finishes) > 1, "color": takes_colors and not color_said}
    return Unsaid(words, tuple(word for word, left in is_open.items() if left))


def place_of(seed: int, part_id: str, view: int, of: str) -> tuple[float, float, float]:
    """Where the draws for view `view` of a part fall (each 0-1); `of`: the body's name, or "*" for the whole part."""
    start = stream(seed, part_id, None, f"unsaid {of}").random(3)
    first, second, third = (float((low + view * step) % 1.0) for low, step in zip(start, STEPS, strict=True))
    return first, second, third


def _kind(material: str) -> str | None:
    """The material that the word `material` says; None where it leaves it open."""
    return None if material == METAL else NARROWER.get(material, known_kind(material))


def _fits(kind: str, material: str, surface: str, color: str) -> bool:
    """Whether a part of this kind may be what is said of it."""
    if (surface and known_surface(kind, surface) is None) or (material == METAL and not _is_metal(kind)):
        return False
    if color in CLEAR:
        return kind == "plexiglas"
    if color in BARE_METAL:
        return _is_metal(kind) and kind not in NOT_SILVERY
    return kind in ANY_COLOR or material == METAL or color in NO_COLOR or read_color(color) is None


def _is_metal(kind: str) -> bool:
    return any(preset.metallic for (name, _), preset in MATERIAL_PRESETS.items() if name == kind)


def _is_coat(kind: str, color: str) -> bool:
    """Whether `color` is paint or dye on a metal, so that it is the surface too."""
    return _is_metal(kind) and read_color(color) is not None and color not in {*BARE_METAL, "grey", "gray"}
