"""SwinV2's attention through PyTorch's fused kernels; timm computes it step by step, which keeps every score in memory.

Its scores are cosines (Liu et al., CVPR 2022, eq. 2), a learnt factor a head times the product of normalised queries
and keys, plus a bias of positions: an ordinary scaled product when the factor is in the queries and the bias in the
mask. (timm's other transformers call the fused kernels themselves.)
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from timm.models.swin_transformer_v2 import WindowAttention
from torch import Tensor, nn

LARGEST_FACTOR = 100.0
STRONGEST_BIAS = 16.0


class FusedWindowAttention(WindowAttention):  # type: ignore[misc]
    """timm's module with the same parameters and, but for rounding, the same results."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Tokens (b * w, n, d) of b images with w windows each; `mask` (w, n, n) is added to the scores."""
        total, tokens, width = x.shape
        windows = 1 if mask is None else len(mask)
        bias = None if self.q_bias is None else torch.cat([self.q_bias, self.k_bias, self.v_bias])
        joined = F.linear(x, self.qkv.weight, bias)
        # A head of a window, which has its own mask, is one head of the kernel: (3, b, w * heads, n, d / heads).
        split = joined.view(total // windows, windows, tokens, 3, self.num_heads, width // self.num_heads)
        query, key, value = split.permute(3, 0, 1, 4, 2, 5).flatten(2, 3)
        factor = self.logit_scale.clamp(max=math.log(LARGEST_FACTOR)).exp().repeat(windows, 1, 1)
        scores = self._bias(tokens).repeat(windows, 1, 1)
        if mask is not None:
            scores = scores + mask.repeat_interleave(self.num_heads, dim=0)
        seen = F.scaled_dot_product_attention(
            query * (factor / _length(query)).to(query.dtype),
            key * _length(key).reciprocal().to(key.dtype),
            value,
            attn_mask=scores.to(value.dtype).expand(len(value), -1, -1, -1),
            dropout_p=self.attn_drop.p if self.training else 0.0,
            scale=1.0,
        )
        merged = seen.view(len(seen), windows, self.num_heads, tokens, -1).transpose(2, 3).reshape(total, tokens, width)
        return self.proj_drop(self.proj(merged))  # type: ignore[no-any-return]

    def _bias(self, tokens: int) -> Tensor:
        """(heads, n, n) of the tokens' positions to each other."""
        table = self.cpb_mlp(self.relative_coords_table).view(-1, self.num_heads)
        between = table[self.relative_position_index.view(-1)].view(tokens, tokens, -1).permute(2, 0, 1)
        return STRONGEST_BIAS * torch.sigmoid(between)


def _length(rows: Tensor) -> Tensor:
    """Euclidean norms of the rows (..., n, d), (..., n, 1), in float32. What is divided by them stays in the rows' own
    type: under autocast F.normalize makes it float32, three passes over memory that are longer than the products.
    """
    kind = torch.promote_types(rows.dtype, torch.float32)
    lengths: Tensor = torch.linalg.vector_norm(rows, dim=-1, keepdim=True, dtype=kind)
    return lengths.clamp_min(1e-12)


def fuse_attention(network: nn.Module) -> None:
    """Lets all of SwinV2's attention modules in `network` compute by the fused kernels; others stay as they are."""
    for module in network.modules():
        if type(module) is WindowAttention:
            module.__class__ = FusedWindowAttention
