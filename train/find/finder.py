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

from cad2real.errors import UserError
from cad2real.files import atomic_folder, write_json
from train.compute.device import default_device
from train.find.decode import Instances, decode
from train.find.masks import photo_mask, run_lengths
from train.find.network import MULTIPLE, FinderNetwork, empty_finder_network

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
        foreground, instances = self.instances(photo)
        found = []
        for number, (box, score) in enumerate(zip(instances.boxes, instances.scores, strict=True)):
            if score >= least:
                mask = photo_mask(foreground, instances.owner == number, box, photo.size)
                x_min, y_min, x_max, y_max = (float(side) for side in box)
                found.append(FoundPart((x_min, y_min, x_max, y_max), float(score), run_lengths(mask)))
        return found

    def instances(self, photo: Image.Image) -> tuple[npt.NDArray[np.float32], Instances]:
        """All that may be parts, however faint, with boxes in the photo's pixels, and the foreground (h, w) in cells:
        without masks, which is quicker.
        """
        factor = self.description.image_size / max(photo.size)
        width, height = (max(MULTIPLE, round(side * factor / MULTIPLE) * MULTIPLE) for side in photo.size)
        small = photo.convert("RGB").resize((width, height), Image.Resampling.BICUBIC, reducing_gap=3.0)
        maps = maps_of(self.network, np.asarray(small).transpose(2, 0, 1))
        found = decode(*maps)
        scale = np.array([photo.width / width, photo.height / height] * 2, np.float32)
        return maps[0], Instances(found.boxes * scale, found.scores, found.owner)


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


def found_in(network: FinderNetwork, picture: npt.NDArray[np.uint8]) -> Instances:
    """The parts that `network` finds in one picture (3, H, W) uint8, whose sides are multiples of 32."""
    return decode(*maps_of(network, picture))


def _reason(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(str(step) for step in first['loc']) or DESCRIPTION}: {first['msg']}"


def save_finder(folder: Path, network: FinderNetwork, description: dict[str, Any]) -> None:
    """Writes weights and description (see `FinderDescription`) as one folder that appears whole; versions are added."""
    from safetensors.torch import save_file

    packages = ("torch", "timm", "segmentation-models-pytorch", "numpy", "cad2real")
    with atomic_folder(folder) as temporary:
        state = {name: value.contiguous() for name, value in network.state_dict().items()}
        save_file(state, temporary / WEIGHTS)
        write_json(temporary / DESCRIPTION, description | {"versions": {name: version(name) for name in packages}})
