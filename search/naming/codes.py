"""Numbers in a photo: bar codes, QR and DataMatrix codes, and, with the extra `ocr`, what is written or engraved."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

READ_PX = 1600  # longer side of what is read: a code of 2 cm in a photo of 40 cm has 80 px then, enough for 25 modules
MOST_TEXT = 500  # characters of a code: longer ones name no part
LEAST_OCR_SCORE = 0.6


@dataclass(frozen=True)
class Code:
    """A `text` in a photo, and its middle (`x`, `y`), in shares of the photo."""

    text: str
    x: float
    y: float


def codes_in(picture: Image.Image) -> list[Code]:
    """What can be read in an upright photo (RGB), in the order in which it is found; first the codes, then the words.
    What is no text (damaged, binary) is passed over.
    """
    import zxingcpp

    picture.thumbnail((READ_PX, READ_PX), Image.Resampling.BICUBIC, reducing_gap=2.0)
    codes = []
    for found in zxingcpp.read_barcodes(picture.convert("L")):
        text = found.text.strip()
        if found.valid and text and text.isprintable() and len(text) <= MOST_TEXT:
            corners = found.position
            points = (corners.top_left, corners.top_right, corners.bottom_left, corners.bottom_right)
            x, y = (sum(getattr(point, side) for point in points) / 4 for side in "xy")
            codes.append(Code(text, x / picture.width, y / picture.height))
    return codes + _words(picture)


def _words(picture: Image.Image) -> list[Code]:
    reader = _reader()
    if reader is None:
        return []
    found = reader(np.asarray(picture.convert("RGB"))[:, :, ::-1])
    if found.txts is None:
        return []
    sides = np.array(picture.size)
    return [
        Code(text.strip(), float(middle[0]), float(middle[1]))
        for text, score, box in zip(found.txts, found.scores, found.boxes, strict=True)
        if score >= LEAST_OCR_SCORE and text.strip()
        for middle in [np.asarray(box).mean(axis=0) / sides]
    ]


@cache
def _reader() -> Any:
    """RapidOCR with the models in its wheel, None where the extra is not installed. It takes a second a photo."""
    try:
        from rapidocr import RapidOCR
    except ImportError:
        return None
    return RapidOCR(params={"Global.log_level": "critical"})
