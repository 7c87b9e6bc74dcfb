"""A trained model on disk and in use: `Model.load("data/models/adapt").predict([picture])`."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, overload

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from cad2real import __version__
from cad2real.errors import UserError
from cad2real.files import atomic_folder, write_json
from cad2real.progress import Progress
from train.compute.device import computes_in_bfloat16
from train.data.batches import plain_view
from train.data.foreground import extent, zoom_to_part
from train.data.image_cache import decoded_batches, to_array, upright_square
from train.model_description import network_name, precision, read_description
from train.networks.classifier import Classifier
from train.networks.domain_norm import Domain
from train.networks.ensemble import ensemble, member_count
from train.networks.foreign_weights import as_saved_today, refuse_nonsense, refuse_unfit
from train.networks.inference import Inference
from train.networks.new_network import new_network
from train.networks.pooling import pooling_of
from train.networks.transferable import is_transferable, make_transferable
from train.sizes.size_prior import SizePrior, fuse, read_prior, write_prior

WEIGHTS, DESCRIPTION, PRIOR = "model.safetensors", "model.json", "size_prior.safetensors"
BATCH = 64  # images a forward pass


def save_model(
    folder: Path,
    network: Classifier,
    description: dict[str, Any],
    prior: SizePrior | None = None,
    extra_files: Mapping[str, dict[str, torch.Tensor]] | None = None,
) -> None:
    """Writes weights and description as one folder that appears whole.

    `description` holds at least classes, backbone, image_size, rotations; versions are added. `prior`: what the parts'
    sizes in photos of this project tell. `extra_files`: further files of tensors by name.
    """
    from safetensors.torch import save_file

    with atomic_folder(folder) as temporary:
        state = {name: value.contiguous() for name, value in network.state_dict().items()}
        save_file(state, temporary / WEIGHTS)
        if prior is not None:
            write_prior(temporary / PRIOR, prior)
        for name, tensors in (extra_files or {}).items():
            save_file(tensors, temporary / name)
        packages = ("torch", "timm", "numpy")
        facts = {
            "architecture": getattr(network.backbone, "pretrained_cfg", {}).get("architecture"),
            "pooling": pooling_of(network.backbone),
            "transferable": is_transferable(network.backbone),
            "members": member_count(network),
            "mean": network.mean.flatten().tolist(),
            "std": network.std.flatten().tolist(),
            "versions": {name: version(name) for name in packages} | {"cad2real": __version__},
        }
        write_json(temporary / DESCRIPTION, description | facts)


class Model:
    """A classifier with its classes. Photos get the target's feature statistics, renders the source's."""

    def __init__(
        self, network: Classifier, description: dict[str, Any], key: str, prior: SizePrior | None = None
    ) -> None:
        self.network, self.description, self.key, self.prior = network.eval(), description, key, prior
        self.classes: tuple[str, ...] = tuple(description["classes"])
        self.image_size: int = description["image_size"]
        self._inference = Inference(network, rotations=description["rotations"])

    @classmethod
    def load(cls, folder: Path | str) -> Model:
        """Reads a folder that `save_model` wrote. Raises UserError when it is missing, damaged or does not fit."""
        from safetensors import SafetensorError
        from safetensors.torch import load

        folder = Path(folder)
        try:
            description = read_description((folder / DESCRIPTION).read_bytes())
            weights = (folder / WEIGHTS).read_bytes()
            classes = len(description["classes"])
            built_from, stored = network_name(description), load(weights)
            members = description["members"]
            refuse_unfit(stored, built_from, classes, members)
            size, pooling = description["image_size"], description["pooling"]
            network = new_network(built_from, "random", classes, size, pooling)
            if description["transferable"]:
                try:
                    make_transferable(network.backbone, 0)
                except UserError as error:
                    raise ValueError("its network has no class token that attends to patches") from error
            network = ensemble([copy.deepcopy(network) for _ in range(members)])
            network.in_bfloat16 = computes_in_bfloat16(precision(description))
            network.load_state_dict(as_saved_today(stored, network))
            if description["mean"] and description["std"]:
                network.set_colour_normalisation(description["mean"], description["std"])
            refuse_nonsense(network, size)
            prior = read_prior(folder / PRIOR, classes)
        except FileNotFoundError as error:
            raise UserError(
                f"{folder} holds no model ({error.filename} is missing).", "Run `cad2real run` first."
            ) from None
        except (ValueError, KeyError, SafetensorError, RuntimeError) as error:
            first = (str(error).splitlines() or [type(error).__name__])[0]
            raise UserError(f"{folder} holds a damaged or foreign model ({first}).", "Train it again.") from None
        return cls(network, description, hashlib.blake2b(weights, digest_size=12).hexdigest(), prior)

    @property
    def temperature(self) -> float | None:
        """What makes its probabilities as sure as it is right of held-out renders; None where it was not fitted."""
        temperature: float | None = self.description.get("temperature")
        return temperature

    @property
    def learned(self) -> frozenset[str]:
        """The pictures of photos whose labels trained it, which must never score it (`photos.duplicates`)."""
        return frozenset(self.description.get("labelled_pictures", ()))

    @property
    def knows_scale(self) -> bool:
        """Whether the sizes or shapes of outlines in the photos of its adaptation tell parts apart."""
        return self.prior is not None

    @property
    def unknown_below(self) -> float | None:
        """The confidence below which a photo counts as showing no known part; None: every photo counts as known."""
        threshold: float | None = self.description.get("unknown_below")
        return threshold

    def embed(self, images: Sequence[Image.Image]) -> npt.NDArray[np.float32]:
        """Embeddings (n, d) of photos, L2-normalised."""
        return self.embed_pixels(self._photos(images), "target")

    def embed_files(self, paths: Sequence[Path], label: str) -> npt.NDArray[np.float32]:
        """Embeddings (n, d) of renders (pictures with alpha), L2-normalised; `label` names them in the progress."""
        with Progress(label, len(paths), "images") as progress:

            def batches() -> Iterator[torch.Tensor]:
                for images in decoded_batches(paths, self.image_size, "RGBA", BATCH):
                    yield plain_view(images, self.image_size)
                    progress.advance(len(images))

            return _numbers(self._inference.embeddings(batches(), "source").numpy())

    def embed_and_classify(
        self, images: Sequence[Image.Image]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Embeddings (n, d), L2-normalised, and class probabilities (n, classes) of photos, in one pass."""
        embeddings, probabilities = self._inference.embed_and_classify(self._batches(self._photos(images)), "target")
        return _numbers(embeddings.numpy()), _numbers(probabilities.numpy())

    @overload
    def predict(
        self, images: Image.Image, top: int = 5, sides: Sequence[float] | None = None, outlines: bool = True
    ) -> list[tuple[str, float]]: ...

    @overload
    def predict(
        self, images: Sequence[Image.Image], top: int = 5, sides: Sequence[float] | None = None, outlines: bool = True
    ) -> list[list[tuple[str, float]]]: ...

    def predict(
        self,
        images: Image.Image | Sequence[Image.Image],
        top: int = 5,
        sides: Sequence[float] | None = None,
        outlines: bool = True,
    ) -> list[tuple[str, float]] | list[list[tuple[str, float]]]:
        """The `top` likeliest labels of a photo with their probabilities, likeliest first; of several photos a list of
        these. A photo may have any format and orientation: it becomes square as all photos of a project do. Raises
        UserError for what is no picture (a path, an array) and for a `top` below 1.

        `sides`, where photos come from the camera set-up that the model was adapted to: how many pixels of its upright
        photo each square's side is. Then sizes count too, if the model knows a scale. Without, the shapes of outlines
        do, if the model knows them from photos of varying distances. `outlines: False`: neither counts.
        """
        if top < 1:
            raise UserError(f"Model.predict: top={top} asks for no label.", "Ask for at least one.")
        if isinstance(images, Image.Image):
            return self.predict([images], top, sides, outlines)[0]
        if isinstance(images, Path) or not all(isinstance(image, Image.Image) for image in images):
            raise UserError(
                "Model.predict takes pictures of Pillow, no paths or arrays.",
                "Give it Image.open(path) or Image.fromarray(array).",
            )
        squares = [upright_square(image) for image in images]
        prior = self.prior if sides is not None or self.prior is None else self.prior.of_shapes
        probabilities = self.probabilities(self._photos(squares))
        if outlines and prior is not None:
            known = [float(square.width) for square in squares] if sides is None else sides
            extents = np.array([extent(*pair) for pair in zip(squares, known, strict=True)])
            probabilities = fuse(probabilities, prior, extents)
        order = np.argsort(-probabilities, axis=1, kind="stable")[:, :top]
        return [
            [(self.classes[column], float(row[column])) for column in columns]
            for row, columns in zip(probabilities, order, strict=True)
        ]

    def probabilities(
        self, photos: npt.NDArray[np.uint8], extents: npt.NDArray[np.float64] | None = None
    ) -> npt.NDArray[np.float64]:
        """Class probabilities (n, classes) of square photos (n, 3, s, s).

        `extents` (n, 2) are the parts' log widths in pixels of the upright photo, as in `TargetDomain`: give them for
        photos of the camera set-up that the model was adapted to.
        """
        seen = _numbers(self._inference.probabilities(self._batches(photos), "target").numpy())
        return fuse(seen, self.prior, extents)

    def render_probabilities(self, views: Iterable[torch.Tensor]) -> npt.NDArray[np.float64]:
        """Class probabilities (n, classes) of batches of renders (k, 3, s, s) in [0, 1], without regard to sizes."""
        return self._inference.probabilities(views, "source").numpy().astype(np.float64)

    def embed_and_classify_renders(
        self, views: Iterable[torch.Tensor]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """As `embed_and_classify`, of batches of renders (k, 3, s, s) in [0, 1]."""
        embeddings, probabilities = self._inference.embed_and_classify(views, "source")
        return _numbers(embeddings.numpy()), _numbers(probabilities.numpy())

    def features(self, images: npt.NDArray[np.uint8], domain: Domain) -> npt.NDArray[np.float64]:
        """Embeddings (n, d) of renders (n, 4, s, s) or photos (n, 3, s, s) as they are, L2-normalised: without turned
        copies, four times as quick as `embed`.
        """
        plain = Inference(self.network, rotations=1)
        return plain.embeddings(self._batches(images), domain).numpy().astype(np.float64)

    def pooled(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
        """Pooled features (n, d) of images as `features` takes them, before any domain's statistics."""
        plain = Inference(self.network, rotations=1)
        return plain.pooled(self._batches(images)).numpy().astype(np.float64)

    def embed_pixels(self, images: npt.NDArray[np.uint8], domain: Domain) -> npt.NDArray[np.float32]:
        """Embeddings (n, d) of renders (n, 4, s, s) or photos (n, 3, s, s), L2-normalised: means over turned copies."""
        return _numbers(self._inference.embeddings(self._batches(images), domain).numpy())

    def _photos(self, images: Sequence[Image.Image]) -> npt.NDArray[np.uint8]:
        if not images:
            return np.zeros((0, 3, self.image_size, self.image_size), dtype=np.uint8)
        return np.stack([to_array(zoom_to_part(upright_square(image)), self.image_size, "RGB") for image in images])

    def _batches(self, images: npt.NDArray[np.uint8]) -> Iterator[torch.Tensor]:
        for start in range(0, len(images), BATCH):
            some = np.array(images[start : start + BATCH])  # of a file that is mapped read-only, torch would warn
            yield plain_view(some, self.image_size, device=self.network.mean.device)


def _numbers(answers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """`answers`. Raises UserError when some are no numbers: nothing could be said of them."""
    if not np.isfinite(answers).all():
        raise UserError("The model answers with what is no number.", "Train it again.")
    return answers
