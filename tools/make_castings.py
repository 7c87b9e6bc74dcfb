"""Makes a set that nothing was tuned to: eight rough castings as CAD without materials, and simulated photos of them.

`python tools/make_castings.py OUT [--photos 12]` (six CPU seconds a photo) writes OUT/parts.csv, parts/, photos/ and
boxes.csv. The castings are raw iron, sandblasted steel, aluminium or painted; two are look-alikes, pipe elbows of 90 or
45 degrees. Photos that are there are kept. It needs build123d, which comes with bd-warehouse, as make_parts.py does.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import build123d as cad  # noqa: E402
import trimesh  # noqa: E402
from simulated_photos.part_set import PartSet, make_from_command_line  # noqa: E402
from simulated_photos.plan import Framing  # noqa: E402

type Point = tuple[float, float]

SET = PartSet(
    looks={
        ("iron", "cast", ""): 0.25,
        ("aluminium", "cast", ""): 0.2,
        ("steel", "sandblasted", ""): 0.15,
        ("iron", "painted", "green"): 0.15,
        ("iron", "painted", "grey"): 0.15,
        ("iron", "painted", "blue"): 0.1,
    },
    stands=0.5,
    framing=Framing((25, 50, 80), long_side=640, short_side=480, share=(0.3, 0.6), other_part_cm=(15, 15, 9)),
    seed=11,
)
ACROSS = cad.Rot(90, 0, 0)  # what is drawn lying, with y upwards, set upright
CHORD_MM, CHORD_RADIANS = 0.15, 0.35  # how far a triangle may be off a curved face


def rod(diameter: float, bottom: float, top: float, at: Point = (0, 0)) -> Any:
    """An upright cylinder between two heights."""
    return cad.Pos(*at, (bottom + top) / 2) * cad.Cylinder(diameter / 2, top - bottom)


def rods(diameter: float, bottom: float, top: float, pitch: float, count: int, start: float = 0) -> list[Any]:
    """Upright cylinders on a pitch circle, from an angle in degrees on."""
    angles = [math.radians(start + 360 * number / count) for number in range(count)]
    return [rod(diameter, bottom, top, (pitch / 2 * math.cos(a), pitch / 2 * math.sin(a))) for a in angles]


def rounded(solid: Any, radius: float) -> Any:
    """All edges with the radius that sand and pattern leave."""
    return cad.fillet(solid.edges(), radius)


def disc(radius: float, at: Point = (0, 0)) -> Any:
    return cad.Pos(*at) * cad.Circle(radius)


def belted(*outlines: Any) -> Any:
    """The face inside a belt that runs round these outlines."""
    return cad.make_hull([edge for outline in outlines for edge in outline.edges()])


def turned(profile: list[Point]) -> Any:
    """A solid of revolution about z from a closed outline of radii and heights."""
    outline = cad.Polyline([(r, 0, z) for r, z in profile], close=True)
    return cad.revolve(cad.make_face(outline), cad.Axis.Z)


def pipe_elbow(degrees: float) -> Any:
    """A bend of 34 mm bore between two flanges with four holes each, one of which lies on z = 0."""
    straight, bend, bore, pipe = 20, 44, 34, 46
    flange = rounded(rod(88, 0, 10), 1.5) + rod(pipe, 0, straight)
    circles = flange.edges().filter_by(cad.GeomType.CIRCLE).filter_by(lambda edge: math.isclose(edge.radius, pipe / 2))
    flange = cad.fillet(circles.sort_by(cad.Axis.Z)[0], 5)
    flange -= rods(11, -1, 11, 66, 4, 45)
    turn = cad.Pos(bend, 0, straight) * cad.Rot(0, degrees, 0) * cad.Pos(-bend, 0, 0)
    end = turn * cad.Pos(0, 0, straight) * cad.Rot(180, 0, 0)
    axis = cad.Axis((bend, 0, straight), (0, 1, 0))

    def curved(diameter: float) -> Any:
        return cad.revolve(cad.Pos(0, 0, straight) * cad.Circle(diameter / 2), axis, degrees)

    hole = rod(bore, -1, straight)
    return curved(pipe) + flange + end * flange - curved(bore) - hole - end * hole


def hand_wheel() -> Any:
    """A round rim of 140 mm, five oval spokes that rise to a hub, a bore."""
    rim = cad.Pos(0, 0, 9) * cad.Torus(61, 9)
    spoke = cad.Pos(36, 0, 14) * cad.Rot(0, 100, 0) * cad.extrude(cad.Ellipse(4, 6.5), 27, both=True)
    wheel = rim + rounded(rod(38, 0, 32), 2.5) + [cad.Rot(0, 0, 72 * number) * spoke for number in range(5)]
    return wheel - rod(16, -1, 33)


def v_belt_pulley() -> Any:
    """Two grooves in a rim of 110 mm, a web with four round windows, a hub with a bore."""
    rim = [(40, 0), (55, 0), (55, 4), (46, 8), (46, 13), (55, 17), (55, 21), (46, 25), (46, 30), (55, 34), (55, 38)]
    web = [(40, 38), (41, 24), (19, 24), (18, 44), (9, 44), (9, 0), (18, 0), (19, 14), (41, 14)]
    return rounded(turned([*rim, *web]) - rods(16, 10, 30, 60, 4), 1)


def pillow_block() -> Any:
    """A bearing housing with a seat of 52 mm on a foot with two slots, an oil hole on top."""
    height, slot = 46, cad.extrude(cad.SlotOverall(24, 13), 20)
    stand = cad.extrude(belted(disc(36, (0, height)), cad.Pos(0, 8) * cad.Rectangle(84, 4)), 19, both=True)
    barrel = cad.Pos(0, height) * rounded(rod(72, -27, 27), 2)
    body = ACROSS * (stand + barrel) + rounded(cad.extrude(cad.RectangleRounded(150, 44, 12), 16), 2)
    body += rounded(rod(18, height, height + 40), 2)
    body -= [cad.Pos(-57, 0) * slot, cad.Pos(57, 0) * slot]
    return body - ACROSS * rod(52, -30, 30, (0, height)) - rod(7, height, height + 50)


def lever() -> Any:
    """Two eyes of different size and height, 115 mm apart, on an arm with a rib."""
    far = (115, 0)
    arm = rounded(cad.extrude(belted(disc(13), disc(8, far)), 10), 2.5)
    rib = cad.Pos(57, 0, 8.5) * rounded(cad.Box(100, 7, 17), 2)
    body = arm + rib + rounded(rod(42, -3, 30), 2) + rounded(rod(28, -3, 22, far), 2)
    return body - rod(22, -9, 40) - rod(13, -9, 40, far)


def gear_box_cover() -> Any:
    """A hollow lid with a flange, six bolt bosses, a bearing seat off the middle and a filler."""
    bolts = [(x, y) for x in (-54, 0, 54) for y in (-36, 36)]
    seat, filler = (-22, 0), (34, 8)
    body = rounded(cad.extrude(cad.RectangleRounded(132, 94, 20), 8), 1.5)
    body += rounded(cad.extrude(cad.RectangleRounded(112, 72, 14), 34, taper=5), 4)
    body += [rounded(rod(18, 0, 17, bolt), 1.5) for bolt in bolts]
    body += [rounded(rod(48, 20, 44, seat), 2), rounded(rod(25, 20, 41, filler), 2)]
    body -= cad.Pos(0, 0, -1) * rounded(cad.extrude(cad.RectangleRounded(99, 59, 9), 29, taper=5), 3)
    return body - [rod(8.5, -1, 20, bolt) for bolt in bolts] - rod(30, -1, 50, seat) - rod(12, -1, 50, filler)


def clevis() -> Any:
    """A fork of two eyes on a foot with four holes."""
    eye = (0, 58)
    cheek = rounded(cad.extrude(belted(disc(19, eye), cad.Pos(0, 8) * cad.Rectangle(46, 4)), 13), 2)
    body = rounded(cad.extrude(cad.RectangleRounded(78, 68, 9), 12), 2)
    body += [ACROSS * cad.Pos(0, 0, face) * cheek for face in (-24, 11)]
    body -= [rod(9, -1, 20, (x, y)) for x in (-30, 30) for y in (-25, 25)]
    return body - ACROSS * rod(19, -50, 50, eye)


def triangles(solid: Any) -> Any:
    """The closed mesh of a solid."""
    corners, faces = solid.tessellate(CHORD_MM, CHORD_RADIANS)
    mesh = trimesh.Trimesh([tuple(corner) for corner in corners], faces)
    mesh.merge_vertices(digits_vertex=5)
    mesh.update_faces(mesh.nondegenerate_faces())
    return mesh


def castings() -> dict[str, Any]:
    """The eight parts, in mm, as somebody sets them down."""
    solids = {
        "clevis": clevis(),
        "elbow_45": pipe_elbow(45),
        "elbow_90": pipe_elbow(90),
        "gear_box_cover": gear_box_cover(),
        "hand_wheel": hand_wheel(),
        "lever": lever(),
        "pillow_block": pillow_block(),
        "v_belt_pulley": v_belt_pulley(),
    }
    return {part_id: triangles(solid) for part_id, solid in solids.items()}


if __name__ == "__main__":
    make_from_command_line(__doc__, castings, SET, photos=12)
