"""Photos in, labels out: `Predictor.open(project).predict(paths)`. A photo becomes a square as in training."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import batched
from pathlib import Path
from typing import Any, Protocol

from PIL import Image

from cad2real.errors import Skipped, UserError
from cad2real.layout import Layout
from cad2real.params import load_params
from photos.crop import Box, Crop
from photos.find import find_photos, is_text, printable
from photos.params import PhotosParams
from photos.square import photo_squares

IN_USE, LAST_TRAINED = "current", "adapt"
AT_ONCE = 64  # photos that are held decoded

type Labels = list[tuple[str, float]]


class Classifier(Protocol):
    """A trained model (`train.model.Model`). `knows_scale`: its photos came from one camera at one distance.
    `unknown_below`: the confidence from which a photo shows a known part, if any is asked for.
    """

    @property
    def knows_scale(self) -> bool: ...

    @property
    def unknown_below(self) -> float | None: ...

    def predict(
        self, images: Sequence[Image.Image], top: int = 5, sides: Sequence[float] | None = None
    ) -> list[list[tuple[str, float]]]:
        """For each square photo the `top` likeliest labels with their probabilities, likeliest first. `sides` are those
        of the squares in pixels of the upright photos, where these come from the camera of the project's photos.
        """


@dataclass(frozen=True)
class Prediction:
    """The likeliest `labels` of a photo with their probabilities in [0, 1], likeliest first. `unknown`: the model is
    too unsure of all of them; None where it has no threshold for that.
    """

    photo: Path
    labels: tuple[tuple[str, float], ...]
    unknown: bool | None = None

    def as_dict(self) -> dict[str, Any]:
        labels = [{"label": label, "probability": round(share, 4)} for label, share in self.labels]
        unknown = {} if self.unknown is None else {"unknown": self.unknown}
        return {"photo": str(self.photo), "labels": labels, **unknown}


@dataclass(frozen=True)
class Predictor:
    """A model with the project's parameters for square photos, ready to predict."""

    model: Classifier
    squares: PhotosParams

    @classmethod
    def open(cls, root: Path, model: Path | None = None) -> Predictor:
        """The model in the folder `model`, or the one in use in the project `root`, or the one that its last run
        trained. Raises UserError when there is none.
        """
        from train.model import Model

        layout = Layout(root)
        return cls(Model.load(model or model_in_use(layout)), load_params(layout.params).photos)

    def predict(
        self, photos: Iterable[Path], box: Box | None = None, top: int = 1, same_camera: bool = False
    ) -> Iterator[Prediction | Skipped]:
        """For each photo, in order, its `top` labels, or why it cannot be used. `box` is where the part is in each.
        `same_camera`: they come from the camera, at the distance, of the project's photos, so that sizes count.
        """
        with ThreadPoolExecutor(min(8, os.process_cpu_count() or 1)) as pool:
            for some in batched(photos, AT_ONCE, strict=False):
                squares = list(pool.map(lambda photo: self._square(photo, box), some))
                usable = [square for square in squares if not isinstance(square, Skipped)]
                sides = [float(crop.side) for crop, _ in usable] if same_camera else None
                pictures = [picture for _, picture in usable]
                answers = self.model.predict(pictures, top, sides)
                known = zip(answers, self._unknown(pictures, answers, sides), strict=True)
                for photo, square in zip(some, squares, strict=True):
                    if isinstance(square, Skipped):
                        yield square
                    else:
                        labels, unknown = next(known)
                        yield Prediction(photo, tuple(labels), unknown)

    def _unknown(
        self, pictures: Sequence[Image.Image], answers: Sequence[Labels], sides: Sequence[float] | None
    ) -> list[bool | None]:
        """For each of the `answers` whether the model is too unsure of it; None where it has no threshold. This was
        found on renders, which have no size in a photo: so it is the confidence without sizes that counts.
        """
        threshold = self.model.unknown_below
        if threshold is None:
            return [None] * len(answers)
        alone = answers if sides is None or not self.model.knows_scale else self.model.predict(pictures, 1)
        return [labels[0][1] < threshold for labels in alone]

    def _square(self, photo: Path, box: Box | None) -> tuple[Crop, Image.Image] | Skipped:
        if not photo.is_file():
            return Skipped(printable(photo), "", "does not exist. Correct the path.")
        if not is_text(photo):
            return Skipped(printable(photo), "", "has a name that is not valid UTF-8. Rename it.")
        try:
            result = photo_squares(photo, [box], self.squares.border, self.squares.size)[0]
        except UserError as error:
            result = error
        return Skipped(str(photo), "", str(result)) if isinstance(result, UserError) else result


def model_in_use(layout: Layout) -> Path:
    """The folder of the promoted model where there is one, else of the one that was trained last."""
    current = layout.models / IN_USE
    return current if (current / "model.safetensors").is_file() else layout.models / LAST_TRAINED


def list_photos(paths: Sequence[Path]) -> tuple[list[Path], list[Skipped]]:
    """`paths` with folders replaced by the photos below them, sorted; what in a folder cannot be used is `Skipped`."""
    found: list[Path] = []
    skipped: list[Skipped] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        names, faults = find_photos(path)
        found += [path / name for name in names]
        skipped += [Skipped(f"{printable(path)}/{fault.thing}", "", fault.reason) for fault in faults]
        if not names and not faults:
            skipped.append(Skipped(printable(path), "", "holds no photos. Name another folder."))
    return found, skipped
