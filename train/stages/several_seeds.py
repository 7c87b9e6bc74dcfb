"""The runs of `train.seeds`: what one run would keep, or what those of several seeds say together."""

from __future__ import annotations

import copy
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor

from cad2real.layout import Layout
from train.loop.adaptation import Adaptation
from train.loop.label_shift import make_label_shift
from train.networks.classifier import Classifier
from train.networks.ensemble import ensemble
from train.selection.candidates import CandidateStore
from train.selection.choice import Candidate, choose
from train.selection.epoch_scores import EpochScorer
from train.sizes.calibration import calibrate
from train.sizes.size_prior import SizePrior
from train.stages.adapt_epochs import sizes_in_photos, train_candidates


@dataclass
class Chosen:
    """What a training ends in: the `network` to keep, with its `prior`, which is `candidates[number]`; number 0 is the
    network before the first step. The lead of the world alone knows candidates and what they predicted; `ended` says
    why.
    """

    network: Classifier
    number: int = 0
    prior: SizePrior | None = None
    candidates: list[Candidate] = field(default_factory=list)
    predictions: list[Tensor] = field(default_factory=list)
    ended: str = ""

    def add(self, candidate: Candidate, prior: SizePrior | None, predictions: Tensor) -> None:
        """Another one, which is chosen from now on."""
        self.candidates.append(candidate)
        self.predictions.append(predictions)
        self.number, self.prior = len(self.candidates) - 1, prior


def train_seeds(layout: Layout, run: Adaptation, scorer: EpochScorer, folder: Path) -> Chosen:
    """Trains `run` with its seed and, with `train.seeds`, with the next ones. Of several, all that look better than
    the start answer together (`train.networks.ensemble`). They are not chosen from by a score: that of one network says
    how sure it is, and several are less sure where they differ, which is why they are asked. A training that was killed
    goes on in the run that it was in.
    """
    world, params = run.world, run.params
    if params.seeds == 1:
        store = train_candidates(layout, run, scorer, folder)
        number = _choice(run, store)
        if world.leads:
            run.network.load_state_dict(store.weights(number))
        return Chosen(
            run.network,
            number,
            store.priors[number] if world.leads else None,
            store.candidates,
            store.predictions,
            store.ended,
        )
    found, members = Chosen(run.network), list[Classifier]()
    start = copy.deepcopy(run.network)
    for seed in range(params.seed, params.seed + params.seeds):
        if world.leads:
            print(f"train adapt: seed {seed} (train.seeds: {params.seeds}).", file=sys.stderr)
        own = params.model_copy(update={"seed": seed})
        shift = make_label_shift(params.adapt, len(run.source.classes))
        one = replace(run, network=copy.deepcopy(start), params=own, label_shift=shift)
        store = train_candidates(layout, one, scorer, folder / f"seed_{seed}")
        number = _choice(one, store)
        if world.leads and not found.candidates:
            found.add(store.candidates[0], store.priors[0], store.predictions[0])
        weights = store.weights(number) if world.leads else None
        one.network.load_state_dict(world.broadcast_tensors(weights))
        if number:
            members.append(one.network)
        elif not members:
            found.network = one.network
        if number and world.leads:
            found.ended = "; ".join(filter(None, [found.ended, store.ended and f"seed {seed}: {store.ended}"]))
            kept = store.candidates[number]
            named = Candidate(f"seed {seed}, {kept.name}", kept.scores)
            found.add(named, store.priors[number], store.predictions[number])
    if members:
        found.network = ensemble(members)
    if len(members) > 1:
        outputs = scorer.outputs(found.network, aligned=True)
        if world.leads:
            sizes = sizes_in_photos(layout, run.source.classes, params)
            prior = calibrate(sizes, scorer.extents, outputs.target_probabilities)
            together = Candidate(f"{len(members)} seeds together", scorer.scores(outputs))
            found.add(together, prior, torch.from_numpy(outputs.target_predictions).int())
    return found


def _choice(run: Adaptation, store: CandidateStore) -> int:
    """The number of the epoch that a run would keep."""
    rule = run.params.adapt
    return run.world.broadcast_from_lead(
        lambda: choose(store.candidates, rule.score, rule.source_accuracy_gate, rule.fall_back)
    )
