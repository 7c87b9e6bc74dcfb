"""What the sample parts' materials look like to a phone: used, a little dirty, edges worn round.

These are not the renderer's materials: other base colours, wear, dust and finger marks, as photos differ from CAD.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.random import Generator

from simulated_photos.nodes import Color, NodeTree, Socket, new_material

EDGE_RADIUS_CM = 0.012  # machined edges are broken by a tenth of a millimetre and catch the light


def _jitter(rng: Generator, color: Color, amount: float = 0.06) -> Color:
    """The colour made a little lighter or darker and shifted: no two batches are the same."""
    light = 1 + rng.normal(0, amount)
    red, green, blue = (
        float(min(max(channel * light * (1 + rng.normal(0, amount / 4)), 0), 0.95)) for channel in color
    )
    return red, green, blue


def _edges(nodes: NodeTree, height: Socket | None = None, strength: float = 0.2, distance: float = 0.01) -> Socket:
    """Normals with rounded edges and, where `height` is given, its bumps."""
    rounded = nodes.add("Bevel", properties={"samples": 2}, radius=EDGE_RADIUS_CM)
    if height is None:
        return rounded
    return nodes.add("Bump", height=height, strength=strength, distance=distance, normal=rounded)


def _stains(nodes: NodeTree, shift: float, scale: float = 1.5) -> Socket:
    """Soft patches, 0 to 1: finger marks and oil film."""
    noise = nodes.add("TexNoise", vector=nodes.position(shift=shift), scale=scale, detail=3.0, roughness=0.6)
    return nodes.ramp(noise, 0.42, 0.66)


def _dust(nodes: NodeTree, shift: float, amount: float) -> Socket:
    """Small sharp specks, 0 to 1."""
    noise = nodes.add("TexNoise", vector=nodes.position(shift=shift + 9), scale=28.0, detail=1.0, roughness=0.5)
    return nodes.ramp(noise, 0.76 - 0.05 * amount, 0.80 - 0.05 * amount, 0.0, 0.8)


def _metal(
    rng: Generator, base: Color, worn: Color, roughness: tuple[float, float], streaks: bool = False, dust: float = 0.6
) -> Any:
    """A metal between a clean colour and a worn one, its roughness between two values by the same stains."""
    material, nodes = new_material("part")
    shift = float(rng.uniform(0, 50))
    stains = _stains(nodes, shift, float(rng.uniform(1.0, 2.5)))
    grain_at = nodes.position((60, 60, 2.0) if streaks else (12, 12, 12), shift=shift)
    grain = nodes.add("TexNoise", vector=grain_at, scale=1.0, detail=3.0, roughness=0.7)
    color = nodes.mix(nodes.calculate("MULTIPLY", stains, float(rng.uniform(0.3, 0.9))), _jitter(rng, base), worn)
    specks = _dust(nodes, shift, dust)
    rough = nodes.ramp(nodes.calculate("ADD", stains, nodes.calculate("MULTIPLY", grain, 0.6)), 0.1, 1.4, *roughness)
    nodes.surface(
        base_color=nodes.mix(specks, color, (0.35, 0.31, 0.26)),
        metallic=nodes.calculate("SUBTRACT", 1.0, specks),
        roughness=rough,
        anisotropic=0.5 if streaks else 0.0,
        normal=_edges(nodes, grain, 0.25 if streaks else 0.12, 0.004),
    )
    return material


def galvanized(rng: Generator) -> Any:
    """Zinc plate of fasteners: pale grey, bluish or yellowish by its passivation."""
    tint = [(0.58, 0.60, 0.63), (0.62, 0.58, 0.47), (0.56, 0.56, 0.54)][rng.integers(3)]
    return _metal(rng, tint, (0.36, 0.36, 0.36), (0.24, 0.52))


def burnished(rng: Generator) -> Any:
    """Black oxide: nearly black with a dull shine, brownish where it is worn."""
    return _metal(rng, (0.045, 0.045, 0.05), (0.12, 0.10, 0.085), (0.28, 0.5), dust=0.8)


def brass(rng: Generator) -> Any:
    return _metal(rng, (0.72, 0.50, 0.22), (0.42, 0.27, 0.11), (0.2, 0.48), streaks=True)


def nickel(rng: Generator) -> Any:
    return _metal(rng, (0.62, 0.58, 0.51), (0.45, 0.42, 0.36), (0.12, 0.38))


def brushed_steel(rng: Generator) -> Any:
    return _metal(rng, (0.55, 0.55, 0.54), (0.40, 0.38, 0.35), (0.16, 0.42), streaks=True)


def white_plastic(rng: Generator) -> Any:
    """Moulded or milled white plastic: slightly translucent, a little yellow or grey, smudged."""
    material, nodes = new_material("part")
    shift = float(rng.uniform(0, 50))
    clean = _jitter(rng, (0.70, 0.69, 0.65), 0.04)
    smudged = nodes.mix(
        nodes.calculate("MULTIPLY", _stains(nodes, shift), float(rng.uniform(0.1, 0.5))), clean, (0.48, 0.45, 0.39)
    )
    grain = nodes.add("TexNoise", vector=nodes.position(shift=shift), scale=25.0, detail=2.0)
    nodes.surface(
        base_color=nodes.mix(_dust(nodes, shift, 0.5), smudged, (0.15, 0.13, 0.11)),
        roughness=float(rng.uniform(0.35, 0.6)),
        subsurface_weight=0.15,
        subsurface_radius=(0.1, 0.1, 0.1),
        subsurface_scale=0.3,
        normal=_edges(nodes, grain, 0.1, 0.004),
    )
    return material


def black_anodized(rng: Generator) -> Any:
    """Dyed aluminium oxide: a dark coat with metal below, scratched and finger-marked."""
    material, nodes = new_material("part")
    shift = float(rng.uniform(0, 50))
    stains = _stains(nodes, shift, 2.0)
    turning = nodes.add("TexNoise", vector=nodes.position((4, 4, 90), shift=shift), scale=1.0, detail=2.0)
    nodes.surface(
        base_color=nodes.mix(_dust(nodes, shift, 1.0), _jitter(rng, (0.035, 0.035, 0.04), 0.2), (0.4, 0.37, 0.33)),
        metallic=0.55,
        roughness=nodes.ramp(stains, 0.0, 1.0, 0.26, 0.46),
        specular_ior_level=0.6,
        normal=_edges(nodes, turning, 0.15, 0.003),
    )
    return material


def _casting(rng: Generator, base: Color, worn: Color, roughness: tuple[float, float], metallic: float) -> Any:
    """Metal with the skin that sand leaves: grains of half a millimetre, soft hollows, `worn` where it was handled."""
    material, nodes = new_material("part")
    shift = float(rng.uniform(0, 50))
    stains = _stains(nodes, shift, float(rng.uniform(0.4, 1.2)))
    specks = _dust(nodes, shift, 1.0)
    color = nodes.mix(nodes.calculate("MULTIPLY", stains, float(rng.uniform(0.2, 0.9))), _jitter(rng, base, 0.1), worn)
    nodes.surface(
        base_color=nodes.mix(specks, color, (0.22, 0.18, 0.14)),
        metallic=nodes.calculate("MULTIPLY", nodes.calculate("SUBTRACT", 1.0, specks), metallic),
        roughness=nodes.ramp(stains, 0.0, 1.0, *roughness),
        normal=_edges(nodes, _sand(nodes, shift), 0.5, 0.02),
    )
    return material


def _sand(nodes: NodeTree, shift: float) -> Socket:
    """The relief of a sand mould."""
    return nodes.add("TexNoise", vector=nodes.position(shift=shift), scale=16.0, detail=4.0, roughness=0.65)


def cast_iron(rng: Generator) -> Any:
    """Grey iron as it left the mould: dark and dull, a film of rust where it was damp."""
    return _casting(rng, (0.10, 0.10, 0.105), (0.20, 0.105, 0.055), (0.5, 0.8), 0.6)


def cast_aluminium(rng: Generator) -> Any:
    return _casting(rng, (0.52, 0.52, 0.52), (0.36, 0.35, 0.33), (0.4, 0.62), 0.9)


def sandblasted_steel(rng: Generator) -> Any:
    return _casting(rng, (0.34, 0.34, 0.33), (0.24, 0.21, 0.18), (0.55, 0.75), 0.8)


def _enamel(paint: Color) -> Callable[[Generator], Any]:
    """Machine paint of this colour on a casting: it fills the sand's grains, is greasy, and chipped here and there."""

    def painted(rng: Generator) -> Any:
        material, nodes = new_material("part")
        shift = float(rng.uniform(0, 50))
        stains = _stains(nodes, shift, float(rng.uniform(0.4, 1.2)))
        wear = nodes.add("TexNoise", vector=nodes.position(shift=shift + 5), scale=2.2, detail=4.0, roughness=0.75)
        chips = nodes.ramp(wear, 0.70, 0.71)
        coat = _jitter(rng, paint, 0.12)
        smeared = nodes.mix(nodes.calculate("MULTIPLY", stains, 0.5), coat, (0.10, 0.09, 0.075))
        nodes.surface(
            base_color=nodes.mix(chips, smeared, (0.13, 0.11, 0.10)),
            roughness=nodes.ramp(stains, 0.0, 1.0, float(rng.uniform(0.25, 0.4)), 0.6),
            normal=_edges(nodes, _sand(nodes, shift), 0.25, 0.015),
        )
        return material

    return painted


# (material, surface, color) of parts.csv -> its look
LOOKS: dict[tuple[str, str, str], Callable[[Generator], Any]] = {
    ("steel", "galvanized", ""): galvanized,
    ("steel", "burnished", ""): burnished,
    ("steel", "nickelcoated", ""): nickel,
    ("steel", "brushed", ""): brushed_steel,
    ("brass", "brushed", ""): brass,
    ("plastic", "matte", "white"): white_plastic,
    ("aluminium", "anodized", "black"): black_anodized,
    ("aluminium", "cast", ""): cast_aluminium,
    ("steel", "sandblasted", ""): sandblasted_steel,
    ("iron", "cast", ""): cast_iron,
    ("iron", "painted", "green"): _enamel((0.09, 0.20, 0.13)),
    ("iron", "painted", "grey"): _enamel((0.27, 0.29, 0.29)),
    ("iron", "painted", "blue"): _enamel((0.05, 0.13, 0.29)),
}
