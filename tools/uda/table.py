"""The table of the check, in Markdown: a row a set of methods, a column a pair, mean and spread over the seeds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import mean

from tools.uda.digits import PAIRS
from tools.uda.trial import Trial
from train.params import AdaptParams
from train.selection.choice import Candidate, choose

SLACK = 0.01  # a method that ends this far below the network it began with failed
TITLES = {"usps": "MNIST → USPS", "mnist_m": "MNIST → MNIST-M"}


def markdown(trials: Sequence[Trial]) -> str:
    """Rows in the order in which they were run first. A figure in italics: worse than source-only by over a point."""
    names = list(dict.fromkeys(trial.row for trial in trials))
    lines = [
        "| methods | " + " | ".join(TITLES[pair] for pair in PAIRS) + " |",
        "| --- |" + " --- |" * len(PAIRS),
        "| *source only* | " + " | ".join(_start(_of(trials, pair)) for pair in PAIRS) + " |",
    ]
    for name in names:
        cells = [_cell(trial for trial in _of(trials, pair) if trial.row == name) for pair in PAIRS]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def fall_back_line(trials: Sequence[Trial]) -> str:
    """What falling back to epoch 0 (`train.selection.choice.choose`) would have done to these runs."""
    back = [trial for trial in trials if _kept(trial) == 0]
    failed = [trial for trial in trials if trial.accuracy < trial.source_only - SLACK]
    lost = [trial.accuracy - trial.candidates[0]["accuracy"] for trial in back]
    return (
        f"With the fall-back: of {len(trials)} runs {len(back)} end as they began, among them "
        f"{sum(trial in back for trial in failed)} of the {len(failed)} that ended over a point below source-only; "
        f"{sum(loss > 0 for loss in lost)} of them had gained, by at most {100 * max([0, *lost]):.1f} points.\n"
    )


def _kept(trial: Trial) -> int:
    """Position of the candidate that the default choice keeps; 0 is epoch 0."""
    candidates = [Candidate.from_dict(entry) for entry in trial.candidates]
    stage = AdaptParams()
    return choose(candidates, stage.score, stage.source_accuracy_gate)


def _of(trials: Sequence[Trial], pair: str) -> list[Trial]:
    return [trial for trial in trials if trial.pair == pair]


def _start(trials: Sequence[Trial]) -> str:
    return _figures(list({trial.seed: trial.source_only for trial in trials}.values()))


def _cell(trials: Iterable[Trial]) -> str:
    found = list(trials)
    if not found:
        return "–"
    figures = _figures([trial.accuracy for trial in found])
    failed = mean(trial.accuracy - trial.source_only for trial in found) < -SLACK
    return f"*{figures}*" if failed else figures


def _figures(values: Sequence[float]) -> str:
    """The mean, and the least and greatest where there are several: 0.953 (0.949 to 0.957, 3 seeds)."""
    if not values:
        return "–"
    spread = f" ({min(values):.3f} to {max(values):.3f}, {len(values)} seeds)" if len(values) > 1 else ""
    return f"{mean(values):.3f}{spread}"
