"""CDTrans: Xu et al., ICLR 2022, "CDTrans: Cross-domain Transformer for Unsupervised Domain Adaptation": two-way pairs
of images, centre-aware pseudo-labels, distillation from the branch between both domains. (The branches:
`train.networks.cross_attention`.)
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from train.losses.precision import in_float32


@in_float32
def centred_labels(features: Tensor, centres: Tensor) -> Tensor:
    """The class [m] of the centre [C, d] that lies nearest to each of the features [m, d] (cosine distance, eq. 7).

    >>> centred_labels(torch.tensor([[3.0, 0.1], [0.2, 0.9]]), torch.tensor([[0.0, 1.0], [1.0, 0.0]])).tolist()
    [1, 0]
    """
    return (functional.normalize(features) @ functional.normalize(centres).T).argmax(dim=1)


@in_float32
def two_way_pairs(source: Tensor, target: Tensor) -> Tensor:
    """Rows (i, j) of source features [n, d] and target features [m, d], [n + m, 2]: each source with the target nearest
    to it, and each target with its nearest source (eq. 5 and 6), by cosine distance.

    >>> two_way_pairs(torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([[1.0, 0.1]])).tolist()
    [[0, 0], [1, 0], [0, 0]]
    """
    likeness = functional.normalize(source) @ functional.normalize(target).T
    rows, columns = (torch.arange(count, device=source.device) for count in likeness.shape)
    of_source = torch.stack([rows, likeness.argmax(dim=1)], dim=1)
    return torch.cat([of_source, torch.stack([likeness.argmax(dim=0), columns], dim=1)])


@in_float32
def distillation_loss(logits: Tensor, teacher_logits: Tensor) -> Tensor:
    """Mean over the rows of -sum_k q_k ln p_k (eq. 8): the target's branch p learns what the branch between q says,
    which gets no gradient.

    >>> round(distillation_loss(torch.zeros(1, 2), torch.tensor([[9.0, 0.0]])).item(), 3)
    0.693
    """
    return functional.cross_entropy(logits, teacher_logits.detach().softmax(dim=1))
