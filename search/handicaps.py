"""What parts that were added after training may take from those that the model has learned.

A network knows nothing of how an added part looks in photos, and may put much near it: the more parts are added, the
more photos of others are nearest to one of them. How near photos of others come to an added part is seen without
labels, on the project's own photos: nearly all show what the model has learned. So an added part is counted as less
similar by as much as leaves at most three tenths of these photos nearer to any added part than to all learned ones (a
conformal limit, as in `search.usual`; in speaker verification, normalisation by a cohort: Auckenthaler et al. 2000).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from search.index import Index
from search.ranking import Floats, part_similarities

TAKEN = 0.3
"""Share of the project's photos that all added parts together may take. With less a label that was really added lost
more photos than the learned ones kept (fasteners3)."""
FEWEST_PHOTOS, MOST_PHOTOS = 20, 400


def usual_photos(index: Index, photos: Floats, learned: Collection[str]) -> Floats:
    """Those of the embeddings `photos` (m, d) that are as like the part that is nearest, of the labels that are
    `learned`, as photos of it are: others may show what the catalogue has not.
    """
    known = np.array([part.label in learned for part in index.parts])
    if not known.any() or not len(photos):
        return photos[:0]
    similar = np.where(known, part_similarities(index, photos), -np.inf)
    first = similar.argmax(axis=1)
    usual: Floats = photos[~(similar.max(axis=1) < index.least_similarities[first])]  # NaN: no limit is known
    return usual


def with_handicaps(index: Index, learned: Collection[str]) -> Index:
    """`index` with the handicap of each part whose label is not among the `learned`, by the photos that it keeps; none
    where it keeps few.
    """
    photos = index.photos
    added = np.array([part.label not in learned for part in index.parts])
    handicaps = np.zeros(len(index.parts))
    if photos is not None and len(photos) >= FEWEST_PHOTOS and added.any() and not added.all():
        similar = part_similarities(index, photos)
        nearer = similar[:, added] - similar[:, ~added].max(axis=1, keepdims=True)
        handicaps[added] = np.maximum(0, limits(nearer.astype(np.float64)))
    parts = tuple(
        replace(part, handicap=round(float(handicap), 4)) for part, handicap in zip(index.parts, handicaps, strict=True)
    )
    return replace(index, parts=parts)


def limits(nearer: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The limit of each part (parts,) that as many of `nearer` (m, parts) are above of each part as together are above
    any for at most a share TAKEN of the rows.

    >>> limits(np.stack([np.arange(40.0), np.arange(40.0)[::-1]], axis=1)).tolist()
    [33.0, 33.0]
    """
    ordered, photos = np.sort(nearer, axis=0), len(nearer)
    found: npt.NDArray[np.float64] = ordered[-1]
    for above in range(1, int(TAKEN * photos) + 1):
        limit = ordered[photos - 1 - above]
        if (nearer > limit).any(axis=1).mean() > TAKEN:
            break
        found = limit
    return found
