"""The demo, a new project and a benchmark train and render with one configuration; they differ in budget alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cad2real.params import load_params

REPOSITORY = Path(__file__).parents[3]
DEMO, STARTER = REPOSITORY / "params.yaml", REPOSITORY / "flows" / "starter" / "params.yaml"
BENCHMARK = REPOSITORY / "flows" / "benchmark" / "params.yaml"
BUDGET = {
    "render": {"views", "size", "quality"},  # how many, how large, how smooth
    "train": {"epochs", "steps_per_epoch"},  # the demo is to end in minutes; all else trains until nothing rises
}


def blocks(path: Path, tmp_path: Path) -> dict[str, Any]:
    """What the stages before a model are told, with all defaults; the benchmark's file names no parts and photos."""
    text = path.read_text(encoding="utf-8")
    missing = [
        block for block in ("catalogue", "photos", "train", "find", "search", "flow") if f"\n{block}:" not in text
    ]
    whole = tmp_path / "params.yaml"
    whole.write_text(text + "".join(f"\n{block}: {{}}" for block in missing), encoding="utf-8")
    params = load_params(whole).model_dump(mode="json")
    return {
        block: {key: value for key, value in params[block].items() if key not in BUDGET.get(block, ())}
        for block in ("render", "train", "find")
    }


@pytest.mark.parametrize("other", [DEMO, BENCHMARK])
def test_published_figures_are_those_of_a_new_project(other: Path, tmp_path: Path) -> None:
    assert blocks(other, tmp_path) == blocks(STARTER, tmp_path)
