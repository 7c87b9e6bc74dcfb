"""The classifier: a pretrained backbone, one feature normalisation per domain, and a linear head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from torch import nn

from train.compute.compilation import any_batch_size
from train.networks.cross_attention import paired_features
from train.networks.transferable import patch_costs, watched

Tensor = torch.Tensor
Domain = Literal["source", "target"]
TargetStatistics = Literal["own", "source", "joint"]
RAREST = 5
SHARE_MOMENTUM = 0.05
STATISTICS_MOMENTUM = 0.1


class DomainNorm(nn.Module):
    """Standardises the pooled feature with statistics of its own domain, without trained scale or offset.

    Domain-specific batch normalisation (Chang et al., CVPR 2019) kept to the one place where it pays: source and
    target features get the same mean and variance per channel before the head that both share. That aligns the domains
    only if both hold the same mix of classes. The source is drawn in equal shares; so target features are weighed by
    the teacher's class probabilities, so that each class counts alike, however rare it is in the photos.

    That is `target_statistics` "own". With "source", both domains share the source's. With "joint", they share those of
    each training batch as a whole, as in one forward pass of both (the usual batch normalisation of DANN's and CDAN's
    code): renders and photos in equal numbers, or renders alone while only they train.
    """

    share: Tensor
    _batch_statistics: tuple[Tensor, Tensor] | None

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.source = nn.BatchNorm1d(features, affine=False)
        self.target = nn.BatchNorm1d(features, affine=False)
        self.register_buffer("share", torch.full((classes,), 1 / classes))
        self.target_statistics: TargetStatistics = "own"
        self._batch_statistics = None

    def forward(
        self, feature: Tensor, domain: Domain, probabilities: Tensor | None = None, update_running: bool = True
    ) -> Tensor:
        """Standardised feature (n, d). In training, target features are weighed by class `probabilities` (n, c), and
        the domain's running statistics move towards theirs if `update_running` is on.
        """
        if self.training and self._batch_statistics is not None:
            mean, variance = self._batch_statistics
            return (feature.float() - mean) / (variance + self.source.eps).sqrt()
        shared = domain == "target" and self.target_statistics != "own"
        norm = self.source if domain == "source" or shared else self.target
        if not self.training or shared or len(feature) == 1:  # one image has no variance
            return F.batch_norm(feature.float(), norm.running_mean, norm.running_var, eps=norm.eps)
        if probabilities is None:
            return norm(feature.float())  # type: ignore[no-any-return]
        if update_running:
            self.share.lerp_(probabilities.mean(0), SHARE_MOMENTUM)
        mean, variance = weighted_statistics(feature.float(), balancing_weights(probabilities, self.share))
        if update_running:
            _move(norm, mean, variance)
        return (feature.float() - mean) / (variance + norm.eps).sqrt()

    @property
    def of_photos(self) -> list[Tensor]:
        """What `follow_photos` and `set_statistics` of the target change: tensors that are not trained."""
        return [self.share, *self.target.buffers()]

    @torch.no_grad()
    def follow_photos(self, features: Tensor, probabilities: Tensor) -> None:
        """Moves the target's running statistics towards those of pooled features (m, d) with class `probabilities`
        (m, c), as `forward` does in training. For a network that no gradient trains (the mean teacher).
        """
        if self.target_statistics != "own" or len(features) == 1:
            return
        self.share.lerp_(probabilities.mean(0), SHARE_MOMENTUM)
        _move(self.target, *weighted_statistics(features.float(), balancing_weights(probabilities, self.share)))

    def set_batch_statistics(self, features: Tensor, update_running: bool = True) -> None:
        """Lets "joint" statistics be those of all features (n, d) of a training step, until `clear_batch_statistics`;
        the running ones move towards them if `update_running` is on. To be called before any of the features is
        standardised. Does nothing unless `target_statistics` is "joint".
        """
        self._batch_statistics = None
        if self.target_statistics != "joint" or len(features) == 1:
            return
        mean, variance = weighted_statistics(features, features.new_full((len(features),), 1 / len(features)))
        if update_running:
            _move(self.source, mean, variance)
        self._batch_statistics = mean, variance

    def clear_batch_statistics(self) -> None:
        """Ends a training step."""
        self._batch_statistics = None

    @torch.no_grad()
    def set_statistics(self, domain: Domain, features: Tensor, probabilities: Tensor | None = None) -> None:
        """Sets a domain's mean and variance from all its features (n, d), weighed by class `probabilities` (n, c)."""
        if domain == "target" and self.target_statistics != "own":
            for target, source in zip(_statistics(self.target), _statistics(self.source), strict=True):
                target.copy_(source)
            return
        weights = torch.full((len(features),), 1 / len(features), device=features.device)
        if probabilities is not None:
            self.share.copy_(probabilities.mean(0))
            weights = balancing_weights(probabilities, self.share.to(probabilities.device))
        mean, variance = weighted_statistics(features, weights)
        running_mean, running_variance = _statistics(self.source if domain == "source" else self.target)
        running_mean.copy_(mean)
        running_variance.copy_(variance.clamp_min(1e-6))


def _statistics(norm: nn.BatchNorm1d) -> tuple[Tensor, Tensor]:
    if norm.running_mean is None or norm.running_var is None:
        raise RuntimeError("a domain's normalisation keeps running statistics")
    return norm.running_mean, norm.running_var


def _move(norm: nn.BatchNorm1d, mean: Tensor, variance: Tensor) -> None:
    """Moves running statistics towards those of a batch."""
    for running, batch in zip(_statistics(norm), (mean, variance), strict=True):
        running.lerp_(batch.detach(), STATISTICS_MOMENTUM)


def balancing_weights(probabilities: Tensor, share: Tensor) -> Tensor:
    """Weights (n,) that sum to 1 and give every class the same total, from class probabilities (n, c) and each class's
    share (c,) of the domain. No class counts more than RAREST times its share, so that a few photos do not rule.
    """
    floor = 1 / (RAREST * len(share))
    weights = (probabilities / share.clamp_min(floor)).sum(dim=1)
    return weights / weights.sum()


def weighted_statistics(features: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance (d,) of features (n, d) under weights (n,) that sum to 1."""
    mean = weights @ features
    return mean, weights @ (features - mean).square()


def _memory_format(backbone: nn.Module) -> torch.memory_format:
    """Convolutions are faster channels last; a transformer has one, which cuts the picture into patches."""
    convolutions = sum(isinstance(module, nn.Conv2d) for module in backbone.modules())
    return torch.channels_last if convolutions > 1 else torch.contiguous_format


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
        self.in_bfloat16 = self.compiled = False
        self.memory_format = _memory_format(backbone)
        self.backbone = backbone.to(memory_format=self.memory_format)  # type: ignore[call-overload]
        self.norm = DomainNorm(features, classes)
        self.head = nn.Linear(features, classes)
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1), persistent=False)

    def set_colour_normalisation(self, mean: Sequence[float], std: Sequence[float]) -> None:
        """Replaces the mean and standard deviation of each colour that images are normalised by."""
        self.mean.copy_(self.mean.new_tensor(mean).view(1, 3, 1, 1))
        self.std.copy_(self.std.new_tensor(std).view(1, 3, 1, 1))

    def train(self, mode: bool = True) -> Classifier:
        """The backbone stays in evaluation mode. Its batch normalisation keeps pretrained statistics, which small
        batches would spoil. And nothing in it is dropped at random (timm's Swin and RexNet do): replicas, pieces
        and processes would each drop something else, so that the result would depend on how a step is split.
        """
        super().train(mode)
        self.backbone.eval()
        return self

    def pooled_features(self, backbone: nn.Module, images: Tensor) -> Tensor:
        """The pooled feature of images in [0, 1], before any domain's statistics: moved to the network's device, with
        the colour normalisation that it expects. `backbone` is its own or a replica of it
        (`train.compute.thread_replicas`). With `in_bfloat16` it computes in bfloat16 where that is safe; what comes out
        is float32 always, as all that follows.
        """
        images = (images.to(self.mean.device, non_blocking=True) - self.mean) / self.std
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.in_bfloat16):
            images = images.contiguous(memory_format=self.memory_format)
            pooled: Tensor = backbone(any_batch_size(images) if self.compiled else images)
        return pooled.float()

    def pooled_and_patches(self, backbone: nn.Module, images: Tensor) -> Tensor:
        """`pooled_features` (n, d), and beside them what the image's patches cost as a render's and as a photo's
        (n, 2), see `patch_costs`: (n, d + 2).
        """
        (attention,) = watched(backbone)
        seen: list[Tensor] = []
        attention.seen = seen
        pooled = self.pooled_features(backbone, images)
        attention.seen = None  # a tensor with a gradient in a module could not be copied
        return torch.cat([pooled, patch_costs(seen[0])], dim=1)

    def paired_features(self, backbone: nn.Module, pairs: Tensor) -> Tensor:
        """Pooled features (p, 3 d) of pairs (p, 2, 3, s, s) in [0, 1], see `train.networks.cross_attention`."""
        pairs = (pairs.to(self.mean.device, non_blocking=True) - self.mean) / self.std
        with torch.autocast(pairs.device.type, torch.bfloat16, enabled=self.in_bfloat16):
            return paired_features(backbone, pairs).float()

    def forward(self, images: Tensor, domain: Domain) -> tuple[Tensor, Tensor]:
        """Standardised feature (n, d) and logits (n, classes)."""
        feature = self.norm(self.pooled_features(self.backbone, images), domain)
        return feature, self.head(feature)
