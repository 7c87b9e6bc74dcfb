"""What a simulated photo shows, drawn from a seed: pose, camera, box, table, light, clutter, the phone's faults.

A plan needs no Blender, so that the boxes can be written again at any time without rendering.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from simulated_photos.geometry import Array, Camera, PartMesh, bounds, lie_down, look_at, turn_away
from simulated_photos.phone import Development, draw_development

PHOTOS_A_PART = 12
NEAREST_CM = 9.0  # a phone cannot focus nearer; people zoom in instead
LARGEST_LENS_MM = 56.0
MARGIN_PX = 12

TABLES = (
    "pine", "walnut", "concrete", "cloth", "paper_on_wood", "graph_paper",
    "cutting_mat", "cardboard", "steel_sheet", "laminate", "rubber_mat", "painted_bench",
)  # fmt: skip
LIGHTS = ("room", "window", "tubes", "desk_lamp", "sky", "overcast")
OTHER_PART_CM = (3.5, 3.5, 2.2)
CLUTTER = {  # kind -> length and width in cm of what it covers of the table
    "pencil": (14.0, 0.8),
    "block": (5.0, 3.0),
    "cable": (12.0, 4.0),
    "coin": (2.4, 2.4),
    "tape_roll": (6.5, 6.5),
    "sticky_note": (7.6, 7.6),
    "screwdriver": (17.0, 2.6),
    "hex_key": (7.0, 2.4),
    "part": OTHER_PART_CM[:2],
}
CLUTTER_HIGH_CM = 2.2
# EXIF orientation -> share; 6 and 8 are a phone held upright, 3 one held upside down, 0 a file without the tag.
ORIENTATIONS = {0: 0.25, 1: 0.3, 6: 0.25, 8: 0.1, 3: 0.1}


@dataclass(frozen=True)
class Framing:
    """How photos are taken: least, usual and greatest height of the camera above the table, in degrees as it is seen
    from the part, the sides of the picture in pixels, and how much of a side the part fills. `other_part_cm`: length
    and width of what another part that lies about covers of the table, and its height.
    """

    elevation_deg: tuple[float, float, float] = (36, 58, 88)
    long_side: int = 1024
    short_side: int = 768
    share: tuple[float, float] = (0.22, 0.48)
    other_part_cm: tuple[float, float, float] = OTHER_PART_CM


@dataclass(frozen=True)
class Thing:
    """A piece of clutter: where it lies (cm), how it is turned (radians) and the seed of its colours."""

    kind: str
    x: float
    y: float
    yaw: float
    seed: int


@dataclass(frozen=True)
class PhotoPlan:
    part_id: str
    number: int
    vertices: Array
    camera: Camera
    box: tuple[int, int, int, int]
    table: str
    light: str
    clutter: tuple[Thing, ...]
    phone_in_view: bool
    aperture_cm: float
    orientation: int
    development: Development
    seed: int

    @property
    def image(self) -> str:
        return f"{self.part_id}/{self.number:03d}.jpg"


def seed_of(*words: object) -> int:
    """A seed that belongs to a thing and not to the order of work."""
    return int.from_bytes(hashlib.sha256("/".join(map(str, words)).encode()).digest()[:8], "big")


def _draw_camera(rng: Generator, vertices: Array, size: tuple[int, int], framing: Framing) -> Camera | None:
    """A hand-held view in which the whole part is seen, off the middle; None if this try shows too little of it."""
    elevation = np.radians(rng.triangular(*framing.elevation_deg))
    azimuth = rng.uniform(0, 2 * np.pi)
    direction = np.array([np.cos(azimuth) * np.cos(elevation), np.sin(azimuth) * np.cos(elevation), np.sin(elevation)])
    target = (vertices.min(axis=0) + vertices.max(axis=0)) / 2
    lens = rng.uniform(24, 28)
    share = rng.uniform(*framing.share)
    distance = 15.0
    for _ in range(6):
        box = bounds(look_at(target, direction, distance, lens, size).project(vertices))
        distance *= max((box[2] - box[0]) / size[0], (box[3] - box[1]) / size[1]) / share
    if distance < NEAREST_CM:
        lens = min(lens * NEAREST_CM / distance, LARGEST_LENS_MM)
        distance = NEAREST_CM
    camera = look_at(target, direction, distance, lens, size)
    x, y = (rng.normal(0.5, 0.13) * size[0], rng.normal(0.5, 0.13) * size[1])
    camera = turn_away(camera, x, y, np.radians(rng.normal(0, 5)))
    box = bounds(camera.project(vertices))
    if box[0] < MARGIN_PX or box[1] < MARGIN_PX or box[2] > size[0] - MARGIN_PX or box[3] > size[1] - MARGIN_PX:
        return None
    return camera if max(box[2] - box[0], box[3] - box[1]) > 0.16 * size[0] else None


def _draw_box(rng: Generator, camera: Camera, vertices: Array) -> tuple[int, int, int, int]:
    """The part's box as a person would draw it: one to five percent loose on each side."""
    x_min, y_min, x_max, y_max = bounds(camera.project(vertices))
    loose = rng.uniform(0.01, 0.05, 4) * np.array([x_max - x_min, y_max - y_min] * 2) + 1.0
    return (
        max(0, round(x_min - loose[0])),
        max(0, round(y_min - loose[1])),
        min(camera.width, round(x_max + loose[2])),
        min(camera.height, round(y_max + loose[3])),
    )


def _draw_clutter(
    rng: Generator, camera: Camera, box: Sequence[int], reach: float, other_part_cm: tuple[float, float, float]
) -> tuple[Thing, ...]:
    """Things near the picture's edge that neither cover the part in the picture nor touch each other.

    `reach` is the radius of the part on the table (cm).
    """
    things: list[Thing] = []
    circles = [(0.0, 0.0, reach)]
    for _ in range(rng.choice([0, 1, 2, 3, 4], p=[0.1, 0.25, 0.3, 0.2, 0.15])):
        for _ in range(12):
            kind = str(rng.choice(list(CLUTTER)))
            along, side = rng.uniform(-0.05, 1.05), rng.choice([rng.uniform(-0.1, 0.12), rng.uniform(0.88, 1.1)])
            x, y = (along, side) if rng.random() < 0.5 else (side, along)
            spot = camera.on_table(float(x) * camera.width, float(y) * camera.height)
            if spot is None or np.linalg.norm(spot) > 40:
                continue
            thing = Thing(kind, float(spot[0]), float(spot[1]), rng.uniform(0, 2 * np.pi), int(rng.integers(2**31)))
            length, width, high = other_part_cm if kind == "part" else (*CLUTTER[kind], CLUTTER_HIGH_CM)
            footprint = _footprint(thing, length, width)
            pixels = bounds(camera.project(np.concatenate([footprint, footprint + np.array([0.0, 0.0, high])])))
            covers = (
                pixels[0] < box[2] + 25
                and pixels[2] > box[0] - 25
                and pixels[1] < box[3] + 25
                and pixels[3] > box[1] - 25
            )
            spots = footprint[:, :2]
            touches = any(np.linalg.norm(spots - (cx, cy), axis=1).min() < r + 0.6 for cx, cy, r in circles)
            if not covers and not touches:
                things.append(thing)
                circles.extend((float(px), float(py), width / 2) for px, py in spots)
                break
    return tuple(things)


def _footprint(thing: Thing, length: float, width: float) -> Array:
    """Points (n, 3) on the table along the edge and the middle line of a thing."""
    points = np.array([(u * length, v * width) for u in np.linspace(-0.5, 0.5, 9) for v in (-0.5, 0.0, 0.5)])
    cos, sin = np.cos(thing.yaw), np.sin(thing.yaw)
    turned = points @ np.array([[cos, sin], [-sin, cos]]) + [thing.x, thing.y]
    return np.concatenate([turned, np.zeros((len(turned), 1))], axis=1)


def plan_photo(mesh: PartMesh, number: int, seed: int, framing: Framing = Framing()) -> PhotoPlan:
    """The plan of photo `number` of a part. Over twelve photos of a part every table is used once."""
    part_rng = np.random.default_rng(seed_of(seed, mesh.part_id))
    table = TABLES[part_rng.permutation(len(TABLES))[number % len(TABLES)]]
    light = LIGHTS[part_rng.permutation(len(LIGHTS))[number % len(LIGHTS)]]
    photo_seed = seed_of(seed, mesh.part_id, number)
    rng = np.random.default_rng(photo_seed)
    orientation = int(rng.choice(list(ORIENTATIONS), p=list(ORIENTATIONS.values())))
    size = (framing.long_side, framing.short_side)
    if orientation in (6, 8):
        size = size[::-1]
    rotations, probabilities = mesh.resting_poses
    camera = None
    while camera is None:
        rotation = rotations[rng.choice(len(rotations), p=probabilities)]
        if mesh.stands_on_edge(rotation):
            continue
        vertices = lie_down(mesh, rotation, rng.uniform(0, 2 * np.pi))
        camera = _draw_camera(rng, vertices, size, framing)
    box = _draw_box(rng, camera, vertices)
    reach = float(np.linalg.norm(vertices[:, :2], axis=1).max())
    return PhotoPlan(
        part_id=mesh.part_id,
        number=number,
        vertices=vertices,
        camera=camera,
        box=box,
        table=table,
        light=light,
        clutter=_draw_clutter(rng, camera, box, reach, framing.other_part_cm),
        phone_in_view=bool(rng.random() < 0.6),
        aperture_cm=float(rng.uniform(0.05, 0.22)),
        orientation=orientation,
        development=draw_development(rng),
        seed=photo_seed,
    )
