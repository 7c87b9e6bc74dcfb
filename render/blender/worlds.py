"""Worlds: environment maps as Blender sees them, all brought to the same brightness."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray

IMPORTANCE_MAP_PX = 256
MEAN_RADIANCE = 0.85
"""What every map's mean over the sphere is brought to, in each channel: a white diffuse part is then just below white,
and a grey one is grey, as behind a camera with automatic exposure and white balance."""
SATURATION = 0.65
"""Of the map: bare metal shows nothing but its surroundings, and under a blue sky it would pass for blue plastic."""
BRIGHTEST = 60.0
"""Radiance above this (a sun) does not count for the mean: it lights a small solid angle and would darken all else."""


class Worlds:
    """The worlds of one Blender session, made when first used."""

    def __init__(self, maps: tuple[Path, ...]) -> None:
        self._maps = {path.stem: path for path in maps}
        self._made: dict[str, bpy.types.World] = {}

    def find(self, name: str) -> bpy.types.World:
        """The world called `name` (a map, "white", "grey" or "none")."""
        if name not in self._made:
            self._made[name] = self._map(name) if name in self._maps else _plain(name)
        return self._made[name]

    def _map(self, name: str) -> bpy.types.World:
        image = bpy.data.images.load(str(self._maps[name]))
        width, height = image.size
        if not width * height:
            raise RuntimeError(f"environment map {self._maps[name].name} cannot be read; replace or remove it")
        world = bpy.data.worlds.new(name)
        world.cycles.sampling_method = "MANUAL"
        world.cycles.sample_map_resolution = IMPORTANCE_MAP_PX
        nodes, links = world.node_tree.nodes, world.node_tree.links
        nodes.clear()
        texture, background, output = (
            nodes.new(kind) for kind in ("ShaderNodeTexEnvironment", "ShaderNodeBackground", "ShaderNodeOutputWorld")
        )
        texture.image = image
        balance, calm = nodes.new("ShaderNodeVectorMath"), nodes.new("ShaderNodeHueSaturation")
        balance.operation = "MULTIPLY"
        balance.inputs[1].default_value = tuple(MEAN_RADIANCE / _mean_radiance(image))
        calm.inputs["Saturation"].default_value = SATURATION
        links.new(texture.outputs["Color"], balance.inputs[0])
        links.new(balance.outputs["Vector"], calm.inputs["Color"])
        links.new(calm.outputs["Color"], background.inputs["Color"])
        links.new(background.outputs["Background"], output.inputs["Surface"])
        return world


def _plain(name: str) -> bpy.types.World:
    world = bpy.data.worlds.new(name)
    value = {"white": 1.0, "grey": 0.5}.get(name, 0.0)
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (value, value, value, 1.0)
    return world


def _mean_radiance(image: bpy.types.Image) -> NDArray[np.float64]:
    """Mean RGB over the sphere of an equirectangular map: rows near the poles count less."""
    width, height = image.size
    pixels = np.empty(width * height * image.channels, np.float32)
    image.pixels.foreach_get(pixels)
    colour = pixels.reshape(height, width, image.channels)[..., :3]
    rows = np.clip(colour, 0, BRIGHTEST).mean(1)
    weights = np.sin((np.arange(height) + 0.5) / height * np.pi)
    return np.maximum(np.average(rows, axis=0, weights=weights), 1e-3)
