"""CDAN: Long et al. 2018, "Conditional Adversarial Domain Adaptation" (NeurIPS)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from train.losses.discriminator import domain_labels, domain_log_loss
from train.losses.entropy import entropy_weights
from train.losses.precision import in_float32
from train.losses.reversal import reverse_gradient


def multilinear_map(features: Tensor, probabilities: Tensor) -> Tensor:
    """Outer product of every row's probabilities and features, [batch, classes * dimension], class-major.

    >>> multilinear_map(torch.tensor([[1.0, 2.0]]), probabilities=torch.tensor([[0.25, 0.75]])).tolist()
    [[0.25, 0.5, 0.75, 1.5]]
    """
    return torch.einsum("nc,nd->ncd", probabilities, features).flatten(1)


class RandomMultilinearMap(nn.Module):
    """(f R_f) * (p R_g) / sqrt(outputs), [batch, outputs]: the outer product's kernel at a fraction of its width.

    The two Gaussian matrices are drawn once from `generator` and stay fixed; they are buffers, so that a checkpoint
    carries them.
    """

    feature_map: Tensor
    class_map: Tensor

    def __init__(
        self, dimension: int, classes: int, outputs: int = 1024, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.register_buffer("feature_map", torch.randn(dimension, outputs, generator=generator))
        self.register_buffer("class_map", torch.randn(classes, outputs, generator=generator))

    def forward(self, features: Tensor, probabilities: Tensor) -> Tensor:
        product = (features @ self.feature_map) * (probabilities @ self.class_map)
        return product / math.sqrt(self.feature_map.shape[1])


@in_float32
def conditional_adversarial_loss(  # 8 parameters: those of the paper's equations, in the order of `jmmd` and tllib
    discriminator: nn.Module,
    features_source: Tensor,
    logits_source: Tensor,
    features_target: Tensor,
    logits_target: Tensor,
    reversal: float,
    entropy_conditioning: bool = False,
    random_map: RandomMultilinearMap | None = None,
) -> Tensor:
    """Mean cross-entropy of a discriminator that sees features joined with (detached) class probabilities, source
    labelled 1.

    Features [n, d], [m, d], logits [n, C], [m, C]. The discriminator takes C * d inputs, or `random_map`'s outputs
    where C * d is large (the paper: above 4096). One output or two (2-way cross-entropy). `entropy_conditioning`
    (CDAN+E) weighs every row by 1 + exp(-H), scaled to the mean 1. The gradient that reaches the features is reversed
    and times `reversal`; the logits get none.

    >>> source, target, logits = torch.zeros(4, 2), torch.ones(3, 2), torch.zeros(7, 3)
    >>> blind = nn.Linear(2 * 3, 1, bias=False)
    >>> _ = nn.init.zeros_(blind.weight)
    >>> round(conditional_adversarial_loss(blind, source, logits[:4], target, logits[4:], reversal=1.0).item(), 3)
    0.693
    """
    features = torch.cat([features_source, features_target])
    probabilities = torch.softmax(torch.cat([logits_source, logits_target]), 1).detach()
    joined = (random_map or multilinear_map)(features, probabilities)
    scores = discriminator(reverse_gradient(joined, reversal))
    losses = domain_log_loss(scores, domain_labels(len(features_source), len(features_target), scores))
    if entropy_conditioning:
        losses = losses * entropy_weights(probabilities)
    return losses.mean()
