"""Whole photos in, found parts out: `PartFinder.open(project).find(paths)`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from PIL import Image, ImageDraw

from cad2real.errors import Skipped, UserError
from cad2real.layout import Layout
from photos.find import is_text, printable
from photos.opening import open_photo

if TYPE_CHECKING:
    from photos.finder.finder import FoundPart

FINDER = "find"
LARGEST_DRAWN_PX = 1600  # longer side of a picture with boxes: enough to judge them by


class Finder(Protocol):
    """A trained finder (`photos.finder.finder.Finder`)."""

    def find(self, photo: Image.Image, threshold: float | None = None) -> list[FoundPart]:
        """The parts in an upright photo, best first."""


@dataclass(frozen=True)
class FoundParts:
    """What was found in a photo of `width` x `height` pixels (upright), best first; `parts` may be empty."""

    photo: Path
    width: int
    height: int
    parts: tuple[FoundPart, ...]

    def as_dict(self) -> dict[str, Any]:
        size = {"width": self.width, "height": self.height}
        return {"photo": str(self.photo), **size, "parts": [part.as_dict() for part in self.parts]}


@dataclass(frozen=True)
class PartFinder:
    """A finder, ready to find."""

    finder: Finder

    @classmethod
    def open(cls, root: Path, finder: Path | None = None) -> PartFinder:
        """The finder in the folder `finder`, or the one of the project `root`. Raises UserError when there is none."""
        from photos.finder.finder import Finder as TrainedFinder

        return cls(TrainedFinder.load(finder or Layout(root).models / FINDER))

    def find(
        self, photos: Iterable[Path], threshold: float | None = None, draw: Path | None = None
    ) -> Iterator[FoundParts | Skipped]:
        """For each photo, in order, its parts with a score from `threshold` (None: the finder's own), or why it cannot
        be used. `draw`: a folder for pictures with the boxes drawn, numbered in the order of the photos.
        """
        for number, path in enumerate(photos):
            try:
                picture = _opened(path)
            except UserError as error:
                yield Skipped(printable(path), "", str(error))
                continue
            found = FoundParts(path, *picture.size, tuple(self.finder.find(picture, threshold)))
            if draw is not None:
                draw.mkdir(parents=True, exist_ok=True)
                drawn(picture, found).save(draw / f"{number:05d}_{path.stem}.jpg", quality=90)
            yield found


def _opened(path: Path) -> Image.Image:
    """The upright photo. Raises UserError, which does not name it, for what cannot be used."""
    if not path.is_file():
        raise UserError("does not exist.", "Correct the path.")
    if not is_text(path):
        raise UserError("has a name that is not valid UTF-8.", "Rename it.")
    try:
        with open_photo(path) as photo:
            return photo.read()
    except MemoryError:
        raise UserError("takes more memory than there is.", "Scale it down.") from None


@dataclass(frozen=True)
class Mark:
    """A box in pixels of a photo, and what is written into its corner."""

    box: tuple[float, float, float, float]
    text: str


def drawn(picture: Image.Image, found: FoundParts) -> Image.Image:
    """The photo, made smaller where it is large, with a box and a score for each part."""
    return marked(picture, [Mark(part.box, f"{part.score:.2f}") for part in found.parts])


def marked(picture: Image.Image, marks: Sequence[Mark]) -> Image.Image:
    """The photo, made smaller where it is large, with `marks`."""
    factor = min(1.0, LARGEST_DRAWN_PX / max(picture.size))
    sides = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    shown = picture.resize(sides, Image.Resampling.BICUBIC, reducing_gap=3.0)
    draw, pen = ImageDraw.Draw(shown), max(1, max(shown.size) // 250)
    for mark in marks:
        x_min, y_min, x_max, y_max = (side * factor for side in mark.box)
        draw.rectangle((x_min, y_min, max(x_min, x_max), max(y_min, y_max)), outline="lime", width=pen)
        draw.text((x_min + pen, y_min + pen), mark.text, "lime", font_size=max(10, pen * 6))
    return shown
