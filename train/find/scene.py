"""A picture while things are laid into it, one over the other: whose each pixel is, and what of the parts is seen."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from PIL import Image

from train.find.clutter import Thing
from train.find.pieces import SOLID, like_ground, turned_part
from train.find.shadows import Light, margins, shadow

UInt8 = npt.NDArray[np.uint8]
Rng = np.random.Generator

HIDING = 0.5  # opacity from which a thing hides the part below
LEAST_VISIBLE = 0.3  # share of a part's outline; of one that is hidden more, nobody is asked
LEAST_PIXELS = 12  # visible; fewer is a speck
UNSURE = -1
THING_HEIGHT = 1 / 6  # of the picture's side: how large what is no part is, as far as its shadow knows
HEIGHTS = (0.3, 1.2)  # of parts, which throw shadows so much shorter or longer
HARD_TO_SEE = 0.25  # share of parts with sides as bright as what they lie on


@dataclass
class Scene:
    """`canvas` (s, s, 3) in [0, 1]; `owners` (s, s) int16: k where the k-th part is seen, 0 where none is, -1 where
    nobody is asked; `areas`: how many pixels each part has with what is hidden; `pasted`: which render each part that
    was pasted shows, in their order.
    """

    canvas: npt.NDArray[np.floating]
    owners: npt.NDArray[np.int16]
    light: Light
    areas: list[int] = field(default_factory=list)
    pasted: list[int] = field(default_factory=list)
    places: list[tuple[npt.NDArray[np.float64], float]] = field(default_factory=list)

    def lay(self, thing: Thing) -> None:
        """Lays a thing that is no part on all that is there, with a shadow unless it is flat."""
        if not thing.flat:
            outline = Image.fromarray((thing.opacity * 255).astype(np.uint8))
            self.canvas *= 1 - shadow(outline, len(self.canvas) * THING_HEIGHT, self.light)[..., None]
        self.canvas *= 1 - thing.opacity[..., None]
        self.canvas += thing.skin * thing.opacity[..., None]
        self.owners[thing.opacity > HIDING] = 0

    def paste_parts(self, renders: UInt8, sides: list[float], touching: bool, rng: Rng) -> None:
        """Pastes parts drawn from `renders` (n, 4, s, s), of these longer sides in pixels, most of them in the picture;
        `touching`: beside another.
        """
        for side in sides:
            self.pasted.append(int(rng.integers(len(renders))))
            part = turned_part(renders[self.pasted[-1]], side, rng)
            centre = self._place(max(part.size), touching, rng)
            self.places.append((centre, float(max(part.size))))
            if rng.random() < HARD_TO_SEE:
                part = like_ground(part, self._ground(centre, max(part.size)), rng)
            self._paste(part, centre, replace(self.light, reach=self.light.reach * rng.uniform(*HEIGHTS)))

    def _place(self, side: float, touching: bool, rng: Rng) -> npt.NDArray[np.float64]:
        """Where a part's middle goes: anywhere with most of it in the picture, or beside another part. Parts that do
        not touch seldom cover each other: of several places the freest is taken.
        """
        size, others = len(self.canvas), self.places
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

    def _ground(self, centre: npt.NDArray[np.float64], side: float) -> npt.NDArray[np.floating]:
        """What lies where a part of this longer side will."""
        (left, top), (right, bottom) = (np.clip(centre + way * side / 2, 0, len(self.canvas)) for way in (-1, 1))
        return self.canvas[int(top) : int(bottom) + 1, int(left) : int(right) + 1]

    def _paste(self, part: Image.Image, centre: npt.NDArray[np.float64], light: Light) -> None:
        """Lays a part with its shadow on the canvas and marks whose pixels they are."""
        size, instance = len(self.canvas), len(self.areas) + 1
        left, top = round(float(centre[0]) - part.width / 2), round(float(centre[1]) - part.height / 2)
        # Only what the part and its shadow can reach is looked at: scenes have many small parts.
        before, above, after, below = margins(part.size, light)
        x, y = max(0, left - before), max(0, top - above)
        right, bottom = min(size, left + part.width + after), min(size, top + part.height + below)
        if right <= x or bottom <= y:
            self.areas.append(0)
            return
        layer = Image.new("RGBA", (right - x, bottom - y))
        layer.paste(part, (left - x, top - y))
        pixels = np.asarray(layer, np.float32)
        alpha, here = pixels[..., 3:] / 255, self.canvas[y:bottom, x:right]
        here *= 1 - shadow(layer.getchannel("A"), max(part.size), light)[..., None]
        here *= 1 - alpha
        here += pixels[..., :3] / 255 * alpha
        solid = pixels[..., 3] >= SOLID
        self.owners[y:bottom, x:right][solid] = instance
        self.areas.append(int(solid.sum()))


def visible_parts(
    owners: npt.NDArray[np.int16], areas: list[int]
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.float32], list[int]]:
    """Numbers the parts that can be asked for from 1, and gives their boxes and their numbers before. `owners` (s, s):
    whose pixel each is (from 1); `areas`: how many pixels each part has with what is hidden. The others become -1.
    """
    instances = np.where(owners == UNSURE, owners, 0).astype(np.int16)
    boxes, kept = [], []
    for owner, area in enumerate(areas, start=1):
        seen = owners == owner
        count = int(seen.sum())
        if count < LEAST_PIXELS or count < LEAST_VISIBLE * area:
            instances[seen] = UNSURE
            continue
        rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
        boxes.append((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
        kept.append(owner)
        instances[seen] = len(boxes)
    return instances, np.array(boxes, np.float32).reshape(-1, 4), kept
