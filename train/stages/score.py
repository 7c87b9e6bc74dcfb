"""`python -m train.stages.score MODEL...`: how good models are on the project's photos, printed as JSON.

Lets two models be compared on the same photos, for example before a new one takes the place of the one in use.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from cad2real.errors import UserError
from cad2real.files import read_json
from cad2real.layout import Layout
from train.data.datasets import read_target, target_labels
from train.model import DESCRIPTION, Model
from train.validators.information import information_maximisation

SMALLEST = 1e-12  # of a probability, so that its logarithm exists


def score_model(layout: Layout, folder: Path, learned: Collection[str] = ()) -> dict[str, Any]:
    """Scores of the model in `folder` on data/squares, the sizes of parts counted as in `evaluate`; without the photos
    whose labels trained it, or another model that it is compared with (`learned`).

    `classes`; `label_free` in [0, 1], the mutual information of photo and prediction as a share of its largest value;
    `accuracy` on the `photos` whose labels are known. Figures are None where there is no photo for them.
    """
    model = Model.load(folder)
    target = read_target(layout.squares, model.image_size, layout.cache)
    probabilities = model.probabilities(target.images, target.extents)
    labels = target_labels(layout.squares, model.learned.union(learned))
    right = [
        model.classes[int(row.argmax())] == labels[square]
        for square, row in zip(target.squares, probabilities, strict=True)
        if labels.get(square) in model.classes
    ]
    information = information_maximisation(np.log(np.maximum(probabilities, SMALLEST)))
    return {
        "classes": list(model.classes),
        "label_free": information / math.log(max(2, len(model.classes))) if math.isfinite(information) else None,
        "accuracy": sum(right) / len(right) if right else None,
        "photos": len(right),
    }


def _learned(folder: Path) -> list[str]:
    """What the model in `folder` learned from with labels; loading it says what is wrong with it."""
    path = folder / DESCRIPTION
    return list(read_json(path).get("labelled_pictures", [])) if path.is_file() else []


if __name__ == "__main__":
    try:
        folders = [Path(folder) for folder in sys.argv[1:]]
        pictures = {picture for folder in folders for picture in _learned(folder)}
        print(json.dumps([score_model(Layout(), folder, pictures) for folder in folders]))
    except UserError as error:
        sys.exit(f"error: {error}")
