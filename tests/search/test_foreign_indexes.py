"""Indexes of strangers are refused in one line where they are no index, lead elsewhere or hold no numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cad2real.errors import UserError
from search.index import DESCRIPTION, Index, IndexedPart, load_index, save_index


def saved(folder: Path, embeddings: Any = None, **changes: Any) -> Path:
    unit = np.eye(2, 4, dtype=np.float32) if embeddings is None else embeddings
    parts = (IndexedPart("bolt", "bolt", "Bolt M8"), IndexedPart("nut", "nut", ""))
    save_index(folder, Index(unit, parts, np.array([0, 1]), ("bolt/view_000.png", "nut/view_000.png"), "adapt", "key"))
    path = folder / DESCRIPTION
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return folder


def test_a_good_one_loads(tmp_path: Path) -> None:
    index = load_index(saved(tmp_path))
    assert index.views == ("bolt/view_000.png", "nut/view_000.png")
    assert list(index.part_rows) == [0, 1]


ROW = {"part_id": "bolt", "label": "bolt"}


@pytest.mark.parametrize(
    "changes",
    [
        {"model_stage": "/tmp/elsewhere"},
        {"model_stage": "../../elsewhere"},
        {"model_stage": ".."},
        {"model_stage": ""},
        {"model_stage": 3},
        {"model_key": None},
        {"parts": []},
        {"parts": {}},
        {"parts": [{"part_id": 1, "label": "a", "name": "a"}]},
        {"rows": [ROW | {"view": "a"}]},
        {"rows": [ROW | {"view": "a"}, ROW | {"part_id": "?", "view": "a"}]},
        {"rows": [ROW | {"view": "/etc/passwd"}, ROW | {"view": "a"}]},
        {"rows": [ROW | {"view": "../../a"}, ROW | {"view": "a"}]},
    ],
)
def test_what_is_no_index_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="damaged index"):
        load_index(saved(tmp_path, **changes))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38, 2.0])
def test_embeddings_that_are_no_directions_are_refused(tmp_path: Path, value: float) -> None:
    embeddings = np.eye(2, 4, dtype=np.float32)
    embeddings[1, 2] = value
    with pytest.raises(UserError, match="damaged index"):
        load_index(saved(tmp_path, embeddings))


@pytest.mark.parametrize("text", ["", "[" * 300_000, "null", '{"parts": ' + "1" * 5000 + "}"])
def test_a_text_that_is_none_is_one_line(tmp_path: Path, text: str) -> None:
    (saved(tmp_path) / DESCRIPTION).write_text(text)
    with pytest.raises(UserError, match="damaged index"):
        load_index(tmp_path)
