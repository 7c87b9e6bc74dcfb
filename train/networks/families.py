"""What is usual for each family of networks, each value with its source: the table behind `train.recipe`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from torch import nn

Pooling = Literal["own", "token and patches"]
"""The network's own, or its class token beside the mean of its patches."""
FamilyName = Literal["cnn", "convnext", "vit", "swin", "dino", "clip"]
HEAD_FACTOR = 10.0
FIRST_THIRD = 1 / 3
STEM = 0.0
DINO_NAMES, TOWER_NAMES = ("dino",), ("clip", "siglip", "vit_pe_")
TOKEN_MODULES = ("vision_transformer", "vision_transformer_relpos", "deit", "beit", "eva", "naflexvit", "cait")
"""timm's files of networks that read a picture as one row of patches."""


@dataclass(frozen=True)
class Family:
    """How networks of one kind are trained. `image_size`: side in px, a ceiling is what the network was trained with.
    `frozen`: share of the blocks, from the stem on, that keep their weights in stage 2; `STEM`: the stem alone.
    `adapt_layer_decay` where stage 2 has another than `layer_decay`. `paced`: whether rates shrink where the probe
    knows the renders already. `sources`: where each value comes from, by its name.
    """

    name: FamilyName
    networks: str
    image_size: int
    backbone_learning_rate: float
    layer_decay: float
    weight_decay: float
    sources: Mapping[str, str]
    pooling: Pooling = "own"
    frozen: float = STEM
    adapt_layer_decay: float | None = None
    paced: bool = False

    @property
    def head_learning_rate(self) -> float:
        """Of the head, and of the methods' own networks."""
        return HEAD_FACTOR * self.backbone_learning_rate


FOR_ALL = {
    "head_learning_rate": "ten times the backbone's, as for new layers since DAN (Long et al., ICML 2015)",
    "normalisation": "timm's pretrained_cfg: what its weights were trained with",
    "precision": "bfloat16 on a GPU that is made for it, else float32",
}
"""Sources of what all families share. (Weight decay spares vectors and position embeddings: BEiT, timm's groups.)"""
OWN_POOLING = "the network's own, which its weights were trained with"
STEM_ALONE = "the embedding alone, whose gradients are the largest: Kumar et al. 2022, arXiv 2211.09359"

FAMILIES: dict[FamilyName, Family] = {
    family.name: family
    for family in (
        Family(
            "cnn",
            "ResNet, EfficientNet, MobileNet, RegNet and all else with batch normalisation",
            image_size=128,
            backbone_learning_rate=2e-4,
            layer_decay=0.8,
            adapt_layer_decay=1.0,
            weight_decay=0.01,
            frozen=FIRST_THIRD,
            paced=True,
            sources={
                "image_size": "docs/results.md: lite0 at 128 px costs a third of 224 px (128 to 224 is usual)",
                "backbone_learning_rate": "first trials on bricks8 (docs/explanation/choosing-methods.md)",
                "layer_decay": "ELECTRA (Clark et al., ICLR 2020); none where the first blocks are frozen",
                "weight_decay": "AdamW (Loshchilov & Hutter, ICLR 2019)",
                "frozen": "edges and textures are the same in both domains (docs/explanation/choosing-methods.md)",
                "pooling": OWN_POOLING,
                "paced": "fasteners3 (docs/explanation/training.md)",
            },
        ),
        Family(
            "convnext",
            "ConvNeXt, ConvNeXt V2",
            image_size=224,
            backbone_learning_rate=5e-5,
            layer_decay=0.8,
            weight_decay=0.05,
            sources={
                "image_size": "Liu et al., CVPR 2022",
                "backbone_learning_rate": "fine-tuning in Liu et al., CVPR 2022 (appendix A)",
                "layer_decay": "the same: .7 to .8",
                "weight_decay": "Woo et al., CVPR 2023 (ConvNeXt V2)",
                "frozen": STEM_ALONE,
                "pooling": OWN_POOLING,
            },
        ),
        Family(
            "vit",
            "ViT, DeiT, BEiT, EVA and all else without batch normalisation",
            image_size=224,
            backbone_learning_rate=2e-5,
            layer_decay=0.75,
            weight_decay=0.05,
            sources={
                "image_size": "Dosovitskiy et al., ICLR 2021",
                "backbone_learning_rate": "between SynthNet (1e-5) and DAFormer (6e-5; Hoyer et al., CVPR 2022)",
                "layer_decay": "MAE (He et al., CVPR 2022)",
                "weight_decay": "MAE, BEiT",
                "frozen": STEM_ALONE,
                "pooling": OWN_POOLING,
            },
        ),
        Family(
            "swin",
            "Swin, SwinV2",
            image_size=256,
            backbone_learning_rate=3e-5,
            layer_decay=0.8,
            weight_decay=0.05,
            sources={
                "image_size": "what its windows were trained with: 192 to 256 px (Liu et al., CVPR 2022)",
                "backbone_learning_rate": "between SynthNet (1e-5) and DAFormer (6e-5)",
                "layer_decay": "a block, not a stage: SimMIM (Xie et al., CVPR 2022)",
                "weight_decay": "SimMIM",
                "frozen": STEM_ALONE,
                "pooling": OWN_POOLING,
            },
        ),
        Family(
            "dino",
            "DINO, DINOv2, DINOv3 (of ConvNeXt: convnext)",
            image_size=224,
            backbone_learning_rate=1e-5,
            layer_decay=0.65,
            weight_decay=0.05,
            pooling="token and patches",
            sources={
                "image_size": "Oquab et al., TMLR 2024: trained at 224 px, its last steps alone at 518",
                "backbone_learning_rate": "features that hold frozen move little: half a ViT's",
                "layer_decay": "BEiT's of base networks (Bao et al., ICLR 2022)",
                "weight_decay": "BEiT",
                "frozen": STEM_ALONE,
                "pooling": "class token and mean of patches: linear evaluation in Oquab et al., TMLR 2024",
            },
        ),
        Family(
            "clip",
            "towers of CLIP, SigLIP, SigLIP 2, Perception Encoder",
            image_size=224,
            backbone_learning_rate=2e-5,
            layer_decay=0.75,
            weight_decay=0.05,
            sources={
                "image_size": "Radford et al., ICML 2021; Tschannen et al. 2025",
                "backbone_learning_rate": "as a ViT's",
                "layer_decay": "Dong et al. 2022 (CLIP itself is a strong fine-tuner): .6 to .75",
                "weight_decay": "the same",
                "frozen": STEM_ALONE,
                "pooling": "the tower's own: class token (CLIP) or attention pooling (SigLIP), before the projection",
            },
        ),
    )
}


def family_of(network: nn.Module) -> Family:
    """The family of a network of timm's, by the file of timm that it comes from and the name of its weights. One that
    is none of these: `cnn` where it has batch normalisation, else `vit`.
    """
    module = type(network).__module__.rpartition(".")[2]
    config: Mapping[str, object] = getattr(network, "pretrained_cfg", {})
    name = f"{config.get('architecture')}.{config.get('tag')}"
    if module in TOKEN_MODULES:
        if any(word in name for word in TOWER_NAMES):
            return FAMILIES["clip"]
        return FAMILIES["dino" if any(word in name for word in DINO_NAMES) else "vit"]
    if module == "convnext":
        return FAMILIES["convnext"]
    if module.startswith("swin_transformer"):
        return FAMILIES["swin"]
    batch_normalised = any(isinstance(part, nn.modules.batchnorm._BatchNorm) for part in network.modules())
    return FAMILIES["cnn" if batch_normalised else "vit"]
