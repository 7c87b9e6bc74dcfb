"""What a folder's photos show, by the finder: which boxes they are cut by, and what it saw the last time."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cad2real.coco_masks import CocoMask, coco_mask
from cad2real.errors import UserError
from cad2real.files import read_json, write_json
from cad2real.layout import Layout
from photos.crop import Box, usable_box
from photos.find import Wanted
from photos.finder.finder import DESCRIPTION, REMEDY, Finder, parts_key, why_unused
from photos.finder.look import SCALES, Sighting
from photos.finder.masks import photo_mask
from photos.finder.subject import subject
from photos.opening import open_photo
from photos.params import PhotosParams
from photos.square import Readable

FINDER = "find"  # folder below data/models
FOUND = "found.json"
DECODED = 2  # JPEGs are decoded at least so many times larger than the finder looks at them

MASK_PX = 384  # longer side of a mask that is kept: the finder sees no finer, and a mask takes some 300 bytes

type Shown = tuple[tuple[int, int], Image.Image]
"""Width and height of an upright photo, and its picture, which may be smaller."""
type Seen = dict[str, Any]
"""Of one photo: `width` and `height` of the upright photo, `parts`: lists of x_min, y_min, x_max, y_max in its pixels
and the score, best first; `masks` of the first of them, which the photo is cut by (`CocoMask` of the whole photo, made
smaller).
"""


@dataclass
class Looking:
    """Looks through photos with `finder`. `unsure`: the best that was seen counts, however faint; else only what
    reaches the finder's own threshold. `before`: what was seen in earlier runs, by the photo's content.
    """

    finder: Finder
    unsure: bool = False
    before: dict[str, Seen] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)

    def remember(self, squares: Path) -> None:
        """Takes over what this finder saw when `squares` was made; anything else there is passed over."""
        try:
            stored = read_json(squares / FOUND, "finder", "photos")
            if stored["finder"] == self.finder.key:
                self.before = {one["sha256"]: one for one in stored["photos"].values() if "masks" in one}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self.before = {}

    def write(self, squares: Path) -> None:
        """Keeps in `squares` what was seen."""
        threshold = self.finder.description.threshold
        content = {"finder": self.finder.key, "threshold": threshold, "photos": dict(sorted(self.seen.items()))}
        write_json(squares / FOUND, content)

    def wanted(self, path: Path, sha256: str, whole: Wanted, photo: str) -> list[Wanted]:
        """The squares of a photo without boxes, best first: `whole` where nothing was found. The photo's folder names
        what it is a photo of, so only its subject has its label, as a query for one part means the subject; what the
        others are, nobody said.

        Raises UserError when the photo cannot be used.
        """
        seen = self.before.get(sha256)
        if seen is None or len(seen["masks"]) < len(self._cut_by(seen["parts"])):
            with open_photo(path) as opened:
                shown = self._read(opened)
            seen = self._look(shown, sha256)
        self.seen[photo] = seen
        sure = self._sure(seen)
        if not sure:
            return [whole]
        named = subject([box for box, _ in sure], seen["width"], seen["height"])
        found = [replace(whole, box=box, label="", how="found", score=score) for box, score in sure]
        found[named] = replace(found[named], label=whole.label)
        return found

    def boxes(self, path: Path, one: bool = False) -> list[tuple[Box, float]]:
        """The boxes of the parts in one photo, in pixels of the upright photo, with their scores, best first; of `one`
        the photo's subject alone. Raises UserError when the photo cannot be used.
        """
        with open_photo(path) as photo:
            shown = self._read(photo)
        return self._boxes(shown, one)

    def boxes_in(self, photo: Readable, one: bool = False) -> list[tuple[Box, float]]:
        """As `boxes`, of a photo that is open."""
        return self._boxes(self._read(photo), one)

    def _boxes(self, shown: Shown, one: bool) -> list[tuple[Box, float]]:
        found = self._sure(self._look(shown))
        return [found[subject([box for box, _ in found], *shown[0])]] if one and found else found

    def _sure(self, seen: Seen) -> list[tuple[Box, float]]:
        found = []
        for *corners, score in self._cut_by(seen["parts"]):
            with suppress(UserError):  # a few pixels: nothing that could be recognised
                found.append((usable_box(Box(*corners), seen["width"], seen["height"]), score))
        return found

    def _cut_by(self, parts: list[list[float]]) -> list[list[float]]:
        """Of all that was seen, best first, what the photo is cut by."""
        sure = [part for part in parts if part[4] >= self.finder.description.threshold]
        return parts[:1] if self.unsure and not sure else sure

    def _read(self, photo: Readable) -> Shown:
        needed = DECODED * SCALES[-1] * self.finder.description.image_size
        return (photo.width, photo.height), photo.read(min(1.0, needed / max(photo.width, photo.height)))

    def _look(self, shown: Shown, sha256: str | None = None) -> Seen:
        """What is seen in a photo; with masks where it has a `sha256`, by which it is kept."""
        (width, height), picture = shown
        sightings = self.finder.look(picture)
        across, down = width / picture.width, height / picture.height
        parts = [
            [
                *(round(float(side) * scale, 1) for side, scale in zip(one.box, (across, down) * 2, strict=True)),
                round(one.score, 4),
            ]
            for one in sightings
        ]
        seen = {"width": width, "height": height, "parts": parts}
        if sha256 is None:
            return seen
        kept = sightings[: len(self._cut_by(parts))]
        return {"sha256": sha256, **seen, "masks": [_small_mask(one, picture.size) for one in kept]}


def _small_mask(one: Sighting, size: tuple[int, int]) -> CocoMask:
    """The mask in a picture of `size` (width, height), made smaller."""
    factor = min(1.0, MASK_PX / max(size))
    width, height = (max(1, round(side * factor)) for side in size)
    scale = np.array([width / size[0], height / size[1]] * 2, np.float32)
    return coco_mask(photo_mask(one.foreground, one.cells, one.box * scale, (width, height)))


def project_looking(layout: Layout, params: PhotosParams) -> Looking | None:
    """What looks through a project's photos by `photos.crop`; None where nothing does (`why_not_looking` says why).

    Raises UserError for `found` without a finder, and for a finder that learned from other renders than the project's.
    """
    if params.crop not in ("auto", "found"):
        return None
    folder = layout.models / FINDER
    if params.crop == "auto" and why_not_looking(layout):
        return None
    finder = Finder.load(folder, threads=1)
    own, now = finder.description.parts_key, parts_key(layout.renders)
    if own and now and own != now:
        raise UserError(f"The finder in {folder} learned from other renders than those in {layout.renders}.", REMEDY)
    return Looking(finder, unsure=params.crop == "found")


def why_not_looking(layout: Layout) -> str:
    """Why the project's photos are cut by no finder, in a sentence; empty where they are."""
    try:
        return why_unused((layout.models / FINDER / DESCRIPTION).read_bytes())
    except OSError:
        return "`cad2real train find` makes one; until then photos without boxes are used whole."
