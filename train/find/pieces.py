"""A render as it lies in a picture: cut out, of another length, turned, stretched, lit otherwise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from train.find.surfaces import colour

UInt8 = npt.NDArray[np.uint8]
Rng = np.random.Generator

SOLID = 128  # alpha from which a pixel belongs to a part
STRETCH = 0.35  # log of the largest stretch of one side and shrinking of the other
LONG = 1.8  # longer side by shorter one, from which a part may come in other lengths
LONGER_SHARE = 0.4  # of long parts that are shown longer than the CAD is
REPEATED = (0.15, 0.4)  # share of a long part that is repeated in its middle
SEEN = [0] * 8 + [255] * 248  # alpha below 8 is nothing
DARK, BRIGHT = 20, 80  # percentiles of a part's brightness that may be the ground's
LIKE = (0.2, 5.0)  # how many times darker or brighter a part becomes at most to be like the ground


def turned_part(render: UInt8, side: float, rng: Rng) -> Image.Image:
    """The render (4, s, s) cut to its part, perhaps longer, turned, stretched and lit otherwise, its longer side about
    `side` pixels (RGBA).
    """
    picture = _cut(Image.fromarray(np.ascontiguousarray(render.transpose(1, 2, 0)), "RGBA"))
    if rng.random() < LONGER_SHARE:
        picture = longer(picture, rng)
    picture = _cut(picture.rotate(rng.uniform(0, 360), Image.Resampling.BICUBIC, expand=True))
    stretch = np.exp(rng.uniform(-STRETCH, STRETCH))
    width, height = picture.width * stretch, picture.height / stretch
    factor = side / max(width, height)
    wanted = (max(2, round(width * factor)), max(2, round(height * factor)))
    picture = picture.resize(wanted, Image.Resampling.BICUBIC, reducing_gap=3.0)
    return _lit(picture, rng)


def _cut(picture: Image.Image) -> Image.Image:
    return picture.crop(picture.getchannel("A").point(SEEN).getbbox() or (0, 0, 1, 1))


def longer(part: Image.Image, rng: Rng) -> Image.Image:
    """A long part laid along the picture, its middle repeated: screws, pins and profiles come in lengths that no CAD
    has, and threads stay as fine as they are. Every second repetition is mirrored, so that ends meet. Parts that are
    not long are returned as they are.
    """
    turn, ratio = _long_axis(part)
    if ratio < LONG:
        return part
    laid = _cut(part.rotate(turn, Image.Resampling.BILINEAR, expand=True))
    width = laid.width
    side = max(1, int(width * rng.uniform(*REPEATED)))
    left = int(rng.integers(width // 4, max(width // 4 + 1, width * 3 // 4 - side)))
    times = int(rng.choice((3, 5)))
    middle = laid.crop((left, 0, left + side, laid.height))
    mirrored = middle.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    made = Image.new("RGBA", (width + (times - 1) * side, laid.height))
    made.paste(laid.crop((0, 0, left, laid.height)), (0, 0))
    for number in range(times):
        made.paste(mirrored if number % 2 else middle, (left + number * side, 0))
    made.paste(laid.crop((left + side, 0, width, laid.height)), (left + times * side, 0))
    return made


def _long_axis(part: Image.Image) -> tuple[float, float]:
    """Degrees by which a part is turned to lie along the picture, and how many times longer than wide it is."""
    rows, columns = np.nonzero(np.asarray(part.getchannel("A")) >= SOLID)
    if len(rows) < 3:
        return 0.0, 1.0
    spread, axes = np.linalg.eigh(np.cov(np.stack([columns, rows])))
    x, y = axes[:, 1]
    return float(np.degrees(np.arctan2(y, x))), float(np.sqrt(spread[1] / max(float(spread[0]), 1e-6)))


def _lit(part: Image.Image, rng: Rng) -> Image.Image:
    """The part lighter or darker, of more or less contrast, lit from one side, sometimes of another colour."""
    pixels = np.array(part, np.float32)
    solid = pixels[..., 3] >= SOLID
    colours = pixels[..., :3] / 255
    if solid.any():
        mean = colours[solid].mean(axis=0)
        if rng.random() < 0.3:
            brightness = colours.mean(axis=2, keepdims=True) / max(0.1, float(mean.mean()))
            colours = brightness * colour(rng) * rng.uniform(0.4, 1)
            mean = colours[solid].mean(axis=0)
        colours = (mean + (colours - mean) * np.exp(rng.uniform(-0.4, 0.9))) * np.exp(rng.uniform(-0.9, 0.5))
        colours = np.clip(colours, 0, None) * _slope(part.size, rng)
    pixels[..., :3] = np.clip(colours, 0, 1) * 255
    return Image.fromarray(pixels.astype(np.uint8), "RGBA")


def like_ground(part: Image.Image, ground: npt.NDArray[np.floating], rng: Rng) -> Image.Image:
    """The part lit so that its dark or its bright sides are as bright as the `ground` (h, w, 3) that it lies on, and
    have something of its colour: where dark sides of a part lie on dark wood, only its top stands out, and yet all of
    it is the part.
    """
    pixels = np.array(part, np.float32)
    solid = pixels[..., 3] >= SOLID
    if not solid.any() or not ground.size:
        return part
    colours, below = pixels[..., :3] / 255, np.median(ground.reshape(-1, 3), axis=0)
    side = float(np.percentile(colours[solid].mean(axis=1), DARK if rng.random() < 0.5 else BRIGHT))
    factor = np.clip(float(below.mean()) / max(side, 0.02), *LIKE)
    tint = 1 + rng.uniform(0, 1) * (below / max(float(below.mean()), 0.02) - 1)
    pixels[..., :3] = np.clip(colours * factor * tint, 0, 1) * 255
    return Image.fromarray(pixels.astype(np.uint8), "RGBA")


def _slope(size: tuple[int, int], rng: Rng) -> npt.NDArray[np.floating]:
    """(height, width, 1) light that falls off from one side of the part to the other."""
    turn, steep = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.8)
    across, down = (np.linspace(-1, 1, side) for side in size)
    slope: npt.NDArray[np.floating] = np.exp(steep * (np.cos(turn) * across + np.sin(turn) * down[:, None]))
    return slope[..., None]
