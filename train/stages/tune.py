"""Hyper-parameter search for stage 2, scored without target labels; a search that is killed goes on.

Each trial is an adaptation with parameters drawn from `train.tuning_ranges` (TPE; Bergstra et al., NeurIPS 2011). What
counts is the score that chooses checkpoints, `train.adapt.score`; trials that lag behind after an epoch are pruned.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from cad2real.errors import UserError
from cad2real.layout import Layout
from train.checkpoint import resumable, run_key
from train.datasets import SourceDomain, TargetDomain, read_target
from train.divergence import DivergedError
from train.label_shift import new_shift
from train.model import Model
from train.params import TrainParams
from train.selection import Candidate, choose, pick
from train.stages.adapt import pace, target_statistics, train_candidates, why_not
from train.stages.source import cache_size, source_domain
from train.tuning_ranges import RANGES

SCORES = "scores"  # of a trial's checkpoint, kept with it
UNPRUNED = 5  # trials before any is pruned: there is nothing to compare them with


def run(layout: Layout, params: TrainParams, trials: int) -> tuple[dict[str, float], list[Candidate], Candidate]:
    """Brings the study to `trials` trials that were trained or pruned. Returns the best parameters, the checkpoint of
    each trial that was trained to its end, and the best of them, chosen as checkpoints are: behind the gate of held-out
    source accuracy.

    The first trial has the parameters as they are, so the best is no worse. The study lies in data/cache/tune.db, under
    a name made of the other parameters, the data and the code.
    """
    optuna = _optuna()
    source = source_domain(layout, params)
    target = read_target(layout.squares, cache_size(params), layout.cache)
    probe = Model.load(layout.models / "probe")
    if probe.classes != tuple(source.classes):
        raise UserError("train tune: the probe knows other classes than the renders.", "Run `cad2real train probe`.")
    if reason := why_not(layout, probe, target, params):
        raise UserError(f"train tune: {reason}", "Then there is nothing to search.")
    name = run_key(
        [params.model_dump(mode="json", exclude={"finetune"}), probe.key],
        [source.images, source.scenes.images, target.images],
    )
    with _alone(layout.cache):
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        study = optuna.create_study(
            storage=f"sqlite:///{layout.cache / 'tune.db'}",
            study_name=name,
            load_if_exists=True,
            direction="maximize",
            pruner=optuna.pruners.MedianPruner(n_startup_trials=UNPRUNED),
        )
        # A sampler with the seed of the first start would draw the first start's trials again.
        study.sampler = optuna.samplers.TPESampler(seed=params.seed + len(study.trials))
        _begin(optuna, study, params)
        while len(_finished(optuna, study)) < trials:
            _try(optuna, study, layout, params, source, target)
    whole = [trial for trial in study.trials if trial.state == optuna.trial.TrialState.COMPLETE]
    if not whole:
        raise UserError("train tune: no trial could be trained to its end.", "Lower the learning rates and try again.")
    known = [Candidate(f"trial {trial.number + 1}", trial.user_attrs[SCORES]) for trial in whole]
    best = pick(known, params.adapt.score, params.adapt.source_accuracy_gate)
    return dict(whole[best].params), known, known[best]


def _optuna() -> Any:
    try:
        import optuna
    except ModuleNotFoundError:
        raise UserError(
            "train tune needs Optuna, which is not installed.",
            "Install it (in cad2real's folder: pip install '.[tune]').",
        ) from None
    return optuna


@contextmanager
def _alone(cache: Path) -> Iterator[None]:
    try:
        with FileLock(cache / "tune.lock", timeout=0):
            yield
    except Timeout:
        raise UserError("Another `cad2real train tune` is at work in this project.", "Wait for it.") from None


def _finished(optuna: Any, study: Any) -> list[Any]:
    states = optuna.trial.TrialState
    return study.get_trials(deepcopy=False, states=(states.COMPLETE, states.PRUNED))  # type: ignore[no-any-return]


def _begin(optuna: Any, study: Any, params: TrainParams) -> None:
    """A new study begins with the parameters as they are; what was being tried when it was killed is tried again."""
    states = optuna.trial.TrialState
    if not study.trials:
        study.enqueue_trial({name: getattr(params.adapt, name) for name in RANGES})
    for trial in study.get_trials(states=(states.RUNNING,)):
        study.tell(trial.number, state=states.FAIL)
        study.enqueue_trial(trial.params)


def _try(
    optuna: Any, study: Any, layout: Layout, params: TrainParams, source: SourceDomain, target: TargetDomain
) -> None:
    """One trial. One that diverges ends as pruned."""
    ranges = {
        name: optuna.distributions.FloatDistribution(reach.low, reach.high, log=reach.log)
        for name, reach in RANGES.items()
    }
    trial = study.ask(ranges)
    settings = params.model_copy(update={"adapt": params.adapt.model_copy(update=trial.params)})
    probe = Model.load(layout.models / "probe")
    probe.network.norm.target_statistics = target_statistics(settings, probe.description)
    shift = new_shift(settings.adapt, len(source.classes))

    def watch(epoch: int, candidate: Candidate) -> None:
        trial.report(candidate.scores[params.adapt.score], epoch)
        if trial.should_prune():
            raise optuna.TrialPruned

    key = run_key([study.study_name, trial.params], [])
    with resumable(layout.cache, "tune", key) as folder:
        try:
            candidates = train_candidates(
                layout, probe.network, source, target, settings, pace(probe.description), folder, watch, shift=shift
            ).known
        except (optuna.TrialPruned, DivergedError) as reason:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            print(f"trial {trial.number + 1}: pruned {reason}".rstrip(), file=sys.stderr)
            return
        stage = settings.adapt
        chosen = candidates[choose(candidates, stage.score, stage.source_accuracy_gate, stage.fall_back)]
        value = chosen.scores[params.adapt.score]
        print(f"trial {trial.number + 1}: {value:.4f}", file=sys.stderr)
        if math.isfinite(value):
            trial.set_user_attr(SCORES, chosen.scores)
            study.tell(trial, value)
        else:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
