"""A small project of two stages that copy text, without git."""

from __future__ import annotations

from pathlib import Path

from flows.pipeline import StageResult, run_stage, run_stages
from flows.project import prepare
from flows.stages import read_stages, stale_stages

PARAMS = """\
# what each value means
catalogue: {}  # defaults
train:
  epochs: 10  # how long
"""
STAGES = """\
stages:
  catalogue:
    cmd: cp data/parts/parts.csv data/catalogue.json && echo parts copied
    desc: Copy the parts.
    deps: [data/parts]
    params: [catalogue]
    outs: [data/catalogue.json]
  second:
    cmd: cat data/catalogue.json > data/second.txt
    desc: Copy again.
    deps: [data/catalogue.json, data/photos]
    params: [train]
    outs: [data/second.txt]
"""


def make_small_project(root: Path, more_stages: str = "") -> Path:
    """Writes the project into `root`; `more_stages` is YAML that is added to the stages."""
    (root / "data" / "parts").mkdir(parents=True)
    (root / "data" / "parts" / "parts.csv").write_text("bolt\n")
    (root / "params.yaml").write_text(PARAMS)
    (root / "dvc.yaml").write_text(STAGES + more_stages)
    return root


def run_all(root: Path, *, force: bool = False) -> list[StageResult]:
    """A run of every stage through DVC, without Prefect."""
    prepare(root)
    stale, logs = list(stale_stages(root)), root / "data" / "logs"
    return run_stages(root, read_stages(root), stale=stale, force=force, logs=logs, runner=run_stage)
