"""Worlds: environment maps as a camera with automatic exposure and white balance sees them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray

from render.materials.colors import linear
from render.views.environment_projection import MAX_WIDTH_PX

WIDTH_PX, HEIGHT_PX = 512, 256
"""What maps are averaged down to, and the resolution of the importance map made of them. They must be the same: where
one cell of the importance map holds a sun and dark sky, few samples cannot tell which, and metal sparkles."""
MEAN_RADIANCE = 0.75
"""What every map's mean is brought to, in each channel: a white diffuse part stays below white, a grey one is grey."""
BAND = 16
"""Rows of an averaged map that are made at a time."""
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
                gains = exposure(_read(self._maps[name], HEIGHT_PX, WIDTH_PX))
                self._seen = name, (_read(self._maps[name], *PANORAMA_PX, stretch=False) * gains).astype(np.float32)
            else:
                self._seen = name, np.full((2, 4, 3), PLAIN.get(name, 0.0), np.float32)
        return self._seen[1]


def _map(path: Path) -> bpy.types.World:
    radiance = balance(_read(path, HEIGHT_PX, WIDTH_PX))
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


def _read(path: Path, height: int, width: int, stretch: bool = True) -> NDArray[np.float64]:
    """The map's linear radiance, (height, width, 3), lowest row first; smaller maps stay so unless they `stretch`."""
    image = bpy.data.images.load(str(path))
    across, up = image.size
    if not across * up:
        raise RuntimeError(f"environment map {path.name} cannot be read; replace or remove it")
    pixels = np.empty(across * up * image.channels, np.float32)
    image.pixels.foreach_get(pixels)
    rows, is_float = pixels.reshape(up, across, image.channels), image.is_float
    bpy.data.images.remove(image)
    if not stretch:
        height, width = min(height, up), min(width, across)
    # A few rows at a time: a map in double precision takes more memory than the rest of a view.
    bands = [
        resampled(_linear(rows[first:last], is_float), starts, axis=0) for first, last, starts in _bands(up, height)
    ]
    return resampled(np.concatenate(bands), np.arange(width + 1) * across // width, axis=1)


def _bands(have: int, wanted: int) -> Iterator[tuple[int, int, NDArray[np.int64]]]:
    """First and last row of each band of a map with `have` rows, and where in it the `wanted` rows start and end."""
    starts = np.arange(wanted + 1) * have // wanted
    for low in range(0, wanted, BAND):
        own = starts[low : min(low + BAND, wanted) + 1]
        yield int(own[0]), int(max(own[-1], own[-2] + 1)), own - own[0]


def _linear(rows: NDArray[np.float32], is_float: bool) -> NDArray[np.float64]:
    colour = rows[..., :3].astype(np.float64)
    if not is_float:
        colour = np.array([linear(value / 255) for value in range(256)])[np.round(colour * 255).astype(np.uint8)]
    return np.nan_to_num(colour, copy=False, posinf=0.0)


def resampled(colour: NDArray[np.float64], starts: NDArray[np.int64], axis: int) -> NDArray[np.float64]:
    """Rows or columns from each of `starts` to the next one averaged, so that a sun keeps its power; empty ones repeat
    what is there.
    """
    counts = np.diff(starts)
    if counts.min() == 0:
        repeated: NDArray[np.float64] = np.take(colour, starts[:-1], axis)
        return repeated
    if counts.max() == 1:
        return colour
    means: NDArray[np.float64] = np.add.reduceat(colour, starts[:-1], axis)
    means /= counts[:, None, None] if axis == 0 else counts[:, None]
    return means


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
