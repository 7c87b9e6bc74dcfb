"""Looks: what the surface of each known material is like. No Blender here.

Metals have their measured reflectance at normal incidence as colour (linear RGB) and an edge tint; everything else is a
dielectric with a diffuse colour. Lengths of patterns are in millimetres of the real part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from render.materials.colors import Rgb

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
        Look("steel burnished", (0.09, 0.088, 0.095), 1, 0.38, pattern="burnished", grain_mm=4, depth=0.3),
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
        Look("aluminium hardcoated", (0.19, 0.18, 0.16), 1, 0.50, pattern="blasted", grain_mm=0.12, depth=0.15),
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
