"""A trained segmentation on disk: safetensors, and segment.json, which says what its classes are."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor

from cad2real import __version__
from cad2real.errors import UserError
from cad2real.files import atomic_folder, write_json
from photos.finder.look import MULTIPLE
from train.compute.device import default_device
from train.segment.classes import MOST_CLASSES, Classes
from train.segment.network import SegmentationNetwork, new_segmentation_network
from train.segment.prediction import ClassMap, class_map

NETWORK, DESCRIPTION = "segment.safetensors", "segment.json"
REMEDY = "Run `cad2real segment train`."


class SegmentDescription(BaseModel):
    """What stands beside the weights, checked before anything is built from it. The rest of the file is for people."""

    model_config = ConfigDict(extra="allow", strict=True)

    backbone: str
    image_size: Annotated[int, Field(ge=MULTIPLE, le=4096)]
    classes: Annotated[list[str], Field(min_length=2, max_length=MOST_CLASSES + 1)]
    class_of_label: dict[str, str]


@dataclass(frozen=True)
class Segmenter:
    """A trained network in use: `classes` by their numbers, class 0 is what is no part."""

    network: SegmentationNetwork
    classes: Classes
    image_size: int

    @classmethod
    def load(cls, folder: Path | str) -> Segmenter:
        """Reads a folder that `cad2real segment train` wrote. Raises UserError when it is missing, damaged or does not
        fit.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        folder = Path(folder)
        try:
            described = SegmentDescription.model_validate_json((folder / DESCRIPTION).read_bytes())
            tensors: dict[str, Tensor] = load_file(folder / NETWORK)
            network = new_segmentation_network(
                described.backbone, "random", described.image_size, len(described.classes), 0
            )
            network.load_state_dict(tensors)
        except FileNotFoundError as error:
            raise UserError(
                f"{folder} holds no segmentation ({error.filename or NETWORK} is missing).", REMEDY
            ) from None
        except (ValidationError, SafetensorError, RuntimeError, ValueError, OSError) as error:
            reason = str(error).strip().partition("\n")[0][:200]
            raise UserError(
                f"{folder} holds a damaged or foreign segmentation ({reason}).", "Train it again."
            ) from None
        classes = Classes(tuple(described.classes), described.class_of_label)
        return cls(network.to(default_device()).eval(), classes, described.image_size)

    def segment(self, photo: Image.Image) -> ClassMap:
        """The class (h, w) of each pixel of an upright photo of any size; `classes.names` are their names."""
        return class_map(self.network, photo.convert("RGB"), self.image_size)


def save_segmenter(
    folder: Path, network: SegmentationNetwork, classes: Classes, description: dict[str, Any]
) -> dict[str, Any]:
    """Writes weights and description as one folder that appears whole, and returns the description with the versions.
    `description` has at least backbone and image_size.
    """
    from safetensors.torch import save_file

    packages = ("torch", "timm", "segmentation-models-pytorch", "numpy")
    versions = {name: version(name) for name in packages} | {"cad2real": __version__}
    written = {
        **description,
        "classes": list(classes.names),
        "class_of_label": classes.by_label,
        "versions": versions,
    }
    with atomic_folder(folder) as temporary:
        save_file({name: value.contiguous() for name, value in network.state_dict().items()}, temporary / NETWORK)
        write_json(temporary / DESCRIPTION, written)
    return written
