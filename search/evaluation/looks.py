"""What the heads for material, surface and colour are worth: on parts that they have not seen, and on photos."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from search.index import Index
from search.looks.heads import Head, Hits, Looks, said_of
from search.ranking import Floats


@dataclass(frozen=True)
class LooksScores:
    """`heads`: each with how many photos show a part whose metadata it knows, and the share of them of which it is
    right; `unseen`: how well parts without renders are found by their metadata.
    """

    heads: tuple[tuple[Head, int, float], ...]
    unseen: Hits | None

    def as_dict(self) -> dict[str, Any]:
        return {
            "heads": [
                {
                    **head.model_dump(
                        include={"kind", "values", "accuracy", "said", "right_when_said", "views", "parts"}
                    ),
                    "chance": head.chance,
                    "says_something": head.is_known,
                    "photos": photos,
                    "photos_right": right,
                }
                for head, photos, right in self.heads
            ],
            "unseen_parts": None if self.unseen is None else self.unseen.model_dump(),
        }


def looks_scores(looks: Looks, index: Index, embeddings: Floats, right: npt.NDArray[np.bool_]) -> LooksScores:
    """Scores on photos (n, d), of which `right` (n, parts) says which parts they may show: the first of them, as far as
    its metadata go.
    """
    known = looks.answers(embeddings)
    of_photos = [index.parts[number] for number in right.argmax(axis=1)]
    heads = []
    for head, likely in known:
        said = [said_of(part, [head]).get(head.kind, -1) for part in of_photos]
        truth = np.array(said, dtype=np.int64)
        told = truth >= 0
        share = float((likely.argmax(axis=1)[told] == truth[told]).mean()) if told.any() else 0.0
        heads.append((head, int(told.sum()), share))
    return LooksScores(tuple(heads), looks.described.hits)
