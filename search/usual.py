"""How like a part's own views a photo has to be, for each part: below it the part may be none of the catalogue.

Set from renders that never trained, changed at random as training changes them: of further ones of a part at most a
twentieth lie below (conformal, Vovk et al. 2005). Photos are not renders, so what all unlabelled photos have in common,
the median of how much nearer or farther they are, is added: no label of a photo sets anything.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from search.index import Index
from search.ranking import Floats, Queries, part_distances, part_similarities

BELOW = 0.05  # share of renders of a part that may lie below
LEAST_QUESTIONS = 10  # held-out renders of a part; one with fewer takes the limit of all together
LEAST_PHOTOS = 20  # of fewer the median says nothing


def with_usual(index: Index, held_out: Floats, own: npt.NDArray[np.int64], photos: Queries | None = None) -> Index:
    """`index` with the least similarity of each part, by `held_out` renders (q, d) that its views do not hold, which
    show the parts `own` (q,), and by `photos` of whichever parts.
    """
    similar = part_similarities(index, held_out)[np.arange(len(own)), own]
    there = np.isfinite(similar)  # not of a part all of whose views are held out
    similar, own = similar[there], own[there]
    if not len(similar):
        return index
    all_of_them = _low(similar)
    least = np.full(len(index.parts), all_of_them)
    for part in np.unique(own):
        if (own == part).sum() >= LEAST_QUESTIONS:
            least[part] = _low(similar[own == part])
    nearer = 0.0
    if photos is not None and len(photos.embeddings) >= LEAST_PHOTOS:
        first = part_distances(index, photos)[0].argmin(axis=1)
        of_photos = part_similarities(index, photos.embeddings)[np.arange(len(first)), first]
        nearer = float(np.median(of_photos - least[first]) - np.median(similar - least[own]))
    limits = np.clip(least + nearer, -1, 1)
    parts = tuple(
        replace(part, least_similarity=round(float(limit), 4)) for part, limit in zip(index.parts, limits, strict=True)
    )
    return replace(index, parts=parts)


def _low(similarities: Floats) -> float:
    """What at most BELOW of further ones lie below, the lowest where they are too few to say.

    >>> round(_low(np.linspace(0, 1, 101)), 2)
    0.04
    """
    rank = math.floor((len(similarities) + 1) * BELOW)
    return float(np.sort(similarities)[max(0, rank - 1)])
