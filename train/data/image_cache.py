"""Pictures as one uint8 array: decoded and shrunk once, stored in a memory-mapped cache named by its content."""

from __future__ import annotations

import hashlib
import math
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from filelock import FileLock
from PIL import Image, ImageOps

from cad2real.checksums import discard, is_kept, is_whole, sealed_file
from cad2real.errors import UserError
from cad2real.files import TEMPORARY_SUFFIX
from cad2real.progress import Progress

Array = npt.NDArray[Any]
Mode = Literal["RGBA", "RGB"]
CHANNELS: dict[Mode, int] = {"RGBA": 4, "RGB": 3}
ROWS_A_TASK = 16  # files, of a thread: fewer cost more to hand out than small ones take
MAKE_ROOM = "Make room there, or lower train.image_size or the number of views."


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


class Kept(NamedTuple):
    """An array and the name of its content, by which it is told from any other without a look at its bytes."""

    array: Array
    key: str


@dataclass(frozen=True)
class Recipe:
    """How an array is made of files: row i is `make(i)`, of `shape` and `kind`, and depends on the bytes of `paths[i]`
    and on `settings`. `label` names the work in its progress.
    """

    label: str
    paths: Sequence[Path]
    settings: str
    shape: tuple[int, ...]
    kind: type[np.generic]
    make: Callable[[int], Array]


def load_images(
    paths: Sequence[Path],
    size: int,
    mode: Mode,
    cache: Path | None,
    label: str,
    prepare: Callable[[Image.Image], Image.Image] | None = None,
) -> Kept:
    """All pictures of `paths` as (n, channels, size, size) uint8, in the order of `paths`; `prepare` is applied first.

    `cache` is a folder that keeps the array under the name `<label>-<size>-<key>.npy`; the array is then read from
    there page by page, as it is used. None decodes anew, into memory. Raises UserError that names a picture that cannot
    be read, or how much room the array needs where the disk has not as much.
    """
    settings = f"{size} {mode} {getattr(prepare, '__name__', '')}"
    recipe = Recipe(
        f"decode {label}",
        paths,
        settings,
        (CHANNELS[mode], size, size),
        np.uint8,
        lambda row: _decode(paths[row], size, mode, prepare),
    )
    return cached(cache, f"{label}-{size}", recipe)


def cached(cache: Path | None, name: str, recipe: Recipe) -> Kept:
    """The array of `recipe`, read only from the file `<name>-<key>.npy` in the folder `cache`, where the key is made of
    the files' bytes and the settings. Where it is not there yet, it is written first, and older arrays of that name are
    deleted before; where it is damaged, it is made again. Its checksums are compared before it is opened and not page
    by page: that reads the file once, as its name's hash reads all the pictures. None makes it in memory.
    """
    key, shape = content_key(recipe.paths, recipe.settings), (len(recipe.paths), *recipe.shape)
    if cache is None:
        array = np.empty(shape, dtype=recipe.kind)
        _make_rows(recipe, array.__setitem__)
        return Kept(array, key)
    stored = cache / f"{name}-{key}.npy"
    found = _open(stored, shape, recipe.kind) if is_whole(stored) else None
    if found is None:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / f".{name}.lock"):  # who waits here finds it made
            found = _open(stored, shape, recipe.kind) if is_kept(stored) else None
            if found is None:
                for older in [
                    *sorted(cache.glob(f"{name}-*.npy")),
                    *sorted(cache.glob(f".{name}-*{TEMPORARY_SUFFIX}")),
                ]:
                    discard(older)
                _write(stored, shape, recipe)
                found = np.lib.format.open_memmap(stored, mode="r")
    return Kept(found, key)


def decoded_batches(paths: Sequence[Path], size: int, mode: Mode, batch: int) -> Iterator[npt.NDArray[np.uint8]]:
    """The pictures of `paths` as (k, channels, size, size) uint8, `batch` at a time; the next ones are decoded beside
    what is done with these. Raises UserError that names a picture that cannot be read.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:

        def started(first: int) -> list[Future[npt.NDArray[np.uint8]]]:
            return [pool.submit(_decode, path, size, mode, None) for path in paths[first : first + batch]]

        ahead = started(0)
        for first in range(batch, len(paths) + batch, batch):
            ready, ahead = ahead, started(first)
            yield np.stack([future.result() for future in ready])


def _make_rows(recipe: Recipe, put: Callable[[int, Array], None]) -> None:
    """Calls `put` with the number of each row and the row, in several threads."""
    count = len(recipe.paths)

    def some(first: int) -> int:
        rows = range(first, min(first + ROWS_A_TASK, count))
        for row in rows:
            put(row, recipe.make(row))
        return len(rows)

    with Progress(recipe.label, count, "images") as progress, ThreadPoolExecutor(os.cpu_count()) as pool:
        for made in pool.map(some, range(0, count, ROWS_A_TASK)):
            progress.advance(made)


def _write(stored: Path, shape: tuple[int, ...], recipe: Recipe) -> None:
    """Writes the array of `recipe` as `np.save` would, each row to its place as soon as it is made, so that no more
    than a few rows are in memory. Not through the mapped file: there a full disk ends the process with a signal.
    """
    row_bytes = math.prod(recipe.shape) * np.dtype(recipe.kind).itemsize
    refuse_full_disk(stored.parent, shape[0] * row_bytes, recipe.label)
    try:
        with sealed_file(stored) as temporary:
            header = np.lib.format.open_memmap(temporary, mode="w+", dtype=recipe.kind, shape=shape).offset
            with temporary.open("r+b") as stream:

                def put(row: int, values: Array) -> None:
                    place = header + row * row_bytes
                    left = memoryview(np.ascontiguousarray(values, dtype=recipe.kind).tobytes())
                    while left:
                        written = os.pwrite(stream.fileno(), left, place)
                        left, place = left[written:], place + written

                _make_rows(recipe, put)
                os.fsync(stream.fileno())  # else a power cut could leave zeros under a name that says they are pictures
    except OSError as error:
        raise UserError(
            f"{recipe.label}: {stored.parent} cannot take {_size(shape[0] * row_bytes)} ({error.strerror}).",
            MAKE_ROOM,
        ) from None


def refuse_full_disk(folder: Path, need: int, work: str) -> None:
    """Raises UserError where the disk of `folder` has fewer than `need` bytes left for `work`."""
    free = shutil.disk_usage(folder).free
    if free < need:
        raise UserError(
            f"{work}: this needs {_size(need)} in {folder}, but only {_size(free)} are free there.",
            MAKE_ROOM,
        )


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.2f} MB"


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

    key, some = hashlib.blake2b(settings.encode(), digest_size=12), ROWS_A_TASK
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        pieces = (paths[first : first + some] for first in range(0, len(paths), some))
        for digests in pool.map(lambda piece: b"".join(map(digest, piece)), pieces):
            key.update(digests)
    return key.hexdigest()


def _open(path: Path, shape: tuple[int, ...], kind: type[np.generic]) -> Array | None:
    """The cached array, or None when there is none it is none (it is then made again)."""
    try:
        array: Array = np.lib.format.open_memmap(path, mode="r")  # np.load would also open archives and pickles
    except (OSError, ValueError):
        return None
    return array if array.shape == shape and array.dtype == kind else None
