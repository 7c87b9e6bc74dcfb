"""What one trial of a search does: a whole run of its stage with other parameters, in a folder that is not kept."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cad2real.errors import UserError
from cad2real.layout import Layout
from train.data.datasets import SourceDomain, read_target
from train.loop.checkpoint import run_key
from train.loop.label_shift import new_shift
from train.model import Model
from train.params import ScoreName, TrainParams
from train.selection.choice import Candidate, choose, pick
from train.selection.epoch_scores import Watched
from train.stages import adapt, finetune
from train.stages.search_space import TunedStage
from train.stages.source_domain import cache_size, refuse_other_classes, source_domain

Watch = Callable[[int, Candidate], None]


@dataclass(frozen=True)
class Trials:
    """`train(values, folder, watch)` gives the checkpoint that the stage would keep with these values of its block;
    `watch` is told the number of each epoch and its candidate, and may stop the run by raising. `key` names the data,
    the other parameters and the code. What counts is `score`, among trials within `gate` of the best held-out source
    accuracy.
    """

    key: str
    score: ScoreName
    gate: float
    train: Callable[[dict[str, float], Path, Watch], Candidate]


def trials_of(stage: TunedStage, layout: Layout, params: TrainParams) -> Trials:
    """Raises UserError where the stage itself could not be trained."""
    source = source_domain(layout, params)
    probe = Model.load(layout.models / "probe")
    refuse_other_classes(layout, probe, source)
    return (_finetune if stage == "finetune" else _adapt)(layout, params, source, probe)


def _finetune(layout: Layout, params: TrainParams, source: SourceDomain, probe: Model) -> Trials:
    """Judged by renders alone: accuracy on the held-out ones, as the stage judges its epochs."""
    if not source.held_out.any():
        raise UserError("train tune: no renders are held out to score trials on.", "Render more views a part.")

    def train(values: dict[str, float], folder: Path, watch: Watch) -> Candidate:
        settings = params.model_copy(update={"finetune": params.finetune.model_copy(update=values)})
        known = finetune.train_candidates(layout, copy.deepcopy(probe.network), source, settings, folder, watch).known
        return known[pick(known, "source_accuracy", 0.0)]

    said = ["finetune", params.model_dump(mode="json", exclude={"adapt"}), probe.key]
    return Trials(run_key(said, [source.images, source.scenes.images]), "source_accuracy", 0.0, train)


def _adapt(layout: Layout, params: TrainParams, source: SourceDomain, probe: Model) -> Trials:
    """Judged by what chooses checkpoints, behind the same gate; no target label is read."""
    target = read_target(layout.squares, cache_size(params), layout.cache)
    watched = Watched(source, target, params)
    if reason := adapt.why_not(layout, probe, watched, params):
        raise UserError(f"train tune: {reason}", "Then there is nothing to search.")
    score, gate = params.adapt.score, params.adapt.source_accuracy_gate

    def train(values: dict[str, float], folder: Path, watch: Watch) -> Candidate:
        settings = params.model_copy(update={"adapt": params.adapt.model_copy(update=values)})
        network, shift = copy.deepcopy(probe.network), new_shift(settings.adapt, len(source.classes))
        network.norm.target_statistics = adapt.target_statistics(settings, probe.description)
        speed = adapt.pace(probe.description)
        known = adapt.train_candidates(layout, network, watched, settings, speed, folder, watch, shift=shift).known
        return known[choose(known, score, gate, settings.adapt.fall_back)]

    said = [params.model_dump(mode="json", exclude={"finetune"}), probe.key]
    return Trials(run_key(said, [source.images, source.scenes.images, target.images]), score, gate, train)
