"""The classifier: a pretrained backbone, one feature normalisation per domain, and a linear head."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from train.compute.compilation import any_batch_size
from train.networks.cross_attention import paired_features
from train.networks.domain_norm import Domain, DomainNorm
from train.networks.transferable import patch_costs, watched

Tensor = torch.Tensor


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
