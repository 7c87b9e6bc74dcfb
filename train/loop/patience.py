"""When to stop waiting for something to rise: the noise of what is measured says what counts as a rise."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

type Values = npt.NDArray[np.float64]

EPOCHS = 3  # without a rise; half and double: docs/decisions.md
RENDER_EPOCHS = 6
"""The same of held-out renders: they are few, and sway by more in an epoch than a slow set rises."""


def rises(before: Values, after: Values) -> bool:
    """Whether the mean of `after` (n,) is above that of `before` (n,), of the same items in the same order, by more
    than one standard error of the difference.

    One standard error is the custom of Breiman et al. 1984 for "no better than the best". The items are paired, so what
    is hard in both does not count as noise; of a mean the bootstrap's standard error is this one, in closed form.

    >>> before = np.array([0.0, 1.0, 0.0, 1.0])
    >>> rises(before, np.array([1.0, 1.0, 1.0, 1.0])), rises(before, np.array([1.0, 0.0, 0.0, 1.0]))
    (True, False)
    """
    differences = after - before
    if not len(differences):
        return False
    error = math.sqrt(float(differences.var()) / len(differences))
    return bool(differences.mean() > error)


@dataclass(frozen=True)
class Patience:
    """What has been seen: the `best` values (n,), None before the first, what the items were then named (`names` (n,);
    None where they have no names), and how many times since then they did not rise. Values rise against the best, not
    against the last: what creeps up adds up until it is more than noise. Where items are named, a rise that names none
    of them otherwise is none: it makes answers surer that are given already, and that never ends.

    >>> patience = Patience().after(np.zeros(2))
    >>> patience = patience.after(np.array([1.0, 1.0]))
    >>> patience.since, patience.after(np.ones(2)).after(np.ones(2)).after(np.ones(2)).since
    (0, 3)
    """

    best: Values | None = None
    since: int = 0
    names: Values | None = None

    def after(self, values: Values, names: Values | None = None) -> Patience:
        """What has been seen after `values` (n,) too, one of each item, and the items' `names`; the items stay the
        same.
        """
        same = self.names is not None and names is not None and np.array_equal(self.names, names)
        if self.best is None or (rises(self.best, values) and not same):
            return Patience(values, 0, names)
        return Patience(self.best, self.since + 1, self.names)
