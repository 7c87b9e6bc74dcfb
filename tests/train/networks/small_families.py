"""Networks of every family of `train.recipe`, as timm builds them but tiny: their names and the sizes that are cut."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import timm

VIT = {"embed_dim": 32, "depth": 3, "num_heads": 2}
SWIN = {"embed_dim": 16, "depths": (1, 1, 2, 1), "num_heads": (1, 2, 2, 2)}
CONVNEXT = {"dims": (8, 16, 16, 16), "depths": (1, 1, 2, 1)}
SMALL: dict[str, dict[str, Any]] = {
    "resnet18": {"channels": (8, 8, 16, 16)},
    "test_efficientnet": {},
    "convnext_tiny": CONVNEXT,
    "convnext_tiny.dinov3_lvd1689m": CONVNEXT,
    "convnextv2_nano": CONVNEXT,
    "vit_base_patch16_224": VIT,
    "deit_tiny_patch16_224": VIT,
    "deit_tiny_distilled_patch16_224": VIT,
    "beit_base_patch16_224": VIT,
    "eva02_tiny_patch14_224": VIT,
    "swin_tiny_patch4_window7_224": SWIN,
    "swinv2_base_window12_192.ms_in22k": SWIN,
    "vit_small_patch14_dinov2.lvd142m": VIT,
    "vit_base_patch14_reg4_dinov2.lvd142m": VIT,
    "vit_base_patch14_dinov2.lvd142m": VIT,
    "vit_small_patch16_dinov3.lvd1689m": VIT,
    "vit_base_patch16_clip_224.openai": VIT,
    "vit_base_patch16_siglip_224.v2_webli": VIT,
}


def cut_small(patch: pytest.MonkeyPatch) -> None:
    """Lets timm build the networks of `SMALL` tiny, and random."""
    whole: Callable[..., Any] = timm.create_model

    def create(name: str, **named: Any) -> Any:
        if name == "resnet18":
            return whole("resnet10t", **named)
        sizes = next((cut for known, cut in SMALL.items() if known.split(".")[0] == name.split(".")[0]), {})
        return whole(name, **{**named, **sizes})

    patch.setattr("timm.create_model", create)
