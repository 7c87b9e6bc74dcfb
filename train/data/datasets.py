"""The two domains as arrays: labelled renders (source) and unlabelled square photos (target).

Training reads the target through `TargetDomain`, which has no labels. Only `target_labels` reads them, and only the
evaluation calls it.
"""

from __future__ import annotations

import csv
import hashlib
import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from cad2real.errors import UserError
from cad2real.files import read_json
from train.data.backgrounds import NO_PHOTOS, BackgroundPhotos
from train.data.foreground import extent, zoom_to_part
from train.data.image_cache import Recipe, cached, load_images
from train.data.labelled import NO_LABELS, LabelledPhotos

DUPLICATES = "duplicates.json"


@dataclass(frozen=True)
class SourceDomain:
    """Labelled renders. `images` (n, 4, s, s) uint8 straight alpha; `labels` (n,) int64 into `classes` (sorted);
    `held_out` (n,) bool: views that never train; `parts` (n,) the part id of each row; `views` the pictures' paths;
    `background_photos` the user's photos to put behind them; `labelled_photos` those whose labels train beside the
    renders' (see `train.labels`). `images_key` names the content of `images`, "" where that
    is not known.
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    held_out: npt.NDArray[np.bool_]
    classes: tuple[str, ...]
    parts: tuple[str, ...]
    views: tuple[Path, ...]
    background_photos: BackgroundPhotos = NO_PHOTOS
    labelled_photos: LabelledPhotos = NO_LABELS
    images_key: str = ""

    @property
    def pictures_key(self) -> str:
        """A name for the bytes of `images` and `background_photos`."""
        return f"{self.images_key or _digest(self.images)} {_digest(self.background_photos.images)}"


@dataclass(frozen=True)
class TargetDomain:
    """Unlabelled square photos, zoomed to the part where it stands on a plain background.

    `images` (m, 3, s, s) uint8; `squares` their file names in the squares folder; `extents` (m, 2) log of the part's
    largest and smallest width in pixels of the upright photo, NaN where it could not be measured. `images_key` names
    the content of `images`, "" where that is not known.
    """

    images: npt.NDArray[np.uint8]
    squares: tuple[str, ...]
    extents: npt.NDArray[np.float64]
    images_key: str = ""

    @property
    def pictures_key(self) -> str:
        """A name for the bytes of `images`."""
        return self.images_key or _digest(self.images)

    @property
    def photos_key(self) -> str:
        """A name for which photos these are, whatever size their images have."""
        digest = hashlib.blake2b("\0".join(self.squares).encode(), digest_size=12)
        digest.update(np.ascontiguousarray(self.extents))
        return digest.hexdigest()

    @classmethod
    def empty(cls, size: int) -> TargetDomain:
        """No photos, as of `size` pixels: for training on renders alone."""
        return cls(np.zeros((0, 3, size, size), dtype=np.uint8), (), np.zeros((0, 2)))


def read_source(renders: Path, size: int, held_out_share: float, cache: Path | None) -> SourceDomain:
    """Reads all parts of a renders folder. Views are held out by a hash of (part, view): adding a part moves none.

    Raises UserError when there are no renders or only one class.
    """
    views, parts, labels = list_views(renders)
    classes = tuple(sorted(set(labels)))
    if len(classes) < 2:
        raise UserError(
            f"{renders} holds one class only ({classes[0]}), so there is no name to choose.",
            "Add parts with other labels to the list; parts of one label are found in photos by `cad2real find PHOTO`.",
        )
    index = {label: number for number, label in enumerate(classes)}
    held_out = held_out_views(views, parts, held_out_share)
    images, images_key = load_images(views, size, "RGBA", cache, "renders")
    return SourceDomain(
        images=images,
        labels=np.array([index[label] for label in labels], dtype=np.int64),
        held_out=held_out,
        classes=classes,
        parts=tuple(parts),
        views=tuple(views),
        images_key=images_key,
    )


def _digest(array: npt.NDArray[np.uint8]) -> str:
    digest = hashlib.blake2b(f"{array.shape}".encode(), digest_size=12)
    digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()


def list_views(renders: Path) -> tuple[list[Path], list[str], list[str]]:
    """The pictures of all parts of a renders folder, with each one's part id and label.

    Raises UserError when there are none.
    """
    views: list[Path] = []
    parts: list[str] = []
    labels: list[str] = []
    for path in sorted(renders.glob("*/part.json")):
        part, folder = read_json(path, "views", "part_id", "label"), path.parent
        for view in part["views"]:
            views.append(folder / view["file"])
            parts.append(part["part_id"])
            labels.append(part["label"])
    if not views:
        raise UserError(f"{renders} holds no renders.", "Run `cad2real render` first.")
    return views, parts, labels


def held_out_views(views: Sequence[Path], parts: Sequence[str], share: float) -> npt.NDArray[np.bool_]:
    """(n,) which views never train; of a part all of whose views would be held out, none is."""
    held_out = [_is_held_out(part, view.name, share) for part, view in zip(parts, views, strict=True)]
    trained = Counter(part for part, held in zip(parts, held_out, strict=True) if not held)
    # A part with few views must still be trained on.
    return np.array([held and trained[part] > 0 for part, held in zip(parts, held_out, strict=True)])


def _is_held_out(part: str, view: str, share: float) -> bool:
    draw = hashlib.blake2b(f"held out {part} {view}".encode(), digest_size=8).digest()
    return int.from_bytes(draw) / 2**64 < share


def read_target(squares: Path, size: int, cache: Path | None) -> TargetDomain:
    """Reads the square photos without their labels; an empty manifest gives an empty domain."""
    rows = _manifest(squares)
    names = tuple(row["square"] for row in rows)
    paths = [squares / name for name in names]
    images, images_key = load_images(paths, size, "RGB", cache, "squares", zoom_to_part)
    sides = " ".join(row.get("crop_side") or "" for row in rows)
    measured = Recipe("measure squares", paths, sides, (2,), np.float64, lambda row: _measure(squares, rows[row]))
    return TargetDomain(images, names, cached(cache, "extents", measured).array, images_key)


def _measure(squares: Path, row: dict[str, str]) -> npt.NDArray[np.float64]:
    """Log widths (2,) of the part in pixels of the upright photo, or NaN."""
    try:
        side = float(row.get("crop_side") or "nan")
        with Image.open(squares / row["square"]) as square:
            return np.array(extent(square, side), dtype=np.float64)
    except (OSError, ValueError):
        return np.full(2, math.nan)


def target_labels(squares: Path, learned: Collection[str] = ()) -> dict[str, str]:
    """The labels that score, square -> label, of a photo that is there twice once. Never call this from a training
    stage.

    What trains has no label in the manifest. `learned` are the pictures that trained a model (`labelled_pictures` of
    its model.json): where labels were divided anew since, they are left out too.
    """
    known = [row for row in _manifest(squares) if row["label"] and not row.get("duplicate_of")]
    if known and learned:
        prints = read_json(squares / DUPLICATES, "prints")["prints"] if (squares / DUPLICATES).is_file() else {}
        known = [row for row in known if prints.get(row["photo"], {}).get("picture") not in learned]
    return {row["square"]: row["label"] for row in known}


def _manifest(squares: Path) -> list[dict[str, str]]:
    path = squares / "photos.csv"
    if not path.is_file():
        raise UserError(f"{path} does not exist.", "Run `cad2real photos` first.")
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
