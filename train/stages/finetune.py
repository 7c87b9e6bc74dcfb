"""Stage 1b: all layers on labelled renders alone, for comparison. Nothing of the target is used."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file

from cad2real.layout import Layout
from train.compute.distributed import ALONE, World
from train.data.datasets import SourceDomain, TargetDomain
from train.data.held_out import held_out
from train.loop.adaptation import adapt
from train.loop.checkpoint import Checkpoint, resumable, run_key
from train.loop.tensorboard import Board
from train.model import Model, save_model
from train.networks.classifier import Classifier
from train.networks.inference import Inference, lane_count
from train.params import AdaptParams, TrainParams
from train.selection.candidates import Candidates
from train.selection.choice import Candidate, pick
from train.stages.source_domain import refuse_other_classes, source_domain


def run(layout: Layout, params: TrainParams, world: World = ALONE) -> dict[str, Any]:
    """Trains models/probe on and writes data/models/finetune: the epoch that knows held-out renders best, the later one
    of equals. Returns its description. All processes of `world` train; its lead writes.
    """
    probe = Model.load(layout.models / "probe")
    with world.lead_first():
        source = source_domain(layout, params)
    refuse_other_classes(layout, probe, source)
    network, stage = probe.network, params.finetune
    said = [params.model_dump(mode="json", exclude={"adapt"}), probe.key, probe.description, world.size]
    key = run_key(said, [source.images, source.scenes.images, source.labels, source.held_out])
    with resumable(layout.cache, "finetune", key, world) as folder:
        kept = train_candidates(layout, network, source, params, folder, world=world)

        def save_chosen() -> dict[str, Any]:
            chosen = pick(kept.known, "source_accuracy", 0.0)
            network.load_state_dict(load_file(kept.files[chosen]))
            network.norm.set_statistics("target", torch.zeros(0))  # those of the source
            description = {
                **probe.description,
                "stage": "finetune",
                "seed": params.seed,
                "rotations": params.rotations,
                "method": f"fine-tuned on renders from {stage.start}",
                "parameters": params.model_dump(mode="json"),
                "chosen": kept.known[chosen].name,
                "chosen_by": "source_accuracy",
                "scores": kept.known[chosen].scores,
                "candidates": [candidate.as_dict() for candidate in kept.known],
            }
            save_model(layout.models / "finetune", network, description)
            return description

        return world.agreed(save_chosen)


def train_candidates(
    layout: Layout,
    network: Classifier,
    source: SourceDomain,
    params: TrainParams,
    folder: Path,
    watch: Callable[[int, Candidate], None] = lambda epoch, candidate: None,
    world: World = ALONE,
) -> Candidates:
    """The loop of stage 2 without methods and photos, from the probe's `network`; every epoch's averaged network
    becomes a candidate on disk, scored on held-out renders. `watch` is told the number of each epoch and its candidate,
    and may stop the run by raising. The candidates are known to the lead of `world` only.
    """
    network.norm.target_statistics = "source"  # there are no photos that could have statistics of their own
    if params.finetune.start == "scratch":
        torch.nn.init.zeros_(network.head.weight)
        torch.nn.init.zeros_(network.head.bias)
    kept, checkpoint = Candidates(folder), Checkpoint(folder / "run.safetensors")
    board = Board(layout, params, folder.name)
    world.agreed(lambda: kept.resume(checkpoint, "finetune", params.epochs))
    side = source.images.shape[-1]
    nothing = TargetDomain(np.zeros((0, 3, side, side), dtype=np.uint8), (), np.zeros((0, 2)))
    watched = held_out(source, nothing, params)
    if not len(watched.rows):
        print("train finetune: no renders are held out; the last epoch is kept.", file=sys.stderr)

    def on_epoch(epoch: int, averaged: Classifier, losses: dict[str, float]) -> None:
        probabilities = Inference(averaged, 1, world).probabilities(watched.views(), "source")
        right = probabilities.argmax(dim=1).numpy() == watched.labels
        each = [right[watched.labels == label].mean() for label in np.unique(watched.labels)]
        scores = {"source_accuracy": float(np.mean(each)) if each else float("nan"), "loss_source": losses["source"]}
        known = Candidate(f"epoch {epoch + 1}", scores)

        def keep() -> None:
            kept.add(known, averaged, None, probabilities.log())
            board.log(epoch + 1, known)
            watch(epoch, known)

        world.agreed(keep)

    stage = AdaptParams(methods={}, source_only_share=0.0, **params.finetune.model_dump(exclude={"start"}))
    settings = params.model_copy(update={"adapt": stage})
    adapt(network, source, nothing, settings, lane_count(), 1.0, on_epoch, checkpoint, name="finetune", world=world)
    return kept
