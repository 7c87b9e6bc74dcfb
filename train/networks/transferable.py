"""Transferability-weighted attention (TVT: Yang et al., WACV 2023), the part of it that belongs to the network.

A discriminator a patch tells from the keys of the last block whether the patch comes from a render or a photo. Where it
cannot, the patch transfers: t = H(D(k)), the entropy of its answer in bits, in [0, 1]. The class token's attention to
the patch is multiplied by t (the paper's eq. 4: softmax(q K^T / sqrt(d)) * [1; t] V), in training and when a photo is
recognised. A discriminator that knows nothing, as this one begins, gives t = 1: the network as it was.

No gradient passes t: the classifier's loss is not to teach the discriminator what is a photo.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from timm.layers.attention import Attention
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from cad2real.errors import UserError

HIDDEN = 64


class TransferableAttention(Attention):  # type: ignore[misc]
    """timm's attention with the same parameters, and `patch_discriminator`: keys (..., d) -> logits (..., 1) of coming
    from a render. `seen` gets the patches' logits (n, heads, patches) of a pass, where somebody asks for them.
    """

    patch_discriminator: nn.Sequential
    prefix: int
    seen: list[Tensor] | None

    def forward(self, x: Tensor, attn_mask: Tensor | None = None, is_causal: bool = False) -> Tensor:
        """Tokens (n, prefix + patches, c); the first of them is the class token."""
        n, tokens, _ = x.shape
        split = self.qkv(x).reshape(n, tokens, 3, self.num_heads, self.head_dim).permute(2, 0, 3, 1, 4)
        query, key, value = self.q_norm(split[0]), self.k_norm(split[1]), split[2]
        patches = key[:, :, self.prefix :]
        # The keys as they are, with their gradient reversed: they learn to fool the discriminator.
        logits = self.patch_discriminator(2 * patches.detach() - patches).squeeze(-1).float()
        if self.seen is not None:
            self.seen.append(logits)
        weights = (query * self.scale @ key.transpose(-2, -1)).softmax(dim=-1)
        before = weights.new_ones(n, self.num_heads, self.prefix)
        transfers = torch.cat([before, transferability(logits.detach()).to(weights.dtype)], dim=2)
        of_token = weights[:, :, :1] * transfers[:, :, None]
        merged = torch.cat([of_token, weights[:, :, 1:]], dim=2) @ value
        return self.proj_drop(self.proj(self.norm(merged.transpose(1, 2).reshape(n, tokens, self.attn_dim))))  # type: ignore[no-any-return]


def transferability(logits: Tensor) -> Tensor:
    """Entropy in bits, [0, 1], of a discriminator's answers sigmoid(`logits`).

    >>> [round(bits, 3) for bits in transferability(torch.tensor([0.0, 1.0986, 50.0])).tolist()]
    [1.0, 0.811, 0.0]
    """
    return (nn.functional.softplus(logits) - logits * logits.sigmoid()) / math.log(2)


def patch_costs(logits: Tensor) -> Tensor:
    """What the patches of each image cost if it is a render, and if it is a photo, [n, 2]: the mean over heads and
    patches of -ln D and of -ln(1 - D), D = sigmoid(`logits` [n, heads, patches]) being the share of renders.

    >>> [round(cost, 3) for cost in patch_costs(torch.zeros(1, 2, 4))[0].tolist()]  # ln 2: nothing is known
    [0.693, 0.693]
    """
    return torch.stack(
        [nn.functional.softplus(-logits).mean((1, 2)), nn.functional.softplus(logits).mean((1, 2))], dim=1
    )


def is_transferable(backbone: nn.Module) -> bool:
    """Whether `backbone` weighs its attention so."""
    return any(isinstance(module, TransferableAttention) for module in backbone.modules())


def make_transferable(backbone: nn.Module, seed: int) -> None:
    """Lets the last block of a vision transformer weigh its attention, in place; one that does stays as it is.

    Raises UserError for other networks: those without attention, or whose feature does not come from a class token.
    """
    if is_transferable(backbone):
        return
    refuse_other_than_vit(backbone, "tvt")
    if getattr(backbone, "pooling", "own") == "own" and backbone.global_pool != "token":
        raise UserError(
            "train.adapt.methods: tvt weighs what the class token sees, and the feature of this network comes from "
            "elsewhere.",
            "Choose a network that pools its class token (vit_base_patch16_224, DINOv2, CLIP), or another method.",
        )
    attention = backbone.blocks[-1].attn  # type: ignore[index, union-attr]
    reference = attention.qkv.weight
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        last = nn.Linear(HIDDEN, 1)
        layers = nn.Sequential(nn.Linear(attention.head_dim, HIDDEN), nn.GELU(), last)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    attention.__class__ = TransferableAttention
    attention.patch_discriminator = layers.to(device=reference.device)
    attention.prefix, attention.seen = backbone.num_prefix_tokens, None


def refuse_other_than_vit(backbone: nn.Module, method: str) -> None:
    """Raises UserError unless `backbone` is a vision transformer of timm's with plain attention in every block."""
    attention = (block.attn for block in backbone.blocks) if isinstance(backbone, VisionTransformer) else iter([None])
    if all(isinstance(module, Attention) and module.gate is None for module in attention):
        return
    raise UserError(
        f"train.adapt.methods: {method} is for vision transformers (ViT, DeiT, DINOv2, CLIP), and this network is a "
        f"{type(backbone).__name__}.",
        "Set train.backbone to one, or take another method.",
    )


def fresh_parameters(backbone: nn.Module) -> Iterator[nn.Parameter]:
    """Parameters in `backbone` that were not pretrained: they learn as fast as the head."""
    for module in backbone.modules():
        if isinstance(module, TransferableAttention):
            yield from module.patch_discriminator.parameters()


def watched(backbone: nn.Module) -> list[TransferableAttention]:
    """The modules whose `seen` may be asked for."""
    return [module for module in backbone.modules() if isinstance(module, TransferableAttention)]
