"""What a client asks beside its photo: a frame, how many parts, which parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import File, Form, Query, UploadFile

from cad2real.errors import UserError
from photos.crop import Box
from search.part_filter import PartFilter
from search.query import MOST_OF_ONE_PART
from search.seeing.sizes import Reference, reference_of

MOST_PARTS = 50
Words = Annotated[str, Form(max_length=200)]
Text = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True)
class Question:
    """`boxes`: of each photo its frame in pixels of the upright photo, None for all of it; photos beyond them have
    none. How many parts (`top`), and which (`wanted`). `reference`: a length that is known in the first one.
    """

    boxes: tuple[Box | None, ...]
    top: int
    wanted: PartFilter
    reference: Reference | None = None


async def uploaded(
    photo: Annotated[UploadFile, File(description="A picture: JPEG, PNG, WebP, TIFF, BMP or GIF")],
    more: Annotated[list[UploadFile], File(description="Further photos of the same part")] = [],  # noqa: B006
) -> list[bytes]:
    """The photos of a form; empty fields, which browsers send, are none. Raises UserError for too many."""
    contents = [await photo.read(), *[content for one in more if (content := await one.read())]]
    if len(contents) > MOST_OF_ONE_PART:
        raise UserError(f"{len(contents)} photos of one part are too many.", f"Send at most {MOST_OF_ONE_PART}.")
    return contents


async def question(
    box: Annotated[str, Form(max_length=100, description="x0,y0,x1,y1 in pixels of the upright photo")] = "",
    more_box: Annotated[list[str], Form(max_length=MOST_OF_ONE_PART, description="The same of `more`")] = [],  # noqa: B006
    top: Annotated[int, Form(ge=1, le=MOST_PARTS, description="How many parts, nearest first")] = 5,
    material: Words = "",
    color: Words = "",
    min_mm: Annotated[str, Form(max_length=20, description="Least longest side")] = "",
    max_mm: Annotated[str, Form(max_length=20, description="Greatest longest side")] = "",
    assembly: Annotated[str, Form(max_length=200, description="An assembly or machine of the part list")] = "",
    position: Annotated[str, Form(max_length=200, description="A position of the part list")] = "",
    reference: Annotated[str, Form(max_length=100, description="MM=x0,y0,x1,y1: a line of known length")] = "",
) -> Question:  # more than seven parameters: the fields of a form
    """The fields of a form as a question. Raises UserError for what cannot be meant."""
    boxes = tuple(_box(one) if one else None for one in (box, *more_box))
    known = reference_of(reference) if reference else None
    return Question(boxes, top, part_filter(material, color, min_mm, max_mm, assembly, position), known)


async def catalogue_filter(
    material: Text = "",
    color: Text = "",
    min_mm: Text = "",
    max_mm: Text = "",
    assembly: Text = "",
    position: Text = "",
) -> PartFilter:
    """The same filters in an address."""
    return part_filter(material, color, min_mm, max_mm, assembly, position)


def part_filter(
    material: str, color: str, min_mm: str, max_mm: str, assembly: str = "", position: str = ""
) -> PartFilter:
    """The filter of what was filled in; an empty field asks for nothing. Raises UserError for sizes that are none."""
    sizes = _millimetres(min_mm), _millimetres(max_mm)
    return PartFilter(material or None, color or None, *sizes, assembly=assembly or None, position=position or None)


def _millimetres(text: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = -1
    if not 0 <= value < 1e9:
        raise UserError(f"{text} is no size in mm.", "Write a number such as 20 or 7.5.")
    return value


def _box(text: str) -> Box:
    try:
        x_min, y_min, x_max, y_max = (float(value) for value in text.split(","))
    except ValueError:
        raise UserError("The frame is not four numbers.", "Write x0,y0,x1,y1 in pixels.") from None
    return Box(x_min, y_min, x_max, y_max)
