"""One run of the check: a source-only network, adapted by methods of the registry, its checkpoint chosen label-free.

What runs is the project's own: the loop, the images of its steps, the teacher, the scores and the choice are those of
`cad2real train adapt` (`train.stages.adapt_epochs.train_candidates`, `train.selection.choice.choose`).
"""

from __future__ import annotations

import copy
import math
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from cad2real.layout import Layout
from tools.uda.digits import Pair, UInt8
from tools.uda.lenet import new_lenet
from train.data.batches import plain_view
from train.data.datasets import SourceDomain, TargetDomain
from train.loop.adaptation import Adaptation, adapt
from train.loop.step_images import MakeStepImages, step_images
from train.networks.classifier import Classifier
from train.networks.inference import Inference
from train.params import TrainParams
from train.selection.choice import choose
from train.selection.epoch_scores import EpochScorer
from train.stages.adapt import target_statistics
from train.stages.adapt_epochs import train_candidates

BATCH = 256


@dataclass(frozen=True)
class Trial:
    """What came of `methods` on a pair with a seed. `accuracy` is that of the checkpoint that was chosen without
    labels, `best` that of the best one (the oracle), `source_only` that of the network it began with. The first of
    `candidates` is the same network with statistics of the photos.
    """

    pair: str
    row: str
    seed: int
    images: int
    source_only: float
    accuracy: float
    best: float
    chosen: str
    steps: int
    cpu_seconds: float
    candidates: list[dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def source_only(source: SourceDomain, params: TrainParams) -> Classifier:
    """A network of LeNet's size trained on the labelled digits alone; the target's statistics are the source's."""
    network = new_lenet(len(source.classes), params.seed)
    network.norm.target_statistics = "source"
    averaged: list[Classifier] = []

    def on_epoch(epoch: int, teacher: Classifier, losses: dict[str, float]) -> None:
        averaged[:] = [teacher]

    no_photos = TargetDomain.empty(source.images.shape[-1])
    adapt(Adaptation(network, source, no_photos, params, stage="source only"), on_epoch)
    network.load_state_dict(averaged[0].state_dict())
    network.norm.share_source()
    return network


def adapted(
    row: str, pair: Pair, start: Classifier, params: TrainParams, make_images: MakeStepImages = step_images
) -> Trial:
    """`start` (left as it is) adapted to the pair's target with `params`, and scored."""
    began = time.process_time()
    network = copy.deepcopy(start)
    before = accuracy(network, pair)
    network.norm.target_statistics = target_statistics(params)
    with tempfile.TemporaryDirectory() as folder:
        run = Adaptation(network, pair.source, pair.target, params, make_images=make_images)
        scorer = EpochScorer(pair.source, pair.target, params)
        everyone = {"eligible": lambda candidates: range(len(candidates))}  # also for the oracle
        store = train_candidates(Layout(Path(folder)), run, scorer, Path(folder), **everyone)
        accuracies = []
        for file in store.files:
            network.load_state_dict(load_file(file))
            accuracies.append(accuracy(network, pair))
    stage = params.adapt
    chosen = choose(store.candidates, stage.score, stage.source_accuracy_gate, stage.fall_back)
    return Trial(
        pair=pair.name,
        row=row,
        seed=params.seed,
        images=len(pair.truth),
        source_only=before,
        accuracy=accuracies[chosen],
        best=max(accuracies),
        chosen=store.candidates[chosen].name,
        steps=(len(store.candidates) - 1) * params.steps_per_epoch,
        cpu_seconds=time.process_time() - began,
        candidates=[
            {"name": candidate.name, "accuracy": value, "scores": _finite(candidate.scores)}
            for candidate, value in zip(store.candidates, accuracies, strict=True)
        ],
    )


def accuracy(network: Classifier, pair: Pair) -> float:
    """Share of the scored pictures that `network` reads, one look at each: the only place that reads target labels."""
    logits = Inference(network, 1).probabilities(pictures(pair.scored), "target")
    return float((logits.argmax(dim=1).numpy() == pair.truth).mean())


def pictures(images: UInt8) -> Iterator[torch.Tensor]:
    for start in range(0, len(images), BATCH):
        yield plain_view(images[start : start + BATCH], images.shape[-1], 0.0)


def _finite(scores: dict[str, float]) -> dict[str, float | None]:
    return {name: value if math.isfinite(value) else None for name, value in scores.items()}
