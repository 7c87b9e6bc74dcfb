"""Stage 2: unsupervised domain adaptation from 1a's head, the checkpoint chosen without target labels."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy.typing as npt
import torch

from cad2real.layout import Layout
from train.compute.distributed import ALONE, World
from train.data.datasets import SourceDomain, TargetDomain, read_target
from train.data.held_out import held_out
from train.loop.adaptation import Adaptation, prepare
from train.loop.checkpoint import delete_stale_runs, resumable, run_key
from train.loop.label_shift import make_label_shift
from train.loop.run_length import long_enough
from train.model import Model, save_model
from train.networks.classifier import Classifier
from train.networks.domain_norm import TargetStatistics
from train.networks.families import Family
from train.networks.recipes import recipe_of, with_recipe
from train.params import TrainParams
from train.selection.choice import deciding_score
from train.selection.epoch_scores import SELECTION_PHOTOS, EpochScorer
from train.selection.hindsight import CANDIDATES, PREDICTIONS
from train.selection.partial_target import partial_target_reason
from train.sizes.size_prior import SizePrior
from train.stages.adapt_epochs import sizes_in_photos
from train.stages.no_photos import fine_tune_instead
from train.stages.several_seeds import Chosen, train_seeds
from train.stages.source_domain import cache_size, refuse_other_classes, source_domain, with_labelled
from train.stages.sureness import sureness_on

NO_BETTER = "no checkpoint looks better on the photos than the network did before the first step."
LEAST_SCALE, MUCH_TO_LEARN = 0.1, 0.3


def run(layout: Layout, params: TrainParams, world: World = ALONE) -> dict[str, Any]:
    """Adapts models/probe to the squares and writes data/models/adapt. Returns its description. All processes of
    `world` train; its lead writes.

    Without photos all layers are trained on renders alone; where photos show few of the classes, the probe's model is
    passed on. The reason is in the description and on standard error.
    """
    params = with_recipe(params)
    probe = Model.load(layout.models / "probe")
    with world.lead_first():
        source = source_domain(layout, params)
        target = read_target(layout.squares, cache_size(params), layout.cache)
    refuse_other_classes(layout, probe, source)
    params = long_enough(params, len(source.classes), "adapt" if world.leads else "")
    scorer = EpochScorer(source, target, params, world)
    if reason := too_few_photos(target):
        return fine_tune_instead(layout, probe, source, target, params, reason, world)
    if reason := reason_not_to_adapt(layout, probe, scorer, params):
        print(f"train adapt: {reason} The model of the linear probe is passed on.", file=sys.stderr)
        return world.broadcast_from_lead(lambda: _pass_on(layout, probe, source, target, params, reason))
    adaptation = new_adaptation(probe.network, probe.description, source, target, params, world)
    key = _key(layout, probe, adaptation)
    with resumable(layout.cache, "adapt", key, world) as folder:
        found = train_seeds(layout, adaptation, scorer, folder)
        return world.broadcast_from_lead(lambda: _save_chosen(layout, probe, adaptation, found))


def new_adaptation(
    network: Classifier,
    probe: dict[str, Any],
    source: SourceDomain,
    target: TargetDomain,
    params: TrainParams,
    world: World = ALONE,
) -> Adaptation:
    """The run that adapts `network`, that of the probe with the description `probe`, in place; what `params` leave open
    is decided here.
    """
    prepare(network, params)
    network.norm.target_statistics = target_statistics(params)
    network.norm.reliability = reliability(probe)
    return Adaptation(
        network,
        source,
        target,
        params,
        learning_rate_scale=learning_rate_scale(probe, recipe_of(params.backbone, params.recipe).family),
        label_shift=make_label_shift(params.adapt, len(source.classes)),
        world=world,
    )


def _description(probe: Model, source: SourceDomain, target: TargetDomain, params: TrainParams) -> dict[str, Any]:
    """What model.json holds in any case."""
    return {
        **with_labelled(probe.description, source),
        "stage": "adapt",
        "seed": params.seed,
        "target_images": len(target.images),
        "target_key": target.photos_key,
        "parameters": params.model_dump(mode="json"),
    }


def _pass_on(
    layout: Layout, probe: Model, source: SourceDomain, target: TargetDomain, params: TrainParams, reason: str
) -> dict[str, Any]:
    """Writes the probe's model as the adapted one; returns its description."""
    description = {**_description(probe, source, target, params), "adapted": False, "reason": reason}
    description |= sureness_on(probe, held_out(source, target, params)).as_dict()
    save_model(layout.models / "adapt", probe.network, description)
    delete_stale_runs(layout.cache, "adapt")
    return description


def _save_chosen(layout: Layout, probe: Model, run: Adaptation, found: Chosen) -> dict[str, Any]:
    """Writes what was chosen; returns its description."""
    candidates, params, stage = found.candidates, run.params, run.params.adapt
    score = deciding_score(candidates, stage.score)
    if score != stage.score:
        print(f"train adapt: {stage.score} has no value on these data; {score} chooses.", file=sys.stderr)
    if found.number == 0:
        print(f"train adapt: {NO_BETTER}", file=sys.stderr)
    shift = run.label_shift if params.seeds == 1 else None  # each seed has its own
    description = _description(probe, run.source, run.target, params) | {
        "adapted": found.number > 0,
        "method": " + ".join(f"{weight:g} {name}" for name, weight in stage.methods.items()),
        "rotations": params.rotations,
        "chosen": candidates[found.number].name,
        "target_statistics": found.network.norm.target_statistics,
        "pace": run.learning_rate_scale,
        "chosen_by": score,
        "ended": found.ended,
        "scores": candidates[found.number].scores,
        "size_prior": found.prior and _prior_figures(found.prior),
        "label_shares": shift and dict(zip(run.source.classes, shift.shares, strict=True)),
        "candidates": [candidate.as_dict() for candidate in candidates],
    }
    if found.number == 0:
        description["reason"] = NO_BETTER
    model = Model(found.network, description, "")
    description |= sureness_on(model, held_out(run.source, run.target, params)).as_dict()
    # For the hindsight of evaluate; of a sample of the photos nobody would know which they are.
    few = len(run.target.images) <= SELECTION_PHOTOS
    guesses = {CANDIDATES: {PREDICTIONS: torch.stack(found.predictions)}} if few else {}
    save_model(layout.models / "adapt", found.network, description, found.prior, guesses)
    return description


def _prior_figures(prior: SizePrior) -> dict[str, float | str | None]:
    """What was found out about the camera and what outlines say, for people."""
    distance = prior.sizes.distance_mm
    return {
        "counts": "shapes" if prior.sizes.of_shapes else "sizes",
        "pixels_per_mm": None if prior.sizes.of_shapes else math.exp(prior.factor),
        "spread": prior.spread,
        "distance_spread": prior.distance_spread,
        "mistaken": prior.mistaken,
        "sizes_from": "views" if distance is None else "resting parts, seen from above",
        "camera_height_mm": distance if distance is not None and math.isfinite(distance) else None,
    }


def too_few_photos(target: TargetDomain) -> str:
    """Why there is nothing to adapt to; "" where there is."""
    if not len(target.images):
        return "there are no photos to adapt to (data/squares is empty; put photos into the photos folder)."
    return "one photo is too few to adapt to." if len(target.images) < 2 else ""


def reason_not_to_adapt(layout: Layout, probe: Model, scorer: EpochScorer, params: TrainParams) -> str:
    """Why adapting would not help; "" where it may. Collective in a world."""
    stage = params.adapt
    if stage.fall_back and stage.target_statistics == "auto":
        sizes = sizes_in_photos(layout, probe.classes, params)
        pooled = scorer.initial_pooled(probe.network)
        probe.network.norm.reliability = reliability(probe.description)
        return partial_target_reason(probe.network, pooled, scorer.extents, sizes, scorer.world)
    return ""


def target_statistics(params: TrainParams) -> TargetStatistics:
    """What photos are standardised by: where `params` leave it open, by statistics of their own."""
    return "own" if params.adapt.target_statistics == "auto" else params.adapt.target_statistics


def reliability(probe: dict[str, Any]) -> float:
    """How far the probe is believed about what photos show, in [0, 1]: its accuracy on held-out renders beyond chance
    (Cohen's kappa, classes in equal shares); 0 where none are held out.

    >>> round(reliability({"classes": ["bolt", "nut"], "scores": {"source_accuracy": 0.9}}), 3)
    0.8
    """
    chance = 1 / len(probe["classes"])
    accuracy = float(probe["scores"].get("source_accuracy", chance))
    return max(0.0, (accuracy - chance) / (1 - chance))


def learning_rate_scale(probe: dict[str, Any], family: Family) -> float:
    """Factor on the learning rates and on the share of steps on renders only: of a paced family from LEAST_SCALE where
    the probe classifies all held-out renders to 1 where it does not, of others 1.

    Large steps on renders only destroy what frozen features already tell apart. Rates of other families are small
    already: a tenth of them, as a strong network's probe asked for, is to stand still.
    """
    if not family.paced:
        return 1.0
    room = 1.0 - probe["scores"].get("source_accuracy", 0.0)
    return float(min(1.0, max(LEAST_SCALE, room / MUCH_TO_LEARN)))


def _key(layout: Layout, probe: Model, run: Adaptation) -> str:
    """A name for this run: equal where the weights would come out equal, to the bit."""
    settings = [run.params.model_dump(mode="json", exclude={"finetune"}), probe.key, probe.description, run.world.size]
    source, target = run.source, run.target
    settings += [source.pictures_key, target.pictures_key, source.labelled_photos.key]
    arrays: list[npt.NDArray[Any]] = [source.labels, source.held_out, target.extents]
    return run_key(settings, arrays, sorted(layout.renders.glob("*/part.json")))
