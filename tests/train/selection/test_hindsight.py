"""The table that judges label-free scores in hindsight: picks, regret and rank correlation by hand."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from train.selection.choice import Candidate
from train.selection.hindsight import hindsight_table, selection_report

NAMES = ("epoch 1", "epoch 2", "epoch 3", "epoch 4")
LABELS = np.array([0, 0, 0, 1, 1, 2])
RIGHT = ([1, 0, 0, 0, 1, 0], [1, 1, 0, 1, 0, 0], [1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 0])
PER_CLASS = ((1 / 3 + 1 / 2) / 3, (2 / 3 + 1 / 2) / 3, 1.0, 2 / 3)


def predictions() -> np.ndarray:
    """Six labelled photos behind one that has no label; each candidate is right where RIGHT says so."""
    result = np.zeros((4, 7), dtype=np.int32)
    for number, rights in enumerate(RIGHT):
        result[number, 1:] = np.where(rights, LABELS, (LABELS + 1) % 3)
    return result


def candidates(**scores: list[float]) -> list[Candidate]:
    scores.setdefault("source_accuracy", [0.9, 0.9, 0.88, 0.9])
    return [Candidate(name, {key: scores[key][k] for key in scores}) for k, name in enumerate(NAMES)]


def test_pick_regret_and_rank_correlation() -> None:
    given = candidates(
        bnm=[0.1, 0.2, 0.4, 0.3], snd=[4.0, 3.0, 1.0, 2.0], mano=[0.1, 0.2, 0.3, 0.9], loss_mcc=[0.0] * 4
    )
    judged = hindsight_table(predictions(), given, np.arange(1, 7), LABELS, gate=0.05)
    assert [row["mean_per_class"] for row in judged["candidates"]] == pytest.approx(PER_CLASS)
    assert [row["accuracy"] for row in judged["candidates"]] == pytest.approx([2 / 6, 3 / 6, 1, 5 / 6])
    assert judged["oracle"]["name"] == "epoch 3"
    rows = {row["score"]: row for row in judged["scores"]}
    assert set(rows) == {"source_accuracy", "bnm", "snd", "mano"}  # a loss is no score
    assert (rows["bnm"]["pick"], rows["bnm"]["regret"], rows["bnm"]["spearman"]) == ("epoch 3", 0, pytest.approx(1))
    assert (rows["snd"]["pick"], rows["snd"]["spearman"]) == ("epoch 1", pytest.approx(-1))
    assert rows["snd"]["regret"] == pytest.approx(1 - PER_CLASS[0])
    assert (rows["mano"]["pick"], rows["mano"]["spearman"]) == ("epoch 4", pytest.approx(0.8))


def test_the_gate_holds_for_every_score() -> None:
    given = candidates(bnm=[0.1, 0.2, 0.4, 0.3], source_accuracy=[0.9, 0.9, 0.5, 0.9])
    rows = hindsight_table(predictions(), given, np.arange(1, 7), LABELS, gate=0.05)["scores"]
    assert {row["score"]: row["pick"] for row in rows}["bnm"] == "epoch 4"


def test_what_has_no_order_has_no_correlation() -> None:
    nan = float("nan")
    given = candidates(bnm=[0.3] * 4, snd=[nan, nan, 1.0, 2.0], mano=[nan, 0.2, 0.4, 0.3])
    rows = {
        row["score"]: row for row in hindsight_table(predictions(), given, np.arange(1, 7), LABELS, gate=1.0)["scores"]
    }
    assert rows["bnm"]["spearman"] is None and rows["snd"]["spearman"] is None
    assert rows["mano"]["spearman"] == pytest.approx(1) and rows["mano"]["pick"] == "epoch 3"


def test_from_a_models_folder(tmp_path: Path) -> None:
    description = {
        "classes": ["a", "b", "c"],
        "chosen": "epoch 4",
        "chosen_by": "bnm",
        "parameters": {"adapt": {"source_accuracy_gate": 0.05}},
        "candidates": [candidate.as_dict() for candidate in candidates(bnm=[0.1, 0.2, 0.3, 0.4])],
    }
    squares = [f"{number}.jpg" for number in range(7)]
    known = {f"{number + 1}.jpg": "abc"[label] for number, label in enumerate(LABELS)}
    assert selection_report(tmp_path, description, squares, known) is None  # it kept no predictions
    save_file({"target_predictions": predictions()}, tmp_path / "candidates.safetensors")
    judged = selection_report(tmp_path, description, squares, known)
    assert judged is not None and judged["chosen"] == "epoch 4" and judged["photos"] == 6
    assert judged["scores"][1]["regret"] == pytest.approx(1 / 3)
    json.dumps(judged, allow_nan=False)
    assert selection_report(tmp_path, description, [*squares, "new.jpg"], known) is None  # photos came since
    logits = np.eye(3, dtype=np.float32)[predictions()]  # what earlier versions kept
    save_file({"target_logits": logits}, tmp_path / "candidates.safetensors")
    assert selection_report(tmp_path, description, squares, known) == judged
    (tmp_path / "candidates.safetensors").write_bytes(b"broken")
    assert selection_report(tmp_path, description, squares, known) is None
