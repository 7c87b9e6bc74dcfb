"""What one trial of a search does: a whole run of its stage with other parameters, in a folder that is deleted."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cad2real.errors import UserError
from cad2real.layout import Layout
from train.data.datasets import SourceDomain, read_target
from train.loop.checkpoint import run_key
from train.loop.run_length import long_enough
from train.model import Model
from train.params import ScoreName, TrainParams
from train.selection.choice import Candidate, best_within_gate, choose
from train.selection.epoch_scores import EpochScorer
from train.stages import adapt, adapt_epochs, finetune
from train.stages.adapt_epochs import OnCandidate
from train.stages.search_space import TunedStage
from train.stages.source_domain import cache_size, refuse_other_classes, source_domain


@dataclass(frozen=True)
class Objective:
    """What a search maximises: the `score` of the checkpoint that `train(values, folder, on_candidate)` returns, the
    one that the stage would keep with these values of its block, among trials within `gate` of the best held-out source
    accuracy. `key` names the data, the other parameters and the code.
    """

    key: str
    score: ScoreName
    gate: float
    train: Callable[[dict[str, float], Path, OnCandidate], Candidate]


def new_objective(stage: TunedStage, layout: Layout, params: TrainParams) -> Objective:
    """Raises UserError where the stage itself could not be trained."""
    source = source_domain(layout, params)
    probe = Model.load(layout.models / "probe")
    refuse_other_classes(layout, probe, source)
    params = long_enough(params, len(source.classes), f"tune {stage}")
    return (_finetune if stage == "finetune" else _adapt)(layout, params, source, probe)


def _finetune(layout: Layout, params: TrainParams, source: SourceDomain, probe: Model) -> Objective:
    """Scored on renders alone: accuracy on the held-out ones, as the stage scores its epochs."""
    if not source.held_out.any():
        raise UserError("train tune: no renders are held out to score trials on.", "Render more views a part.")

    def train(values: dict[str, float], folder: Path, on_candidate: OnCandidate) -> Candidate:
        settings = params.model_copy(update={"finetune": params.finetune.model_copy(update=values)})
        network = copy.deepcopy(probe.network)
        candidates = finetune.train_candidates(layout, network, source, settings, folder, on_candidate).candidates
        return candidates[best_within_gate(candidates, "source_accuracy", 0.0)]

    fixed = ["finetune", params.model_dump(mode="json", exclude={"adapt"}), probe.key, source.pictures_key]
    return Objective(run_key(fixed, []), "source_accuracy", 0.0, train)


def _adapt(layout: Layout, params: TrainParams, source: SourceDomain, probe: Model) -> Objective:
    """Scored by what chooses checkpoints, behind the same gate; no target label is read."""
    target = read_target(layout.squares, cache_size(params), layout.cache)
    scorer = EpochScorer(source, target, params)
    if reason := adapt.too_few_photos(target) or adapt.reason_not_to_adapt(layout, probe, scorer, params):
        raise UserError(f"train tune: {reason}", "Then there is nothing to search.")
    score, gate = params.adapt.score, params.adapt.source_accuracy_gate

    def train(values: dict[str, float], folder: Path, on_candidate: OnCandidate) -> Candidate:
        settings = params.model_copy(update={"adapt": params.adapt.model_copy(update=values)})
        run = adapt.new_adaptation(copy.deepcopy(probe.network), probe.description, source, target, settings)
        # Of a trial only the scores are asked: no weights are kept.
        candidates = adapt_epochs.train_candidates(layout, run, scorer, folder, on_candidate, lambda _: ()).candidates
        return candidates[choose(candidates, score, gate, settings.adapt.fall_back)]

    fixed = [params.model_dump(mode="json", exclude={"finetune"}), probe.key, source.pictures_key, target.pictures_key]
    return Objective(run_key(fixed, []), score, gate, train)
