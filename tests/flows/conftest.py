"""A small project of two stages that copy text, without git, for tests of what runs when."""

from __future__ import annotations

from pathlib import Path

import pytest

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


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "data" / "parts").mkdir(parents=True)
    (root / "data" / "parts" / "parts.csv").write_text("bolt\n")
    (root / "params.yaml").write_text(PARAMS)
    (root / "dvc.yaml").write_text(STAGES)
    return root
