"""How far a photo is from everything in the catalogue, and from where that is further than photos of parts are.

The threshold is conformal (Vovk et al. 2005; inductive, on the project's own photos): photos that the model was adapted
to show parts of the catalogue, whichever they are, so their distances say how far photos of parts usually are. No label
is needed. Held-out renders would not do: they are nearer than any photo.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from search.index import Index
from search.ranking import Queries, part_distances

KEPT = 0.95  # share of photos of parts that are nearer than the threshold
LEAST_PHOTOS = 40  # with fewer the threshold would be that of one photo

Floats = npt.NDArray[np.float32]


def novelty(index: Index, queries: Queries) -> Floats:
    """The distance (q,) of each query's nearest part: 0 (the same) to 1.5."""
    nearest: Floats = part_distances(index, queries)[0].min(axis=1)
    return nearest


def usual_novelty(photos: Floats) -> float | None:
    """The novelty that at most 1 - KEPT of further photos of parts exceed, by that of n `photos` of parts; None where
    they are too few.

    >>> round(usual_novelty(np.linspace(0, 1, 101)), 2), usual_novelty(np.array([0.1, 0.2]))
    (0.96, None)
    """
    rank = math.ceil((len(photos) + 1) * KEPT)
    if len(photos) < LEAST_PHOTOS:
        return None
    return float(np.sort(photos)[min(rank, len(photos)) - 1])
