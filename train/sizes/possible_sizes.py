"""The sizes that a part can have in photos: what its views show, and what a camera straight above a table would see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from cad2real.files import read_json
from train.data.foreground import WORKING_SIZE, feret, widths
from train.data.image_cache import Recipe, cached

Float = npt.NDArray[np.float64]
OPAQUE = 100  # alpha from which a pixel belongs to the part
NEAREST = (1.5, 2.0, 2.5, 3.2, 4.0, 5.0, 6.3, 8.0, 10.0, 12.5, 16.0, 24.0)
"""Distances of a camera above the table, as multiples of the largest part; beyond them nothing changes."""


@dataclass(frozen=True)
class Sizes:
    """`extents` (n, 2): log of the largest and smallest width in mm of one look of a part; `labels` (n,) whose class it
    is; `shares` (n,) how often the class looks so, summing to 1 over each class. `distance_mm` is that of the camera
    from the table, infinite for a very far one, None where the looks come from the views. `of_shapes`: each look is as
    large as any other, so that they differ in shape alone.
    """

    extents: Float
    labels: npt.NDArray[np.int64]
    shares: Float
    distance_mm: float | None
    of_shapes: bool = False

    def shapes(self) -> Sizes:
        """The same looks, each with 1 mm as the geometric mean of its widths."""
        return replace(self, extents=self.extents - self.extents.mean(axis=1, keepdims=True), of_shapes=True)


def possible_sizes(renders: Path, classes: Sequence[str], cache: Path | None = None) -> list[Sizes]:
    """What the views show, and the resting parts from above for a row of camera distances (where part.json has their
    outlines), to be compared by how well they explain the photos. Widths of views are kept in the folder `cache`.
    """
    parts = [(path.parent, read_json(path, "views", "label")) for path in sorted(renders.glob("*/part.json"))]
    numbers = {label: number for number, label in enumerate(classes)}
    shown = [_shown_views(part) for _, part in parts]
    paths = [folder / view["file"] for (folder, _), some in zip(parts, shown, strict=True) for view in some]
    widths_px = Recipe("measure renders", paths, "", (2,), np.float64, lambda row: _widths(paths[row]))
    measured = iter(cached(cache, "widths", widths_px).array)
    views = [_of_views(part, some, islice(measured, len(some))) for (_, part), some in zip(parts, shown, strict=True)]
    found = [_joined(views, [numbers[part["label"]] for _, part in parts], None)]
    poses = [_outlines(part) for _, part in parts]
    if all(poses):
        largest = max(float(np.ptp(points, axis=0).max()) for part in poses for _, points in part)
        for distance in (*(near * largest for near in NEAREST), np.inf):
            seen = [_from_above(part, distance) for part in poses]
            found.append(_joined(seen, [numbers[part["label"]] for _, part in parts], distance))
    return found


def _joined(looks: list[tuple[Float, Float]], labels: list[int], distance_mm: float | None) -> Sizes:
    """Joins the extents (k, 2) and shares (k,) of all parts; parts of one label are equally likely."""
    seen = [(extents, shares, label) for (extents, shares), label in zip(looks, labels, strict=True) if len(extents)]
    parts = Counter(label for _, _, label in seen)
    return Sizes(
        np.concatenate([extents for extents, _, _ in seen] or [np.zeros((0, 2))]),
        np.repeat([label for _, _, label in seen], [len(extents) for extents, _, _ in seen]).astype(np.int64),
        np.concatenate([shares / parts[label] for _, shares, label in seen] or [np.zeros(0)]),
        distance_mm,
    )


def _shown_views(part: dict[str, Any]) -> list[dict[str, Any]]:
    """The views of a part that count: at rest where there are any, as people take photos."""
    views: list[dict[str, Any]] = part["views"]
    return [view for view in views if view.get("sampler") == "resting"] or views


def _widths(view: Path) -> Float:
    """Largest and smallest width (2,) of the part in a view shrunk to WORKING_SIZE pixels, NaN where it shows none."""
    with Image.open(view) as picture:
        alpha = picture.getchannel("A").resize((WORKING_SIZE, WORKING_SIZE), Image.Resampling.BOX)
    outline = np.asarray(alpha) > OPAQUE
    return np.array(widths(outline) if outline.any() else (np.nan, np.nan), dtype=np.float64)


def _of_views(part: dict[str, Any], views: list[dict[str, Any]], widths_px: Iterable[Float]) -> tuple[Float, Float]:
    """Extents (k, 2) and shares (k,) of a part's `views`, whose largest and smallest widths are given in pixels."""
    rows: list[tuple[float, float]] = []
    for view, (largest, smallest) in zip(views, widths_px, strict=True):
        if np.isfinite(largest):
            focal = view["intrinsics"][0][0] * WORKING_SIZE / part["size"]
            millimetres = view["extrinsics"][2][3] * 1000 / focal
            rows.append((largest * millimetres, smallest * millimetres))
    return np.log(np.array(rows, dtype=np.float64).reshape(-1, 2)), np.full(len(rows), 1 / max(1, len(rows)))


def _outlines(part: dict[str, Any]) -> list[tuple[float, Float]]:
    """Share and points (k, 3) in mm of each resting pose of a part."""
    poses: list[dict[str, Any]] = part.get("resting_outlines", [])
    return [
        (float(pose["probability"]), np.array(pose["points_mm"], dtype=np.float64).reshape(-1, 3)) for pose in poses
    ]


def _from_above(poses: list[tuple[float, Float]], distance_mm: float) -> tuple[Float, Float]:
    """Extents (k, 2) and shares (k,) of resting poses under a camera `distance_mm` above the table: what is nearer to
    it looks larger, by distance / (distance - height).
    """
    extents, shares = [], []
    for share, points in poses:
        nearer = 1 - points[:, 2:] / distance_mm
        extents.append(np.log(np.maximum(feret(points[:, :2] / nearer), 1e-6)))
        shares.append(share)
    return np.array(extents).reshape(-1, 2), np.array(shares) / max(sum(shares), 1e-9)
