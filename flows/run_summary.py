"""What a run ends with: the table of accuracies before and after adaptation, and where the report is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cad2real.files import read_json
from cad2real.layout import Layout

ROWS = {"source_only": "source only", "adapted": "adapted"}


def result_table(root: Path) -> str:
    """The accuracies of data/reports/evaluation.json as a text table; one line with the reason where there are none."""
    layout = Layout(root)
    try:
        evaluation: dict[str, Any] = read_json(layout.reports / "evaluation.json")
    except (FileNotFoundError, ValueError):
        return "no result yet: the stage evaluate has not run"
    lines = [f"{'':<14}{'accuracy':>10}{'mean per class':>17}{'without sizes':>16}"]
    for key, name in ROWS.items():
        scores = evaluation.get(key) or {}
        if "accuracy" in scores:
            alone = scores.get("without_sizes") or {}
            cells = f"{_percent(scores['accuracy']):>10}{_percent(scores['mean_per_class']):>17}"
            lines.append(f"{name:<14}{cells}" + (f"{_percent(alone['accuracy']):>16}" if alone else ""))
        else:
            lines.append(f"{name:<14}{scores.get('reason') or evaluation.get('reason') or 'not scored'}")
    if "photos" in evaluation:
        classes = len(evaluation.get("classes", []))
        lines.append(f"{evaluation['photos']} labelled photos, {classes} classes")
        if trained := evaluation.get("labelled_photos"):
            lines[-1] += f"; the {trained} photos whose labels train, and photos that look the same, are not scored"
    report = layout.reports / "report.html"
    if report.exists():
        lines.append(f"report: {report.resolve()}")
    return "\n".join(lines)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
