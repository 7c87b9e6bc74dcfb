"""Backgrounds that are baked into pictures: what stands behind each view, drawn by its own seed. No Blender here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from cad2real.errors import UserError
from render.materials.colors import Rgb, read_color
from render.params import BackgroundMode
from render.seeds import stream

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
MAX_PICTURE_PIXELS = 100_000_000
"""Larger pictures are refused before they are decoded."""
CLOSEST_CROP = 0.5
"""The smallest square that is cut from a user's picture, as a share of its shorter side."""

GROUNDS: dict[str, tuple[str, ...]] = {
    "paper": ("#f1efe9", "#e8e9ea", "#efe6d2", "#dfe5ea"),
    "wood": ("#c79a64", "#a8743f", "#d8b483", "#7a5230"),
    "concrete": ("#8f8d88", "#a5a29b", "#74736f"),
    "steel": ("#9a9c9e", "#7f8285"),
    "fabric": ("#2d4a3a", "#2f3b52", "#4a4a4c", "#7d7466", "#5a2f2c"),
    "laminate": ("#d9d6cf", "#b8bdbf", "#5b6468", "#c9bda6"),
}
"""Surfaces that parts are photographed on, and the colours (sRGB) they come in."""


@dataclass(frozen=True)
class Ground:
    """A level surface under the part: one of GROUNDS, its `color` (linear RGB), how it is turned about the vertical and
    which of its places (mm) lies below the part.
    """

    surface: str
    color: Rgb
    turn_deg: float
    place_mm: tuple[float, float]


@dataclass(frozen=True)
class Crop:
    """A square cut from a user's picture: `share` of the shorter side; `x`, `y` (0-1) where it lies."""

    picture: Path
    share: float
    x: float
    y: float


@dataclass(frozen=True)
class Backdrop:
    """What stands behind one view; the field of its mode is filled. Mode environment is the view's own light."""

    mode: BackgroundMode
    color: str = ""
    crop: Crop | None = None
    ground: Ground | None = None

    def as_dict(self) -> dict[str, object]:
        """Its entry in part.json."""
        entries: dict[str, object] = {"mode": self.mode}
        if self.color:
            entries["color"] = self.color
        if self.crop is not None:
            entries["picture"] = self.crop.picture.name
        if self.ground is not None:
            entries["surface"] = self.ground.surface
        return entries


def list_pictures(folder: Path) -> tuple[Path, ...]:
    """The pictures in `folder` and below, by name. Raises UserError when there is none or one cannot be used."""
    found = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES] if folder.is_dir() else []
    if not found:
        raise UserError(
            f"{folder} has no picture ({', '.join(SUFFIXES)}).",
            "Correct render.background_folder, or choose another render.background.",
        )
    faults = [f"{path} ({fault})" for path in found if (fault := _fault(path))]
    if faults:
        raise UserError(
            f"{len(faults)} of {len(found)} background picture(s) cannot be used: {'; '.join(faults[:3])}.",
            "Replace or remove them.",
        )
    return tuple(found)


def _fault(path: Path) -> str:
    try:
        with Image.open(path) as picture:
            pixels = picture.width * picture.height
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        return str(error).splitlines()[0][:120]
    return f"more than {MAX_PICTURE_PIXELS // 1_000_000} megapixels" if pixels > MAX_PICTURE_PIXELS else ""


def backdrop(
    mode: BackgroundMode, color: str, pictures: tuple[Path, ...], seed: int, part_id: str, view: int
) -> Backdrop | None:
    """What stands behind a view, by seed, part id and view number; None where nothing is baked in."""
    if mode == "transparent":
        return None
    if mode == "color":
        return Backdrop(mode, color=color)
    rng = stream(seed, part_id, view, "background")
    if mode == "folder":
        path = pictures[int(rng.integers(len(pictures)))]
        share, x, y = rng.uniform(CLOSEST_CROP, 1), rng.uniform(), rng.uniform()
        return Backdrop(mode, crop=Crop(path, float(share), float(x), float(y)))
    if mode == "ground":
        return Backdrop(mode, ground=_ground(rng))
    return Backdrop(mode)


def _ground(rng: np.random.Generator) -> Ground:
    surface = sorted(GROUNDS)[int(rng.integers(len(GROUNDS)))]
    word = GROUNDS[surface][int(rng.integers(len(GROUNDS[surface])))]
    shade = math.exp(rng.uniform(-0.25, 0.15))
    red, green, blue = (min(0.9, channel * shade) for channel in read_color(word) or (0.5, 0.5, 0.5))
    x, y = (float(rng.uniform(-2000, 2000)) for _ in range(2))
    return Ground(surface, (red, green, blue), float(rng.uniform(0, 360)), (x, y))


def cut(crop: Crop, size: int) -> NDArray[np.uint8]:
    """The square of a user's picture, upright and brought to (size, size, 3). Raises RuntimeError if it is damaged."""
    try:
        with Image.open(crop.picture) as raw:
            raw.draft("RGB", (2 * size, 2 * size))
            upright = ImageOps.exif_transpose(raw)
            if upright.has_transparency_data:
                upright = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright.convert("RGBA"))
            side = crop.share * min(upright.size)
            left, top = crop.x * (upright.width - side), crop.y * (upright.height - side)
            square = upright.convert("RGB").resize(
                (size, size), Image.Resampling.LANCZOS, (left, top, left + side, top + side), reducing_gap=2.0
            )
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise RuntimeError(
            f"background picture {crop.picture.name} cannot be read ({error}); replace or remove it"
        ) from None
    return np.asarray(square)


def plain(color: str, size: int) -> NDArray[np.uint8]:
    """(size, size, 3) of one "#rrggbb"."""
    return np.full((size, size, 3), [int(color[at : at + 2], 16) for at in (1, 3, 5)], np.uint8)


def lay_over(picture: NDArray[np.uint8], behind: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An RGBA `picture` (h, w, 4; straight alpha) on `behind` (h, w, 3): (h, w, 4), opaque."""
    alpha = picture[..., 3:].astype(np.float32) / 255
    mixed = picture[..., :3] * alpha + behind * (1 - alpha)
    return np.dstack([np.round(mixed), np.full(alpha.shape[:2], 255)]).astype(np.uint8)
