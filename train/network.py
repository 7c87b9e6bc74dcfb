"""The classifier: a pretrained backbone, one feature normalisation per domain, and a linear head."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from torch import nn

Tensor = torch.Tensor
Domain = Literal["source", "target"]


class DomainNorm(nn.Module):
    """Standardises the pooled feature with statistics of its own domain, without trained scale or offset.

    Domain-specific batch normalisation (Chang et al., CVPR 2019) kept to the one place where it pays: source and
    target features get the same mean and variance per channel before the head that both share.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.source = nn.BatchNorm1d(features, affine=False)
        self.target = nn.BatchNorm1d(features, affine=False)

    def forward(self, feature: Tensor, domain: Domain) -> Tensor:
        norm = self.source if domain == "source" else self.target
        if self.training and len(feature) == 1:  # one image has no variance
            return F.batch_norm(feature.float(), norm.running_mean, norm.running_var, eps=norm.eps)
        return norm(feature.float())  # type: ignore[no-any-return]

    @torch.no_grad()
    def set_statistics(self, domain: Domain, features: Tensor) -> None:
        """Sets a domain's mean and variance from all its features (n, d)."""
        norm = self.source if domain == "source" else self.target
        assert norm.running_mean is not None and norm.running_var is not None  # noqa: S101 - for the type checker
        norm.running_mean.copy_(features.mean(0))
        norm.running_var.copy_(features.var(0, unbiased=False).clamp_min(1e-6))


class Classifier(nn.Module):
    """Image (n, 3, s, s) in [0, 1] -> pooled feature (n, d) -> standardised feature -> logits (n, classes)."""

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        backbone: nn.Module,
        features: int,
        classes: int,
        mean: tuple[float, float, float],
        std: tuple[float, float, float],
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.norm = DomainNorm(features)
        self.head = nn.Linear(features, classes)
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1), persistent=False)

    def train(self, mode: bool = True) -> Classifier:
        """Batch normalisation inside the backbone keeps its pretrained statistics: small batches would spoil them."""
        super().train(mode)
        for module in self.backbone.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
        return self

    def pooled(self, images: Tensor) -> Tensor:
        """The backbone's feature, before any domain's statistics."""
        return self.backbone(((images - self.mean) / self.std).contiguous(memory_format=torch.channels_last))  # type: ignore[no-any-return]

    def forward(self, images: Tensor, domain: Domain) -> tuple[Tensor, Tensor]:
        """Standardised feature (n, d) and logits (n, classes)."""
        feature = self.norm(self.pooled(images), domain)
        return feature, self.head(feature)


@torch.no_grad()
def pooled_features(network: Classifier, batches: Iterable[Tensor]) -> Tensor:
    """Pooled features of all images of `batches`, in order, with the network in evaluation mode."""
    training = network.training
    network.eval()
    features = [network.pooled(images) for images in batches]
    network.train(training)
    return torch.cat(features) if features else torch.zeros(0, network.head.in_features)
