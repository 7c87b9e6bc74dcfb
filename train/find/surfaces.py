"""What parts lie on: plain colours, textures, sheets, pieces of photos.

Pictures are arrays of floats (s, s, 3) in [0, 1]; every draw comes from the generator that is passed in.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

Picture = npt.NDArray[np.floating]
UInt8 = npt.NDArray[np.uint8]
Rng = np.random.Generator

GREY_SHARE = 0.6  # of colours that are nearly grey: benches, papers, cloths mostly are
SHEET_SHARE = 0.3  # of pictures with a second surface (paper on a table, an edge)
BARS_SHARE = 0.1  # of pictures with black bars, as photos that were made square have
CORNER = (0.15, 0.3)  # side of the piece that is taken from a photo's corner, as a share of the photo's


def colour(rng: Rng) -> Picture:
    """(3,) one colour, more often than not nearly grey."""
    drawn = rng.uniform(0, 1, 3)
    if rng.random() < GREY_SHARE:
        drawn = rng.uniform(0.02, 1) + (drawn - drawn.mean()) * 0.15
    return np.clip(drawn, 0, 1).astype(np.float32)


def smooth_field(size: int, rng: Rng, cells: tuple[int, int]) -> Picture:
    """(size, size) a smooth random field in [0, 1] with `cells` (down, across) independent values."""
    coarse = (rng.random((max(2, cells[0]), max(2, cells[1]))) * 255).astype(np.uint8)
    field = Image.fromarray(coarse, "L").resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(field, np.float32) / 255


def texture(size: int, rng: Rng) -> Picture:
    """A colour with fields of several scales on it: cloth, stone, brushed metal, and, where stretched, wood."""
    first, second = colour(rng), colour(rng)
    grain = np.exp(rng.uniform(-1, 1) * np.log(12)) if rng.random() < 0.5 else 1.0
    base = 2 ** rng.uniform(1, 5)
    field = np.zeros((size, size), np.float32)
    weight = 0.0
    fall = rng.uniform(0.4, 1.0)
    for octave in range(4):
        cells = base * 2**octave
        share = fall**octave
        across = min(size, int(cells * max(1.0, grain)))
        field += share * smooth_field(size, rng, (min(size, int(cells * max(1.0, 1 / grain))), across))
        weight += share
    field = (field / weight - 0.5) * rng.uniform(0.3, 3) + 0.5
    mix = np.clip(field, 0, 1)[..., None] * rng.uniform(0.1, 0.7)
    return (first * (1 - mix) + second * mix).astype(np.float32)


def lines(size: int, rng: Rng) -> Picture:
    """A colour with a grid or stripes: cutting mats, tiles, planks, ruled paper."""
    picture = Image.fromarray((np.broadcast_to(colour(rng), (size, size, 3)) * 255).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    ink = tuple(int(value) for value in colour(rng) * 255)
    step, width, turn = size * rng.uniform(0.04, 0.4), int(rng.integers(1, 3)), rng.uniform(0, np.pi)
    for angle in (turn, turn + np.pi / 2)[: int(rng.integers(1, 3))]:
        along, over = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
        for number in range(int(-size / step), int(size / step) + 1):
            middle = size / 2 + over * step * number
            ends = np.concatenate([middle - along * size, middle + along * size])
            draw.line([float(value) for value in ends], fill=ink, width=width)
    return np.asarray(picture, np.float32) / 255


def corner_surface(size: int, photo: UInt8, rng: Rng) -> Picture:
    """What parts lie on in an unlabelled photo (3, s, s): the calmest of three corners, where parts seldom are,
    mirrored over and over.
    """
    full = photo.shape[-1]
    side = max(4, int(full * rng.uniform(*CORNER)))
    pieces = []
    for _ in range(3):
        top, left = (int(value) * (full - side) for value in rng.integers(0, 2, 2))
        pieces.append(photo[:, top : top + side, left : left + side].transpose(1, 2, 0))
    piece = min(pieces, key=lambda one: float(one.astype(np.float32).std(axis=(0, 1)).sum()))
    shown = max(8, int(side * size / full * rng.uniform(1, 2)))
    small = np.asarray(Image.fromarray(np.ascontiguousarray(piece)).resize((shown, shown), Image.Resampling.BICUBIC))
    tile = np.concatenate([small, small[:, ::-1]], axis=1)
    tile = np.concatenate([tile, tile[::-1]], axis=0)
    times = -(-size // len(tile))
    return np.tile(tile, (times, times, 1))[:size, :size].astype(np.float32) / 255


def piece_of_photo(size: int, photo: UInt8, rng: Rng) -> Picture:
    """A square of at least half of a photo (3, s, s) of a place without parts."""
    full = photo.shape[-1]
    side = int(rng.integers((full + 1) // 2, full + 1))
    top, left = (int(value) for value in rng.integers(0, full - side + 1, 2))
    piece = np.ascontiguousarray(photo[:, top : top + side, left : left + side].transpose(1, 2, 0))
    shown = Image.fromarray(np.rot90(piece, int(rng.integers(4)))).resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(shown, np.float32) / 255


def surface(size: int, rng: Rng, unlabelled: UInt8, places: UInt8) -> Picture:
    """One surface of a kind drawn at random. `unlabelled` (n, 3, s, s): photos of parts, of which corners are used;
    `places` (k, 3, s, s): photos without parts.
    """
    kinds: list[tuple[float, Any]] = [
        (1.0, lambda: np.broadcast_to(colour(rng), (size, size, 3)).astype(np.float32)),
        (1.5, lambda: texture(size, rng)),
        (0.4, lambda: lines(size, rng)),
    ]
    if len(unlabelled):
        kinds.append((2.0, lambda: corner_surface(size, unlabelled[int(rng.integers(len(unlabelled)))], rng)))
    if len(places):
        kinds.append((2.0, lambda: piece_of_photo(size, places[int(rng.integers(len(places)))], rng)))
    shares = np.array([share for share, _ in kinds])
    made: Picture = kinds[int(rng.choice(len(kinds), p=shares / shares.sum()))][1]()
    return made


def background(size: int, rng: Rng, unlabelled: UInt8, places: UInt8) -> Picture:
    """A surface, perhaps with a sheet on it, unevenly lit, perhaps between black bars."""
    picture = surface(size, rng, unlabelled, places)
    if rng.random() < SHEET_SHARE:
        outline = polygon(size, rng, size * rng.uniform(0.5, 1.6), 4, rng.uniform(0, size, 2), even=True)
        shade = np.asarray(outline.filter(ImageFilter.GaussianBlur(size * rng.uniform(0.005, 0.03))), np.float32)
        picture = picture * (1 - shade[..., None] / 255 * rng.uniform(0, 0.6))
        mask = np.asarray(outline, np.float32)[..., None] / 255
        picture = picture * (1 - mask) + surface(size, rng, unlabelled, places) * mask
    light = smooth_field(size, rng, (2, 2)) - 0.5
    picture = picture * (1 + light[..., None] * rng.uniform(0, 1))
    if rng.random() < BARS_SHARE:
        bar = int(size * rng.uniform(0.05, 0.25))
        picture[:bar], picture[-bar:] = 0, 0
        if rng.random() < 0.5:
            picture = picture.transpose(1, 0, 2)
    return np.clip(picture, 0, 1).astype(np.float32)


def polygon(
    size: int, rng: Rng, side: float, corners: int, centre: npt.NDArray[Any], even: bool = False
) -> Image.Image:
    """A filled shape of `corners` corners about `side` pixels wide as an "L" picture of `size` pixels; `even`: about a
    rectangle.
    """
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    reach = rng.uniform(0.3, 1, corners)
    if even:
        angles, reach = np.arange(corners) * 2 * np.pi / corners + rng.uniform(0, 2 * np.pi), np.ones(corners)
        angles = angles + rng.uniform(-0.2, 0.2, corners)
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1) * reach[:, None] * side / 2 + centre
    picture = Image.new("L", (size, size))
    ImageDraw.Draw(picture).polygon([(float(x), float(y)) for x, y in points], fill=255)
    return picture
