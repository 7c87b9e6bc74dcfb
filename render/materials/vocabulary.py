"""Words to materials: (material, surface, color) of the part list, forgiving about how they are written."""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import get_close_matches

from render.materials.colors import Rgb, read_color
from render.materials.presets import MATERIAL_PRESETS, PbrMaterial

FIRST_SURFACE = {
    "steel": "plain", "aluminium": "anodized", "brass": "brushed", "copper": "plain", "titanium": "plain",
    "chrome": "polished", "cast iron": "plain", "plastic": "matte", "rubber": "matte", "plexiglas": "glossy",
    "powder coated": "matte", "stainless-steel": "brushed", "zinc-die-cast": "plain", "tin-bronze": "plain",
    "wood": "birch", "carbon-fibre": "glossy", "silicone-rubber": "matte", "foam": "matte",
}  # fmt: skip
LATER = ("stainless-steel", "zinc-die-cast", "tin-bronze", "wood", "carbon-fibre", "silicone-rubber", "foam")
"""Looks that came with the lists of companies. Words that simple lists had before ("stainless steel", "bronze") keep
the look that their renders have, and `render.materials: random` draws from the looks before: else all would be
rendered again.
"""
DEFAULT_COLOR = {
    "plastic": "grey", "rubber": "black", "powder coated": "ral 7035", "silicone-rubber": "light grey",
    "foam": "dark grey",
}  # fmt: skip
PAINTED = tuple(DEFAULT_COLOR)
"""Materials that take any colour as it is."""

SYNONYMS = {
    "abs": "plastic", "pla": "plastic", "petg": "plastic", "pp": "plastic", "pe": "plastic", "nylon": "plastic",
    "pa": "plastic", "pom": "plastic", "pvc": "plastic", "polymer": "plastic", "resin": "plastic",
    "acrylic": "plexiglas", "pmma": "plexiglas", "glass": "plexiglas", "aluminum": "aluminium", "alu": "aluminium",
    "inox": "steel", "stainless": "steel", "stainless steel": "steel", "carbon steel": "steel", "iron": "steel",
    "metal": "steel", "zinc": "steel", "bronze": "brass", "cast_iron": "cast iron", "castiron": "cast iron",
    "powdercoated": "powder coated", "powder-coated": "powder coated", "powder_coated": "powder coated",
    "epdm": "rubber", "nbr": "rubber", "silicone": "rubber", "chromium": "chrome",
}  # fmt: skip
SURFACE_SYNONYMS = {
    "zinc": "galvanized", "zinc plated": "galvanized", "zinc-plated": "galvanized", "galvanised": "galvanized",
    "anodised": "anodized", "hard anodized": "hardcoated", "hard-coated": "hardcoated", "black oxide": "burnished",
    "blackened": "burnished", "browned": "burnished", "nickel-coated": "nickelcoated",
    "nickel plated": "nickelcoated", "nickel": "nickelcoated", "chrome": "chromed", "chrome plated": "chromed",
    "chromium": "chromed", "nitrided": "plasmanitrided", "plasma-nitrided": "plasmanitrided",
    "blasted": "sandblasted", "sand-blasted": "sandblasted", "shiny": "glossy", "matt": "matte", "mat": "matte",
    "satin": "brushed", "transparent": "glossy", "raw": "plain", "machined": "plain", "natural": "plain",
}  # fmt: skip
MATERIAL_WORDS = frozenset({*FIRST_SURFACE, *SYNONYMS})
SURFACE_WORDS = frozenset({*(surface for _, surface in MATERIAL_PRESETS), *SURFACE_SYNONYMS})
PLASTIC_COLORS = ("black", "grey", "white", "green", "orange", "yellow", "red", "blue")
COLORS = {
    ("aluminium", "anodized"): ("natural", "black", "purple", "ral 7015"),
    ("plastic", "matte"): PLASTIC_COLORS, ("plastic", "glossy"): PLASTIC_COLORS, ("rubber", "matte"): ("black",),
    ("plexiglas", "glossy"): ("transparent",), ("silicone-rubber", "matte"): ("light grey",),
    ("foam", "matte"): ("dark grey",), ("powder coated", "matte"): ("ral 7035", "ral 5010", "ral 2004"),
}  # fmt: skip
"""The colours of the canonical vocabulary; what is not named comes in its natural colour. Other colours work too."""

DEFAULT = ("steel", "plain")
"""What a part without metadata is made of where nothing is drawn for it."""
UNKNOWN_MATERIAL = "unknown"
"""What stands in a part for a company's word that fits no rule: light grey plastic where nothing is drawn."""
DRAWN = "each view draws one (render.unknown)"
"""What notes say of words that leave something open."""


def read_material(material: str, surface: str, color: str) -> tuple[PbrMaterial, tuple[str, ...]]:
    """The material that a part's words name, and a note for each word that is not known. What words leave open
    has its default look here; `render.materials.unsaid` draws it for each view.

    >>> material, notes = read_material("stainless steel", "satin", "")
    >>> material.name, material.metallic, notes
    ('steel brushed', 1, ())
    >>> read_material("steel", "", "sky")[1]
    ("color 'sky' is not known; use a colour's name, RAL and four digits, or #rrggbb",)
    """
    notes: list[str] = []
    if material.strip().lower() == UNKNOWN_MATERIAL:
        material, surface, color = "plastic", surface or "matte", color or "light grey"
    kind = known_kind(material)
    if kind is None:
        kind = DEFAULT[0]
        notes.append(
            f"material {material!r} is not known{_hint(material, [*FIRST_SURFACE, *SYNONYMS])}; {DRAWN} unless "
            "render.material_library has it"
            if material.strip()
            else f"no material is given; {DRAWN}; add a material column"
        )
    finish = known_surface(kind, surface) or FIRST_SURFACE[kind]
    if surface.strip() and known_surface(kind, surface) is None:
        known = ", ".join(surfaces_of(kind))
        notes.append(f"surface {surface!r} is not known for {kind} ({known}); {DRAWN}")
    pbr = MATERIAL_PRESETS[kind, finish]
    pbr = replace(pbr, name=f"{kind} {finish}")
    return _tinted(pbr, kind, color.strip().lower(), notes), tuple(notes)


def known_kind(material: str) -> str | None:
    """The material of the vocabulary that a word means; None where there is none, or no word."""
    return _known(material, {*FIRST_SURFACE}, SYNONYMS)


def surfaces_of(kind: str) -> list[str]:
    """The surfaces that a material of the vocabulary comes with."""
    return [surface for of, surface in MATERIAL_PRESETS if of == kind]


def known_surface(kind: str, surface: str) -> str | None:
    """The surface of `kind` that a word means; None where there is none, or no word."""
    return _known(surface, set(surfaces_of(kind)), SURFACE_SYNONYMS)


def drawn_vocabulary() -> list[tuple[str, str, str]]:
    """The part of the vocabulary that `render.materials: random` draws from."""
    return [
        words
        for words in vocabulary()
        if words[0] not in LATER and words[:2] not in {("brass", "nickelcoated"), ("brass", "chromed")}
    ]


def vocabulary() -> list[tuple[str, str, str]]:
    """Every (material, surface, color) of the canonical vocabulary."""
    return [
        (material, surface, color)
        for material, surface in MATERIAL_PRESETS
        for color in COLORS.get((material, surface), ("natural",))
    ]


def _tinted(pbr: PbrMaterial, kind: str, color: str, notes: list[str]) -> PbrMaterial:
    """`pbr` in the colour that the words ask for."""
    bare = color in {"", "natural", "plain", "none", "transparent", "clear"}
    if bare or (pbr.metallic and kind != "aluminium" and color in {"grey", "gray", "silver", "metallic"}):
        if kind not in PAINTED:
            return pbr
        color = DEFAULT_COLOR[kind]
    rgb = read_color(color)
    if rgb is None:
        notes.append(f"color {color!r} is not known; use a colour's name, RAL and four digits, or #rrggbb")
        if kind not in PAINTED:
            return pbr
        color = DEFAULT_COLOR[kind]
        rgb = read_color(color) or (0.5, 0.5, 0.5)
    pbr = replace(pbr, name=f"{pbr.name} {color}")
    if kind in PAINTED:
        return replace(pbr, color=rgb)
    if pbr.transmission:
        # Coloured glass swallows the complement of its colour; 60 % of it, so that it stays clear.
        return replace(pbr, color=_mixed((1.0, 1.0, 1.0), rgb, 0.6))
    if pbr.name.startswith("aluminium"):
        # An anodized tint is a dyed clear oxide layer over metal: the metal's gloss in the dye's colour, darker.
        return replace(pbr, color=_mixed(rgb, (0.9, 0.9, 0.9), 0.08), edge=(0.85, 0.85, 0.85), roughness=pbr.roughness)
    # Any other metal in a colour is painted metal.
    return replace(pbr, color=rgb, metallic=0.0, roughness=0.35, anisotropy=0.0, pattern="none", edge=(1.0, 1.0, 1.0))


def _known(word: str, known: set[str], synonyms: dict[str, str]) -> str | None:
    word = re.sub(r"\s+", " ", word.strip().lower())
    if word in known:
        return word
    other = synonyms.get(word)
    if other in known:
        return other
    found = [k for k in sorted(known | {s for s, to in synonyms.items() if to in known}) if k in word.split(" ")]
    return synonyms.get(found[0], found[0]) if found else None


def _hint(word: str, known: list[str]) -> str:
    close = get_close_matches(word.strip().lower(), known, 1)
    return f" (did you mean {close[0]!r}?)" if close else f" (known: {', '.join(FIRST_SURFACE)})"


def _mixed(a: Rgb, b: Rgb, share_of_b: float) -> Rgb:
    red, green, blue = (x * (1 - share_of_b) + y * share_of_b for x, y in zip(a, b, strict=True))
    return (red, green, blue)
