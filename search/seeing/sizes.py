"""What a length that is known in a photo says about which part it shows: look-alikes of other sizes are told apart.

A part is as large in a photo as in the renders that it resembles, which show it from that side at a known distance; so
no pose has to be known. Outlines are measured on plain backgrounds, else the frame around the part stands for it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from cad2real.errors import UserError
from cad2real.files import read_json
from photos.crop import Box
from search.ranking import Match
from train.data.foreground import extent, widths

KNOWN_MM = {
    "1euro": 23.25,
    "2euro": 25.75,
    "50cent": 24.25,
    "quarter": 24.26,
    "card": 85.6,  # the long side of a bank or identity card, ISO/IEC 7810 ID-1
    "a4": 297.0,
}
"""Things whose length everybody has at hand, in mm: across a coin, along the long side of a card or a sheet."""
SPREAD = 0.08
"""Of the log of a width: a line drawn by hand, a camera that is nearer to the part than to the reference, and a view
that is tilted otherwise than the photo (15 degrees take 4 %)."""
ALIKE = 20  # parts, nearest by their look, among which sizes decide
MOST_MM = 100_000.0
SOLID = 0.5  # alpha from which a pixel of a render shows the part


@dataclass(frozen=True)
class Reference:
    """A line in an upright photo, in its pixels, that is `mm` long."""

    mm: float
    line: tuple[float, float, float, float]

    @property
    def mm_per_pixel(self) -> float:
        x0, y0, x1, y1 = self.line
        return self.mm / math.hypot(x1 - x0, y1 - y0)


@dataclass(frozen=True)
class Measured:
    """Largest and smallest width of a part in mm; `smallest` None where only a frame says how large it is."""

    largest: float
    smallest: float | None = None

    def as_list(self) -> list[float]:
        """What is known, to a tenth of a millimetre."""
        return [round(mm, 1) for mm in (self.largest, self.smallest) if mm is not None]


def reference_of(text: str) -> Reference:
    """The reference of a text such as 50=120,80,420,80: so many mm, or a name of KNOWN_MM, and the line's ends. Raises
    UserError for what is none.

    >>> reference_of("2euro=0,0,0,103").mm_per_pixel
    0.25
    """
    how = f"Write LENGTH=x0,y0,x1,y1: mm, or one of {', '.join(KNOWN_MM)}, then the ends of a line that is so long."
    length, _, ends = text.partition("=")
    try:
        mm = KNOWN_MM.get(length.strip().lower()) or float(length)
        x0, y0, x1, y1 = (float(value) for value in ends.split(","))
    except ValueError:
        raise UserError(f"The reference {text[:60]} is no known length in the photo.", how) from None
    if not (0 < mm <= MOST_MM and all(map(math.isfinite, (x0, y0, x1, y1))) and math.hypot(x1 - x0, y1 - y0) >= 2):
        raise UserError(f"The reference {text[:60]} has no length.", how)
    return Reference(mm, (x0, y0, x1, y1))


def measured(square: Image.Image, side: float, box: Box | None, reference: Reference) -> Measured | None:
    """The size of the part in a square photo whose side is `side` pixels of the upright photo; by its outline, else by
    its `box` in that photo; None where there is neither.
    """
    largest, smallest = extent(square, side)
    scale = reference.mm_per_pixel
    if math.isfinite(largest) and math.isfinite(smallest):
        return Measured(math.exp(largest) * scale, math.exp(smallest) * scale)
    if box is None:
        return None
    return Measured(max(box.x_max - box.x_min, box.y_max - box.y_min) * scale)


def size_of_view(picture: Path) -> Measured | None:
    """How large the part looks in a render with its part.json beside it; None where that does not say so."""
    try:
        return _size_of_view(picture, picture.stat().st_mtime_ns)
    except (OSError, ValueError, KeyError, TypeError, IndexError, ZeroDivisionError):
        return None


@lru_cache(maxsize=20_000)
def _size_of_view(picture: Path, changed: int) -> Measured | None:
    views = {view["file"]: view for view in read_json(picture.parent / "part.json", "views")["views"]}
    view = views[picture.name]
    distance_mm = float(view["extrinsics"][2][3]) * 1000
    focal_px = float(view["intrinsics"][0][0])
    with Image.open(picture, formats=("PNG",)) as image:
        solid = np.asarray(image.getchannel("A")) >= SOLID * 255
    if not solid.any():
        return None
    largest, smallest = (width * distance_mm / focal_px for width in widths(solid))
    return Measured(largest, smallest)


def agreement(seen: Measured, views: Sequence[Measured]) -> float | None:
    """How well the size in a photo is that of one of `views`, in [0, 1]; None without a view.

    >>> round(agreement(Measured(20, 10), [Measured(20, 10), Measured(40, 20)]), 3), agreement(Measured(1), [])
    (1.0, None)
    """
    if not views:
        return None
    return max(math.exp(-_misfit(seen, view) / 2) for view in views)


def _misfit(seen: Measured, view: Measured) -> float:
    pairs = [(seen.largest, view.largest)]
    if seen.smallest is not None and view.smallest is not None:
        pairs.append((seen.smallest, view.smallest))
    squares = [(math.log(max(one, 1e-6) / max(other, 1e-6)) / SPREAD) ** 2 for one, other in pairs]
    return sum(squares) / len(squares)


def with_sizes(matches: Sequence[Match], agreements: Mapping[str, float | None]) -> list[Match]:
    """`matches` anew, nearest first, by three witnesses that count alike: views, classifier, and the agreement of
    sizes by part. What the size of a part is nobody knows counts as half. Confidences become those of what sizes leave.

    >>> small, large = Match(1, "m8", "m8", "", 0.2, "a/0.png", 0.6), Match(2, "m10", "m10", "", 0.21, "b/0.png", 0.4)
    >>> [(one.part_id, one.confidence) for one in with_sizes([small, large], {"m8": 0.0, "m10": 1.0})]
    [('m10', 1.0), ('m8', 0.0)]
    """
    fits = {match.part_id: _or_half(agreements.get(match.part_id)) for match in matches}
    before = sum(match.confidence or 0 for match in matches)
    after = sum((match.confidence or 0) * fits[match.part_id] for match in matches)
    sized = []
    for match in matches:
        fit, sure = fits[match.part_id], match.confidence
        distance = (2 * match.distance + 1 - fit) / 3
        sure = sure if sure is None or not after else sure * fit * before / after
        sized.append(replace(match, distance=distance, confidence=sure, size_fit=agreements.get(match.part_id)))
    sized.sort(key=lambda match: match.distance)
    return [replace(match, rank=rank) for rank, match in enumerate(sized, 1)]


def _or_half(agreed: float | None) -> float:
    return 0.5 if agreed is None else agreed
