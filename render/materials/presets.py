"""Material presets: the shader's parameters for each material and surface of the vocabulary. No Blender here.

Metals have their measured reflectance at normal incidence as colour (linear RGB) and an edge tint; everything else is a
dielectric with a diffuse colour. Lengths of patterns are in millimetres of the real part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from render.materials.colors import Rgb

Pattern = Literal["none", "brushed", "spangle", "blasted", "cast", "burnished", "woven"]


@dataclass(frozen=True)
class PbrMaterial:
    """The parameters of one physically based shader (PBR, as in glTF and in Blender's Principled BSDF).

    `color`: linear RGB (metal: reflectance at normal incidence); `edge`: metal's reflectance tint at grazing angles;
    `metallic`, `transmission`, `coat`: 0-1; `roughness`, `coat_roughness`: 0-1; `anisotropy`: 0-1, along the brushing;
    `pattern`: structure of the surface with `grain_mm` as its typical size and `depth` (0-1) as its strength.
    The names of the fields are part of every render's content key: renaming one would have everything rendered again.
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
STAINLESS: Rgb = (0.60, 0.58, 0.55)
BRONZE: Rgb = (0.76, 0.55, 0.36)

MATERIAL_PRESETS: dict[tuple[str, str], PbrMaterial] = {
    (material.name.split(" ")[0].replace("_", " "), material.name.partition(" ")[2]): material
    for material in (
        PbrMaterial("steel brushed", IRON, 1, 0.32, anisotropy=0.75, pattern="brushed", grain_mm=0.25, depth=0.5),
        PbrMaterial("steel polished", IRON, 1, 0.12),
        PbrMaterial("steel plain", IRON, 1, 0.30, pattern="cast", grain_mm=0.4, depth=0.08),
        PbrMaterial("steel burnished", (0.09, 0.088, 0.095), 1, 0.38, pattern="burnished", grain_mm=4, depth=0.3),
        PbrMaterial(
            "steel chromated",
            (0.62, 0.55, 0.36),
            1,
            0.30,
            edge=(0.9, 0.95, 0.75),
            pattern="burnished",
            grain_mm=5,
            depth=0.4,
        ),
        PbrMaterial("steel galvanized", ZINC, 1, 0.36, pattern="spangle", grain_mm=2.0, depth=0.12),
        PbrMaterial("steel nickelcoated", NICKEL, 1, 0.16),
        PbrMaterial("steel plasmanitrided", (0.16, 0.16, 0.17), 1, 0.48, pattern="blasted", grain_mm=0.15, depth=0.2),
        PbrMaterial("steel sandblasted", (0.42, 0.41, 0.40), 1, 0.58, pattern="blasted", grain_mm=0.2, depth=0.5),
        PbrMaterial("steel chromed", CHROMIUM, 1, 0.04),
        PbrMaterial("aluminium anodized", (0.78, 0.79, 0.80), 1, 0.38, pattern="blasted", grain_mm=0.1, depth=0.12),
        PbrMaterial("aluminium hardcoated", (0.19, 0.18, 0.16), 1, 0.50, pattern="blasted", grain_mm=0.12, depth=0.15),
        PbrMaterial(
            "aluminium brushed", ALUMINIUM, 1, 0.30, anisotropy=0.75, pattern="brushed", grain_mm=0.25, depth=0.5
        ),
        PbrMaterial("aluminium plain", ALUMINIUM, 1, 0.28, pattern="cast", grain_mm=0.4, depth=0.08),
        PbrMaterial(
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
        PbrMaterial("brass polished", BRASS, 1, 0.12, edge=(1.0, 0.95, 0.8)),
        PbrMaterial("copper plain", COPPER, 1, 0.24, pattern="burnished", grain_mm=6, depth=0.2),
        PbrMaterial("titanium plain", TITANIUM, 1, 0.36, pattern="blasted", grain_mm=0.15, depth=0.1),
        PbrMaterial("chrome polished", CHROMIUM, 1, 0.04),
        PbrMaterial("cast_iron plain", (0.11, 0.11, 0.11), 1, 0.62, pattern="cast", grain_mm=0.8, depth=0.6),
        PbrMaterial("plastic matte", (0.8, 0.8, 0.8), 0, 0.55, pattern="blasted", grain_mm=0.15, depth=0.12),
        PbrMaterial("plastic glossy", (0.8, 0.8, 0.8), 0, 0.16),
        PbrMaterial("rubber matte", (0.02, 0.02, 0.02), 0, 0.75, pattern="blasted", grain_mm=0.25, depth=0.15),
        PbrMaterial("plexiglas glossy", (1.0, 1.0, 1.0), 0, 0.02, ior=1.49, transmission=1.0),
        PbrMaterial("powder_coated matte", (0.5, 0.5, 0.5), 0, 0.45, pattern="cast", grain_mm=0.5, depth=0.25),
        # LATER ones (render/materials/vocabulary.py).
        PbrMaterial(
            "stainless-steel brushed", STAINLESS, 1, 0.28, anisotropy=0.7, pattern="brushed", grain_mm=0.2, depth=0.4
        ),
        PbrMaterial("stainless-steel bright", STAINLESS, 1, 0.18, pattern="cast", grain_mm=0.5, depth=0.04),
        PbrMaterial(
            "stainless-steel sandblasted", (0.50, 0.49, 0.47), 1, 0.52, pattern="blasted", grain_mm=0.15, depth=0.35
        ),
        PbrMaterial("zinc-die-cast plain", (0.56, 0.58, 0.60), 1, 0.42, pattern="cast", grain_mm=0.6, depth=0.2),
        PbrMaterial(
            "tin-bronze plain", BRONZE, 1, 0.30, edge=(1.0, 0.9, 0.75), pattern="burnished", grain_mm=5, depth=0.15
        ),
        PbrMaterial("brass nickelcoated", NICKEL, 1, 0.16),
        PbrMaterial("brass chromed", CHROMIUM, 1, 0.04),
        PbrMaterial("wood birch", (0.64, 0.44, 0.25), 0, 0.55, pattern="brushed", grain_mm=1.2, depth=0.35),
        PbrMaterial("wood mdf", (0.40, 0.26, 0.14), 0, 0.78, pattern="blasted", grain_mm=0.3, depth=0.15),
        PbrMaterial(
            "carbon-fibre glossy",
            (0.035, 0.036, 0.04),
            0,
            0.35,
            coat=0.8,
            coat_roughness=0.08,
            pattern="woven",
            grain_mm=2,
            depth=0.6,
        ),
        PbrMaterial("silicone-rubber matte", (0.6, 0.6, 0.58), 0, 0.5, ior=1.41),
        PbrMaterial("foam matte", (0.05, 0.05, 0.05), 0, 0.95, pattern="blasted", grain_mm=0.8, depth=0.9),
    )
}
