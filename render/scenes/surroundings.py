"""What is around the parts of a scene, drawn by seed and number: camera, light, ground, bin, other things."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from render.materials.colors import Rgb
from render.parts.catalogue import Part
from render.scenes.description import Bin, Distractor, Pose, SceneCamera, ShapeName
from render.scenes.settings import SceneSettings
from render.scenes.solids import Solid
from render.seeds import stream
from render.views import cameras
from render.views.backgrounds import Ground, backdrop
from render.views.lighting import Light, lights

Array = NDArray[np.float64]

FOCAL_LENGTH_MM = (24.0, 70.0)
"""Of 35 mm film, as phones and cameras have."""
STEEPEST_TILT_DEG = 58.0
FILL = (0.6, 1.25)
"""How much of the shorter side the parts take; above 1 some are cut by the border."""
ROLL_DEG = 15.0
MOST_DISTRACTORS = 4
SHAPES: tuple[ShapeName, ...] = ("box", "cylinder", "cone", "ball")
BINS = 0.5
"""Share of heaps that lie in a bin."""
ROOM = 2.2
"""Of a bin, to the volume of what is dropped into it."""


def drawn_parts(parts: Sequence[Part], settings: SceneSettings, number: int) -> list[Part]:
    """The parts of a scene, one to as many as there may be; some more than once."""
    rng = stream(settings.seed, "", number, "scene parts")
    count = int(rng.integers(1, settings.most + 1))
    return [parts[int(index)] for index in rng.integers(len(parts), size=count)]


def drawn_distractors(size_mm: float, settings: SceneSettings, number: int) -> list[Distractor]:
    """Things that are no part, about as large as parts of `size_mm`; they lie nowhere yet."""
    rng = stream(settings.seed, "", number, "scene distractors")
    return [_distractor(size_mm, rng) for _ in range(int(rng.integers(MOST_DISTRACTORS + 1)))]


def _distractor(size_mm: float, rng: np.random.Generator) -> Distractor:
    shape = SHAPES[int(rng.integers(len(SHAPES)))]
    x, y, z = (size_mm * math.exp(rng.uniform(math.log(0.25), math.log(1.1))) for _ in range(3))
    if shape != "box":
        y = x
    size = (x, x, x) if shape == "ball" else (x, y, z)
    nowhere = Pose(np.eye(3), np.zeros(3))
    metallic = bool(rng.uniform() < 0.3)
    return Distractor(shape, size, _color(rng), float(rng.uniform(0.15, 0.9)), metallic, nowhere)


def drawn_bin(solids: Sequence[Solid], settings: SceneSettings, number: int) -> Bin | None:
    """A bin that holds `solids`, or None for a bare table."""
    from scipy.spatial import ConvexHull, QhullError

    rng = stream(settings.seed, "", number, "scene bin")
    if rng.uniform() > BINS:
        return None
    volume = 0.0
    for solid in solids:
        try:
            volume += float(ConvexHull(solid.hull).volume)
        except QhullError:
            continue
    largest = max(float(np.linalg.norm(np.ptp(solid.hull, axis=0))) for solid in solids)
    side = max(1.3 * largest, (ROOM * volume / rng.uniform(0.25, 0.6)) ** (1 / 3))
    stretch = rng.uniform(1.0, 1.4)
    height = float(max(0.35 * largest, rng.uniform(0.3, 0.6) * side))
    return Bin((side / 2 * stretch, side / 2), height, 0.02 * side, _color(rng))


def drawn_light(settings: SceneSettings, number: int) -> Light:
    names = tuple(path.stem for path in settings.environment_maps)
    return lights("random", names, 1, 0, settings.seed, f"scene {number}")[0]


def drawn_ground(settings: SceneSettings, number: int) -> Ground:
    drawn = backdrop("ground", "", (), settings.seed, f"scene {number}", 0)
    if drawn is None or drawn.ground is None:
        raise AssertionError("the mode ground always draws one")
    return drawn.ground


def drawn_camera(points: Array, walls: Bin | None, settings: SceneSettings, number: int) -> SceneCamera:
    """A camera that looks at `points` (n, 3; world, mm) from above, more or less tilted; into a bin so steeply that its
    `walls` hide less than half of its floor.
    """
    rng = stream(settings.seed, "", number, "scene camera")
    most = math.radians(STEEPEST_TILT_DEG)
    if walls is not None:
        most = min(most, math.atan(min(walls.half_mm) / walls.height_mm))
    tilt, azimuth = rng.uniform(0, 1) * most, rng.uniform(0, 2 * math.pi)
    direction = np.array([math.sin(tilt) * math.cos(azimuth), math.sin(tilt) * math.sin(azimuth), math.cos(tilt)])
    rotation = cameras.look_along(direction, math.radians(rng.uniform(-ROLL_DEG, ROLL_DEG)))
    focal_length, fill = float(rng.uniform(*FOCAL_LENGTH_MM)), float(rng.uniform(*FILL))
    translation = cameras.fit(points, rotation, focal_length, fill)
    # Nothing may stand in or behind the camera, which looks from above into a bin.
    nearest = float((points @ rotation.T)[:, 2].min())
    if walls is not None:
        rim = np.array([(x, y, walls.height_mm) for x in (-1, 1) for y in (-1, 1)]) * (*walls.half_mm, 1.0)
        nearest = min(nearest, float((rim @ rotation.T)[:, 2].min()))
    translation[2] = max(translation[2], 0.3 * float(np.ptp(points, axis=0).max()) - nearest)
    focal_px = focal_length / cameras.SENSOR_MM * min(settings.width, settings.height)
    return SceneCamera(focal_px, settings.width, settings.height, Pose(rotation, translation))


def _color(rng: np.random.Generator) -> Rgb:
    grey, strength = rng.uniform(0.03, 0.8), rng.uniform(0, 0.6)
    red, green, blue = (float(np.clip(grey * (1 + strength * rng.uniform(-1, 1)), 0.01, 0.95)) for _ in range(3))
    return red, green, blue
