"""Unlabelled photos as pictures that train the finder: what its averaged network sees in them with certainty counts as
known (self-training), and rendered parts are pasted among it (ClassMix, Olsson et al., WACV 2021, by instance).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from photos.finder.decode import STRIDE
from photos.finder.look import Network, Sighting, look
from photos.finder.masks import photo_mask
from train.find.camera import photographed
from train.find.composites import Composite, Sources, part_sides
from train.find.scene import UNSURE, Scene, visible_parts
from train.find.shadows import scene_light

UInt8 = npt.NDArray[np.uint8]
Rng = np.random.Generator

SURE = 0.968  # probability from which a pixel counts as sure: DACS (Tranheden et al., WACV 2021), DAFormer
FAINT = 0.5  # of the finder's threshold: what is fainter is not there; in between nobody is asked
NEAREST_SHARE = 0.4  # of a photo's side that is shown at least
PASTED_SHARE, MOST_PASTED = 0.6, 4  # share of pictures with rendered parts, and how many at most
LARGEST_PASTED, SMALLEST_PASTED_PX = 0.5, 7.0  # longer side, by the picture's; in pixels
MASKED_SHARE, BLOCKS, HIDDEN = 0.3, 16, 0.5  # masked consistency (MIC, Hoyer et al., CVPR 2023): share of pictures,
# blocks a side, share of blocks that are hidden; of small parts a part has to be left


@dataclass(frozen=True)
class PhotoScene:
    """A photo made square: `picture` (3, s, s). `owners` (s, s) int16: k where the k-th part is seen, 0 where none is,
    -1 where nobody can say. `trust`: the share of its pixels that are sure, which weighs all of it.
    """

    picture: UInt8
    owners: npt.NDArray[np.int16]
    trust: float


def photo_scene(network: Network, picture: UInt8, image_size: int, threshold: float) -> PhotoScene:
    """What `network` sees in a photo (3, s, s), with scores from `threshold`."""
    side = picture.shape[1]
    photo = Image.fromarray(np.ascontiguousarray(picture.transpose(1, 2, 0)))
    foreground = _enlarged(network(np.asarray(photo.resize((image_size, image_size))).transpose(2, 0, 1))[0], side)
    owners = np.where((foreground > 1 - SURE) & (foreground < SURE), UNSURE, 0).astype(np.int16)
    seen = [one for one in look(network, photo, image_size) if one.score >= FAINT * threshold]
    sure = [one for one in seen if one.score >= threshold]
    for one in seen:
        if one.score < threshold:
            owners[_mask(one, side)] = UNSURE
    # A sure part has a ring around it in which nobody is asked; small parts lie on large ones.
    for number, one in enumerate(sorted(sure, key=lambda part: -float(np.prod(part.box[2:] - part.box[:2]))), start=1):
        owners[_mask(one, side)] = number
    trust = float(((foreground > SURE) | (foreground < 1 - SURE)).mean())
    return PhotoScene(picture, owners, trust)


def _enlarged(values: npt.NDArray[np.float32], side: int) -> npt.NDArray[np.float32]:
    return np.asarray(Image.fromarray(values.astype(np.float32)).resize((side, side), Image.Resampling.BILINEAR))


def _mask(one: Sighting, side: int) -> npt.NDArray[np.bool_]:
    return photo_mask(one.foreground, one.cells, one.box, (side, side))


def photo_composite(scenes: list[PhotoScene], sources: Sources, size: int, seed: int, number: int) -> Composite:
    """A picture of `size` pixels: a piece of a photo, turned, with rendered parts among those that are seen in it, as
    a phone would store it. Depends on (seed, number) and on what is given.
    """
    rng = np.random.default_rng([seed, number])
    photo = scenes[int(rng.integers(len(scenes)))]
    full = photo.owners.shape[0]
    side = int(full * rng.uniform(NEAREST_SHARE, 1))
    top, left = (int(value) for value in rng.integers(0, full - side + 1, 2))
    turns, mirrored = int(rng.integers(4)), rng.random() < 0.5
    shown = photo.picture[:, top : top + side, left : left + side].transpose(1, 2, 0)
    picture = Image.fromarray(np.ascontiguousarray(shown)).resize((size, size), Image.Resampling.BICUBIC)
    nearest = (np.arange(size) + 0.5) * side / size
    rows, columns = (start + nearest.astype(int) for start in (top, left))
    owners = _numbered(_turned(photo.owners[np.ix_(rows, columns)], turns, mirrored))
    seen = max(0, int(owners.max()))
    scene = Scene(_turned(np.asarray(picture, np.float32) / 255, turns, mirrored), owners, scene_light(rng))
    scene.areas = [int((owners == one).sum()) for one in range(1, seen + 1)]
    if rng.random() < PASTED_SHARE:
        sides = [min(one, LARGEST_PASTED) * size for one in part_sides(rng, SMALLEST_PASTED_PX / size)]
        scene.paste_parts(sources.renders, sides[:MOST_PASTED], False, rng)
    instances, boxes, kept = visible_parts(scene.owners, scene.areas)
    stored = photographed(scene.canvas, rng)
    if rng.random() < MASKED_SHARE:
        stored = _hidden(stored, rng)
    known = sum(1 for one in kept if one <= seen)
    return Composite(stored.transpose(2, 0, 1).copy(), instances, boxes, known, photo.trust)


def _turned[A: np.generic](values: npt.NDArray[A], turns: int, mirrored: bool) -> npt.NDArray[A]:
    turned = np.rot90(values, turns)
    return np.ascontiguousarray(turned[:, ::-1] if mirrored else turned)


def _numbered(owners: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """The parts that are left, numbered from 1."""
    left = np.unique(owners[owners > 0])
    numbers = np.zeros(int(owners.max(initial=0)) + 2, np.int16)
    numbers[left] = np.arange(1, len(left) + 1)
    numbers[-1] = UNSURE  # which is what -1 looks up
    return numbers[owners]


def _hidden(picture: UInt8, rng: Rng) -> UInt8:
    """The picture (s, s, 3) with some of its blocks grey, which the encoder takes for nothing."""
    side = len(picture)
    block = max(STRIDE, side // BLOCKS)
    blocks = -(-side // block)
    grid = rng.random((blocks, blocks)) < HIDDEN
    hidden = np.repeat(np.repeat(grid, block, axis=0), block, axis=1)[:side, :side]
    return np.where(hidden[..., None], np.uint8(127), picture)
