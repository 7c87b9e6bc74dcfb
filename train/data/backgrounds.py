"""The user's own photos as backgrounds behind renders: decoded once, small; a bad one is listed and left out."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from cad2real.checksums import discard, is_kept, seal, sealed_file
from cad2real.errors import Skipped, UserError
from cad2real.files import read_json, write_json
from train.data.evenly import evenly
from train.data.image_cache import content_key, to_array

UInt8 = npt.NDArray[np.uint8]

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")  # none that runs code
MOST_PIXELS = 150_000_000  # of a photo: decoded it takes half a gigabyte
MOST_PHOTOS = 1000  # more cost memory and hardly add variety


@dataclass(frozen=True)
class BackgroundPhotos:
    """`images` (k, 3, s, s) uint8, the middle squares of usable photos; `skipped`: the others, each with its reason."""

    images: UInt8
    skipped: tuple[Skipped, ...] = ()


NO_PHOTOS = BackgroundPhotos(np.zeros((0, 3, 1, 1), dtype=np.uint8))


def read_backgrounds(folder: Path | None, size: int, cache: Path) -> BackgroundPhotos:
    """The photos below `folder` at `size` pixels, of more than 1,000 evenly as many; none without a folder. Decoded
    pictures are kept in `cache`, named by their content. What is skipped is printed on standard error.

    Raises UserError when the folder is missing or has no usable photo.
    """
    if folder is None:
        return NO_PHOTOS
    if not folder.is_dir():
        raise UserError(
            f"train.background.folder: {folder} is no folder.", "Correct the path in params.yaml, or set it to null."
        )
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    paths = [paths[row] for row in evenly(np.arange(len(paths)), MOST_PHOTOS)]
    photos = _cached(paths, folder, size, cache)
    for skipped in photos.skipped:
        print(f"skipped: {skipped}", file=sys.stderr)
    if not len(photos.images):
        raise UserError(
            f"train.background.folder: {folder} has no photo that can be used.",
            f"Put photos ({', '.join(sorted(SUFFIXES))}) there, or set it to null.",
        )
    return photos


def _cached(paths: Sequence[Path], folder: Path, size: int, cache: Path) -> BackgroundPhotos:
    names = [path.relative_to(folder).as_posix() for path in paths]
    stored = cache / f"backgrounds-{size}-{content_key(paths, f'{size} {names}')}.npy"
    listed = stored.with_suffix(".json")
    if is_kept(stored) and is_kept(listed):
        skipped = [Skipped(**entry) for entry in read_json(listed)]
        return BackgroundPhotos(np.lib.format.open_memmap(stored, mode="r"), tuple(skipped))
    with ThreadPoolExecutor() as pool:
        made = list(pool.map(lambda path: _decoded(path, size), paths))
    usable = [picture for picture in made if not isinstance(picture, Skipped)]
    faults = tuple(picture for picture in made if isinstance(picture, Skipped))
    images = np.stack(usable) if usable else np.zeros((0, 3, size, size), dtype=np.uint8)
    for older in sorted(cache.glob(f"backgrounds-{size}-*")):
        discard(older)
    write_json(listed, [fault.as_dict() for fault in faults])
    seal(listed)
    with sealed_file(stored) as temporary, temporary.open("wb") as stream:
        np.save(stream, images)
    return BackgroundPhotos(images, faults)


def _decoded(path: Path, size: int) -> UInt8 | Skipped:
    """The upright photo's middle square as (3, size, size), or why there is none."""
    try:
        with Image.open(path, formats=FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                return _skip(path, f"has more than {MOST_PIXELS // 1_000_000} megapixels. Save it smaller.")
            if min(picture.size) < size // 4:
                return _skip(path, f"is smaller than {size // 4} pixels. Take a larger photo.")
            picture.draft("RGB", (size, size))  # JPEGs are decoded smaller, which is several times faster
            upright = ImageOps.exif_transpose(picture).convert("RGB")
            return to_array(ImageOps.fit(upright, (size, size), Image.Resampling.BOX), size, "RGB")
    except Exception as error:  # each decoder has its own
        return _skip(path, f"cannot be read as a picture ({error}). Delete it or save it again.")


def _skip(path: Path, reason: str) -> Skipped:
    return Skipped(str(path), "train.background.folder", f"{path.name} {reason}")
