"""Stage 1b: all layers on labelled renders alone. Nothing of the target is used. A run comes here where there are no
photos yet (`train/stages/no_photos.py`), else it is for comparison.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cad2real.layout import Layout
from train.compute.distributed import ALONE, World
from train.data.datasets import SourceDomain, TargetDomain
from train.data.held_out import held_out
from train.loop.adaptation import Adaptation, adapt
from train.loop.checkpoint import Checkpoint, resumable, run_key
from train.loop.course import EpochEnd, Evidence
from train.loop.run_length import long_enough
from train.loop.tensorboard import TensorBoardLog
from train.model import Model, save_model
from train.networks.classifier import Classifier
from train.networks.inference import Inference
from train.networks.recipes import with_recipe
from train.params import AdaptParams, TrainParams
from train.selection.candidates import CandidateStore
from train.selection.choice import Candidate, best_within_gate
from train.stages.source_domain import refuse_other_classes, source_domain, with_labelled


def run(layout: Layout, params: TrainParams, world: World = ALONE) -> dict[str, Any]:
    """Goes on training models/probe and writes data/models/finetune: the epoch with the highest accuracy on held-out
    renders, the later one of equals. Returns its description. All processes of `world` train; its lead writes.
    """
    params = with_recipe(params)
    probe = Model.load(layout.models / "probe")
    with world.lead_first():
        source = source_domain(layout, params)
    refuse_other_classes(layout, probe, source)
    params = long_enough(params, len(source.classes), "finetune" if world.leads else "")

    def save(description: dict[str, Any]) -> None:
        save_model(layout.models / "finetune", probe.network, description)

    return trained_on_renders(layout, probe, source, params, save, world)


def trained_on_renders(
    layout: Layout,
    probe: Model,
    source: SourceDomain,
    params: TrainParams,
    save: Callable[[dict[str, Any]], None],
    world: World = ALONE,
) -> dict[str, Any]:
    """Goes on training the network of `probe`, in place; `save` is called with the description that model.json is to
    have, by the lead of `world`, before what a killed run would go on with is deleted. Returns the description.
    """
    network, stage = probe.network, params.finetune
    settings = [params.model_dump(mode="json", exclude={"adapt"}), probe.key, probe.description, world.size]
    key = run_key([*settings, source.pictures_key, source.labelled_photos.key], [source.labels, source.held_out])
    with resumable(layout.cache, "finetune", key, world) as folder:
        store = train_candidates(layout, network, source, params, folder, world=world)

        def save_chosen() -> dict[str, Any]:
            (chosen,) = _best(store.candidates)
            network.load_state_dict(store.weights(chosen))
            network.norm.share_source()
            description = {
                **with_labelled(probe.description, source),
                "stage": "finetune",
                "seed": params.seed,
                "rotations": params.rotations,
                "method": f"fine-tuned on renders from {stage.start}",
                "parameters": params.model_dump(mode="json"),
                "chosen": store.candidates[chosen].name,
                "chosen_by": "source_accuracy",
                "ended": store.ended,
                "scores": store.candidates[chosen].scores,
                "candidates": [candidate.as_dict() for candidate in store.candidates],
            }
            save(description)
            return description

        return world.broadcast_from_lead(save_chosen)


def _best(candidates: Sequence[Candidate]) -> set[int]:
    """The position of the candidate to keep; one that was beaten never comes back."""
    return {best_within_gate(candidates, "source_accuracy", 0.0)}


def train_candidates(
    layout: Layout,
    network: Classifier,
    source: SourceDomain,
    params: TrainParams,
    folder: Path,
    on_candidate: Callable[[int, Candidate], None] = lambda epoch, candidate: None,
    world: World = ALONE,
) -> CandidateStore:
    """The loop of stage 2 without methods and photos, from the probe's `network`; every epoch's averaged network
    becomes a candidate in `folder`, scored on held-out renders. `on_candidate` is called with the number of each epoch
    (from 0) and its candidate, and may stop the run by raising. Only the lead of `world` holds the candidates.
    """
    network.norm.target_statistics = "source"  # there are no photos that could have statistics of their own
    if params.finetune.start == "scratch":
        torch.nn.init.zeros_(network.head.weight)
        torch.nn.init.zeros_(network.head.bias)
    store, checkpoint = CandidateStore(folder, len(source.classes), _best), Checkpoint(folder / "run.safetensors")
    log = TensorBoardLog(layout, params, folder.name)
    world.broadcast_from_lead(lambda: store.resume(checkpoint, "finetune", params.epochs))
    no_photos = TargetDomain.empty(source.images.shape[-1])
    renders = held_out(source, no_photos, params)
    if not len(renders.rows):
        print("train finetune: no renders are held out; the last epoch is kept.", file=sys.stderr)

    def on_epoch(epoch: int, averaged: Classifier, losses: dict[str, float]) -> EpochEnd:
        probabilities = Inference(averaged, 1, world).probabilities(renders.views(), "source")
        right = probabilities.argmax(dim=1).numpy() == renders.labels
        each = [right[renders.labels == label].mean() for label in np.unique(renders.labels)]
        scores = {"source_accuracy": float(np.mean(each)) if each else float("nan"), "loss_source": losses["source"]}
        candidate = Candidate(f"epoch {epoch + 1}", scores)

        def record() -> None:
            store.add(candidate, averaged, None, probabilities.argmax(dim=1))
            log.log(epoch + 1, candidate.scores)
            on_candidate(epoch, candidate)

        world.broadcast_from_lead(record)
        known = probabilities.double().numpy()[np.arange(len(renders.labels)), renders.labels]
        return EpochEnd(evidence=Evidence(known, np.zeros(0)))

    stage = AdaptParams(methods={}, source_only_share=0.0, **params.finetune.model_dump(exclude={"start"}))
    settings = params.model_copy(update={"adapt": stage})
    run = Adaptation(network, source, no_photos, settings, stage="finetune", world=world)
    store.ended = adapt(run, on_epoch, checkpoint).why("train.finetune")
    return store
