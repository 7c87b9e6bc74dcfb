"""Source pictures for the finder: renders pasted by their alpha onto surfaces, many in a picture, with exact outlines.

Picture `number` of a run depends on (seed, number) and on what is pasted, on nothing else: not on the order of work.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from train.find.camera import photographed
from train.find.clutter import Thing, clutter
from train.find.surfaces import background, colour

UInt8 = npt.NDArray[np.uint8]
Rng = np.random.Generator

SMALLEST_SHARE, LARGEST_SHARE = 0.035, 1.1  # of the picture's side that a part's longer side takes
MOST_PARTS = 12
CLUTTERED, MOST_THINGS = 0.6, 5  # share of pictures in which things lie that are no parts, and how many at most
HIDING = 0.5  # opacity from which a thing hides the part below
LEAST_VISIBLE = 0.3  # share of a part's outline; of one that is hidden more, nobody is asked
LEAST_PIXELS = 12  # visible; fewer is a speck
SOLID = 128  # alpha from which a pixel belongs to a part
UNSURE = -1
STRETCH = 0.35  # log of the largest stretch of one side and shrinking of the other
SHARP_SHARE = 0.25  # of shadows
SHADOW_REACH = 0.65  # of the part's longer side, beyond which its shadow is nothing


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
    """`picture` (3, s, s) uint8. `instances` (s, s) int16: 0 where no part is seen, k for the k-th part, -1 for parts
    that are too much hidden to be asked for. `boxes` (k, 4) float32: x_min, y_min, x_max, y_max in pixels of what is
    seen of each part, upper ends exclusive.
    """

    picture: UInt8
    instances: npt.NDArray[np.int16]
    boxes: npt.NDArray[np.float32]


def composite(sources: Sources, size: int, seed: int, number: int) -> Composite:
    """Composite `number` of the run `seed`, `size` x `size` pixels."""
    rng = np.random.default_rng([seed, number])
    canvas = background(size, rng, sources.unlabelled, sources.places)
    owners = np.zeros((size, size), np.int16)
    for _ in range(int(rng.integers(1, MOST_THINGS + 1)) if rng.random() < CLUTTERED else 0):
        _lay(canvas, clutter(size, rng, sources.renders), rng)
    light = rng.uniform(-1, 1, 2)
    sides = part_sides(rng)
    areas = []
    places: list[tuple[npt.NDArray[np.float64], float]] = []
    touching = rng.random() < 0.3
    for instance, side in enumerate(sides, start=1):
        part = turned_part(sources.renders[int(rng.integers(len(sources.renders)))], side * size, rng)
        centre = _place(size, max(part.size), places, touching, rng)
        places.append((centre, float(max(part.size))))
        areas.append(_paste(canvas, owners, part, centre, instance, light, rng))
    for _ in range(int(rng.integers(1, 3)) if rng.random() < 0.08 else 0):
        thing = clutter(size, rng, sources.renders)
        _lay(canvas, thing, rng)
        owners[thing.opacity > HIDING] = 0
    instances, boxes = visible_parts(owners, areas)
    return Composite(photographed(canvas, rng).transpose(2, 0, 1).copy(), instances, boxes)


def part_sides(rng: Rng) -> list[float]:
    """Longer sides of a scene's parts as shares of the picture's: none, one, some or many parts, of similar size."""
    kind = rng.random()
    count = 0 if kind < 0.04 else 1 if kind < 0.45 else int(rng.integers(2, 5)) if kind < 0.75 else 0
    if count == 0 and kind >= 0.75:
        count = int(rng.integers(5, MOST_PARTS + 1))
    most = LARGEST_SHARE if count <= 1 else 0.6 if count < 5 else 0.35
    usual = np.exp(rng.uniform(np.log(SMALLEST_SHARE * 1.7), np.log(most)))
    spread = rng.uniform(0, 0.6)
    return [float(np.clip(usual * np.exp(rng.uniform(-spread, spread)), SMALLEST_SHARE, most)) for _ in range(count)]


def turned_part(render: UInt8, side: float, rng: Rng) -> Image.Image:
    """The render cut to its part, turned, stretched and tinted, its longer side about `side` pixels (RGBA)."""
    picture = Image.fromarray(np.ascontiguousarray(render.transpose(1, 2, 0)), "RGBA")
    picture = picture.crop(picture.getchannel("A").point([0] * 8 + [255] * 248).getbbox() or (0, 0, 1, 1))
    picture = picture.rotate(rng.uniform(0, 360), Image.Resampling.BICUBIC, expand=True)
    picture = picture.crop(picture.getchannel("A").point([0] * 8 + [255] * 248).getbbox() or (0, 0, 1, 1))
    stretch = np.exp(rng.uniform(-STRETCH, STRETCH))
    width, height = picture.width * stretch, picture.height / stretch
    factor = side / max(width, height)
    wanted = (max(2, round(width * factor)), max(2, round(height * factor)))
    picture = picture.resize(wanted, Image.Resampling.BICUBIC, reducing_gap=3.0)
    return _tinted(picture, rng)


def _tinted(part: Image.Image, rng: Rng) -> Image.Image:
    """The part lighter or darker, of more or less contrast, sometimes of another colour."""
    pixels = np.array(part, np.float32)
    solid = pixels[..., 3] >= SOLID
    colours = pixels[..., :3] / 255
    if solid.any():
        mean = colours[solid].mean(axis=0)
        if rng.random() < 0.3:
            brightness = colours.mean(axis=2, keepdims=True) / max(0.1, float(mean.mean()))
            colours = brightness * colour(rng) * rng.uniform(0.4, 1)
            mean = colours[solid].mean(axis=0)
        colours = (mean + (colours - mean) * np.exp(rng.uniform(-0.4, 0.7))) * np.exp(rng.uniform(-0.5, 0.5))
    pixels[..., :3] = np.clip(colours, 0, 1) * 255
    return Image.fromarray(pixels.astype(np.uint8), "RGBA")


def _place(
    size: int, side: float, others: list[tuple[npt.NDArray[np.float64], float]], touching: bool, rng: Rng
) -> npt.NDArray[np.float64]:
    """Where a part's middle goes: anywhere with most of it in the picture, or (`touching`) beside another part. Parts
    that do not touch seldom cover each other: of several places the freest is taken.
    """
    reach = max(0.0, size - side * 0.8) / 2
    free = [size / 2 + rng.uniform(-reach, reach, 2) for _ in range(6)]
    if not others:
        return free[0]
    if touching:
        middle, other = others[int(rng.integers(len(others)))]
        turn = rng.uniform(0, 2 * np.pi)
        distance = (side + other) / 2 * rng.uniform(0.5, 0.95)
        return np.clip(middle + np.array([np.cos(turn), np.sin(turn)]) * distance, 0, size)

    def room(place: npt.NDArray[np.float64]) -> float:
        return min(float(np.linalg.norm(place - middle)) - (side + other) / 2 for middle, other in others)

    return max(free, key=room)


def _paste(
    canvas: npt.NDArray[np.floating],
    owners: npt.NDArray[np.int16],
    part: Image.Image,
    centre: npt.NDArray[np.float64],
    instance: int,
    light: npt.NDArray[np.float64],
    rng: Rng,
) -> int:
    """Lays a part with its shadow on the canvas and marks whose pixels they are. Returns its pixels within the picture,
    seen or not.
    """
    side, size = max(part.size), len(canvas)
    left, top = round(float(centre[0]) - part.width / 2), round(float(centre[1]) - part.height / 2)
    # Only what the part and its shadow can reach is looked at: scenes have many small parts.
    reach = round(side * SHADOW_REACH) + 2
    x, y = max(0, left - reach), max(0, top - reach)
    right, bottom = min(size, left + part.width + reach), min(size, top + part.height + reach)
    if right <= x or bottom <= y:
        return 0
    layer = Image.new("RGBA", (right - x, bottom - y))
    layer.paste(part, (left - x, top - y))
    pixels = np.asarray(layer, np.float32)
    alpha, here = pixels[..., 3:] / 255, canvas[y:bottom, x:right]
    _shade(here, layer.getchannel("A"), side, light, rng)
    here *= 1 - alpha
    here += pixels[..., :3] / 255 * alpha
    solid = pixels[..., 3] >= SOLID
    owners[y:bottom, x:right][solid] = instance
    return int(solid.sum())


def _shade(
    canvas: npt.NDArray[np.floating], outline: Image.Image, side: int, light: npt.NDArray[np.float64], rng: Rng
) -> None:
    """A shadow: the outline, blurred and moved away from the light, darkens what lies below. Mostly soft and near, of a
    lamp or the sun sharp and long.
    """
    if rng.random() < 0.2:
        return
    sharp = rng.random() < SHARP_SHARE
    blur, move = rng.uniform(0.01, 0.03 if sharp else 0.1), rng.uniform(0.15, 0.5) if sharp else rng.uniform(0.02, 0.2)
    soft = outline.filter(ImageFilter.GaussianBlur(max(0.5, side * blur)))
    right, down = (float(value) for value in light * side * move)
    moved = soft.transform(soft.size, Image.Transform.AFFINE, (1, 0, -right, 0, 1, -down), Image.Resampling.BILINEAR)
    canvas *= 1 - np.asarray(moved, np.float32)[..., None] / 255 * rng.uniform(0.1, 0.75)


def _lay(canvas: npt.NDArray[np.floating], thing: Thing, rng: Rng) -> None:
    """Lays a thing that is no part on the canvas, with a shadow unless it is flat."""
    if not thing.flat:
        outline = Image.fromarray((thing.opacity * 255).astype(np.uint8))
        _shade(canvas, outline, len(canvas) // 6, rng.uniform(-1, 1, 2), rng)
    canvas *= 1 - thing.opacity[..., None]
    canvas += thing.skin * thing.opacity[..., None]


def visible_parts(
    owners: npt.NDArray[np.int16], areas: list[int]
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.float32]]:
    """Numbers the parts that can be asked for from 1 and gives their boxes. `owners` (s, s): whose pixel each is (from
    1); `areas`: how many pixels each part has with what is hidden. The others become -1.
    """
    instances = np.zeros_like(owners)
    boxes = []
    for owner, area in enumerate(areas, start=1):
        seen = owners == owner
        count = int(seen.sum())
        if count < LEAST_PIXELS or count < LEAST_VISIBLE * area:
            instances[seen] = UNSURE
            continue
        rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
        boxes.append((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
        instances[seen] = len(boxes)
    return instances, np.array(boxes, np.float32).reshape(-1, 4)
