"""Indexes of strangers are refused in one line where they are no index, lead elsewhere or hold no numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from cad2real.errors import UserError
from search.index import DESCRIPTION, Index, IndexedPart, load_index, save_index
from search.model.photo_network import ABOUT, IMAGES, OUTPUTS, PhotoNetwork


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


@pytest.mark.parametrize("place", ["secret.bin", "../secret.bin", "absolute"])
def test_an_onnx_file_takes_no_numbers_from_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    home = tmp_path / "project"
    home.mkdir()
    monkeypatch.chdir(home)
    for folder in (home, tmp_path):
        (folder / "secret.bin").write_bytes(np.ones(3 * 4 * 4 * 2, np.float32).tobytes())
    path = home / "model.onnx"
    path.write_bytes(onnx_with_weights_in(str(tmp_path / "secret.bin") if place == "absolute" else place))
    with pytest.raises(UserError, match="is damaged or no exported model"):
        PhotoNetwork.load(path)
    path.write_bytes(onnx_with_weights_in(None))
    assert PhotoNetwork.load(path).classes == ("bolt", "nut"), "it is the other file that was refused"


def onnx_with_weights_in(file: str | None) -> bytes:
    """A linear classifier of pictures of 4 x 4 pixels whose weights lie in `file`, or in itself."""
    weights = numpy_helper.from_array(np.ones((3 * 4 * 4, 2), np.float32), "weights")
    if file is not None:
        weights.ClearField("raw_data")
        weights.data_location = TensorProto.EXTERNAL
        weights.external_data.add(key="location", value=file)
    nodes = [
        helper.make_node("Flatten", [IMAGES], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
        helper.make_node("LpNormalization", ["logits"], [OUTPUTS[0]], axis=1),
        helper.make_node("Softmax", ["logits"], [OUTPUTS[1]], axis=1),
    ]
    images = helper.make_tensor_value_info(IMAGES, TensorProto.FLOAT, ["n", 3, 4, 4])
    answers = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2]) for name in OUTPUTS]
    graph = helper.make_graph(nodes, "classifier", [images], answers, [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    about = {"model_key": "0" * 24, "classes": ["bolt", "nut"], "image_size": 4}
    helper.set_model_props(model, {ABOUT: json.dumps(about)})
    content: bytes = model.SerializeToString()
    return content
