"""The figures of a benchmark as a table for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

UNSEEN = "unseen_"
"""Before the name of a figure: of the photos that were set apart."""
MODEL_ROWS = {
    "nearest_templates": "nearest renders",
    "source_only": "linear probe",
    "aligned": "frozen, aligned",
    "fine_tuned": "fine-tuned",
    "adapted": "adapted",
}
"""From what trains nothing to what trains most; the linear probe is "source only" in all files."""
ROWS = (
    *(
        (title, f"{name}_accuracy{sizes}", f"{name}_mean_per_class{sizes}")
        for name, model in MODEL_ROWS.items()
        for title, sizes in ((model, ""), ("  without sizes", "_without_sizes"))
    ),
    ("right part first", "retrieval_top1", ""),
    ("  in the first five", "retrieval_top5", ""),
)
FIGURES = tuple(figure for _, *figures in ROWS for figure in figures if figure)


def benchmark_table(result: Mapping[str, Any]) -> str:
    """What `run_benchmark` or `run_seeds` returned, the latter by its means: a line a row, accuracy and mean per class
    on the photos that were adapted to and, where some were set apart, on those.

    >>> print(benchmark_table({"adapted_accuracy": 0.9, "unseen_adapted_accuracy": 0.875}))
                            accuracy   per class      unseen   per class
    adapted                   90.0 %           -      87.5 %           -
    """
    apart = any(name.startswith(UNSEEN) for name in result)
    lines = [f"{'':<20}{'accuracy':>12}{'per class':>12}" + (f"{'unseen':>12}{'per class':>12}" if apart else "")]
    for title, *figures in ROWS:
        values = [_mean(result.get(prefix + name)) for prefix in ("", UNSEEN)[: 1 + apart] for name in figures]
        if any(value is not None for value in values):
            lines.append(f"{title:<20}" + "".join(f"{_percent(value):>12}" for value in values))
    runs = result.get("runs", [result])
    return "\n".join(lines + _labelled(runs) + [line for run in runs if (line := _found(run))])


def _labelled(runs: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a handful of labels brings, by the means of several runs."""
    curves = [run["labelled"] for run in runs if run.get("labelled")]
    if not curves:
        return []
    lines = ["", f"{'labels a class':<20}{'linear probe':>12}{'per class':>12}{'adapted':>12}{'per class':>12}"]
    names = [f"{model}_{figure}" for model in ("source_only", "adapted") for figure in ("accuracy", "mean_per_class")]
    for rows in zip(*curves, strict=True):
        values = [[row[name] for row in rows if row[name] is not None] for name in names]
        cells = "".join(f"{_percent(mean(some) if some else None):>12}" for some in values)
        lines.append(f"{rows[0]['a_class']} ({rows[0]['labels']} in all)".ljust(20) + cells)
    return [*lines, f"all scored on the {curves[0][0]['photos']} photos that none of them draws"]


def _found(run: Mapping[str, Any]) -> str:
    """What was found in photos without boxes; empty where none was looked through."""
    found = run.get("found") or {}
    if not found.get("looked_through"):
        return ""
    return (
        f"found without boxes: {found['parts']} parts in {found['photos']} of {found['looked_through']} photos"
        f" (seed {run['seed']}); the others are used whole. The report shows them."
    )


def _mean(value: float | Mapping[str, float] | None) -> float | None:
    return value["mean"] if isinstance(value, Mapping) else value


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"
