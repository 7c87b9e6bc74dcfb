"""How often each class occurs in unlabelled photos, and the source's loss corrected to that mix.

Black box shift estimation (Lipton, Wang & Smola, ICML 2018): a classifier's predictions on photos are a mixture, over
the true classes, of its predictions on each class, which are known from held-out renders. Solving for the shares undoes
the classifier's confusions, which merely counting its predictions does not. It assumes that photos of a
class are confused as its renders are: as true as the domains are alike, and truer as they are adapted.

The soft form (mean probabilities in place of counts, which wastes nothing of few photos), solved by least squares over
shares that are no less than 0 and sum to 1 in place of the inverse, which few photos can throw below 0.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from scipy.optimize import nnls
from torch import Tensor, nn

from train.params import AdaptParams

Float = npt.NDArray[np.float64]
CERTAIN = 1e3  # weight of the equation that the shares sum to 1
LEAST_WEIGHT = 0.1  # of a class in the loss: a share of 0 may be an error, and what is unlearned cannot show it


def target_shares(
    source_probabilities: Float, source_labels: npt.NDArray[np.int64], target_probabilities: Float
) -> Float:
    """Shares (c,) of the classes among the photos, from class probabilities of held-out renders (n, c) with labels (n,)
    and of photos (m, c), at least one. A class without a held-out render counts as never confused.
    """
    classes = target_probabilities.shape[1]
    confusion = np.eye(classes)  # column j: the mean probabilities on renders of class j
    for label in np.unique(source_labels):
        confusion[:, label] = source_probabilities[source_labels == label].mean(axis=0)
    equations = np.vstack([confusion, np.full((1, classes), CERTAIN)])
    shares, _ = nnls(equations, np.append(target_probabilities.mean(axis=0), CERTAIN))
    return np.asarray(shares / shares.sum(), dtype=np.float64)


class LabelShift(nn.Module):
    """Importance weights (c,) of the classes in the source's loss; renders are drawn in equal shares of the classes, so
    a class weighs its share among the photos, times the number of classes. 1 until the first estimate.
    """

    weights: Tensor

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.register_buffer("weights", torch.ones(classes))

    @property
    def shares(self) -> list[float]:
        """The shares of the classes among the photos that the weights stand for, summing to 1."""
        return (self.weights / self.weights.sum()).tolist()  # type: ignore[no-any-return]

    @torch.no_grad()
    def update(self, shares: Float) -> None:
        """Takes estimated shares (c,); no class falls below LEAST_WEIGHT."""
        weights = torch.from_numpy(shares * len(shares)).clamp_min(LEAST_WEIGHT)
        self.weights.copy_(weights / weights.mean())

    def forward(self, losses: Tensor, labels: Tensor) -> Tensor:
        """The corrected mean of losses (n,) of renders of classes (n,): a scalar."""
        return (losses * self.weights[labels]).mean()


def make_label_shift(params: AdaptParams, classes: int) -> LabelShift | None:
    """The weights that correct the label shift, if `train.adapt.label_shift` asks for it."""
    return LabelShift(classes) if params.label_shift == "bbse" else None
