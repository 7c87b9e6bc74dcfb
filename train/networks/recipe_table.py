"""`cad2real train recipes`: each value of a recipe with where it comes from, as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from train.networks.families import FAMILIES, FOR_ALL, Family
from train.networks.recipes import STAGES, Recipe, recipe_of, with_recipe
from train.params import TrainParams

OWN = "params.yaml"


def of_families() -> str:
    """All families, a value a line."""
    pieces = []
    for family in FAMILIES.values():
        rows = [("image_size", f"{family.image_size} px", family.sources["image_size"])]
        rows.append(("pooling", family.pooling, family.sources["pooling"]))
        rows += [(name, f"{value:g}", {**FOR_ALL, **family.sources}[name]) for name, value in _numbers(family).items()]
        rows.append(("frozen", _frozen(family), family.sources["frozen"]))
        if family.paced:
            rows.append(("pace", "yes", f"rates shrink where the probe knows the renders: {family.sources['paced']}"))
        pieces.append(f"{family.name}: {family.networks}\n{_aligned(rows)}")
    common = [(name, "", source) for name, source in FOR_ALL.items() if name not in _numbers(family)]
    return "\n\n".join([*pieces, f"all families\n{_aligned(common)}"])


def of_network(params: TrainParams) -> str:
    """The recipe of `params.backbone`. Raises UserError where timm cannot build it."""
    return f"{params.backbone}\n{_aligned(_rows(params))}"


def _numbers(family: Family) -> dict[str, float]:
    names = ("backbone_learning_rate", "head_learning_rate", "layer_decay", "weight_decay")
    return {name: getattr(family, name) for name in names}


def _frozen(family: Family) -> str:
    return f"the first {family.frozen:.0%} of the blocks" if family.frozen else "the stem"


def _aligned(rows: Sequence[tuple[str, str, str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "\n".join(f"  {name:{widths[0]}}  {value:{widths[1]}}  {source}" for name, value, source in rows)


def _rows(params: TrainParams) -> list[tuple[str, str, str]]:
    """Rows of name, value and source for the network of `params`: what the recipe says, or what params.yaml sets."""
    recipe, now = recipe_of(params.backbone, params.recipe), with_recipe(params)
    sources = {**FOR_ALL, **recipe.family.sources}
    asked = params.model_fields_set
    rows = [
        ("recipe", recipe.family.name, recipe.family.networks),
        ("image_size", f"{now.image_size} px", OWN if "image_size" in asked else sources["image_size"]),
        ("normalisation", _colours(recipe), sources["normalisation"]),
        ("pooling", recipe.pooling, sources["pooling"]),
        ("precision", now.precision, OWN if "precision" in asked else sources["precision"]),
    ]
    for stage in STAGES:
        block, asked = getattr(now, stage), getattr(params, stage).model_fields_set
        for name in recipe.of(stage):
            text, source = f"{getattr(block, name):g}", OWN if name in asked else _source(name, stage, sources)
            if name == "frozen_blocks":
                share = sum(recipe.block_sizes[: block.frozen_blocks])
                text += f" of {len(recipe.block_sizes)} ({share:.1%} of the weights)"
            rows.append((f"{stage}.{name}", text, source))
    return rows


def _source(name: str, stage: str, sources: Mapping[str, str]) -> str:
    if name != "frozen_blocks":
        return sources[name]
    return sources["frozen"] if stage == "adapt" else "none: every block may learn what renders look like"


def _colours(recipe: Recipe) -> str:
    mean, std = (" ".join(f"{value:.3g}" for value in colours) for colours in (recipe.mean, recipe.std))
    return f"mean {mean}, deviation {std}"
