"""TVT: Yang et al., WACV 2023, "TVT: Transferable Vision Transformer for Unsupervised Domain Adaptation": the loss of
its patch discriminator. (Its attention: `train.networks.transferable`; its discriminative clustering: `information`.)
"""

from __future__ import annotations

from torch import Tensor

from train.losses.precision import in_float32


@in_float32
def patch_adversarial_loss(source: Tensor, target: Tensor) -> Tensor:
    """The paper's eq. 5: half the mean cost of the renders' patches [n, 2] as renders, half that of the photos' [m, 2]
    as photos.

    >>> import torch
    >>> patch_adversarial_loss(torch.tensor([[1.0, 3.0]]), torch.tensor([[4.0, 2.0]])).item()
    1.5
    """
    return 0.5 * (source[:, 0].mean() + target[:, 1].mean())
