"""Materials in words: the vocabulary of (material, surface, color), and what each looks like. No Blender here.

Metals have their measured reflectance at normal incidence as colour (linear RGB) and an edge tint; everything else is a
dielectric with a diffuse colour. Lengths of patterns are in millimetres of the real part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Literal

from render.colors import read_color

Rgb = tuple[float, float, float]
Pattern = Literal["none", "brushed", "spangle", "blasted", "cast", "burnished"]


@dataclass(frozen=True)
class Look:
    """What a surface looks like: the parameters of one physically based shader.

    `color`: linear RGB (metal: reflectance at normal incidence); `edge`: metal's reflectance tint at grazing angles;
    `metallic`, `transmission`, `coat`: 0-1; `roughness`, `coat_roughness`: 0-1; `anisotropy`: 0-1, along the brushing;
    `pattern`: structure of the surface with `grain_mm` as its typical size and `depth` (0-1) as its strength.
    """

    name: str
    color: Rgb
    metallic: float = 0.0
    roughness: float = 0.4
    edge: Rgb = (1.0, 1.0, 1.0)
    ior: float = 1.5
    transmission: float = 0.0
    coat: float = 0.0
    coat_roughness: float = 0.1
    anisotropy: float = 0.0
    pattern: Pattern = "none"
    grain_mm: float = 1.0
    depth: float = 0.0


IRON: Rgb = (0.53, 0.51, 0.49)
ALUMINIUM: Rgb = (0.91, 0.92, 0.92)
BRASS: Rgb = (0.89, 0.73, 0.42)
COPPER: Rgb = (0.95, 0.64, 0.54)
TITANIUM: Rgb = (0.54, 0.50, 0.45)
CHROMIUM: Rgb = (0.55, 0.556, 0.554)
NICKEL: Rgb = (0.66, 0.61, 0.53)
ZINC: Rgb = (0.66, 0.69, 0.71)

LOOKS: dict[tuple[str, str], Look] = {
    (look.name.split(" ")[0].replace("_", " "), look.name.partition(" ")[2]): look
    for look in (
        Look("steel brushed", IRON, 1, 0.32, anisotropy=0.75, pattern="brushed", grain_mm=0.25, depth=0.5),
        Look("steel polished", IRON, 1, 0.12),
        Look("steel plain", IRON, 1, 0.30, pattern="cast", grain_mm=0.4, depth=0.08),
        Look("steel burnished", (0.045, 0.045, 0.05), 1, 0.38, pattern="burnished", grain_mm=4, depth=0.3),
        Look(
            "steel chromated",
            (0.62, 0.55, 0.36),
            1,
            0.30,
            edge=(0.9, 0.95, 0.75),
            pattern="burnished",
            grain_mm=5,
            depth=0.4,
        ),
        Look("steel galvanized", ZINC, 1, 0.36, pattern="spangle", grain_mm=2.0, depth=0.12),
        Look("steel nickelcoated", NICKEL, 1, 0.16),
        Look("steel plasmanitrided", (0.16, 0.16, 0.17), 1, 0.48, pattern="blasted", grain_mm=0.15, depth=0.2),
        Look("steel sandblasted", (0.42, 0.41, 0.40), 1, 0.58, pattern="blasted", grain_mm=0.2, depth=0.5),
        Look("steel chromed", CHROMIUM, 1, 0.04),
        Look("aluminium anodized", (0.78, 0.79, 0.80), 1, 0.38, pattern="blasted", grain_mm=0.1, depth=0.12),
        Look("aluminium hardcoated", (0.13, 0.125, 0.11), 1, 0.50, pattern="blasted", grain_mm=0.12, depth=0.15),
        Look("aluminium brushed", ALUMINIUM, 1, 0.30, anisotropy=0.75, pattern="brushed", grain_mm=0.25, depth=0.5),
        Look("aluminium plain", ALUMINIUM, 1, 0.28, pattern="cast", grain_mm=0.4, depth=0.08),
        Look(
            "brass brushed",
            BRASS,
            1,
            0.28,
            edge=(1.0, 0.95, 0.8),
            anisotropy=0.7,
            pattern="brushed",
            grain_mm=0.25,
            depth=0.45,
        ),
        Look("brass polished", BRASS, 1, 0.12, edge=(1.0, 0.95, 0.8)),
        Look("copper plain", COPPER, 1, 0.24, pattern="burnished", grain_mm=6, depth=0.2),
        Look("titanium plain", TITANIUM, 1, 0.36, pattern="blasted", grain_mm=0.15, depth=0.1),
        Look("chrome polished", CHROMIUM, 1, 0.04),
        Look("cast_iron plain", (0.11, 0.11, 0.11), 1, 0.62, pattern="cast", grain_mm=0.8, depth=0.6),
        Look("plastic matte", (0.8, 0.8, 0.8), 0, 0.55, pattern="blasted", grain_mm=0.15, depth=0.12),
        Look("plastic glossy", (0.8, 0.8, 0.8), 0, 0.16),
        Look("rubber matte", (0.02, 0.02, 0.02), 0, 0.75, pattern="blasted", grain_mm=0.25, depth=0.15),
        Look("plexiglas glossy", (1.0, 1.0, 1.0), 0, 0.02, ior=1.49, transmission=1.0),
        Look("powder_coated matte", (0.5, 0.5, 0.5), 0, 0.45, pattern="cast", grain_mm=0.5, depth=0.25),
    )
}

FIRST_SURFACE = {
    "steel": "plain", "aluminium": "anodized", "brass": "brushed", "copper": "plain", "titanium": "plain",
    "chrome": "polished", "cast iron": "plain", "plastic": "matte", "rubber": "matte", "plexiglas": "glossy",
    "powder coated": "matte",
}  # fmt: skip
DEFAULT_COLOR = {"plastic": "grey", "rubber": "black", "powder coated": "ral 7035"}
PAINTED = ("plastic", "rubber", "powder coated")
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
DEFAULT = ("steel", "plain")
"""What a part without metadata is made of."""


def read_material(material: str, surface: str, color: str) -> tuple[Look, tuple[str, ...]]:
    """The look of a part's words, and a note for each word that could not be taken as it was said."""
    notes: list[str] = []
    kind = _known(material, {*FIRST_SURFACE}, SYNONYMS)
    if kind is None:
        kind = DEFAULT[0]
        notes.append(
            f"material {material!r} is not known{_hint(material, [*FIRST_SURFACE, *SYNONYMS])}; rendered as steel plain"
            if material.strip()
            else "no material is given; rendered as steel plain; add a material column"
        )
    surfaces = [have for of, have in LOOKS if of == kind]
    finish = _known(surface, set(surfaces), SURFACE_SYNONYMS) or FIRST_SURFACE[kind]
    if surface.strip() and _known(surface, set(surfaces), SURFACE_SYNONYMS) is None:
        notes.append(f"surface {surface!r} is not known for {kind} ({', '.join(surfaces)}); rendered as {finish}")
    look = LOOKS[kind, finish]
    look = replace(look, name=f"{kind} {finish}")
    return _tinted(look, kind, color.strip().lower(), notes), tuple(notes)


def _tinted(look: Look, kind: str, color: str, notes: list[str]) -> Look:
    """`look` in the colour that the words ask for."""
    bare = color in {"", "natural", "plain", "none", "transparent", "clear"}
    if bare or (look.metallic and kind != "aluminium" and color in {"grey", "gray", "silver", "metallic"}):
        if kind not in PAINTED:
            return look
        color = DEFAULT_COLOR[kind]
    rgb = read_color(color)
    if rgb is None:
        notes.append(f"color {color!r} is not known; use a colour's name, RAL and four digits, or #rrggbb")
        if kind not in PAINTED:
            return look
        color = DEFAULT_COLOR[kind]
        rgb = read_color(color) or (0.5, 0.5, 0.5)
    look = replace(look, name=f"{look.name} {color}")
    if kind in PAINTED:
        return replace(look, color=rgb)
    if look.transmission:
        # Coloured glass swallows the complement of its colour; 60 % of it, so that it stays clear.
        return replace(look, color=_mixed((1.0, 1.0, 1.0), rgb, 0.6))
    if look.name.startswith("aluminium"):
        # An anodized tint is a dyed clear oxide layer over metal: the metal's gloss in the dye's colour, darker.
        return replace(
            look, color=_mixed(rgb, (0.9, 0.9, 0.9), 0.04), edge=(0.85, 0.85, 0.85), roughness=look.roughness
        )
    # Any other metal in a colour is painted metal.
    return replace(look, color=rgb, metallic=0.0, roughness=0.35, anisotropy=0.0, pattern="none", edge=(1.0, 1.0, 1.0))


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
