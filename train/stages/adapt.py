"""Stage 2: unsupervised domain adaptation from 1a's head, the checkpoint chosen without target labels."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file
from scipy.special import softmax

from cad2real.errors import UserError
from cad2real.layout import Layout
from train import batches
from train.adaptation import adapt
from train.checkpoint import Checkpoint, resumable, run_key
from train.datasets import SourceDomain, TargetDomain, read_target
from train.distributed import ALONE, World
from train.inference import Inference, lane_count
from train.label_shift import LabelShift, new_shift, target_shares
from train.model import Model, save_model
from train.network import Classifier
from train.open_set import rejection_threshold
from train.params import TrainParams
from train.selection import Candidate, pick
from train.selection_report import CANDIDATES, LOGITS
from train.size_prior import SizePrior, calibrate
from train.sizes import possible_sizes
from train.stages.candidates import Candidates
from train.stages.held_out import HeldOut, held_out
from train.stages.source import cache_size, source_domain
from train.validators import VALIDATORS, Outputs, score

# DEV fits a domain classifier: minutes over a run, so only where it decides.
QUICK_SCORES = tuple(name for name in VALIDATORS if name != "dev")
SLOWEST, MUCH_TO_LEARN = 0.1, 0.3
TRUSTED = 0.9  # held-out source accuracy of the probe from which its view of the photos is kept
SELECTION_PHOTOS = 2000  # enough to score a checkpoint, however large the target is


def run(layout: Layout, params: TrainParams, world: World = ALONE) -> dict[str, Any]:
    """Adapts models/probe to the squares and writes data/models/adapt. Returns its description. All processes of
    `world` train; its lead writes.

    Without photos the probe's model is passed on, with the reason in its description and on standard error.
    """
    probe = Model.load(layout.models / "probe")
    with world.lead_first():
        source = source_domain(layout, params)
        target = read_target(layout.squares, cache_size(params), layout.cache)
    if tuple(source.classes) != probe.classes:
        raise UserError(
            f"{layout.models / 'probe'} knows other classes than the renders.", "Run `cad2real train probe` again."
        )
    description = {
        **probe.description,
        "stage": "adapt",
        "seed": params.seed,
        "target_images": len(target.images),
        "parameters": params.model_dump(mode="json"),
    }
    reason = _why_not(source, target)
    if reason:
        print(f"train adapt: {reason} The model of the linear probe is passed on.", file=sys.stderr)
        unknown = _unknown_below(probe, source, target, params)
        passed_on = {**description, "adapted": False, "reason": reason, "unknown_below": unknown}
        world.agreed(lambda: save_model(layout.models / "adapt", probe.network, passed_on))
        return description
    probe.network.norm.separate = own_statistics(params, probe.description)
    key = _key(layout, params, probe, source, target, world)
    with resumable(layout.cache, "adapt", key, world) as folder:
        speed = pace(probe.description)
        shift = new_shift(params.adapt, len(source.classes))
        kept = train_candidates(layout, probe.network, source, target, params, speed, folder, world=world, shift=shift)

        def save_chosen() -> dict[str, Any]:
            known = kept.known
            chosen = pick(known, params.adapt.score, params.adapt.source_accuracy_gate)
            probe.network.load_state_dict(load_file(kept.files[chosen]))
            prior = kept.priors[chosen]
            size_prior = prior and {"pixels_per_mm": math.exp(prior.factor), "spread": prior.spread}
            trained = description | {
                "adapted": True,
                "method": " + ".join(f"{weight:g} {name}" for name, weight in params.adapt.methods.items()),
                "rotations": params.rotations,
                "chosen": known[chosen].name,
                "target_statistics": "own" if probe.network.norm.separate else "source",
                "pace": speed,
                "chosen_by": params.adapt.score,
                "scores": known[chosen].scores,
                "size_prior": size_prior,
                "label_shares": shift and dict(zip(source.classes, shift.shares, strict=True)),
                "candidates": [candidate.as_dict() for candidate in known],
            }
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
    """See `train.open_set`. Nothing is looked at where nothing is to be rejected."""
    if not params.unknown_share:
        return None
    return rejection_threshold(
        model.render_probabilities(held_out(source, target, params).views()), params.unknown_share
    )


def _why_not(source: SourceDomain, target: TargetDomain) -> str:
    if not len(target.images):
        return "there are no photos to adapt to (data/squares is empty; put photos into the photos folder)."
    if len(target.images) < 2:
        return "one photo is too few to adapt to."
    return ""


def own_statistics(params: TrainParams, probe: dict[str, Any]) -> bool:
    """Whether photos get statistics of their own.

    That moves features that do not fit the head to where they fit, but assumes the same mix of classes in both domains.
    Where frozen features alone know the held-out, strongly changed renders, there is less to move than to spoil.
    """
    if params.adapt.target_statistics != "auto":
        return params.adapt.target_statistics == "own"
    return bool(probe["scores"].get("source_accuracy", 0.0) < TRUSTED)


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
    source: SourceDomain,
    target: TargetDomain,
    params: TrainParams,
    speed: float,
    folder: Path,
    watch: Callable[[int, Candidate], None] = lambda epoch, candidate: None,
    world: World = ALONE,
    shift: LabelShift | None = None,
) -> Candidates:
    """Runs the loop; every epoch's averaged network becomes a candidate on disk, scored without target labels.

    The candidates are known to the lead of `world` only. `speed`: see `pace`. `watch` is told the number of each epoch
    and its candidate, and may stop the run by raising. `shift` follows what each candidate says of the photos' mix.
    """
    watched = _Watched(source, target, params, world)
    sizes = possible_sizes(layout.renders, source.classes) if params.size_prior else []
    kept, checkpoint = Candidates(folder), Checkpoint(folder / "run.safetensors")
    world.agreed(lambda: kept.resume(checkpoint, "adapt", params.epochs))
    network.norm.set_statistics("target", Inference(network, 1, world).pooled(watched.photo_batches()))

    def on_epoch(epoch: int, averaged: Classifier, losses: dict[str, float]) -> SizePrior | None:
        outputs = watched.outputs(averaged)
        if shift is not None:
            said = softmax(outputs.source_logits, axis=1), outputs.source_labels, outputs.target_probabilities
            shift.follow(world.agreed(lambda: target_shares(*said)))

        def judge() -> SizePrior | None:
            scores = score(outputs, watched.names)
            prior = calibrate(sizes, watched.extents, outputs.target_probabilities)
            known = Candidate(f"epoch {epoch + 1}", {**scores, **{f"loss_{k}": v for k, v in losses.items()}})
            kept.add(known, averaged, prior, torch.from_numpy(outputs.target_logits).float())
            watch(epoch, known)
            return prior

        return world.agreed(judge)

    prior = world.agreed(lambda: kept.priors[-1] if kept.priors else None)
    adapt(network, source, target, params, lane_count(), speed, on_epoch, checkpoint, prior, world=world, shift=shift)
    return kept


class _Watched:
    """What a checkpoint is scored on: held-out renders (one fixed draw of augmentation) and the photos as they are."""

    def __init__(self, source: SourceDomain, target: TargetDomain, params: TrainParams, world: World) -> None:
        self.world = world
        self.size = params.image_size
        self.names = sorted({*QUICK_SCORES, params.adapt.score})
        rows = np.flatnonzero(source.held_out if source.held_out.any() else ~source.held_out)
        renders = HeldOut(source, target, params, rows)
        self.labels, self.renders = renders.labels, list(renders.views())
        order = np.random.default_rng(params.seed).permutation(len(target.images))[:SELECTION_PHOTOS]
        self.photos: npt.NDArray[np.uint8] = target.images[np.sort(order)]
        self.extents: npt.NDArray[np.float64] = target.extents[np.sort(order)]

    def photo_batches(self) -> Iterator[torch.Tensor]:
        for start in range(0, len(self.photos), 64):
            yield batches.plain_view(self.photos[start : start + 64], self.size, 0.0)

    @staticmethod
    def _believed(network: Classifier, pooled: torch.Tensor) -> torch.Tensor:
        """Class probabilities of the photos under the statistics that the network has now."""
        with torch.no_grad():
            feature = network.norm(pooled.to(network.mean.device), "target")
            return network.head(feature).softmax(dim=1).to(pooled.device)  # type: ignore[no-any-return]

    def outputs(self, network: Classifier) -> Outputs:
        """Sets the target's statistics of `network` from the photos; gives what its scores are made of."""
        inference = Inference(network, 1, self.world)
        pooled = inference.pooled(self.photo_batches())
        network.norm.set_statistics("target", pooled, self._believed(network, pooled))
        with torch.no_grad():
            home = network.mean.device
            target_feature = network.norm(pooled.to(home), "target")
            target_logits = network.head(target_feature)
            source_feature = network.norm(inference.pooled(self.renders).to(home), "source")
            source_logits = network.head(source_feature)
            return Outputs(
                source_feature.cpu().numpy(),
                source_logits.cpu().numpy(),
                self.labels,
                target_feature.cpu().numpy(),
                target_logits.cpu().numpy(),
                head_weight=network.head.weight.cpu().numpy(),
            )
