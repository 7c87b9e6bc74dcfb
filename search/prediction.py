"""Photos in, labels out: `Predictor.open(project).predict(paths)`. A photo becomes squares as in training: by the box
that is given, by what is found in it, or whole.
"""

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
from photos.looking import Looking, project_looking
from photos.params import PhotosParams
from photos.square import photo_squares

IN_USE, LAST_TRAINED = "current", "adapt"
AT_ONCE = 64  # photos that are held decoded

type Labels = list[tuple[str, float]]


type Corners = tuple[float, float, float, float]


class Classifier(Protocol):
    """A trained model (`train.model.Model`). `knows_scale`: outlines of its photos tell parts apart.
    `unknown_below`: the confidence from which a photo shows a known part, if any is asked for.
    """

    @property
    def knows_scale(self) -> bool: ...

    @property
    def unknown_below(self) -> float | None: ...

    def predict(
        self, images: Sequence[Image.Image], top: int = 5, sides: Sequence[float] | None = None, outlines: bool = True
    ) -> list[list[tuple[str, float]]]:
        """For each square photo the `top` likeliest labels with their probabilities, likeliest first. `sides` are those
        of the squares in pixels of the upright photos, where these come from the camera of the project's photos.
        `outlines`: whether outlines count.
        """


@dataclass(frozen=True)
class Prediction:
    """The likeliest `labels` of a photo with their probabilities in [0, 1], likeliest first. `unknown`: the model is
    too unsure of all of them; None where it has no threshold for that. `box` (x_min, y_min, x_max, y_max) in pixels of
    the upright photo and `score` in [0, 1] are those of a part that was found in it, else None.
    """

    photo: Path
    labels: tuple[tuple[str, float], ...]
    unknown: bool | None = None
    box: Corners | None = None
    score: float | None = None

    @property
    def corners(self) -> tuple[str, str, str, str]:
        """The box as whole pixels for a table, empty where there is none."""
        if self.box is None:
            return "", "", "", ""
        x_min, y_min, x_max, y_max = (str(round(side)) for side in self.box)
        return x_min, y_min, x_max, y_max

    def as_dict(self) -> dict[str, Any]:
        labels = [{"label": label, "probability": round(share, 4)} for label, share in self.labels]
        unknown = {} if self.unknown is None else {"unknown": self.unknown}
        found = {} if self.box is None else {"box": list(self.box), "score": self.score}
        return {"photo": str(self.photo), "labels": labels, **unknown, **found}


@dataclass(frozen=True)
class _Part:
    """What is asked about: a square of a photo, and where it was found, with which score (None: it was not)."""

    crop: Crop
    square: Image.Image
    found: Box | None
    score: float | None


@dataclass(frozen=True)
class Predictor:
    """A model with the project's parameters for square photos, ready to predict. `looking` finds the parts in whole
    photos, where the project has a finder.
    """

    model: Classifier
    squares: PhotosParams
    looking: Looking | None = None

    @classmethod
    def open(cls, root: Path, model: Path | None = None) -> Predictor:
        """The model in the folder `model`, or the one in use in the project `root`, or the one that its last run
        trained. Raises UserError when there is none.
        """
        from train.model import Model

        layout, params = Layout(root), load_params(Layout(root).params).photos
        return cls(Model.load(model or model_in_use(layout)), params, project_looking(layout, params))

    def predict(
        self,
        photos: Iterable[Path],
        box: Box | None = None,
        top: int = 1,
        same_camera: bool = False,
        one: bool = False,
    ) -> Iterator[Prediction | Skipped]:
        """For each photo, in order, its `top` labels, or why it cannot be used. `box` is where the part is in each;
        without it every part that is found has an answer of its own, best found first (`one`: the photo's subject), or
        the whole photo has one where none is. `same_camera`: they come from the camera, at the distances, of the
        project's photos, so that sizes count.
        """
        with ThreadPoolExecutor(min(8, os.process_cpu_count() or 1)) as pool:
            for some in batched(photos, AT_ONCE, strict=False):
                looked = list(pool.map(lambda photo: self._parts(photo, box, one), some))
                usable = [part for parts in looked if not isinstance(parts, Skipped) for part in parts]
                sides = [float(part.crop.side) for part in usable] if same_camera else None
                pictures = [part.square for part in usable]
                answers = self.model.predict(pictures, top, sides)
                known = zip(answers, self._unknown(pictures, answers), strict=True)
                for photo, parts in zip(some, looked, strict=True):
                    if isinstance(parts, Skipped):
                        yield parts
                        continue
                    for part in parts:
                        labels, unknown = next(known)
                        yield self._prediction(photo, part, labels, unknown)

    def _prediction(self, photo: Path, part: _Part, labels: Labels, unknown: bool | None) -> Prediction:
        box = part.found
        corners = None if box is None else (box.x_min, box.y_min, box.x_max, box.y_max)
        return Prediction(photo, tuple(labels), unknown, corners, part.score)

    def _unknown(self, pictures: Sequence[Image.Image], answers: Sequence[Labels]) -> list[bool | None]:
        """For each of the `answers` whether the model is too unsure of it; None where it has no threshold. This was
        found on renders, whose outlines nobody asks: so it is the confidence by looks alone that counts.
        """
        threshold = self.model.unknown_below
        if threshold is None:
            return [None] * len(answers)
        alone = self.model.predict(pictures, 1, outlines=False) if self.model.knows_scale else answers
        return [labels[0][1] < threshold for labels in alone]

    def _parts(self, photo: Path, box: Box | None, one: bool) -> list[_Part] | Skipped:
        if not photo.is_file():
            return Skipped(printable(photo), "", "does not exist. Correct the path.")
        if not is_text(photo):
            return Skipped(printable(photo), "", "has a name that is not valid UTF-8. Rename it.")
        try:
            found = self.looking.boxes(photo, one) if self.looking and box is None else []
            boxes: list[Box | None] = [corners for corners, _ in found] or [box]
            results = photo_squares(photo, boxes, self.squares.border, self.squares.size)
        except UserError as error:
            return Skipped(str(photo), "", str(error))
        if isinstance(results[0], UserError):  # the given box; found ones lie in the photo
            return Skipped(str(photo), "", str(results[0]))
        cut = [result for result in results if not isinstance(result, UserError)]
        named: list[tuple[Box | None, float | None]] = [*found] or [(None, None)]
        return [_Part(crop, square, *where) for (crop, square), where in zip(cut, named, strict=True)]


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
