"""Source pictures for the finder: renders pasted by their alpha onto surfaces, many in a picture, with exact outlines.

Picture `number` of a run depends on (seed, number) and on what is pasted, on nothing else: not on the order of work.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from train.find.camera import photographed
from train.find.clutter import clutter
from train.find.scene import Scene, visible_parts
from train.find.shadows import scene_light
from train.find.surfaces import background

UInt8 = npt.NDArray[np.uint8]
Rng = np.random.Generator

SMALLEST_SHARE, LARGEST_SHARE = 0.035, 1.1  # of the picture's side that a part's longer side takes
SMALLEST_PX = 7.0  # of small pictures; below, nothing could be told of a part
MOST_PARTS = 12
CLUTTERED, MOST_THINGS = 0.6, 5  # share of pictures in which things lie that are no parts, and how many at most
TOUCHING = 0.3  # share of pictures in which parts touch
COVERED = 0.08  # share of pictures in which things lie on parts


@dataclass(frozen=True)
class Sources:
    """What composites are made of: `renders` (n, 4, s, s) uint8 with straight alpha, `unlabelled` photos (m, 3, t, t)
    and photos of `places` without parts (k, 3, u, u); the last two may be empty.
    """

    renders: UInt8
    unlabelled: UInt8
    places: UInt8


@dataclass(frozen=True)
class Composite:
    """`picture` (3, s, s) uint8. `instances` (s, s) int16: 0 where no part is seen, k for the k-th part, -1 where
    nobody is asked: parts that are too much hidden. `boxes` (k, 4) float32: x_min, y_min, x_max, y_max in pixels of
    what is seen of each part, upper ends exclusive. All but the pasted parts counts by `trust` where the picture is a
    photo in which the first `seen` parts were seen by a network; of what is made, all is known. `renders`: which render
    each part shows, of composites of renders alone.
    """

    picture: UInt8
    instances: npt.NDArray[np.int16]
    boxes: npt.NDArray[np.float32]
    seen: int = 0
    trust: float = 1.0
    renders: tuple[int, ...] = ()


def composite(sources: Sources, size: int, seed: int, number: int) -> Composite:
    """Composite `number` of the run `seed`, `size` x `size` pixels."""
    rng = np.random.default_rng([seed, number])
    canvas = background(size, rng, sources.unlabelled, sources.places)
    scene = Scene(canvas, np.zeros((size, size), np.int16), scene_light(rng))
    for _ in range(int(rng.integers(1, MOST_THINGS + 1)) if rng.random() < CLUTTERED else 0):
        scene.lay(clutter(size, rng, sources.renders))
    sides = [side * size for side in part_sides(rng, max(SMALLEST_SHARE, SMALLEST_PX / size))]
    scene.paste_parts(sources.renders, sides, rng.random() < TOUCHING, rng)
    for _ in range(int(rng.integers(1, 3)) if rng.random() < COVERED else 0):
        scene.lay(clutter(size, rng, sources.renders))
    instances, boxes, kept = visible_parts(scene.owners, scene.areas)
    shown = tuple(scene.pasted[part - 1] for part in kept)
    return Composite(photographed(scene.canvas, rng).transpose(2, 0, 1).copy(), instances, boxes, renders=shown)


def part_sides(rng: Rng, smallest: float) -> list[float]:
    """Longer sides of a scene's parts as shares of the picture's, from `smallest`: none, one, some or many parts, of
    similar size.
    """
    kind = rng.random()
    count = 0 if kind < 0.04 else 1 if kind < 0.45 else int(rng.integers(2, 5)) if kind < 0.75 else 0
    if count == 0 and kind >= 0.75:
        count = int(rng.integers(5, MOST_PARTS + 1))
    most = LARGEST_SHARE if count <= 1 else 0.6 if count < 5 else 0.35
    smallest = min(smallest, most / 4)  # of tiny pictures
    usual = np.exp(rng.uniform(np.log(smallest * 1.7), np.log(most)))
    spread = rng.uniform(0, 0.6)
    return [float(np.clip(usual * np.exp(rng.uniform(-spread, spread)), smallest, most)) for _ in range(count)]
