"""From a vision transformer's tokens to the feature that the head sees, where that is not the network's own way."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from train.networks.families import Pooling


class TokenAndPatches:
    """In front of a class of timm's: the class token beside the mean of the patches, (n, 2 d), instead of one of both
    (DINOv2; Oquab et al., TMLR 2024). Registers, which hold nothing of a place, are left out.
    """

    pooling: Pooling = "token and patches"
    num_prefix_tokens: int

    def pool(self, x: Tensor, pool_type: str | None = None) -> Tensor:
        return torch.cat([x[:, 0], x[:, self.num_prefix_tokens :].mean(dim=1)], dim=1)


def pool_by(pooling: Pooling, network: nn.Module) -> None:
    """Lets a network of timm's pool by `pooling`, in place. Raises ValueError where it has no class token."""
    if pooling == "own" or getattr(network, "pooling", "own") == pooling:
        return
    if not can_pool_both(network):
        raise ValueError("it has no class token beside its patches")
    kind = type(network)
    network.__class__ = type(kind.__name__, (TokenAndPatches, kind), {"__module__": kind.__module__})
    network.head_hidden_size = 2 * network.num_features  # type: ignore[operator, assignment]


def can_pool_both(network: nn.Module) -> bool:
    """Whether its feature can be class token and patches: it has both, and nothing fixed to the width of one."""
    has_token = hasattr(network, "pool") and getattr(network, "cls_token", None) is not None
    return has_token and getattr(network, "attn_pool", None) is None and isinstance(network.fc_norm, nn.Identity)


def pooling_of(network: nn.Module) -> Pooling:
    """How `network` pools."""
    pooling: Pooling = getattr(network, "pooling", "own")
    return pooling
