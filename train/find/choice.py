"""Whether the finder that was adapted to photos is better than the one that was not, asked without labels."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from photos.finder.look import Network, look
from train.find.scores import DetectionScores, FoundBoxes, best_threshold, detection_scores, matched

UInt8 = npt.NDArray[np.uint8]

ASKED = 32  # photos that are looked at twice
SMALLER = 0.85  # the second time, mirrored, so much smaller
MAY_COST = 0.05  # average precision on held-out composites: two standard errors of 64 of them


@dataclass(frozen=True)
class Candidate:
    """A trained finder: its ONNX file's bytes, its `scores` on held-out composites, and its `agreement` with itself on
    photos in [0, 1]; NaN where there is none or nothing was found.
    """

    network: bytes
    scores: DetectionScores
    agreement: float

    def as_dict(self) -> dict[str, Any]:
        """Its figures."""
        return asdict(self.scores) | {"agreement": self.agreement}


def candidate(network: bytes, run: Network, held_out: list[FoundBoxes], photos: UInt8, image_size: int) -> Candidate:
    """What is known of a finder without labels. `run` is `network` loaded; `photos` (m, 3, s, s)."""
    scores = detection_scores(held_out, best_threshold(held_out))
    return Candidate(network, scores, agreement(run, photos, image_size, scores.threshold))


def agreement(network: Network, photos: UInt8, image_size: int, threshold: float) -> float:
    """How far what `network` finds in photos (m, 3, s, s) is what it finds in them mirrored and smaller: twice the
    number of boxes that are the same (IoU from .5) by the number of all. NaN where none is found.
    """
    same = found = 0
    for picture in photos[:: max(1, -(-len(photos) // ASKED))]:
        photo = Image.fromarray(np.ascontiguousarray(picture.transpose(1, 2, 0)))
        once = _boxes(network, photo, image_size, threshold)
        mirrored = _boxes(network, _mirrored(photo), image_size, threshold)
        again = mirrored / SMALLER
        again[:, [0, 2]] = photo.width - again[:, [2, 0]]
        same += int(matched(FoundBoxes(once, np.ones(len(once), np.float32), again)).sum())
        found += len(once) + len(again)
    return 2 * same / found if found else float("nan")


def _mirrored(photo: Image.Image) -> Image.Image:
    """The photo mirrored and smaller, in the upper left corner of a black picture of its size."""
    canvas = Image.new("RGB", photo.size)
    smaller = (round(photo.width * SMALLER), round(photo.height * SMALLER))
    canvas.paste(photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT).resize(smaller, Image.Resampling.BICUBIC))
    return canvas


def _boxes(network: Network, photo: Image.Image, image_size: int, threshold: float) -> npt.NDArray[np.float32]:
    found = [one.box for one in look(network, photo, image_size) if one.score >= threshold]
    return np.array(found, np.float32).reshape(-1, 4)


def better(source: Candidate, adapted: Candidate) -> Candidate:
    """The adapted finder where it agrees with itself on photos as well as before or better and has not forgotten the
    renders; else the one before.
    """
    agrees = adapted.agreement >= source.agreement or np.isnan(source.agreement)
    kept = adapted.scores.average_precision >= source.scores.average_precision - MAY_COST
    return adapted if agrees and kept and not np.isnan(adapted.agreement) else source
