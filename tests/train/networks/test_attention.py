"""SwinV2's attention by fused kernels against timm's own, in value and gradient."""

from __future__ import annotations

import copy

import torch
from timm.models.swin_transformer_v2 import SwinTransformerV2
from torch import nn

from train.networks.attention import FusedWindowAttention, fuse_attention


def small_swin() -> nn.Module:
    """Two stages of shifted windows in float64. All parameters are drawn: timm starts with blocks that do nothing."""
    torch.manual_seed(0)
    network = SwinTransformerV2(
        img_size=64, window_size=4, embed_dim=24, depths=(2, 2), num_heads=(2, 4), num_classes=0, drop_path_rate=0.0
    ).double()
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.5)
    return network.eval()


def test_the_same_features_and_gradients_as_timm() -> None:
    plain = small_swin()
    fused = copy.deepcopy(plain)
    fuse_attention(fused)
    kinds = [type(module) for module in fused.modules() if hasattr(module, "logit_scale")]
    assert kinds == [FusedWindowAttention] * 4
    images = torch.rand(3, 3, 64, 64, dtype=torch.float64)
    features = [network(images) for network in (plain, fused)]
    torch.testing.assert_close(features[1], features[0], rtol=1e-9, atol=1e-12)
    for feature in features:
        feature.square().sum().backward()
    moved = [name for name, parameter in fused.named_parameters() if parameter.grad.abs().max() > 1e-6]
    assert any("logit_scale" in name for name in moved) and any("cpb_mlp" in name for name in moved)
    for (name, ours), theirs in zip(fused.named_parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-9, atol=1e-12, msg=name)


def test_a_stored_model_of_timm_fits() -> None:
    plain = small_swin()
    fused = copy.deepcopy(plain)
    fuse_attention(fused)
    assert list(fused.state_dict()) == list(plain.state_dict())
    fused.load_state_dict(plain.state_dict())


def test_bfloat16_is_near() -> None:
    fused = small_swin().float()
    fuse_attention(fused)
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        exact = fused(images)
        with torch.autocast("cpu", torch.bfloat16):
            rough = fused(images)
    assert 0 < (rough - exact).norm() < 0.05 * exact.norm()
