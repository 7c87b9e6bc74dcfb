"""Numbers in a photo: bar codes, QR and DataMatrix codes, and, with the extra `ocr`, what is written or engraved."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

READ_PX = 1600  # longer side of what is read: a code of 2 cm in a photo of 40 cm has 80 px then, enough for 25 modules
MOST_TEXT = 500  # characters of a code: longer ones name no part
KINDS = ("AllLinear", "QRCode", "MicroQRCode", "DataMatrix", "Aztec")
"""What stands on parts and their labels; without those of parcels and papers, which would take a fifth of the time."""
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

    grey = _small_enough(picture.convert("L"))  # grey first: a third of the work
    codes = []
    kinds = [getattr(zxingcpp.BarcodeFormat, kind) for kind in KINDS]
    for found in zxingcpp.read_barcodes(grey, formats=kinds):
        text = found.text.strip()
        if found.valid and is_readable(text):
            corners = found.position
            points = (corners.top_left, corners.top_right, corners.bottom_left, corners.bottom_right)
            x, y = (sum(getattr(point, side) for point in points) / 4 for side in "xy")
            codes.append(Code(text, x / grey.width, y / grey.height))
    return codes + _words(picture)


def is_readable(text: str) -> bool:
    """Whether a text in a photo may name a part."""
    return bool(text) and text.isprintable() and len(text) <= MOST_TEXT


def _small_enough(picture: Image.Image) -> Image.Image:
    picture.thumbnail((READ_PX, READ_PX), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return picture


def load_readers() -> None:
    """Loads what reads, so that the first photo does not wait for it."""
    import zxingcpp  # noqa: F401

    _reader()


def _words(picture: Image.Image) -> list[Code]:
    reader = _reader()
    if reader is None:
        return []
    picture = _small_enough(picture.copy())
    found = reader(np.asarray(picture.convert("RGB"))[:, :, ::-1])
    if found.txts is None:
        return []
    sides = np.array(picture.size)
    words = zip(found.txts, found.scores, found.boxes, strict=True)
    return [
        Code(text.strip(), float(middle[0]), float(middle[1]))
        for text, score, box in words
        if score >= LEAST_OCR_SCORE and is_readable(text.strip())
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
