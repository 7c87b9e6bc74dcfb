"""How unlike the photos of a project's parts a photo is, and from where that is more than photos of parts are.

k-nearest-neighbour distance in feature space (Sun et al., ICML 2022), to the photos that the model was adapted to: they
show parts of the catalogue, whichever they are, so no label is needed. The threshold is conformal (Vovk et al. 2005):
what at most a twentieth of further photos of parts exceed. Held-out renders would not do: they are nearer than photos.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

NEIGHBOURS = 5
KEPT = 0.95  # share of photos of parts that are nearer than the threshold
LEAST_PHOTOS = 40  # with fewer the threshold would be that of one photo

Floats = npt.NDArray[np.float32]


def novelty(queries: Floats, photos: Floats, *, same: bool = False) -> Floats:
    """1 minus the mean cosine (q,) of each of queries (q, d) and the NEIGHBOURS nearest of photos (n, d), n at least
    one; in [0, 2]. `same`: the queries are the photos, and none counts as its own neighbour.

    >>> novelty(np.array([[1, 0], [0, 1]], np.float32), np.array([[1, 0]], np.float32)).tolist()
    [0.0, 1.0]
    """
    similarities = queries @ photos.T
    if same:
        np.fill_diagonal(similarities, -1)
    nearest = np.sort(similarities, axis=1)[:, -NEIGHBOURS:]
    return np.asarray(1 - nearest.mean(axis=1), dtype=np.float32)


def usual_novelty(photos: Floats) -> float | None:
    """The novelty that at most 1 - KEPT of further photos of parts exceed, by that of n `photos` of parts; None where
    they are too few.

    >>> round(usual_novelty(np.linspace(0, 1, 101)), 2), usual_novelty(np.array([0.1, 0.2]))
    (0.96, None)
    """
    if len(photos) < LEAST_PHOTOS:
        return None
    rank = math.ceil((len(photos) + 1) * KEPT)
    return float(np.sort(photos)[min(rank, len(photos)) - 1])
