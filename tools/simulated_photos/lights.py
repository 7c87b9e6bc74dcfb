"""Six kinds of light: a room, a window, ceiling tubes, a desk lamp, the sun, an overcast sky. All are made up here."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from mathutils import Vector
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage

from simulated_photos.nodes import NodeTree

ROOM_SIZE = (256, 512)  # rows, columns of a generated environment map


def _room(rng: Generator, windows: int, lamps: int) -> NDArray[np.float32]:
    """A made-up room as an environment map (rows from straight down to straight up, linear light)."""
    rows, columns = ROOM_SIZE
    height = np.linspace(-90, 90, rows)[:, None]
    image = np.zeros((rows, columns, 3))
    wall = np.array([0.5, 0.48, 0.44]) * rng.uniform(0.5, 1.3) * (1 + rng.normal(0, 0.06, 3))
    image += np.where(height[..., None] > 42, 1.25, np.where(height[..., None] < -25, 0.35, 0.8)) * wall

    def rectangle(low: float, high: float, width: tuple[float, float], light: NDArray[np.float64] | float) -> None:
        """Paints a rectangle between two elevations (degrees), `width` degrees wide, anywhere around."""
        top, bottom = (int((value + 90) / 180 * rows) for value in (high, low))
        start, span = int(rng.integers(columns)), int(rng.uniform(*width) / 360 * columns)
        image[bottom:top, np.arange(start, start + span) % columns] = light

    for _ in range(rng.integers(4, 9)):  # furniture, doors, pictures
        low = rng.uniform(-30, 5)
        rectangle(low, low + rng.uniform(8, 40), (6, 50), rng.uniform(0.05, 0.6) * rng.uniform(0.6, 1.0, 3))
    for _ in range(windows):
        sky = np.array([0.85, 0.95, 1.1]) * rng.uniform(5, 14)
        rectangle(rng.uniform(-2, 8), rng.uniform(28, 48), (14, 38), sky)
    for _ in range(lamps):
        low = rng.uniform(50, 75)
        rectangle(low, low + rng.uniform(3, 8), (15, 60), np.array([1.1, 1.0, 0.8]) * rng.uniform(12, 30))
    soft = ndimage.gaussian_filter(image, (1.0, 1.0, 0), mode=("nearest", "wrap", "nearest"))
    return np.asarray(soft, dtype=np.float32)


def _world() -> tuple[Any, NodeTree]:
    world = bpy.data.worlds.new("world")
    bpy.context.scene.world = world
    world.use_nodes = True
    # The automatic importance map is as large as the picture and costs more than it saves.
    world.cycles.sampling_method = "MANUAL"
    world.cycles.sample_map_resolution = 512
    return world, NodeTree(world)


def _shine(nodes: NodeTree, color: Any, strength: float) -> None:
    background = nodes.add("Background", color=color, strength=strength)
    node = nodes.tree.nodes.new("ShaderNodeOutputWorld")
    nodes.tree.links.new(background, node.inputs["Surface"])


def _surround(rng: Generator, windows: int, lamps: int, strength: float) -> None:
    """Puts a generated room around the table."""
    room = _room(rng, windows, lamps)
    image = bpy.data.images.new("room", ROOM_SIZE[1], ROOM_SIZE[0], float_buffer=True, is_data=True)
    pixels = np.ones((*ROOM_SIZE, 4), dtype=np.float32)
    pixels[..., :3] = room
    image.pixels.foreach_set(pixels.ravel())
    image.pack()
    _, nodes = _world()
    _shine(nodes, nodes.add("TexEnvironment", properties={"image": image}), strength)


def _area(
    place: tuple[float, float, float],
    width: float,
    height: float,
    watts: float,
    color: tuple[float, ...],
    disc: bool = False,
) -> None:
    """An area light at `place` that faces the part."""
    light = bpy.data.lights.new("light", "AREA")
    light.shape = "DISK" if disc else "RECTANGLE"
    light.size, light.size_y, light.energy, light.color = width, height, watts, color
    lamp = bpy.data.objects.new("light", light)
    lamp.location = place
    lamp.rotation_euler = Vector((-place[0], -place[1], -place[2])).to_track_quat("-Z", "Y").to_euler()
    bpy.context.scene.collection.objects.link(lamp)


def _around(azimuth: float, distance: float, height: float) -> tuple[float, float, float]:
    return float(np.cos(azimuth) * distance), float(np.sin(azimuth) * distance), height


def _window(rng: Generator) -> None:
    """Two or three panes of daylight beside the table, the room's own light dim."""
    azimuth, distance, height = rng.uniform(0, 2 * np.pi), rng.uniform(70, 140), rng.uniform(50, 90)
    panes = int(rng.integers(2, 4))
    for pane in range(panes):
        turned = azimuth + (pane - (panes - 1) / 2) * 52 / distance
        _area(_around(turned, distance, height), 44, rng.uniform(70, 110), 5.5e4, (0.86, 0.93, 1.0))
    _surround(rng, windows=0, lamps=int(rng.integers(0, 2)), strength=rng.uniform(0.3, 0.8))


def _tubes(rng: Generator) -> None:
    """Rows of fluorescent tubes on the ceiling."""
    tint = [(1.0, 0.97, 0.88), (0.93, 1.0, 0.94), (0.95, 0.97, 1.0)][rng.integers(3)]
    shift, turn = rng.uniform(-60, 60, 2), rng.uniform(0, np.pi)
    for row in range(int(rng.integers(2, 4))):
        along = (row - 1) * 110
        place = (float(shift[0] + along * np.cos(turn)), float(shift[1] + along * np.sin(turn)), 190.0)
        _area(place, 14, 120, 9e4, tint)
    _surround(rng, windows=int(rng.integers(0, 2)), lamps=0, strength=rng.uniform(0.25, 0.6))


def _desk_lamp(rng: Generator) -> None:
    """A warm or cool lamp close by: a clear shadow with a narrow edge."""
    tint = [(1.0, 0.80, 0.55), (1.0, 0.9, 0.75), (0.92, 0.96, 1.0)][rng.integers(3)]
    place = _around(rng.uniform(0, 2 * np.pi), rng.uniform(15, 40), rng.uniform(30, 50))
    size = rng.uniform(5, 12)
    _area(place, size, size, 1.2e4, tint, disc=True)
    _surround(rng, windows=int(rng.integers(0, 2)), lamps=int(rng.integers(0, 2)), strength=rng.uniform(0.3, 0.7))


def _sky(rng: Generator, sun: bool) -> None:
    _, nodes = _world()
    sky = {
        "sky_type": "MULTIPLE_SCATTERING",
        "sun_disc": sun,
        "sun_elevation": float(np.radians(rng.uniform(25, 65))),
        "sun_rotation": float(rng.uniform(0, 2 * np.pi)),
        "sun_intensity": float(rng.uniform(0.3, 0.8)),
        "sun_size": float(np.radians(rng.uniform(0.6, 3.0))),  # thin cloud and window glass widen the sun
        "aerosol_density": float(rng.uniform(1, 4) if sun else rng.uniform(5, 9)),
    }
    _shine(nodes, nodes.add("TexSky", properties=sky), 0.1)


def light_scene(kind: str, rng: Generator) -> None:
    """Lights the scene; the absolute amount of light does not matter, the phone exposes for it."""
    if kind == "room":
        _surround(rng, windows=int(rng.integers(1, 4)), lamps=int(rng.integers(0, 3)), strength=1.0)
    elif kind == "window":
        _window(rng)
    elif kind == "tubes":
        _tubes(rng)
    elif kind == "desk_lamp":
        _desk_lamp(rng)
    else:
        _sky(rng, sun=kind == "sky")
