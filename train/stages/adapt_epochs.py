"""The epochs of an adaptation as candidates: each is scored without target labels, one is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from scipy.special import softmax

from cad2real.layout import Layout
from train.loop.adaptation import Adaptation, adapt
from train.loop.checkpoint import Checkpoint
from train.loop.course import EpochEnd
from train.loop.label_shift import target_shares
from train.loop.tensorboard import TensorBoardLog
from train.networks.classifier import Classifier
from train.params import TrainParams
from train.selection.candidates import CandidateStore, Eligible
from train.selection.choice import Candidate, still_eligible
from train.selection.epoch_scores import EpochScorer, evidence
from train.sizes.calibration import calibrate
from train.sizes.possible_sizes import Sizes, possible_sizes
from train.sizes.size_prior import SizePrior, fuse
from train.validators import Outputs

type OnCandidate = Callable[[int, Candidate], None]
"""Called with the number of each epoch (from 0) and its candidate; may stop the run by raising."""


def sizes_in_photos(layout: Layout, classes: tuple[str, ...], params: TrainParams) -> list[Sizes]:
    """The sizes that parts of the classes can have in photos, if sizes are to be used."""
    return possible_sizes(layout.renders, classes, layout.cache) if params.size_prior else []


@dataclass(frozen=True)
class _EpochRecorder:
    """What is done with the network of each epoch, by the lead of the world only."""

    scorer: EpochScorer
    sizes: list[Sizes]
    store: CandidateStore
    log: TensorBoardLog

    def record(
        self, epochs_done: int, network: Classifier, outputs: Outputs, losses: dict[str, float]
    ) -> SizePrior | None:
        """Scores, stores and logs a candidate; returns its size prior."""
        scores = self.scorer.scores(outputs)
        prior = calibrate(self.sizes, self.scorer.extents, outputs.target_probabilities)
        candidate = Candidate(f"epoch {epochs_done}", {**scores, **{f"loss_{k}": v for k, v in losses.items()}})
        self.store.add(candidate, network, prior, torch.from_numpy(outputs.target_predictions))
        self.log.log(epochs_done, candidate.scores)
        return prior


def train_candidates(
    layout: Layout,
    run: Adaptation,
    scorer: EpochScorer,
    folder: Path,
    on_candidate: OnCandidate = lambda epoch, candidate: None,
    eligible: Eligible | None = None,
) -> CandidateStore:
    """Runs the loop; every epoch's averaged network becomes a candidate in `folder`, scored without target labels.

    Only the lead of the world holds the candidates; weights are kept of those that are `eligible`: without it, those
    that `choose` may come to. `run.label_shift` is estimated anew after each epoch.
    """
    world, params, shift = run.world, run.params, run.label_shift
    rule = params.adapt
    if eligible is None:
        eligible = partial(still_eligible, score=rule.score, gate=rule.source_accuracy_gate, fall_back=rule.fall_back)
    store = CandidateStore(folder, len(run.source.classes), eligible, first=0)
    checkpoint = Checkpoint(folder / "run.safetensors")
    sizes = sizes_in_photos(layout, run.source.classes, params)
    recorder = _EpochRecorder(scorer, sizes, store, TensorBoardLog(layout, params, folder.name))
    world.broadcast_from_lead(lambda: store.resume(checkpoint, "adapt", params.epochs))
    if world.broadcast_from_lead(lambda: not store.candidates):  # else the checkpoint has the shares
        before = scorer.initial_outputs(run.network)
        prior = world.broadcast_from_lead(lambda: recorder.record(0, run.network, before, {}))
        probabilities = fuse(before.target_probabilities, prior, scorer.extents)
        run = replace(run, class_shares=torch.from_numpy(probabilities.mean(axis=0)))

    def on_epoch(epoch: int, averaged: Classifier, losses: dict[str, float]) -> EpochEnd:
        outputs = scorer.outputs(averaged)
        if shift is not None:
            probabilities = softmax(outputs.source_logits, axis=1), outputs.source_labels, outputs.target_probabilities
            shift.update(world.broadcast_from_lead(lambda: target_shares(*probabilities)))

        def record() -> SizePrior | None:
            prior = recorder.record(epoch + 1, averaged, outputs, losses)
            on_candidate(epoch, store.candidates[-1])
            return prior

        return EpochEnd(world.broadcast_from_lead(record), evidence(outputs))

    prior = world.broadcast_from_lead(lambda: store.priors[-1])
    store.ended = adapt(run, on_epoch, checkpoint, prior).why("train.adapt")
    return store
