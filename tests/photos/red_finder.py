"""A finder that takes red patches for parts, and photos with such patches: quick, and nothing has to be trained."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from photos.finder.finder import Finder, FinderDescription
from photos.finder.look import Maps

RED = (220, 20, 20)
PLACES = ((20, 20, 60, 60), (100, 40, 150, 90))


def sees_red(picture: npt.NDArray[np.uint8]) -> Maps:
    """A network that takes every red patch for a part, the brighter the surer."""
    red = (picture[0].astype(float) - picture[2]) / 255
    cells = np.clip(red[2::4, 2::4], 0, 1).astype(np.float32)
    centre, reach = np.zeros_like(cells), np.full((4, *cells.shape), 4, np.float32)
    outlines, _ = ndimage.label(cells > 0.2)
    for number, (rows, columns) in enumerate(ndimage.find_objects(outlines), start=1):
        middle = (rows.start + rows.stop - 1) // 2, (columns.start + columns.stop - 1) // 2
        centre[middle] = cells[outlines == number].mean()
        across, down = (columns.stop - columns.start) * 2, (rows.stop - rows.start) * 2
        reach[:, rows, columns] = np.array([across, down, across, down], np.float32)[:, None, None]
    return cells, centre, reach


def red_finder() -> Finder:
    return Finder(sees_red, FinderDescription(image_size=192, threshold=0.5), "a finder that sees red")


def photo(path: Path, *patches: tuple[tuple[int, int, int, int], tuple[int, int, int]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.new("RGB", (192, 128), (120, 120, 120))
    for box, colour in patches:
        picture.paste(colour, box)
    picture.save(path)
    return path


def red_photos(folder: Path) -> Path:
    """Photos of two parts, of none and of a faint one."""
    photo(folder / "nut" / "two.png", (PLACES[0], (255, 0, 0)), (PLACES[1], RED))
    photo(folder / "nut" / "nothing.png")
    photo(folder / "bolt" / "faint.png", (PLACES[0], (170, 90, 90)))
    return folder
