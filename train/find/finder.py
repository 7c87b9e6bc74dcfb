"""A trained finder on disk and in use: `Finder.load("data/models/find").find(photo)` gives the parts in a photo."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cad2real import __version__
from cad2real.errors import UserError
from cad2real.files import atomic_folder, write_json
from train.compute.device import default_device
from train.find.decode import SAME, decode
from train.find.masks import photo_mask, run_lengths
from train.find.network import MULTIPLE, FinderNetwork, empty_finder_network

FINE = 2  # how much larger the second look is
FIRST_FROM, SECOND_TO = 0.2, 0.4  # of the photo's longer side: parts from here on are taken from the first look, up to
# here from the second; what both see, from that which is surer
WITHIN = 0.8  # so much of the smaller box in a better one of the other look: both show the same
WEIGHTS, DESCRIPTION = "model.safetensors", "finder.json"

Corners = tuple[float, float, float, float]


class FinderDescription(BaseModel):
    """What stands beside a finder's weights (finder.json), checked before anything is built from it.

    `threshold`: the score from which a part counts as found, chosen on held-out composites. The rest of the file,
    figures for people, is passed on as it is.
    """

    model_config = ConfigDict(extra="allow", strict=True)

    backbone: str
    image_size: Annotated[int, Field(ge=MULTIPLE, le=4096)]
    threshold: Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True)
class FoundPart:
    """A part in a photo: `box` (x_min, y_min, x_max, y_max) in pixels, `score` in [0, 1], and its `mask` as COCO's
    uncompressed RLE (see `train.find.masks`).
    """

    box: Corners
    score: float
    mask: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        return {"box": [round(side, 1) for side in self.box], "score": round(self.score, 4), "mask": self.mask}


class Finder:
    """Finds parts in whole photos, whatever they are called."""

    def __init__(self, network: FinderNetwork, description: FinderDescription, key: str) -> None:
        self.network, self.description, self.key = network.eval(), description, key

    @classmethod
    def load(cls, folder: Path | str) -> Finder:
        """Reads a folder that `save_finder` wrote. Raises UserError when it is missing, damaged or does not fit."""
        from safetensors import SafetensorError
        from safetensors.torch import load

        folder = Path(folder)
        try:
            description = FinderDescription.model_validate_json((folder / DESCRIPTION).read_bytes())
            weights = (folder / WEIGHTS).read_bytes()
            network = empty_finder_network(description.backbone)
            network.load_state_dict(load(weights))
        except FileNotFoundError as error:
            raise UserError(
                f"{folder} holds no finder ({error.filename} is missing).", "Run `cad2real train find` first."
            ) from None
        except (ValidationError, SafetensorError, RuntimeError) as error:
            first = _reason(error) if isinstance(error, ValidationError) else str(error).splitlines()[0]
            raise UserError(f"{folder} holds a damaged or foreign finder ({first}).", "Train it again.") from None
        key = hashlib.blake2b(weights, digest_size=12).hexdigest()
        return cls(network.to(default_device()), description, key)

    def find(self, photo: Image.Image, threshold: float | None = None) -> list[FoundPart]:
        """The parts in an upright photo of any size, best first; those with a score from `threshold` (None: the
        finder's own).
        """
        least = self.description.threshold if threshold is None else threshold
        found = []
        for one in self.look(photo):
            if one.score >= least:
                mask = photo_mask(one.foreground, one.cells, one.box, photo.size)
                x_min, y_min, x_max, y_max = (float(side) for side in one.box)
                found.append(FoundPart((x_min, y_min, x_max, y_max), one.score, run_lengths(mask)))
        return found

    def look(self, photo: Image.Image) -> list[Sighting]:
        """All that may be parts in an upright photo, however faint, best first: without masks, which is quicker."""
        return look(self.network, photo, self.description.image_size)


type Arrays = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.float32]]


@torch.inference_mode()
def maps_of(network: FinderNetwork, picture: npt.NDArray[np.uint8]) -> Arrays:
    """Foreground and centre (h, w) as probabilities, and reach (4, h, w), of one picture (3, H, W) uint8."""
    device = next(network.parameters()).device
    given = torch.from_numpy(np.ascontiguousarray(picture)[None]).to(device).float().div_(255)
    maps = network(given.contiguous(memory_format=torch.channels_last))
    values = (torch.sigmoid(maps.foreground[0]), torch.sigmoid(maps.centre[0]), maps.reach[0])
    foreground, centre, reach = (value.cpu().numpy() for value in values)
    return foreground, centre, reach


@dataclass(frozen=True)
class Sighting:
    """What may be a part in a photo: its `box` (4,) in pixels, its `score`, and the `foreground` (h, w) in which the
    `cells` (h, w) are its own.
    """

    box: npt.NDArray[np.float32]
    score: float
    foreground: npt.NDArray[np.float32]
    cells: npt.NDArray[np.bool_]


def look(network: FinderNetwork, photo: Image.Image, image_size: int) -> list[Sighting]:
    """All that may be parts, best first. The network looks twice: with the longer side at `image_size`, as it was
    trained, for large parts, and at twice that for small ones, which are a few cells at the first look.
    """
    longer = max(photo.size)
    seen = [one for one in _one_look(network, photo, image_size) if _side(one) >= FIRST_FROM * longer]
    seen += [one for one in _one_look(network, photo, FINE * image_size) if _side(one) < SECOND_TO * longer]
    seen.sort(key=lambda one: -one.score)
    kept: list[Sighting] = []
    for one in seen:
        if not any(_same(one, other) for other in kept):
            kept.append(one)
    return kept


def _one_look(network: FinderNetwork, photo: Image.Image, longer_side: int) -> list[Sighting]:
    factor = longer_side / max(photo.size)
    width, height = (max(MULTIPLE, round(side * factor / MULTIPLE) * MULTIPLE) for side in photo.size)
    small = photo.convert("RGB").resize((width, height), Image.Resampling.BICUBIC, reducing_gap=3.0)
    maps = maps_of(network, np.asarray(small).transpose(2, 0, 1))
    found = decode(*maps)
    scale = np.array([photo.width / width, photo.height / height] * 2, np.float32)
    return [
        Sighting(box * scale, float(score), maps[0], found.owner == number)
        for number, (box, score) in enumerate(zip(found.boxes, found.scores, strict=True))
    ]


def _side(one: Sighting) -> float:
    return float(max(one.box[2] - one.box[0], one.box[3] - one.box[1]))


def _same(one: Sighting, better: Sighting) -> bool:
    """Whether a sighting is a better one again, or a piece of it, or several such together, seen by the other look."""
    both = np.minimum(one.box[2:], better.box[2:]) - np.maximum(one.box[:2], better.box[:2])
    shared = float(np.prod(np.maximum(both, 0)))
    areas = [max(float(np.prod(each.box[2:] - each.box[:2])), 1e-6) for each in (one, better)]
    if shared / (sum(areas) - shared) >= SAME:
        return True
    return one.foreground is not better.foreground and shared / min(areas) >= WITHIN


def _reason(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(str(step) for step in first['loc']) or DESCRIPTION}: {first['msg']}"


def save_finder(folder: Path, network: FinderNetwork, description: dict[str, Any]) -> None:
    """Writes weights and description (see `FinderDescription`) as one folder that appears whole; versions are added."""
    from safetensors.torch import save_file

    packages = ("torch", "timm", "segmentation-models-pytorch", "numpy")
    with atomic_folder(folder) as temporary:
        state = {name: value.contiguous() for name, value in network.state_dict().items()}
        save_file(state, temporary / WEIGHTS)
        versions = {name: version(name) for name in packages} | {"cad2real": __version__}
        write_json(temporary / DESCRIPTION, description | {"versions": versions})
