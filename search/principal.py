"""A short form of many embeddings, by which the parts that may be near are found before they are compared exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

COMPONENTS = 128
MANY_ROWS = 50_000
"""Renders from which an index gets a short form: comparing with fewer takes milliseconds anyway."""
MOST_SAMPLED = 20_000
"""Rows that the components are found from; more change none of the leading ones by anything that counts."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Principal:
    """`axes` (d, k): the directions that keep most of the scalar products of the embeddings; `reduced` (n, k): the
    embeddings along them, which lie in memory component by component: so their products with one photo take a quarter
    of the time (BLAS runs along n numbers at a time, not along k).
    """

    axes: Floats
    reduced: Floats

    @classmethod
    def of_tensors(cls, tensors: Mapping[str, Floats], shape: tuple[int, ...]) -> Principal | None:
        """The short form in a file's `tensors` of embeddings of `shape`, None where it has none. Raises ValueError when
        it does not fit them.
        """
        if "axes" not in tensors:
            return None
        axes, reduced = tensors["axes"], tensors["reduced"]
        fits = axes.ndim == 2 and axes.shape[0] == shape[1] and reduced.shape == (shape[0], axes.shape[1])
        if not fits or axes.dtype != np.float32 or reduced.dtype != np.float32:
            raise ValueError(f"components {axes.shape} of embeddings {shape}")
        if not (np.isfinite(axes).all() and np.isfinite(reduced).all()):
            raise ValueError("components that are no numbers")
        return cls(axes, np.asfortranarray(reduced))


def principal_components(embeddings: Floats, count: int = COMPONENTS) -> Principal:
    """The short form of embeddings (n, d) with `count` components. They are those of the second moments, not of the
    covariance: it is scalar products that shall stay as they are.

    >>> turned = principal_components(np.eye(4, dtype=np.float32)[[0, 0, 0, 1, 1, 2]], count=2)
    >>> turned.axes.shape, turned.reduced.shape
    ((4, 2), (6, 2))
    """
    some = embeddings[:: -(-len(embeddings) // MOST_SAMPLED)]
    _, vectors = np.linalg.eigh(some.T @ some)
    axes = np.ascontiguousarray(vectors[:, ::-1][:, :count])
    return Principal(axes, (axes.T @ embeddings.T).T)
