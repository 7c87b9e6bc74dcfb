"""What lies beside parts and is none: shapes, tools, stains, writing, shadows of what is outside the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from train.find.pieces import turned_part
from train.find.shadows import scene_light, shadow
from train.find.surfaces import Picture, Rng, UInt8, colour, polygon, smooth_field, texture

SHAPE, TOOL, STAIN, WRITING, SHADOW = 0.35, 0.2, 0.15, 0.1, 0.2  # shares of things, together 1
LETTERS = "ABCDEFGHKLMNPRSTUXYZabdefghknrst0123456789-+/%."
BLACK = 0.15  # brightest of a shadow's colour


@dataclass(frozen=True)
class Thing:
    """Something that is no part: its `skin` (s, s, 3) in [0, 1], its `opacity` (s, s), and whether it is `flat`, which
    casts no shadow.
    """

    skin: Picture
    opacity: Picture
    flat: bool


def clutter(size: int, rng: Rng, renders: UInt8) -> Thing:
    """A thing of a kind drawn at random, for a picture of `size` pixels."""
    kind = int(rng.choice(5, p=(SHAPE, TOOL, STAIN, WRITING, SHADOW)))
    if kind >= 2:
        return _shadow(size, rng, renders) if kind == 4 else (_stain, _writing)[kind - 2](size, rng)
    outline = _tool(size, rng) if kind else _shape(size, rng)
    return Thing(_skin(size, rng, renders), _soft(outline, 0.6), flat=False)


def _shape(size: int, rng: Rng) -> Image.Image:
    side = size * np.exp(rng.uniform(np.log(0.04), np.log(0.8)))
    return polygon(size, rng, side, int(rng.integers(3, 9)), rng.uniform(0, size, 2))


def _tool(size: int, rng: Rng) -> Image.Image:
    """One to three long limbs from one joint, each of a width of its own: pens, cables, edges, pliers, drivers."""
    outline = Image.new("L", (size, size))
    draw = ImageDraw.Draw(outline)
    joint, turn = rng.uniform(0, size, 2), rng.uniform(0, 2 * np.pi)
    for _ in range(int(rng.integers(1, 4))):
        length = size * np.exp(rng.uniform(np.log(0.15), np.log(1.5)))
        thick, thin = (length * value for value in rng.uniform(0.02, 0.12, 2))
        along = np.array([np.cos(turn), np.sin(turn)])
        over, end = np.array([-along[1], along[0]]), joint + along * length
        corners = (joint + over * thick, end + over * thin, end - over * thin, joint - over * thick)
        draw.polygon([(float(x), float(y)) for x, y in corners], fill=255)
        # The next limb goes on from the joint: nearly the same way, or nearly the other.
        turn += rng.uniform(-0.5, 0.5) + (np.pi if rng.random() < 0.6 else 0)
    return outline


def _stain(size: int, rng: Rng) -> Thing:
    """Dirt, rust, oil, wear: one cloud or a few, of soft edges, through which the ground is seen."""
    side = size * float(np.exp(rng.uniform(np.log(0.06), np.log(0.7))))
    outline = polygon(size, rng, side, int(rng.integers(5, 12)), rng.uniform(0, size, 2))
    cloud = smooth_field(size, rng, (int(rng.integers(6, 40)),) * 2)
    opacity = _soft(outline, side * rng.uniform(0.03, 0.2)) * np.clip(cloud * 3 - rng.uniform(0, 1.5), 0, 1)
    return Thing(_plain(size, colour(rng)), opacity * rng.uniform(0.15, 0.8), flat=True)


def _writing(size: int, rng: Rng) -> Thing:
    """A word or a number, printed or written with a pen."""
    words = "".join(rng.choice(list(LETTERS), int(rng.integers(1, 9))))
    height = size * np.exp(rng.uniform(np.log(0.04), np.log(0.25)))
    outline = Image.new("L", (size, size))
    x, y = (float(value) for value in rng.uniform(-0.1, 0.9, 2) * size)
    ImageDraw.Draw(outline).text((x, y), words, fill=255, font=ImageFont.load_default(height))
    outline = outline.rotate(rng.uniform(0, 360), Image.Resampling.BICUBIC)
    return Thing(_plain(size, colour(rng)), _soft(outline, rng.uniform(0.2, 0.8)) * rng.uniform(0.3, 1), flat=True)


def _shadow(size: int, rng: Rng, renders: UInt8) -> Thing:
    """The shadow of what the picture does not show: a hand, a lamp, a part beside it."""
    kind = rng.random()
    if kind < 0.5:
        outline = Image.new("L", (size, size))
        side = size * float(np.exp(rng.uniform(np.log(0.05), np.log(0.8))))
        part = turned_part(renders[int(rng.integers(len(renders)))], side, rng).getchannel("A")
        x, y = (round(float(value)) for value in rng.uniform(0, size, 2) - side / 2)
        outline.paste(part, (x, y))
        opacity = shadow(outline, side, scene_light(rng))
    else:
        outline = _tool(size, rng) if kind < 0.75 else _shape(size, rng)
        blur = size * np.exp(rng.uniform(np.log(0.005), np.log(0.08)))
        opacity = _soft(outline, blur) * np.float32(rng.uniform(0.1, 0.8))
    return Thing(_plain(size, colour(rng) * BLACK), opacity, flat=True)


def _soft(outline: Image.Image, reach: float) -> Picture:
    return np.asarray(outline.filter(ImageFilter.GaussianBlur(float(reach))), np.float32) / 255


def _plain(size: int, one: Picture) -> Picture:
    return np.broadcast_to(one, (size, size, 3)).astype(np.float32)


def _skin(size: int, rng: Rng, renders: UInt8) -> Picture:
    """One colour, a texture, or a part's surface enlarged, unevenly lit."""
    kind = rng.random()
    if kind < 0.35:
        skin = _plain(size, colour(rng))
    elif kind < 0.7:
        skin = texture(size, rng)
    else:
        skin = _part_skin(size, renders[int(rng.integers(len(renders)))], rng)
    light = smooth_field(size, rng, (3, 3)) - 0.5
    return np.clip(skin * (1 + light[..., None] * rng.uniform(0, 1.2)), 0, 1).astype(np.float32)


def _part_skin(size: int, render: UInt8, rng: Rng) -> Picture:
    """A piece from within a render (4, s, s), enlarged, so that its surface is seen without its outline."""
    rows, columns = np.nonzero(render[3] > 250)
    if not len(rows):
        return texture(size, rng)
    at, full = int(rng.integers(len(rows))), render.shape[-1]
    reach = max(2, full // 16)
    top, left = max(0, rows[at] - reach), max(0, columns[at] - reach)
    piece = render[:3, top : rows[at] + reach, left : columns[at] + reach].transpose(1, 2, 0)
    shown = Image.fromarray(np.ascontiguousarray(piece)).resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(shown, np.float32) / 255
