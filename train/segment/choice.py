"""Whether the network that was adapted to photos is better than the one that was not, asked without labels: as
`train.find.choice`, by pixels, and only where the difference is more than noise.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from train.find.choice import ASKED, MAY_COST, SMALLER
from train.find.training import HELD_OUT, HELD_OUT_PICTURES
from train.loop.patience import rises
from train.losses.classmix import BACKGROUND
from train.segment.network import SegmentationNetwork
from train.segment.pictures import LabelledSources, labelled_composite
from train.segment.prediction import ClassMap, class_map
from train.segment.scores import mask_scores

UInt8 = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Candidate:
    """A trained network: its mean IoU on composites of held-out views, and its `agreements` (n,) with itself on n
    photos, each in [0, 1].
    """

    network: SegmentationNetwork
    source_iou: float
    agreements: npt.NDArray[np.float64]

    def as_dict(self) -> dict[str, Any]:
        """Its figures; null for what is not defined."""
        agreement = float(self.agreements.mean()) if len(self.agreements) else None
        return {"source_iou": None if math.isnan(self.source_iou) else self.source_iou, "agreement": agreement}


def candidate(
    network: SegmentationNetwork, held_out: LabelledSources, photos: UInt8, classes: int, image_size: int, seed: int
) -> Candidate:
    """What is known of a network without labels. `held_out`: views that never trained; `photos` (m, 3, s, s)."""

    def pairs() -> Iterator[tuple[ClassMap, npt.NDArray[np.int64]]]:
        for number in range(HELD_OUT_PICTURES):
            picture, true = labelled_composite(held_out, image_size, seed, HELD_OUT + number)
            yield class_map(network, _image(picture), image_size), true

    return Candidate(network, mask_scores(pairs(), classes).mean_iou, agreements(network, photos, image_size))


def agreements(network: SegmentationNetwork, photos: UInt8, image_size: int) -> npt.NDArray[np.float64]:
    """How far what `network` sees in photos (m, 3, s, s), or in some of many, is what it sees in them mirrored and
    smaller: of each the share of pixels with the same class among those where either is a part; 0 where no part is
    seen, so that a network which sees nothing any more has not agreed.
    """
    shares = []
    for photo in photos[:: max(1, -(-len(photos) // ASKED))]:
        shown = _image(photo)
        once = class_map(network, shown, image_size)
        mirrored = shown.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        smaller = (max(1, round(shown.width * SMALLER)), max(1, round(shown.height * SMALLER)))
        again = class_map(network, mirrored.resize(smaller, Image.Resampling.BICUBIC), round(image_size * SMALLER))
        again = np.asarray(Image.fromarray(again).resize(shown.size, Image.Resampling.NEAREST))[:, ::-1]
        part = (once != BACKGROUND) | (again != BACKGROUND)
        shares.append(float((once == again)[part].mean()) if part.any() else 0.0)
    return np.array(shares)


def _image(picture: UInt8) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(picture.transpose(1, 2, 0)))


def better(source: Candidate, adapted: Candidate) -> Candidate:
    """The adapted network where it agrees with itself on photos more than before, by more than one standard error of
    the photos' differences, and has not forgotten the renders; else the one before.
    """
    kept = adapted.source_iou >= source.source_iou - MAY_COST
    return adapted if kept and rises(source.agreements, adapted.agreements) else source
