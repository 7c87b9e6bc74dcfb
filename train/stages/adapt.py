"""Stage 2: unsupervised domain adaptation from 1a's head, the checkpoint chosen without target labels."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy.typing as npt
import torch
from safetensors.torch import load_file
from scipy.special import softmax

from cad2real.layout import Layout
from train.compute.distributed import ALONE, World
from train.data.datasets import SourceDomain, TargetDomain, read_target
from train.data.held_out import held_out
from train.loop.adaptation import adapt
from train.loop.checkpoint import Checkpoint, forget_runs, resumable, run_key
from train.loop.label_shift import LabelShift, new_shift, target_shares
from train.loop.step_images import MakeDraws, draws
from train.loop.tensorboard import Board
from train.measures.open_set import rejection_threshold
from train.model import Model, save_model
from train.networks.classifier import Classifier, TargetStatistics
from train.networks.inference import lane_count
from train.params import TrainParams
from train.selection.candidates import Candidates
from train.selection.choice import Candidate, choose, deciding
from train.selection.epoch_scores import SELECTION_PHOTOS, Watched
from train.selection.hindsight import CANDIDATES, LOGITS
from train.selection.partial_target import why_partial
from train.sizes.possible_sizes import Sizes, possible_sizes
from train.sizes.size_prior import SizePrior, calibrate
from train.stages.source_domain import cache_size, refuse_other_classes, source_domain
from train.validators import Outputs

NO_BETTER = "no checkpoint looks better on the photos than the network did before the first step."
SLOWEST, MUCH_TO_LEARN = 0.1, 0.3
TRUSTED = 0.9  # held-out source accuracy of the probe from which its view of the photos is kept


def run(layout: Layout, params: TrainParams, world: World = ALONE) -> dict[str, Any]:
    """Adapts models/probe to the squares and writes data/models/adapt. Returns its description. All processes of
    `world` train; its lead writes.

    Without photos the probe's model is passed on, with the reason in its description and on standard error.
    """
    probe = Model.load(layout.models / "probe")
    with world.lead_first():
        source = source_domain(layout, params)
        target = read_target(layout.squares, cache_size(params), layout.cache)
    refuse_other_classes(layout, probe, source)
    description = {
        **probe.description,
        "stage": "adapt",
        "seed": params.seed,
        "target_images": len(target.images),
        "parameters": params.model_dump(mode="json"),
    }
    watched = Watched(source, target, params, world)
    if reason := why_not(layout, probe, watched, params):
        print(f"train adapt: {reason} The model of the linear probe is passed on.", file=sys.stderr)
        passed_on = {**description, "adapted": False, "reason": reason}
        passed_on["unknown_below"] = _unknown_below(probe, source, target, params)

        def pass_on() -> None:
            save_model(layout.models / "adapt", probe.network, passed_on)
            forget_runs(layout.cache, "adapt")

        world.agreed(pass_on)
        return passed_on
    probe.network.norm.target_statistics = target_statistics(params, probe.description)
    key = _key(layout, params, probe, source, target, world)
    with resumable(layout.cache, "adapt", key, world) as folder:
        speed = pace(probe.description)
        shift = new_shift(params.adapt, len(source.classes))
        kept = train_candidates(layout, probe.network, watched, params, speed, folder, shift=shift)

        def save_chosen() -> dict[str, Any]:
            known, stage = kept.known, params.adapt
            chosen = choose(known, stage.score, stage.source_accuracy_gate, stage.fall_back)
            decided = deciding(known, stage.score)
            if decided != stage.score:
                print(f"train adapt: {stage.score} has no value on these data; {decided} chooses.", file=sys.stderr)
            if chosen == 0:
                print(f"train adapt: {NO_BETTER}", file=sys.stderr)
            probe.network.load_state_dict(load_file(kept.files[chosen]))
            prior = kept.priors[chosen]
            trained = description | {
                "adapted": chosen > 0,
                "method": " + ".join(f"{weight:g} {name}" for name, weight in stage.methods.items()),
                "rotations": params.rotations,
                "chosen": known[chosen].name,
                "target_statistics": probe.network.norm.target_statistics,
                "pace": speed,
                "chosen_by": decided,
                "scores": known[chosen].scores,
                "size_prior": prior and _said(prior),
                "label_shares": shift and dict(zip(source.classes, shift.shares, strict=True)),
                "candidates": [candidate.as_dict() for candidate in known],
            }
            if chosen == 0:
                trained["reason"] = NO_BETTER
            trained["unknown_below"] = _unknown_below(Model(probe.network, trained, ""), source, target, params)
            # For the hindsight of evaluate; of a sample of the photos nobody would know which they are.
            few = len(target.images) <= SELECTION_PHOTOS
            beside = {CANDIDATES: {LOGITS: torch.stack(kept.logits)}} if few else {}
            save_model(layout.models / "adapt", probe.network, trained, prior, beside)
            return trained

        return world.agreed(save_chosen)


def _said(prior: SizePrior) -> dict[str, float | str | None]:
    """What was found out about the camera, for people."""
    distance = prior.sizes.distance_mm
    return {
        "pixels_per_mm": math.exp(prior.factor),
        "spread": prior.spread,
        "sizes_from": "views" if distance is None else "resting parts, seen from above",
        "camera_height_mm": distance if distance is not None and math.isfinite(distance) else None,
    }


def _unknown_below(model: Model, source: SourceDomain, target: TargetDomain, params: TrainParams) -> float | None:
    """See `train.measures.open_set`. Nothing is looked at where nothing is to be rejected."""
    if not params.unknown_share:
        return None
    return rejection_threshold(
        model.render_probabilities(held_out(source, target, params).views()), params.unknown_share
    )


def why_not(layout: Layout, probe: Model, watched: Watched, params: TrainParams) -> str:
    """Why there is nothing to adapt to, or nothing that we have would help; else "". Collective in a world."""
    if not len(watched.photos):
        return "there are no photos to adapt to (data/squares is empty; put photos into the photos folder)."
    if len(watched.photos) < 2:
        return "one photo is too few to adapt to."
    stage = params.adapt
    own = target_statistics(params, probe.description) == "own"
    if stage.fall_back and stage.target_statistics == "auto" and own:
        sizes = _sizes(layout, probe.classes, params)
        return why_partial(probe.network, watched.at_first(probe.network), watched.extents, sizes, watched.world)
    return ""


def _sizes(layout: Layout, classes: tuple[str, ...], params: TrainParams) -> list[Sizes]:
    """What parts of the classes can look like in size, if sizes are to be used."""
    return possible_sizes(layout.renders, classes) if params.size_prior else []


def target_statistics(params: TrainParams, probe: dict[str, Any]) -> TargetStatistics:
    """What photos are standardised by; where `params` leave it open, whether they get statistics of their own.

    That moves features that do not fit the head to where they fit, but assumes the same mix of classes in both domains.
    Where frozen features alone know the held-out, strongly changed renders, there is less to move than to spoil.
    """
    if params.adapt.target_statistics != "auto":
        return params.adapt.target_statistics
    return "own" if probe["scores"].get("source_accuracy", 0.0) < TRUSTED else "source"


def pace(probe: dict[str, Any]) -> float:
    """Share of the learning rates, and of the steps on renders only: from SLOWEST where the probe knows the held-out
    renders to 1 where it does not.

    What frozen features already tell apart, large steps on renders only unlearn.
    """
    room = 1.0 - probe["scores"].get("source_accuracy", 0.0)
    return float(min(1.0, max(SLOWEST, room / MUCH_TO_LEARN)))


def _key(
    layout: Layout, params: TrainParams, probe: Model, source: SourceDomain, target: TargetDomain, world: World
) -> str:
    """A name for this run: equal where the weights would come out equal, to the bit."""
    said = [params.model_dump(mode="json", exclude={"finetune"}), probe.key, probe.description, world.size]
    arrays: list[npt.NDArray[Any]] = [
        source.images, source.scenes.images, source.labels, source.held_out, target.images, target.extents
    ]  # fmt: skip
    return run_key(said, arrays, sorted(layout.renders.glob("*/part.json")))


def train_candidates(
    layout: Layout,
    network: Classifier,
    watched: Watched,
    params: TrainParams,
    speed: float,
    folder: Path,
    watch: Callable[[int, Candidate], None] = lambda epoch, candidate: None,
    shift: LabelShift | None = None,
    make_draws: MakeDraws = draws,
) -> Candidates:
    """Runs the loop; every epoch's averaged network becomes a candidate on disk, scored without target labels.

    The candidates are known to the lead of the world only. `speed`: see `pace`. `watch` is told the number of each
    epoch and its candidate, and may stop the run by raising. `shift` follows what each candidate says of the photos'
    mix.
    """
    source, world = watched.source, watched.world
    sizes = _sizes(layout, source.classes, params)
    kept, checkpoint = Candidates(folder, first=0), Checkpoint(folder / "run.safetensors")
    board = Board(layout, params, folder.name)
    world.agreed(lambda: kept.resume(checkpoint, "adapt", params.epochs))

    def judge(epoch: int, averaged: Classifier, outputs: Outputs, losses: dict[str, float]) -> SizePrior | None:
        scores = watched.scores(outputs)
        prior = calibrate(sizes, watched.extents, outputs.target_probabilities)
        known = Candidate(f"epoch {epoch}", {**scores, **{f"loss_{k}": v for k, v in losses.items()}})
        kept.add(known, averaged, prior, torch.from_numpy(outputs.target_logits).float())
        board.log(epoch, known)
        return prior

    shares = None  # a run that goes on has them in its checkpoint
    if world.agreed(lambda: not kept.known):
        before = watched.begin(network)
        shares = torch.from_numpy(before.target_probabilities.mean(axis=0))
        world.agreed(lambda: judge(0, network, before, {}))

    def on_epoch(epoch: int, averaged: Classifier, losses: dict[str, float]) -> SizePrior | None:
        outputs = watched.outputs(averaged)
        if shift is not None:
            said = softmax(outputs.source_logits, axis=1), outputs.source_labels, outputs.target_probabilities
            shift.follow(world.agreed(lambda: target_shares(*said)))

        def judged() -> SizePrior | None:
            prior = judge(epoch + 1, averaged, outputs, losses)
            watch(epoch, kept.known[-1])
            return prior

        return world.agreed(judged)

    prior = world.agreed(lambda: kept.priors[-1])
    adapt(
        network,
        source,
        watched.target,
        params,
        lane_count(),
        speed,
        on_epoch,
        checkpoint,
        prior,
        world=world,
        shift=shift,
        make_draws=make_draws,
        shares=shares,
    )
    return kept
