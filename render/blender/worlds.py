"""Worlds: environment maps as a camera with automatic exposure and white balance sees them."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray

from render.colors import linear
from render.panorama import MAX_WIDTH_PX

WIDTH_PX, HEIGHT_PX = 512, 256
"""What maps are averaged down to, and the resolution of the importance map made of them. They must be the same: where
one cell of the importance map holds a sun and dark sky, few samples cannot tell which, and metal sparkles."""
MEAN_RADIANCE = 0.75
"""What every map's mean is brought to, in each channel: a white diffuse part stays below white, a grey one is grey."""
PANORAMA_PX = MAX_WIDTH_PX // 2, MAX_WIDTH_PX
"""Largest height and width of a map that is looked at."""
PLAIN = {"white": 1.0, "grey": 0.5}
"""Radiance of the worlds without a map; any other is black."""
SATURATION = 0.4
"""Of the map: bare metal shows nothing but its surroundings, and zinc would pass for copper by lamplight."""


class Worlds:
    """The worlds of one Blender session, made when first used."""

    def __init__(self, maps: tuple[Path, ...]) -> None:
        self._maps = {path.stem: path for path in maps}
        self._made: dict[str, bpy.types.World] = {}
        self._seen: tuple[str, NDArray[np.float32]] | None = None

    def find(self, name: str) -> bpy.types.World:
        """The world called `name`: a map, "white", "grey" or "none"."""
        if name not in self._made:
            self._made[name] = _map(self._maps[name]) if name in self._maps else _plain(name)
        return self._made[name]

    def panorama(self, name: str) -> NDArray[np.float32]:
        """The radiance (h, w, 3; lowest row first) that the world called `name` shows to whoever looks at it: a map as
        sharp as it is, in its own colours, exposed as it lights the part. The last one is kept.
        """
        if self._seen is None or self._seen[0] != name:
            if name in self._maps:
                radiance = _read(self._maps[name])
                gains = exposure(averaged(radiance, HEIGHT_PX, WIDTH_PX))
                height, width = (min(have, most) for have, most in zip(radiance.shape, PANORAMA_PX, strict=False))
                self._seen = name, (averaged(radiance, height, width) * gains).astype(np.float32)
            else:
                self._seen = name, np.full((2, 4, 3), PLAIN.get(name, 0.0), np.float32)
        return self._seen[1]


def _map(path: Path) -> bpy.types.World:
    radiance = balance(averaged(_read(path), HEIGHT_PX, WIDTH_PX))
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
    value = PLAIN.get(name, 0.0)
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (value, value, value, 1.0)
    return world


def _read(path: Path) -> NDArray[np.float64]:
    """The map's linear radiance, (h, w, 3), lowest row first."""
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
    return np.nan_to_num(colour, posinf=0.0)


def averaged(colour: NDArray[np.float64], height: int, width: int) -> NDArray[np.float64]:
    """Any (h, w, 3) map as (height, width, 3): block means, so that a sun keeps its power."""
    for axis, wanted in ((0, height), (1, width)):
        have = colour.shape[axis]
        if have < wanted:
            colour = np.take(colour, np.arange(wanted) * have // wanted, axis)
        elif have > wanted:
            starts = np.arange(wanted) * have // wanted
            counts = np.diff([*starts, have])
            colour = np.add.reduceat(colour, starts, axis) / (counts[:, None, None] if axis == 0 else counts[:, None])
    return colour


def balance(radiance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Exposure and white balance, and calmer colours."""
    balanced = radiance * exposure(radiance)
    grey = balanced.mean(2, keepdims=True)
    calm: NDArray[np.float64] = grey + (balanced - grey) * SATURATION
    return calm


def exposure(radiance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Factors (3,) that make the mean (half over the sphere, half as a level surface sees it) grey."""
    height = len(radiance)
    polar = (np.arange(height) + 0.5) / height * np.pi  # from straight below
    rows = radiance.mean(1)
    around = np.average(rows, axis=0, weights=np.sin(polar))
    above = np.average(rows, axis=0, weights=np.sin(polar) * np.clip(-np.cos(polar), 0, None))
    gains: NDArray[np.float64] = MEAN_RADIANCE / np.maximum((around + above) / 2, 1e-6)
    return gains
