"""MCC: Jin et al. 2020, "Minimum Class Confusion for Versatile Domain Adaptation" (ECCV)."""

from __future__ import annotations

import torch
from torch import Tensor

from train.losses.entropy import entropy_weights
from train.losses.precision import in_float32

# The smallest row sum divided by. Far below what a class with any probability has, far above what would overflow
# in the backward pass of float32.
_SMALLEST_ROW_SUM = 1e-12


@in_float32
def minimum_class_confusion(logits: Tensor, temperature: float = 2.5, epsilon: float = 1e-5) -> Tensor:
    """Off-diagonal share of the class confusion matrix of unlabelled rows, 0 (certain) to (C - 1) / C (all logits
    equal).

    Logits [batch, C]; `temperature` softens them (the paper: 2.5). Certain rows count more (1 + exp(-H)). A class to
    which no row gives any probability has an empty row, 0/0 in tllib: here it adds no confusion. The loss needs a
    batch with several classes in it: for one row it is (C - 1) / C without gradient. `epsilon`: see `entropy.entropy`.

    >>> sure, unsure = torch.tensor([[90.0, 0.0], [0.0, 90.0]]), torch.zeros(2, 2)
    >>> round(minimum_class_confusion(sure).item(), 3), round(minimum_class_confusion(unsure).item(), 3)
    (0.0, 0.5)
    """
    probabilities = torch.softmax(logits / temperature, 1)
    weights = entropy_weights(probabilities, epsilon)
    confusion = (probabilities * weights[:, None]).T @ probabilities
    confusion = confusion / confusion.sum(1).clamp_min(_SMALLEST_ROW_SUM)
    certain = confusion.diagonal().sum()  # as `trace`, whose backward pass stops a GPU
    return (confusion.sum() - certain) / logits.shape[1]
