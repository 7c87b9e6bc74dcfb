"""A trained finder on disk and in use: `Finder.load("data/models/find").find(photo)` gives the parts in a photo.

It is an ONNX file (`cad2real train find` writes it), so that photos are looked through without torch.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cad2real.errors import UserError
from cad2real.files import parse_json
from cad2real.onnx_session import MOST_MEMORY, OnnxSession
from cad2real.process_limits import room_for
from photos.finder.look import MULTIPLE, Floats, Maps, Network, Sighting, look
from photos.finder.masks import photo_mask, run_lengths

NETWORK, DESCRIPTION = "finder.onnx", "finder.json"
PICTURES, OUTPUTS = "pictures", ["foreground", "centre", "reach"]  # names in the ONNX file
REMEDY = "Run `cad2real train find`."

Corners = tuple[float, float, float, float]


class FinderDescription(BaseModel):
    """What stands beside a finder's network (finder.json), checked before anything is built from it.

    `threshold`: the score from which a part counts as found, chosen on held-out composites. `parts_key`: of the renders
    that it learned from (see `parts_key`). `set_aside`: why the project's photos are not cut by it; empty where they
    are. The rest of the file, figures for people, is passed on as it is.
    """

    model_config = ConfigDict(extra="allow", strict=True)

    image_size: Annotated[int, Field(ge=MULTIPLE, le=4096)]
    threshold: Annotated[float, Field(ge=0, le=1)]
    parts_key: str = ""
    set_aside: str = ""


@dataclass(frozen=True)
class FoundPart:
    """A part in a photo: `box` (x_min, y_min, x_max, y_max) in pixels, `score` in [0, 1], and its `mask` as COCO's
    uncompressed RLE (see `photos.finder.masks`).
    """

    box: Corners
    score: float
    mask: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        return {"box": [round(side, 1) for side in self.box], "score": round(self.score, 4), "mask": self.mask}


class Finder:
    """Finds parts in whole photos, whatever they are called. Threads may use one at the same time."""

    def __init__(self, network: Network, description: FinderDescription, key: str) -> None:
        self.network, self.description, self.key = network, description, key

    @classmethod
    def load(cls, folder: Path | str, threads: int = 0) -> Finder:
        """Reads a folder that `cad2real train find` wrote. `threads` work on one photo (0: as many as there are cores).

        Raises UserError when it is missing, damaged or does not fit, and when the folder says why there is none.
        """
        folder = Path(folder)
        try:
            text = (folder / DESCRIPTION).read_bytes()
            if reason := why_none(text):
                raise UserError(f"{folder} holds no finder: {reason}", REMEDY)
            description = FinderDescription.model_validate_json(text)
            content = (folder / NETWORK).read_bytes()
            with room_for(MOST_MEMORY):
                network = onnx_network(content, threads, str(folder))
                network(np.zeros((3, MULTIPLE, MULTIPLE), np.uint8))
        except FileNotFoundError as error:
            raise UserError(f"{folder} holds no finder ({error.filename} is missing).", REMEDY) from None
        except UserError:
            raise
        except Exception as error:  # onnxruntime has its own exceptions for each fault of a file
            reason = _reason(error) if isinstance(error, ValidationError) else _first_line(error)
            raise UserError(f"{folder} holds a damaged or foreign finder ({reason}).", "Train it again.") from None
        return cls(network, description, hashlib.blake2b(text + content, digest_size=12).hexdigest())

    def find(self, photo: Image.Image, threshold: float | None = None) -> list[FoundPart]:
        """The parts in an upright photo of any size, best first; those with a score from `threshold` (None: the
        finder's own).
        """
        least = self.description.threshold if threshold is None else threshold
        found = []
        for one in self.look(photo):
            if one.score >= least:
                mask = photo_mask(one.foreground, one.cells, one.box, photo.size)
                found.append(FoundPart(corners(one.box), one.score, run_lengths(mask)))
        return found

    def look(self, photo: Image.Image) -> list[Sighting]:
        """All that may be parts in an upright photo, however faint, best first: without masks, which is quicker."""
        return look(self.network, photo, self.description.image_size)


def corners(box: Floats) -> Corners:
    """The four corners as plain numbers."""
    x_min, y_min, x_max, y_max = (float(side) for side in box)
    return x_min, y_min, x_max, y_max


def onnx_network(content: bytes, threads: int = 0, name: str = "The finder") -> Network:
    """The network in the bytes of the ONNX file `name`. Raises onnxruntime's exceptions when they are none."""
    session = OnnxSession(content, threads, name)

    def maps_of(picture: npt.NDArray[np.uint8]) -> Maps:
        given = np.ascontiguousarray(picture[None], np.float32) / 255
        foreground, centre, reach = session.run(OUTPUTS, {PICTURES: given})
        return foreground[0], centre[0], reach[0]

    return maps_of


def why_none(description: bytes) -> str:
    """Why a project needs no finder, as `cad2real train find --if-needed` wrote it; empty where there is one."""
    return _said(description, "not_needed")


def why_unused(description: bytes) -> str:
    """Why a project's photos are not cut by a finder: there is none, or it is set aside. Empty where they are."""
    return why_none(description) or _said(description, "set_aside")


def _said(description: bytes, key: str) -> str:
    try:
        content = parse_json(description.decode())
    except ValueError:
        return ""
    return str(content.get(key, "")) if isinstance(content, dict) else ""


def parts_key(renders: Path) -> str:
    """A key of the parts that are rendered in `renders` and of how: of renders.json. Empty where there is none."""
    try:
        return hashlib.blake2b((renders / "renders.json").read_bytes(), digest_size=12).hexdigest()
    except OSError:
        return ""


def _reason(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(str(step) for step in first['loc']) or DESCRIPTION}: {first['msg']}"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
