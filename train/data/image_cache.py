"""Pictures as one uint8 array: decoded and shrunk once, stored in a memory-mapped cache named by its content."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from cad2real.errors import UserError
from cad2real.files import atomic_file
from cad2real.progress import Progress

Array = npt.NDArray[Any]
Mode = Literal["RGBA", "RGB"]
CHANNELS: dict[Mode, int] = {"RGBA": 4, "RGB": 3}


def to_array(picture: Image.Image, size: int, mode: Mode) -> npt.NDArray[np.uint8]:
    """A picture as (channels, size, size) uint8; shrunk with area weights, straight alpha stays straight.

    >>> to_array(Image.new("RGB", (64, 64), "red"), size=2, mode="RGB").tolist()
    [[[255, 255], [255, 255]], [[0, 0], [0, 0]], [[0, 0], [0, 0]]]
    """
    if mode == "RGBA":
        # Colour of transparent pixels must not bleed into the edge: shrink with premultiplied alpha.
        picture = picture.convert("RGBA").convert("RGBa").resize((size, size), Image.Resampling.BOX, reducing_gap=2.0)
        picture = picture.convert("RGBA")
    else:
        picture = picture.convert("RGB").resize((size, size), Image.Resampling.BICUBIC, reducing_gap=2.0)
    return np.asarray(picture, dtype=np.uint8).transpose(2, 0, 1)


def upright_square(photo: Image.Image) -> Image.Image:
    """A photo as the photos room makes squares of whole photos: turned by its EXIF orientation, transparency on white,
    padded with black to a centred square. A square RGB picture comes back as it is.

    >>> upright_square(Image.new("RGB", (40, 20), "red")).size
    (40, 40)
    """
    upright = ImageOps.exif_transpose(photo)
    if upright.has_transparency_data:
        cut_out = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", cut_out.size, "white"), cut_out).convert("RGB")
    if upright.width == upright.height:
        return upright
    side = max(upright.size)
    canvas = Image.new("RGB", (side, side))
    canvas.paste(upright.convert("RGB"), ((side - upright.width) // 2, (side - upright.height) // 2))
    return canvas


def load_images(
    paths: Sequence[Path],
    size: int,
    mode: Mode,
    cache: Path | None,
    label: str,
    prepare: Callable[[Image.Image], Image.Image] | None = None,
) -> npt.NDArray[np.uint8]:
    """All pictures of `paths` as (n, channels, size, size) uint8, in the order of `paths`; `prepare` is applied first.

    `cache` is a folder that keeps the array under the name `<label>-<size>-<key>.npy`, where the key is made of the
    files' bytes and the other arguments; older arrays of the same label and size are deleted. None decodes anew. Raises
    UserError that names a picture that cannot be read.
    """
    shape = (len(paths), CHANNELS[mode], size, size)

    def decoded() -> Array:
        images = np.empty(shape, dtype=np.uint8)
        with Progress(f"decode {label}", len(paths), "images") as progress, ThreadPoolExecutor(os.cpu_count()) as pool:
            for row, image in enumerate(pool.map(lambda path: _decode(path, size, mode, prepare), paths)):
                images[row] = image
                progress.advance()
        return images

    settings = f"{size} {mode} {getattr(prepare, '__name__', '')}"
    return cached(cache, f"{label}-{size}", paths, settings, shape, np.uint8, decoded)


def cached(
    cache: Path | None,
    name: str,
    paths: Sequence[Path],
    settings: str,
    shape: tuple[int, ...],
    kind: type[np.generic],
    make: Callable[[], Array],
) -> Array:
    """The array of `shape` and `kind` that `make` makes of the files `paths`: from the file `<name>-<key>.npy` in the
    folder `cache`, where the key is made of the files' bytes and `settings`. Older arrays of that name are deleted.
    None makes it anew.
    """
    if cache is None:
        return make()
    stored = cache / f"{name}-{content_key(paths, settings)}.npy"
    found = _open(stored, shape, kind)
    if found is not None:
        return found
    array = make()
    for older in cache.glob(f"{name}-*.npy"):
        older.unlink(missing_ok=True)
    with atomic_file(stored) as temporary, temporary.open("wb") as stream:
        np.save(stream, array)
    return array


def _decode(
    path: Path, size: int, mode: Mode, prepare: Callable[[Image.Image], Image.Image] | None
) -> npt.NDArray[np.uint8]:
    try:
        with Image.open(path) as picture:
            return to_array(prepare(picture) if prepare else picture, size, mode)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise UserError(
            f"{path} cannot be read as a picture ({error}).", "Delete it and run its stage again."
        ) from None


def content_key(paths: Sequence[Path], settings: str) -> str:
    """A name for the bytes of all files and what is made of them. Raises UserError that names one that is gone."""

    def digest(path: Path) -> bytes:
        try:
            return hashlib.blake2b(path.read_bytes(), digest_size=16).digest()
        except OSError as error:
            raise UserError(f"{path} cannot be read ({error.strerror}).", "Run its stage again.") from None

    key = hashlib.blake2b(settings.encode(), digest_size=12)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for part in pool.map(digest, paths):
            key.update(part)
    return key.hexdigest()


def _open(path: Path, shape: tuple[int, ...], kind: type[np.generic]) -> Array | None:
    """The cached array, or None when there is none or it is damaged (it is then made again)."""
    try:
        array: Array = np.lib.format.open_memmap(path, mode="r")  # np.load would also open archives and pickles
    except (OSError, ValueError):
        return None
    return array if array.shape == shape and array.dtype == kind else None
