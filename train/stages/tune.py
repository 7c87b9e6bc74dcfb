"""Hyper-parameter search for a stage, scored without target labels; a search that is killed goes on.

Each trial is a run of the stage with parameters drawn from `train.stages.search_space` (TPE; Bergstra et al., NeurIPS
2011). What counts is the score that chooses the stage's checkpoints; trials that lag behind after an epoch are pruned.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from cad2real.errors import UserError
from cad2real.layout import Layout
from train.loop.checkpoint import resumable, run_key
from train.loop.divergence import DivergedError
from train.networks.recipes import with_recipe
from train.params import ScoreName, TrainParams
from train.selection.choice import Candidate, best_within_gate
from train.stages.search_space import Range, TunedStage, ranges_around
from train.stages.tune_trials import Objective, new_objective

SCORES = "scores"  # of a trial's checkpoint, stored with the trial
UNPRUNED = 5  # trials before any is pruned: there is nothing to compare them with


@dataclass(frozen=True)
class SearchResult:
    """The best `values`, the checkpoint of each trial that was trained to its end, the best of them, and the score that
    decided.
    """

    values: dict[str, float]
    candidates: list[Candidate]
    chosen: Candidate
    score: ScoreName


def run(layout: Layout, params: TrainParams, stage: TunedStage, trials: int) -> SearchResult:
    """Brings the study of `stage` to `trials` trials that were trained or pruned. The best is chosen as checkpoints
    are: behind the gate of held-out source accuracy.

    The first trial has the parameters as they are, so the best is no worse. The study lies in data/cache/tune.db, under
    a name made of the other parameters, the data and the code.
    """
    optuna, params = _optuna(), with_recipe(params)
    objective = new_objective(stage, layout, params)
    with _study_lock(layout.cache):
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        study = optuna.create_study(
            storage=f"sqlite:///{layout.cache / 'tune.db'}",
            study_name=objective.key,
            load_if_exists=True,
            direction="maximize",
            pruner=optuna.pruners.MedianPruner(n_startup_trials=UNPRUNED),
        )
        # A sampler with the seed of the first start would draw the first start's trials again.
        study.sampler = optuna.samplers.TPESampler(seed=params.seed + len(study.trials))
        now = getattr(params, stage)
        ranges = ranges_around(now, stage)
        _enqueue_first(optuna, study, {name: getattr(now, name) for name in ranges})
        while len(_finished_trials(optuna, study)) < trials:
            _run_trial(optuna, study, layout.cache, ranges, objective)
    complete = [trial for trial in study.trials if trial.state == optuna.trial.TrialState.COMPLETE]
    if not complete:
        raise UserError("train tune: no trial could be trained to its end.", "Lower the learning rates and try again.")
    candidates = [Candidate(f"trial {trial.number + 1}", trial.user_attrs[SCORES]) for trial in complete]
    best = best_within_gate(candidates, objective.score, objective.gate)
    return SearchResult(dict(complete[best].params), candidates, candidates[best], objective.score)


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
def _study_lock(cache: Path) -> Iterator[None]:
    try:
        with FileLock(cache / "tune.lock", timeout=0):
            yield
    except Timeout:
        raise UserError("Another `cad2real train tune` is at work in this project.", "Wait for it.") from None


def _finished_trials(optuna: Any, study: Any) -> list[Any]:
    states = optuna.trial.TrialState
    return study.get_trials(deepcopy=False, states=(states.COMPLETE, states.PRUNED))  # type: ignore[no-any-return]


def _enqueue_first(optuna: Any, study: Any, now: dict[str, float]) -> None:
    """A new study begins with the values of `now`; a trial that was running when it was killed is run again."""
    states = optuna.trial.TrialState
    if not study.trials:
        study.enqueue_trial(now)
    for trial in study.get_trials(states=(states.RUNNING,)):
        study.tell(trial.number, state=states.FAIL)
        study.enqueue_trial(trial.params)


def _run_trial(optuna: Any, study: Any, cache: Path, ranges: dict[str, Range], objective: Objective) -> None:
    """One trial. One that diverges ends as pruned."""
    distributions = {
        name: optuna.distributions.FloatDistribution(limits.low, limits.high, log=limits.log)
        for name, limits in ranges.items()
    }
    trial = study.ask(distributions)

    def on_candidate(epoch: int, candidate: Candidate) -> None:
        trial.report(candidate.scores[objective.score], epoch)
        if trial.should_prune():
            raise optuna.TrialPruned

    key = run_key([study.study_name, trial.params], [])
    with resumable(cache, "tune", key) as folder:
        try:
            chosen = objective.train(trial.params, folder, on_candidate)
        except (optuna.TrialPruned, DivergedError) as reason:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            print(f"trial {trial.number + 1}: pruned {reason}".rstrip(), file=sys.stderr)
            return
        value = chosen.scores[objective.score]
        print(f"trial {trial.number + 1}: {value:.4f}", file=sys.stderr)
        if math.isfinite(value):
            trial.set_user_attr(SCORES, chosen.scores)
            study.tell(trial, value)
        else:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
