"""Makes the ten parts of the sample project: STEP files and their part list, in data/parts/.

Run once by a developer (`pip install .[sample]`, then `python tools/make_parts.py`); its results are in git, so that
nobody else needs bd-warehouse. Standard parts follow their standard's dimensions; `stepped_hub` is a design of ours.
Two pairs are easy to confuse on purpose: a hex bolt with and without a flange, and two gears of one module.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from cad2real.files import atomic_file, write_text  # noqa: E402

PARTS_FOLDER = ROOT / "data" / "parts"
# STEP files carry a time: a fixed one makes equal parts equal bytes, so that git and DVC see no change.
TIMESTAMP = datetime(2026, 1, 1)


@dataclass(frozen=True)
class SamplePart:
    """One row of parts.csv and the function that makes its solid (millimetres)."""

    part_id: str
    name: str
    material: str
    surface: str
    color: str
    make: Callable[[], Any]


def hex_bolt() -> Any:
    from bd_warehouse.fastener import HexHeadScrew

    return HexHeadScrew("M8-1.25", 40, "iso4014", simple=False)


def flange_bolt() -> Any:
    from bd_warehouse.fastener import HexHeadWithFlangeScrew

    return HexHeadWithFlangeScrew("M8-1.25", 40, simple=False)


def socket_head_screw() -> Any:
    from bd_warehouse.fastener import SocketHeadCapScrew

    return SocketHeadCapScrew("M6-1", 25, "iso4762", simple=False)


def hex_nut() -> Any:
    from bd_warehouse.fastener import HexNut

    return HexNut("M10-1.5", "iso4032", simple=False)


def plain_washer() -> Any:
    from bd_warehouse.fastener import PlainWasher

    return PlainWasher("M10", "iso7089")


def ball_bearing() -> Any:
    from bd_warehouse.bearing import SingleRowDeepGrooveBallBearing

    return SingleRowDeepGrooveBallBearing("M10-26-8")


def retaining_ring() -> Any:
    from bd_warehouse.retaining_ring import ExternalSnapRing

    return ExternalSnapRing("20")


def spur_gear(teeth: int) -> Any:
    """Module 1.5, face width 8 mm, with a raised boss, an 8 mm bore and a 3 mm keyway."""
    from bd_warehouse.gear import SpurGear
    from build123d import Box, Cylinder, Pos

    blank = SpurGear(module=1.5, tooth_count=teeth, pressure_angle=20, thickness=8)
    boss = Pos(0, 0, 4) * Cylinder(radius=8, height=10)
    keyway = Pos(4, 0, 0) * Box(3, 3, 60)
    return blank + boss - Cylinder(radius=4, height=60) - keyway


def stepped_hub() -> Any:
    """A turned hub: flange of 36 mm with four holes and a milled flat, two steps, a bore with a counterbore."""
    from build123d import Box, Cylinder, PolarLocations, Pos, chamfer

    def disc(diameter: float, bottom: float, top: float) -> Any:
        return Pos(0, 0, (bottom + top) / 2) * Cylinder(radius=diameter / 2, height=top - bottom)

    hub = disc(36, 0, 6) + disc(22, 6, 18) + disc(15, 18, 28)
    hub = chamfer(hub.edges().filter_by(lambda edge: edge.geom_type.name == "CIRCLE" and edge.radius > 7), 0.6)
    hub -= disc(8, -1, 30) + disc(12, 22, 30)
    hub -= [place * Cylinder(radius=2.25, height=30) for place in PolarLocations(14.5, 4, start_angle=45)]
    hub -= Pos(0, -18, 3) * Box(40, 4, 7)  # milled flat on the flange
    hub -= Pos(0, 0, 12) * Cylinder(radius=1.5, height=60, rotation=(90, 0, 0))  # cross hole
    return hub


SAMPLE_PARTS = (
    SamplePart("hex_bolt_m8x40", "Hex bolt M8x40 ISO 4014", "steel", "galvanized", "", hex_bolt),
    SamplePart("flange_bolt_m8x40", "Hex bolt with flange M8x40 EN 1665", "steel", "galvanized", "", flange_bolt),
    SamplePart(
        "socket_screw_m6x25", "Socket head cap screw M6x25 ISO 4762", "steel", "burnished", "", socket_head_screw
    ),
    SamplePart("hex_nut_m10", "Hex nut M10 ISO 4032", "brass", "brushed", "", hex_nut),
    SamplePart("washer_m10", "Plain washer M10 ISO 7089", "steel", "nickelcoated", "", plain_washer),
    SamplePart("ball_bearing_6000", "Deep-groove ball bearing 6000", "steel", "brushed", "", ball_bearing),
    SamplePart("spur_gear_z20", "Spur gear m1.5 z20", "plastic", "matte", "white", lambda: spur_gear(20)),
    SamplePart("spur_gear_z28", "Spur gear m1.5 z28", "plastic", "matte", "white", lambda: spur_gear(28)),
    SamplePart(
        "retaining_ring_20", "Retaining ring for shafts 20 mm DIN 471", "steel", "burnished", "", retaining_ring
    ),
    SamplePart("stepped_hub", "Stepped hub with flange", "aluminium", "anodized", "black", stepped_hub),
)


def write_part_list(parts: tuple[SamplePart, ...], path: Path) -> None:
    """Writes parts.csv; `file` is relative to its folder."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["part_id", "name", "file", "units", "material", "surface", "color"])
    for part in parts:
        rows.writerow([part.part_id, part.name, f"{part.part_id}.step", "mm", part.material, part.surface, part.color])
    write_text(path, text.getvalue())


def main() -> None:
    from build123d import export_step

    for part in SAMPLE_PARTS:
        solid = part.make()
        solid.label = part.part_id
        for shape in (solid, *solid.descendants):
            shape.color = None  # the part list says what a part looks like; styles also come out in random order
        with atomic_file(PARTS_FOLDER / f"{part.part_id}.step") as temporary:
            # Curves in parameter space can be computed from the rest: without them the files are a third smaller.
            export_step(solid, temporary, write_pcurves=False, timestamp=TIMESTAMP)
            size = solid.bounding_box().size
            print(
                f"{part.part_id}: {size.X:.1f} x {size.Y:.1f} x {size.Z:.1f} mm, {temporary.stat().st_size // 1024} kB"
            )
    write_part_list(SAMPLE_PARTS, PARTS_FOLDER / "parts.csv")


if __name__ == "__main__":
    main()
