"""What the part lies on: twelve procedural table tops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy
from numpy.random import Generator

from simulated_photos.nodes import Color, new_material

TABLE_SIZE_CM = 160.0
SHEET_THICKNESS_CM = 0.03


def _wood(rng: Generator, light: Color, dark: Color, plank_cm: float, polish: float) -> Any:
    """Planks with growth rings: noise stretched along the grain, joints between planks."""
    material, nodes = new_material("table")
    turn, shift = float(rng.uniform(0, 6.3)), float(rng.uniform(0, 90))
    rings = nodes.add(
        "TexNoise",
        vector=nodes.position((0.05, 0.9, 1), turn, shift),
        scale=1.0,
        detail=4.0,
        roughness=0.62,
        distortion=1.2,
    )
    pores = nodes.add("TexNoise", vector=nodes.position((0.4, 14.0, 1), turn, shift), scale=1.0, detail=2.0)
    joints = nodes.add(
        "TexBrick",
        "Factor",
        vector=nodes.position((1, 1, 1), turn, shift),
        scale=1.0,
        mortar_size=0.05,
        brick_width=90.0,
        row_height=plank_cm,
    )
    grain = nodes.ramp(nodes.calculate("ADD", rings, nodes.calculate("MULTIPLY", pores, 0.25)), 0.45, 0.85)
    color = nodes.mix(joints, nodes.mix(grain, light, dark), (0.02, 0.014, 0.01))
    height = nodes.calculate("SUBTRACT", nodes.calculate("MULTIPLY", pores, 0.3), joints)
    nodes.surface(
        base_color=color,
        roughness=nodes.ramp(pores, 0.2, 0.8, polish, polish + 0.2),
        normal=nodes.add("Bump", height=height, strength=0.35, distance=0.03),
    )
    return material


def pine(rng: Generator) -> Any:
    return _wood(rng, (0.62, 0.43, 0.24), (0.42, 0.24, 0.10), float(rng.uniform(9, 16)), 0.45)


def walnut(rng: Generator) -> Any:
    return _wood(rng, (0.20, 0.11, 0.06), (0.07, 0.035, 0.018), float(rng.uniform(10, 18)), 0.32)


def concrete(rng: Generator) -> Any:
    material, nodes = new_material("table")
    shift, grey = float(rng.uniform(0, 90)), float(rng.uniform(0.2, 0.4))
    clouds = nodes.add("TexNoise", vector=nodes.position(shift=shift), scale=0.12, detail=5.0, roughness=0.7)
    sand = nodes.add("TexNoise", vector=nodes.position(shift=shift), scale=9.0, detail=4.0, roughness=0.8)
    pits = nodes.ramp(nodes.add("TexVoronoi", vector=nodes.position(shift=shift), scale=0.8), 0.03, 0.09, 1.0, 0.0)
    color = nodes.mix(
        nodes.ramp(clouds, 0.3, 0.7), (grey, grey * 0.98, grey * 0.93), (grey * 0.6, grey * 0.6, grey * 0.58)
    )
    color = nodes.mix(nodes.ramp(sand, 0.35, 0.8, 0.0, 0.5), color, (grey * 1.5, grey * 1.45, grey * 1.4))
    height = nodes.calculate("SUBTRACT", nodes.calculate("MULTIPLY", sand, 0.6), pits)
    nodes.surface(
        base_color=nodes.mix(pits, color, (0.05, 0.05, 0.05)),
        roughness=0.85,
        normal=nodes.add("Bump", height=height, strength=0.5, distance=0.05),
    )
    return material


def cloth(rng: Generator) -> Any:
    """Plain weave: two crossed waves, with slubs in the yarn."""
    material, nodes = new_material("table")
    turn, pitch = float(rng.uniform(0, 6.3)), float(rng.uniform(2.4, 4.5))
    base = [(0.10, 0.14, 0.24), (0.30, 0.29, 0.27), (0.24, 0.05, 0.05), (0.09, 0.16, 0.10), (0.5, 0.46, 0.38)][
        rng.integers(5)
    ]
    waves = [
        nodes.add(
            "TexWave",
            "Factor",
            {"bands_direction": direction},
            vector=nodes.position((1, 1, 1), turn),
            scale=pitch,
            distortion=0.6,
            detail=1.0,
        )
        for direction in ("X", "Y")
    ]
    weave = nodes.calculate("MULTIPLY", *waves)
    slubs = nodes.add("TexNoise", vector=nodes.position((0.4, 6, 1), turn), scale=1.0, detail=4.0)
    folds = nodes.add("TexNoise", vector=nodes.position(shift=float(rng.uniform(0, 50))), scale=0.06, detail=1.0)
    shaded = nodes.mix(nodes.ramp(weave, 0.0, 0.8), tuple(0.45 * c for c in base), base)
    height = nodes.calculate("ADD", weave, nodes.calculate("MULTIPLY", folds, 6.0))
    nodes.surface(
        base_color=nodes.mix(nodes.ramp(slubs, 0.5, 0.8, 0.0, 0.35), shaded, tuple(min(1.6 * c, 0.9) for c in base)),
        roughness=0.95,
        sheen_weight=0.3,
        normal=nodes.add("Bump", height=height, strength=0.7, distance=0.04),
    )
    return material


def _paper(rng: Generator, squared: bool) -> Any:
    material, nodes = new_material("paper")
    turn = float(rng.uniform(0, 6.3))
    white = [(0.78, 0.77, 0.74), (0.72, 0.68, 0.58), (0.62, 0.70, 0.74)][rng.integers(3)]
    fibres = nodes.add("TexNoise", vector=nodes.position(), scale=14.0, detail=5.0, roughness=0.7)
    creases = nodes.add("TexNoise", vector=nodes.position(shift=float(rng.uniform(0, 50))), scale=0.12, detail=2.0)
    color = nodes.mix(nodes.ramp(fibres, 0.3, 0.8, 0.0, 0.12), white, (0.4, 0.38, 0.35))
    if squared:
        lines = nodes.add(
            "TexBrick",
            "Factor",
            {"offset": 0.0},
            vector=nodes.position((1, 1, 1), turn),
            scale=1.0,
            mortar_size=0.02,
            brick_width=0.5,
            row_height=0.5,
        )
        color = nodes.mix(nodes.calculate("MULTIPLY", lines, 0.7), color, (0.25, 0.38, 0.62))
    height = nodes.calculate("ADD", nodes.calculate("MULTIPLY", fibres, 0.02), creases)
    nodes.surface(base_color=color, roughness=0.8, normal=nodes.add("Bump", height=height, strength=0.25, distance=0.3))
    return material


def cutting_mat(rng: Generator) -> Any:
    """A craft mat: a centimetre grid on green, blue or grey rubber."""
    material, nodes = new_material("mat")
    base = [(0.02, 0.11, 0.07), (0.03, 0.07, 0.16), (0.06, 0.06, 0.065)][rng.integers(3)]
    grids = [
        nodes.add(
            "TexBrick",
            "Factor",
            {"offset": 0.0},
            vector=nodes.position(shift=0.3),
            scale=1.0,
            mortar_size=thickness,
            brick_width=pitch,
            row_height=pitch,
        )
        for pitch, thickness in ((1.0, 0.018), (5.0, 0.04))
    ]
    scuffs = nodes.add("TexNoise", vector=nodes.position((0.4, 5, 1), 0.7), scale=1.0, detail=4.0, roughness=0.7)
    lines = nodes.calculate("MULTIPLY", nodes.calculate("MAXIMUM", *grids), 0.75)
    color = nodes.mix(nodes.ramp(scuffs, 0.55, 0.8, 0.0, 0.3), base, (0.3, 0.3, 0.28))
    grain = nodes.add("TexNoise", vector=nodes.position(), scale=30.0, detail=2.0)
    nodes.surface(
        base_color=nodes.mix(lines, color, (0.62, 0.64, 0.45)),
        roughness=0.6,
        normal=nodes.add("Bump", height=grain, strength=0.2, distance=0.01),
    )
    return material


def cardboard(rng: Generator) -> Any:
    material, nodes = new_material("table")
    turn = float(rng.uniform(0, 6.3))
    flutes = nodes.add("TexWave", "Factor", vector=nodes.position((1, 1, 1), turn), scale=0.45, distortion=0.3)
    fibres = nodes.add("TexNoise", vector=nodes.position((0.5, 5, 1), turn), scale=1.5, detail=4.0, roughness=0.75)
    color = nodes.mix(nodes.ramp(fibres, 0.3, 0.75), (0.42, 0.29, 0.17), (0.28, 0.18, 0.10))
    height = nodes.calculate("ADD", nodes.calculate("MULTIPLY", flutes, 0.6), nodes.calculate("MULTIPLY", fibres, 0.2))
    nodes.surface(
        base_color=color, roughness=0.85, normal=nodes.add("Bump", height=height, strength=0.12, distance=0.1)
    )
    return material


def steel_sheet(rng: Generator) -> Any:
    """A scratched metal bench top."""
    material, nodes = new_material("table")
    turn = float(rng.uniform(0, 6.3))
    lines = nodes.add("TexNoise", vector=nodes.position((0.25, 30, 1), turn), scale=1.0, detail=3.0, roughness=0.7)
    scratches = nodes.add(
        "TexNoise", vector=nodes.position((0.15, 9, 1), turn + 0.8), scale=1.0, detail=5.0, roughness=0.8
    )
    smears = nodes.add("TexNoise", vector=nodes.position(shift=float(rng.uniform(0, 50))), scale=0.15, detail=5.0)
    nodes.surface(
        base_color=nodes.mix(nodes.ramp(smears, 0.4, 0.7), (0.42, 0.42, 0.42), (0.28, 0.26, 0.24)),
        metallic=0.9,
        roughness=nodes.ramp(
            nodes.calculate("ADD", smears, nodes.calculate("MULTIPLY", lines, 0.4)), 0.4, 1.0, 0.3, 0.6
        ),
        normal=nodes.add("Bump", height=nodes.calculate("ADD", lines, scratches), strength=0.12, distance=0.01),
    )
    return material


def laminate(rng: Generator) -> Any:
    """Kitchen or office laminate with specks."""
    material, nodes = new_material("table")
    base = [(0.55, 0.54, 0.51), (0.32, 0.36, 0.38), (0.58, 0.50, 0.40)][rng.integers(3)]
    specks = nodes.add("TexNoise", vector=nodes.position(shift=float(rng.uniform(0, 50))), scale=7.0, detail=3.0)
    dark = nodes.mix(nodes.ramp(specks, 0.60, 0.63), base, tuple(0.35 * c for c in base))
    texture = nodes.add("TexNoise", vector=nodes.position(), scale=18.0, detail=1.0)
    nodes.surface(
        base_color=nodes.mix(nodes.ramp(specks, 0.36, 0.39, 1.0, 0.0), dark, (0.72, 0.71, 0.69)),
        roughness=0.38,
        normal=nodes.add("Bump", height=texture, strength=0.1, distance=0.01),
    )
    return material


def rubber_mat(rng: Generator) -> Any:
    """Black ribbed rubber with dust in it."""
    material, nodes = new_material("table")
    turn = float(rng.uniform(0, 6.3))
    ribs = nodes.add("TexWave", "Factor", vector=nodes.position((1, 1, 1), turn), scale=float(rng.uniform(0.7, 1.3)))
    dust = nodes.add(
        "TexNoise", vector=nodes.position(shift=float(rng.uniform(0, 50))), scale=0.6, detail=5.0, roughness=0.8
    )
    nodes.surface(
        base_color=nodes.mix(nodes.ramp(dust, 0.45, 0.8, 0.0, 0.5), (0.025, 0.025, 0.027), (0.22, 0.20, 0.17)),
        roughness=0.7,
        normal=nodes.add("Bump", height=ribs, strength=0.6, distance=0.08),
    )
    return material


def painted_bench(rng: Generator) -> Any:
    """Chipped workshop paint with steel or wood showing."""
    material, nodes = new_material("table")
    paint = [(0.10, 0.20, 0.26), (0.14, 0.24, 0.16), (0.36, 0.34, 0.29), (0.45, 0.16, 0.05)][rng.integers(4)]
    wear = nodes.add(
        "TexNoise", vector=nodes.position(shift=float(rng.uniform(0, 50))), scale=0.35, detail=4.0, roughness=0.75
    )
    dirt = nodes.add(
        "TexNoise", vector=nodes.position(shift=float(rng.uniform(0, 50))), scale=0.1, detail=4.0, roughness=0.7
    )
    chips = nodes.ramp(wear, 0.635, 0.65)
    color = nodes.mix(nodes.ramp(dirt, 0.4, 0.7, 0.0, 0.6), paint, tuple(0.4 * c for c in paint))
    nodes.surface(
        base_color=nodes.mix(chips, color, (0.16, 0.14, 0.12)),
        roughness=nodes.ramp(dirt, 0.3, 0.7, 0.3, 0.6),
        normal=nodes.add("Bump", height=chips, strength=0.5, distance=-0.02),
    )
    return material


_TOPS: dict[str, Callable[[Generator], Any]] = {
    "pine": pine,
    "walnut": walnut,
    "concrete": concrete,
    "cloth": cloth,
    "cardboard": cardboard,
    "steel_sheet": steel_sheet,
    "laminate": laminate,
    "rubber_mat": rubber_mat,
    "painted_bench": painted_bench,
}


def _slab(name: str, width: float, depth: float, top: float, thickness: float, material: Any) -> Any:
    """A flat box whose upper face is at z = `top`."""
    x, y, low = width / 2, depth / 2, top - thickness
    corners = [(sx * x, sy * y, z) for z in (low, top) for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    faces = [(3, 2, 1, 0), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)]
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(corners, [], faces)
    mesh.materials.append(material)
    thing = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(thing)
    return thing


def lay_table(kind: str, rng: Generator) -> None:
    """Builds the table; whatever the kind, the part's support is the plane z = 0."""
    sheets: dict[str, tuple[float, float, Callable[[], Any]]] = {
        "paper_on_wood": (21.0, 29.7, lambda: _paper(rng, squared=False)),
        "graph_paper": (21.0, 29.7, lambda: _paper(rng, squared=True)),
        "cutting_mat": (30.0, 45.0, lambda: cutting_mat(rng)),
    }
    if kind not in sheets:
        _slab("table", TABLE_SIZE_CM, TABLE_SIZE_CM, 0.0, 2.0, _TOPS[kind](rng))
        return
    width, depth, make = sheets[kind]
    sheet = _slab("sheet", width, depth, 0.0, SHEET_THICKNESS_CM, make())
    sheet.rotation_euler = (0, 0, float(rng.uniform(0, 6.3)))
    # The part lies somewhere on the sheet, well inside its edge.
    sheet.location = (float(rng.uniform(-1, 1)) * (width / 2 - 5), float(rng.uniform(-1, 1)) * (depth / 2 - 5), 0)
    below = str(rng.choice(["pine", "walnut", "laminate", "painted_bench"]))
    _slab("table", TABLE_SIZE_CM, TABLE_SIZE_CM, -SHEET_THICKNESS_CM, 2.0, _TOPS[below](rng))
