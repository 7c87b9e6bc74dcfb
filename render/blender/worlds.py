"""Worlds: environment maps as a camera with automatic exposure and white balance sees them."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray

from render.colors import linear

WIDTH_PX, HEIGHT_PX = 512, 256
"""What maps are averaged down to, and the resolution of the importance map made of them. They must be the same: where
one cell of the importance map holds a sun and dark sky, few samples cannot tell which, and metal sparkles."""
MEAN_RADIANCE = 0.75
"""What every map's mean is brought to, in each channel: a white diffuse part stays below white, a grey one is grey."""
SATURATION = 0.4
"""Of the map: bare metal shows nothing but its surroundings, and zinc would pass for copper by lamplight."""


class Worlds:
    """The worlds of one Blender session, made when first used."""

    def __init__(self, maps: tuple[Path, ...]) -> None:
        self._maps = {path.stem: path for path in maps}
        self._made: dict[str, bpy.types.World] = {}

    def find(self, name: str) -> bpy.types.World:
        """The world called `name`: a map, "white", "grey" or "none"."""
        if name not in self._made:
            self._made[name] = _map(self._maps[name]) if name in self._maps else _plain(name)
        return self._made[name]


def _map(path: Path) -> bpy.types.World:
    radiance = balance(_read(path))
    image = bpy.data.images.new(path.stem, WIDTH_PX, HEIGHT_PX, float_buffer=True)
    image.pixels.foreach_set(np.dstack([radiance, np.ones((HEIGHT_PX, WIDTH_PX))]).astype(np.float32).ravel())
    image.pack()
    world = bpy.data.worlds.new(path.stem)
    world.cycles.sampling_method = "MANUAL"
    world.cycles.sample_map_resolution = WIDTH_PX
    nodes, links = world.node_tree.nodes, world.node_tree.links
    nodes.clear()
    texture, background, output = (
        nodes.new(kind) for kind in ("ShaderNodeTexEnvironment", "ShaderNodeBackground", "ShaderNodeOutputWorld")
    )
    texture.image = image
    links.new(texture.outputs["Color"], background.inputs["Color"])
    links.new(background.outputs["Background"], output.inputs["Surface"])
    return world


def _plain(name: str) -> bpy.types.World:
    world = bpy.data.worlds.new(name)
    value = {"white": 1.0, "grey": 0.5}.get(name, 0.0)
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (value, value, value, 1.0)
    return world


def _read(path: Path) -> NDArray[np.float64]:
    """The map's linear radiance, (HEIGHT_PX, WIDTH_PX, 3), lowest row first, averaged down."""
    image = bpy.data.images.load(str(path))
    width, height = image.size
    if not width * height:
        raise RuntimeError(f"environment map {path.name} cannot be read; replace or remove it")
    pixels = np.empty(width * height * image.channels, np.float32)
    image.pixels.foreach_get(pixels)
    colour = pixels.reshape(height, width, image.channels)[..., :3].astype(np.float64)
    if not image.is_float:
        colour = np.vectorize(linear)(np.arange(256) / 255)[np.round(colour * 255).astype(int)]
    bpy.data.images.remove(image)
    return averaged(np.nan_to_num(colour, posinf=0.0))


def averaged(colour: NDArray[np.float64]) -> NDArray[np.float64]:
    """Any (h, w, 3) map as (HEIGHT_PX, WIDTH_PX, 3): block means, so that a sun keeps its power."""
    for axis, wanted in ((0, HEIGHT_PX), (1, WIDTH_PX)):
        have = colour.shape[axis]
        if have < wanted:
            colour = np.take(colour, np.arange(wanted) * have // wanted, axis)
        elif have > wanted:
            starts = np.arange(wanted) * have // wanted
            counts = np.diff([*starts, have])
            colour = np.add.reduceat(colour, starts, axis) / (counts[:, None, None] if axis == 0 else counts[:, None])
    return colour


def balance(radiance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Exposure and white balance: the mean (half over the sphere, half as a level surface sees it) becomes grey."""
    height = len(radiance)
    polar = (np.arange(height) + 0.5) / height * np.pi  # from straight below
    rows = radiance.mean(1)
    around = np.average(rows, axis=0, weights=np.sin(polar))
    above = np.average(rows, axis=0, weights=np.sin(polar) * np.clip(-np.cos(polar), 0, None))
    balanced = radiance * (MEAN_RADIANCE / np.maximum((around + above) / 2, 1e-6))
    grey = balanced.mean(2, keepdims=True)
    calm: NDArray[np.float64] = grey + (balanced - grey) * SATURATION
    return calm
