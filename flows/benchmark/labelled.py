"""What a handful of labels brings: some photos of each class, drawn by seed, train with their labels; all numbers of
labels are scored on the same photos, those that none of them draws.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from cad2real.errors import UserError
from cad2real.files import read_json, write_text
from cad2real.layout import Layout
from photos.learned import divide_anew

STAGES = ("probe", "adapt", "evaluate")
LINKED = ("catalogue.json", "renders")
KEPT = ("accuracy", "mean_per_class")
MODELS = ("source_only", "adapted")


def parse_counts(text: str) -> tuple[int, ...]:
    """The numbers of labels a class in a list such as 1,3,5, in order. Raises UserError for anything else.

    >>> parse_counts("3, 1")
    (1, 3)
    """
    try:
        counts = sorted({int(word) for word in text.split(",")})
    except ValueError:
        counts = [0]
    if not 1 <= counts[0] <= counts[-1] <= 10_000:
        raise UserError(f"--labelled {text} is no list of numbers from 1 on.", "For example: --labelled 1,3,5")
    return tuple(counts)


def draw(squares: Path, classes: Sequence[str], counts: Sequence[int], seed: int) -> dict[int, dict[str, str]]:
    """For each of `counts` the squares of so many photos a class, with their labels: out of the folder `squares`, drawn
    by `seed`, the fewer among the more; of each class one photo at least stays undrawn. Raises UserError where no class
    has two.
    """
    rows = [row for row in _manifest(squares) if row["label"] in classes and not row["duplicate_of"]]
    drawn: dict[int, dict[str, str]] = {count: {} for count in counts}
    for number, label in enumerate(sorted(classes)):
        first = {row["photo"]: row["square"] for row in reversed(rows) if row["label"] == label}
        photos = sorted(first)
        order = np.random.default_rng([seed, number]).permutation(len(photos))
        for count in counts:
            drawn[count] |= {first[photos[place]]: label for place in order[: max(0, min(count, len(photos) - 1))]}
    if not drawn[max(counts)]:
        raise UserError("No class has two photos with a label.", "Without them nothing can train and score.")
    return drawn


def labelled_project(root: Path, count: int, drawn: Mapping[int, Mapping[str, str]]) -> Path:
    """Makes root/labelled-N, a project like `root` in which `drawn[count]` trains (none of them where `count` is 0) and
    what is in none of `drawn` scores; with 0 the models are those of `root`.
    """
    project = root / f"labelled-{count}"
    there, ours = Layout(project), Layout(root)
    there.data.mkdir(parents=True, exist_ok=True)
    for name in (*LINKED, "models") if count == 0 else LINKED:
        link = there.data / name
        link.unlink(missing_ok=True)
        link.symlink_to(os.path.relpath(ours.data / name, there.data))
    params = yaml.safe_load(ours.params.read_text(encoding="utf-8"))
    params["train"]["labels"] = "csv" if count else "none"
    write_text(there.params, yaml.safe_dump(params, sort_keys=False, allow_unicode=True))
    photo_of = {row["square"]: row["photo"] for row in _manifest(ours.squares)}
    silent = {photo_of[square] for some in drawn.values() for square in some}
    divide_anew(ours.squares, drawn.get(count, {}), silent, there.squares)
    return project


def labelled_row(project: Path, count: int, labels: int) -> dict[str, Any]:
    """The figures of a project of `labelled_project`; accuracies are None where nothing was scored."""
    evaluation = read_json(Layout(project).reports / "evaluation.json")
    row: dict[str, Any] = {"a_class": count, "labels": labels, "photos": evaluation["photos"]}
    for model in MODELS:
        row |= {f"{model}_{name}": evaluation.get(model, {}).get(name) for name in KEPT}
    return row


def _manifest(squares: Path) -> list[dict[str, str]]:
    with (squares / "photos.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
