"""`train.recipe`: what a `train` block of params.yaml leaves open is set to what is usual for its backbone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import nn

from cad2real.errors import UserError
from train.networks.backbones import block_parameters, built, normalisation
from train.networks.families import FAMILIES, Family, Pooling, family_of
from train.networks.pooling import can_pool_both
from train.params import RecipeName, TrainParams

STAGES = ("finetune", "adapt")
SMALLEST_SIZE = 32  # that train.image_size may have


@dataclass(frozen=True)
class Recipe:
    """A family's values for one network: `image_size` in px, `patch` its side in px (1: none), `block_sizes` the share
    of its parameters that each of its blocks has, `mean` and `std` of colours, `pooling`.
    """

    family: Family
    image_size: int
    patch: int
    block_sizes: tuple[float, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    pooling: Pooling

    def of(self, stage: str) -> dict[str, float | int]:
        """The values of `train.finetune` or `train.adapt` by their names in params.yaml. Fine-tuning on renders freezes
        nothing: every block may learn what renders look like.
        """
        family, adapts = self.family, stage == "adapt"
        decay = family.adapt_layer_decay if adapts and family.adapt_layer_decay is not None else family.layer_decay
        return {
            "backbone_learning_rate": family.backbone_learning_rate,
            "head_learning_rate": family.head_learning_rate,
            "layer_decay": decay,
            "weight_decay": family.weight_decay,
            "frozen_blocks": max(1, round(family.frozen * len(self.block_sizes))) if adapts else 0,
        }


def recipe_of(backbone: str, recipe: RecipeName = "auto") -> Recipe:
    """The recipe of timm's network `backbone` as the family `recipe` (auto: its own) has it. The network is built
    without memory for its weights; what lies on a hub is asked there for its kind alone. Raises UserError.
    """
    return _recipe_of(backbone, recipe)


@cache
def _recipe_of(backbone: str, recipe: RecipeName) -> Recipe:
    with torch.device("meta"):
        network = built(backbone)
    family = family_of(network) if recipe == "auto" else FAMILIES[recipe]
    patch = _patch(network)
    sizes = [sum(parameter.numel() for parameter in block) for block in block_parameters(network)]
    mean, std = normalisation(network)
    pooling: Pooling = family.pooling if can_pool_both(network) else "own"
    shares = tuple(size / sum(sizes) for size in sizes)
    return Recipe(family, _size(network, family, patch), patch, shares, mean, std, pooling)


def _patch(network: nn.Module) -> int:
    patch = getattr(getattr(network, "patch_embed", None), "patch_size", 1)
    return int(patch if isinstance(patch, int) else patch[0])


def _size(network: nn.Module, family: Family, patch: int) -> int:
    """The family's size, at most what `network` was trained with, a multiple of its patch; of a network that takes one
    size only, that one.
    """
    config: Mapping[str, Any] = getattr(network, "pretrained_cfg", {})
    trained = int(config.get("input_size", (3, family.image_size))[-1])
    if config.get("fixed_input_size") and not hasattr(network, "set_input_size"):
        return trained
    size = min(family.image_size, trained)
    return max(SMALLEST_SIZE, size - size % patch)


def with_recipe(params: TrainParams) -> TrainParams:
    """`params` with the recipe's values wherever nobody set one. Raises UserError for a picture size that cuts patches
    in two.

    >>> params = with_recipe(TrainParams(backbone="vit_small_patch14_dinov2", weights="hub"))
    >>> params.image_size, params.adapt.backbone_learning_rate, params.adapt.frozen_blocks
    (224, 1e-05, 1)
    >>> with_recipe(TrainParams(backbone="vit_small_patch14_dinov2", image_size=140)).image_size
    140
    """
    recipe = recipe_of(params.backbone, params.recipe)
    update: dict[str, Any] = {} if "image_size" in params.model_fields_set else {"image_size": recipe.image_size}
    for stage in STAGES:
        block = getattr(params, stage)
        left = {name: value for name, value in recipe.of(stage).items() if name not in block.model_fields_set}
        update[stage] = block.model_copy(update=left)
    result = params.model_copy(update=update)
    if result.image_size % recipe.patch:
        below = result.image_size - result.image_size % recipe.patch
        raise UserError(
            f"train.image_size: {params.backbone} reads patches of {recipe.patch} px, and {result.image_size} px are "
            "no multiple of it: it would not see the edge.",
            f"Set it to {below} or {below + recipe.patch}, or to auto ({recipe.image_size}).",
        )
    return result
