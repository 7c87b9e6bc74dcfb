"""Photos whose labels train: the squares of labels.json, and nothing else of what is known of photos.

The photos room has taken the labels of these photos, of all other parts in them and of photos that look the same out of
photos.csv, so none of them can score.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cad2real.errors import UserError
from cad2real.files import read_json
from train.data.foreground import zoom_to_part
from train.data.image_cache import load_images
from train.params import TrainParams

LABELS = "labels.json"


@dataclass(frozen=True)
class LabelledPhotos:
    """`images` (k, 3, s, s) uint8 of square photos, zoomed to the part as those of the target are; `labels` (k,) int64
    into the renders' classes; `pictures` names the photos by what they show (hashes), so that they are known again
    under other file names; `without_class`: how many labels no render has, by label. `key` names all of it.
    """

    images: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, 3, 1, 1), np.uint8))
    labels: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    pictures: tuple[str, ...] = ()
    without_class: tuple[tuple[str, int], ...] = ()
    key: str = ""

    def __len__(self) -> int:
        return len(self.labels)

    def described(self) -> dict[str, Any]:
        """What model.json says of them: nothing where there are none."""
        return {"labelled_photos": len(self), "labelled_pictures": list(self.pictures)} if len(self) else {}

    def summary(self) -> str:
        """How many labels train, and what labels cannot, in a line."""
        others = ", ".join(f"{count} of {label!r}" for label, count in self.without_class)
        text = f"the labels of {len(self)} photos train, and these photos do not score"
        return text + (f"; no part has the label of {others}, which are left out" if others else "")


NO_LABELS = LabelledPhotos()


def read_labelled(
    squares: Path, classes: Sequence[str], size: int, params: TrainParams, cache: Path | None
) -> LabelledPhotos:
    """The photos whose labels train by `train.labels` and `train.feedback`; where both are off, no file is looked at.

    Raises UserError where the squares were made when these parameters were others, or the file is damaged.
    """
    if params.labels == "none" and not params.feedback:
        return NO_LABELS
    entries = _entries(squares / LABELS, params)
    index = {label: number for number, label in enumerate(classes)}
    known = [entry for entry in entries if entry["label"] in index]
    unknown = Counter(entry["label"] for entry in entries if entry["label"] not in index)
    if not known:
        return LabelledPhotos(without_class=tuple(sorted(unknown.items())))
    paths = [squares / entry["square"] for entry in known]
    images, images_key = load_images(paths, size, "RGB", cache, "labelled", zoom_to_part)
    labels = np.array([index[entry["label"]] for entry in known], dtype=np.int64)
    pictures = tuple(sorted({entry["picture"] for entry in known} - {""}))
    key = hashlib.blake2b(f"{images_key} {labels.tolist()} {pictures}".encode(), digest_size=12).hexdigest()
    return LabelledPhotos(images, labels, pictures, tuple(sorted(unknown.items())), key)


def withheld(squares: Path) -> int:
    """How many squares have a label that does not score, because their photo trains or looks like one that does."""
    path = squares / LABELS
    return len(read_json(path, "withheld")["withheld"]) if path.is_file() else 0


def _entries(path: Path, params: TrainParams) -> list[dict[str, str]]:
    again = "Run `cad2real photos` again."
    try:
        content = read_json(path, "labels", "feedback", "photos")
    except FileNotFoundError:
        raise UserError(f"{path} does not exist, which says what labels train.", again) from None
    made_with, asked = (content["labels"], content["feedback"]), (params.labels, params.feedback)
    if made_with != asked:
        raise UserError(
            f"The squares were made with train.labels: {made_with[0]} and train.feedback: {str(made_with[1]).lower()}.",
            again,
        )
    try:
        entries = [{name: str(entry[name]) for name in ("square", "label", "picture")} for entry in content["photos"]]
    except (KeyError, TypeError):
        raise UserError(f"{path} is damaged.", again) from None
    for entry in entries:
        if Path(entry["square"]).name != entry["square"]:
            raise UserError(f"{path} names {entry['square']!r}, which is not a file beside it.", again)
    return entries
