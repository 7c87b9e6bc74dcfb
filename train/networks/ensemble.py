"""Several classifiers of one kind as one: the mean of their logits (deep ensembles, Lakshminarayanan et al., NeurIPS
2017). Their backbones stand side by side and their features one after the other, so that what works with one classifier
works with several: statistics, embeddings, ONNX.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from train.networks.classifier import Classifier
from train.networks.families import Pooling
from train.networks.pooling import pooling_of


class SideBySide(nn.Module):
    """Several backbones as one: their pooled features (n, d) one after the other, (n, k d)."""

    def __init__(self, backbones: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(backbones)

    @property
    def pretrained_cfg(self) -> dict[str, Any]:
        """That of timm, of each of them."""
        found: dict[str, Any] = getattr(self.members[0], "pretrained_cfg", {})
        return found

    @property
    def pooling(self) -> Pooling:
        return pooling_of(self.members[0])

    def forward(self, images: Tensor) -> Tensor:
        return torch.cat([member(images) for member in self.members], dim=1)


@torch.no_grad()
def ensemble(members: Sequence[Classifier]) -> Classifier:
    """A classifier that answers with the mean of the logits of `members`, which have the same classes; their backbones
    are its own. One member is itself.
    """
    first = members[0]
    if len(members) == 1:
        return first
    heads = [member.head for member in members]
    body, features = SideBySide([member.backbone for member in members]), sum(head.in_features for head in heads)
    together = Classifier(body, features, first.head.out_features, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    together.to(first.mean.device).set_colour_normalisation(first.mean.flatten().tolist(), first.std.flatten().tolist())
    together.in_bfloat16, norm = first.in_bfloat16, together.norm
    norm.target_statistics, norm.reliability = first.norm.target_statistics, first.norm.reliability
    for of_domain, all_of_it in (
        (norm.source, [member.norm.source for member in members]),
        (norm.target, [member.norm.target for member in members]),
    ):
        for name, statistic in of_domain.named_buffers():
            if statistic.dim():  # the number of batches counts nothing here
                statistic.copy_(torch.cat([one.get_buffer(name) for one in all_of_it]))
    norm.class_means.copy_(torch.cat([member.norm.class_means for member in members], dim=1))
    together.head.weight.copy_(torch.cat([head.weight for head in heads], dim=1) / len(members))
    together.head.bias.copy_(torch.stack([head.bias for head in heads]).mean(dim=0))
    return together.eval()


def member_count(network: Classifier) -> int:
    """How many networks answer together in `network`."""
    return len(network.backbone.members) if isinstance(network.backbone, SideBySide) else 1
