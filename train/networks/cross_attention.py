"""The three branches of CDTrans (Xu et al., ICLR 2022): two images of a pair, and what one asks of the other.

In every block the source's branch and the target's attend to themselves. A third one attends by the source's queries to
the target's keys and values (the paper's eq. 4), and adds that to what it had in the block before. All share the
weights; the third begins empty.
"""

from __future__ import annotations

from typing import Any

import torch
from timm.layers.attention import Attention
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention


def paired_features(backbone: nn.Module, pairs: Tensor) -> Tensor:
    """Pooled features (p, 3 d) of pairs (p, 2, 3, s, s) of a source and a target image, by a vision transformer of
    timm's: of the source, of the target, of the branch between them.
    """
    vit: Any = backbone
    images = torch.cat([pairs[:, 0], pairs[:, 1]])
    tokens = vit.norm_pre(vit._pos_embed(vit.patch_embed(images)))
    between: Tensor | None = None
    for block in vit.blocks:
        tokens, between = _through(block, tokens, between)
    if between is None:
        raise ValueError("a network without blocks has no attention")
    features: Tensor = vit.forward_head(vit.norm(torch.cat([tokens, between])))
    return features.view(3, len(pairs), -1).transpose(0, 1).flatten(1)


def _through(block: Any, tokens: Tensor, between: Tensor | None) -> tuple[Tensor, Tensor]:
    """One block: tokens (2 p, t, c) of sources and then targets, and those (p, t, c) of the branch between them."""
    pairs, attention = len(tokens) // 2, block.attn
    query, key, value = _heads(attention, block.norm1(tokens))
    own = _joined(attention, scaled_dot_product_attention(query, key, value))
    crossed = scaled_dot_product_attention(query[:pairs], key[pairs:], value[pairs:])
    added = block.ls1(_joined(attention, crossed))
    tokens = tokens + block.ls1(own)
    between = added if between is None else between + added
    return tokens + block.ls2(block.mlp(block.norm2(tokens))), between + block.ls2(block.mlp(block.norm2(between)))


def _heads(attention: Attention, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    n, count, _ = tokens.shape
    split = attention.qkv(tokens).reshape(n, count, 3, attention.num_heads, attention.head_dim).permute(2, 0, 3, 1, 4)
    return attention.q_norm(split[0]), attention.k_norm(split[1]), split[2]


def _joined(attention: Attention, heads: Tensor) -> Tensor:
    """Rows (n, heads, t, d) as tokens (n, t, c)."""
    merged = heads.transpose(1, 2).flatten(2)
    return attention.proj(attention.norm(merged))  # type: ignore[no-any-return]
