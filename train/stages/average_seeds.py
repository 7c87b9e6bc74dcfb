"""Several adaptations from one start that differ in their random numbers, averaged into one network: a uniform soup
(Wortsman et al., Model soups, ICML 2022, section 3). It answers as quickly as one of them.
"""

from __future__ import annotations

import copy
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from cad2real.layout import Layout
from train.loop.adaptation import Adaptation
from train.loop.label_shift import make_label_shift
from train.selection.candidates import CandidateStore
from train.selection.choice import Candidate, choose
from train.selection.epoch_scores import EpochScorer
from train.sizes.size_prior import calibrate
from train.stages.adapt_epochs import sizes_in_photos, train_candidates

type Weights = dict[str, Tensor]


def train_seeds(layout: Layout, run: Adaptation, scorer: EpochScorer, folder: Path) -> CandidateStore:
    """The candidates of `run`: with one seed those of its epochs; with more the start, what each seed's run would have
    kept, and the average of those that look better than the start, scored as they are. Runs are kept in sub-folders of
    `folder`: a killed training goes on in the run that it was in.
    """
    world, params, rule = run.world, run.params, run.params.adapt
    if params.seeds == 1:
        return train_candidates(layout, run, scorer, folder)
    start = copy.deepcopy(run.network)
    stores: list[CandidateStore] = []
    for seed in range(params.seed, params.seed + params.seeds):
        if world.leads:
            print(f"train adapt: seed {seed} (train.seeds: {params.seeds}).", file=sys.stderr)
        one = replace(
            run,
            network=copy.deepcopy(start),
            params=params.model_copy(update={"seed": seed}),
            label_shift=make_label_shift(rule, len(run.source.classes)),
        )
        stores.append(train_candidates(layout, one, scorer, folder / f"seed_{seed}"))

    # Those of a training that was killed while it wrote them are written anew.
    kept = CandidateStore(folder / "seeds", len(run.source.classes), lambda seen: range(len(seen)), first=0)
    adapted: list[Weights] = []

    def keep() -> bool:
        shutil.rmtree(folder / "seeds", ignore_errors=True)
        kept.ended = "; ".join(dict.fromkeys(store.ended for store in stores if store.ended))
        kept.add(stores[0].candidates[0], start, stores[0].priors[0], stores[0].predictions[0])
        for seed, store in enumerate(stores, start=params.seed):
            number = choose(store.candidates, rule.score, rule.source_accuracy_gate, rule.fall_back)
            if number:
                adapted.append(store.weights(number))
                run.network.load_state_dict(adapted[-1])
                best = store.candidates[number]
                named = Candidate(f"seed {seed}, {best.name}", best.scores)
                kept.add(named, run.network, store.priors[number], store.predictions[number])
        return len(adapted) > 1

    if world.broadcast_from_lead(keep):
        run.network.load_state_dict(world.broadcast_tensors(average(adapted) if world.leads else None))
        outputs = scorer.outputs(run.network)

        def judge() -> None:
            sizes = sizes_in_photos(layout, run.source.classes, params)
            prior = calibrate(sizes, scorer.extents, outputs.target_probabilities)
            candidate = Candidate(f"average of {len(adapted)} seeds", scorer.scores(outputs))
            kept.add(candidate, run.network, prior, torch.from_numpy(outputs.target_predictions))

        world.broadcast_from_lead(judge)
    return kept


def average(networks: Sequence[Weights]) -> Weights:
    """The mean of the weights of networks of one kind; whole numbers, which count something, are the first one's.

    >>> average([{"w": torch.tensor([0.0, 2.0])}, {"w": torch.tensor([1.0, 4.0])}])["w"].tolist()
    [0.5, 3.0]
    """
    return {
        name: torch.stack([network[name].double() for network in networks]).mean(dim=0).to(value.dtype)
        if value.is_floating_point()
        else value
        for name, value in networks[0].items()
    }
