"""Hindsight on the choice of the checkpoint: what each label-free score would have picked, and what that cost.

Labels of photos are used here to compare the scores after the fact. Nothing here chooses a checkpoint.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import spearmanr

from train.selection.choice import START, Candidate, best_within_gate, choose, deciding_score
from train.validators import VALIDATORS

CANDIDATES = "candidates.safetensors"
PREDICTIONS = "target_predictions"
LOGITS = "target_logits"  # what models of earlier versions kept in their place
FEWEST_TO_RANK = 3

Float = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


def hindsight_table(
    predictions: npt.NDArray[np.int32],
    candidates: Sequence[Candidate],
    rows: Labels,
    labels: Labels,
    gate: float,
    fall_back: bool = True,
) -> dict[str, Any]:
    """The table of all scores that every candidate has.

    `predictions` (candidates, photos) of classes; `rows` (n,) the photos whose classes `labels` (n,) are known, at
    least one. Accuracies are those of the bare networks, without turned copies and sizes. For each score: its pick
    (behind the same gates as the real choice), `regret` = mean-per-class accuracy of the best candidate minus that of
    the pick, and `spearman`, the rank correlation of score and mean-per-class accuracy over the candidates, None where
    it is not defined. `oracle` is the best candidate: known only with labels, never used.
    """
    right = predictions[:, rows] == labels
    accuracies = right.mean(axis=1)
    per_class = np.stack([right[:, labels == label].mean(axis=1) for label in np.unique(labels)]).mean(axis=0)
    best = int(per_class.argmax())
    table = []
    for name in VALIDATORS:
        if not all(name in candidate.scores for candidate in candidates):
            continue
        if deciding_score(candidates, name) != name:  # type: ignore[arg-type]
            continue  # a number for none of them: another score would choose
        # Every validator is a ScoreName. Models of earlier versions did not keep the network they began with.
        if candidates[0].name == START:
            chosen = choose(candidates, name, gate, fall_back)  # type: ignore[arg-type]
        else:
            chosen = best_within_gate(candidates, name, gate)  # type: ignore[arg-type]
        table.append(
            {
                "score": name,
                "pick": candidates[chosen].name,
                "accuracy": float(accuracies[chosen]),
                "mean_per_class": float(per_class[chosen]),
                "regret": float(per_class[best] - per_class[chosen]),
                "spearman": _rank_correlation([candidate.scores[name] for candidate in candidates], per_class),
            }
        )
    return {
        "photos": len(rows),
        "gate": gate,
        "scores": table,
        "oracle": _row(candidates, accuracies, per_class, best),
        "candidates": [_row(candidates, accuracies, per_class, number) for number in range(len(candidates))],
    }


def selection_report(
    folder: Path, description: Mapping[str, Any], squares: Sequence[str], labels: Mapping[str, str]
) -> dict[str, Any] | None:
    """`hindsight_table` for the model in `folder` with its `description` (model.json); None where it kept no
    predictions of its candidates, or they do not belong to these `squares` (photos were added since). `labels`: those
    that are known, square -> label.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        kept = load_file(folder / CANDIDATES)
        predictions = kept[PREDICTIONS] if PREDICTIONS in kept else kept[LOGITS].argmax(axis=2)
    except (FileNotFoundError, KeyError, SafetensorError, ValueError):
        return None
    candidates = [Candidate.from_dict(entry) for entry in description.get("candidates") or []]
    classes = list(description["classes"])
    stage = description["parameters"]["adapt"]
    gate, fall_back = stage.get("source_accuracy_gate"), stage.get("fall_back", False)
    if gate is None or not labels or predictions.shape != (len(candidates), len(squares)) or not candidates:
        return None
    rows = [row for row, square in enumerate(squares) if square in labels]
    columns = [classes.index(labels[squares[row]]) for row in rows]
    table = hindsight_table(predictions, candidates, np.array(rows), np.array(columns), gate, fall_back)
    return {"chosen": description.get("chosen"), "chosen_by": description.get("chosen_by"), **table}


def _row(candidates: Sequence[Candidate], accuracies: Float, per_class: Float, number: int) -> dict[str, Any]:
    return {
        "name": candidates[number].name,
        "accuracy": float(accuracies[number]),
        "mean_per_class": float(per_class[number]),
    }


def _rank_correlation(scores: Sequence[float], accuracies: Float) -> float | None:
    measured = np.isfinite(scores)
    if measured.sum() < FEWEST_TO_RANK:
        return None
    values = np.asarray(scores, dtype=np.float64)[measured]
    if np.ptp(values) == 0 or np.ptp(accuracies[measured]) == 0:  # all equal: there is no order to compare
        return None
    return float(spearmanr(values, accuracies[measured]).statistic)
