"""ONNX files of strangers that never end or take all memory: a line, from the index's network and from the finder."""

from __future__ import annotations

import json
import resource
from pathlib import Path

import numpy as np
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper

from cad2real import onnx_session
from cad2real.errors import UserError
from photos.finder.finder import OUTPUTS as MAPS
from photos.finder.finder import PICTURES, Finder
from search.model.photo_network import ABOUT, IMAGES, OUTPUTS, PhotoNetwork
from tests.peak_memory import printed_and_peak_mb

LOAD = """
import sys
from pathlib import Path
from cad2real.errors import UserError
from search.model.photo_network import PhotoNetwork
try:
    print(PhotoNetwork.load(Path(sys.argv[1])).classes)
except UserError as error:
    print(error)
"""


def endless() -> tuple[list[NodeProto], list[TensorProto]]:
    """A loop of 2**50 additions of a value to itself."""
    numbers = [numpy_helper.from_array(np.array(2**50), "trips"), numpy_helper.from_array(np.array(True), "go")]
    inputs = [("i", TensorProto.INT64, []), ("on", TensorProto.BOOL, []), ("x", TensorProto.FLOAT, None)]
    outputs = [("on_again", TensorProto.BOOL, []), ("x_again", TensorProto.FLOAT, None)]
    nodes = [helper.make_node("Identity", ["on"], ["on_again"]), helper.make_node("Add", ["x", "x"], ["x_again"])]
    said = [[helper.make_tensor_value_info(*each) for each in values] for values in (inputs, outputs)]
    body = helper.make_graph(nodes, "body", *said)
    return [helper.make_node("Loop", ["trips", "go", "before"], ["after"], body=body)], numbers


def immense() -> tuple[list[NodeProto], list[TensorProto]]:
    """24 GB of ones, of 16 bytes."""
    one = numpy_helper.from_array(np.ones(1, np.float32))
    nodes = [
        helper.make_node("ConstantOfShape", ["sides"], ["ones"], value=one),
        helper.make_node("ReduceMean", ["ones"], ["mean"], keepdims=0),
        helper.make_node("Add", ["before", "mean"], ["after"]),
    ]
    return nodes, [numpy_helper.from_array(np.array([100_000, 60_000]), "sides")]


def harmless() -> tuple[list[NodeProto], list[TensorProto]]:
    return [helper.make_node("Identity", ["before"], ["after"])], []


def saved(path: Path, kind: str) -> Path:
    """A classifier of pictures of 4 x 4 pixels in which what `kind` names happens."""
    more, numbers = {"endless": endless, "immense": immense, "harmless": harmless}[kind]()
    weights = numpy_helper.from_array(np.ones((48, 2), np.float32), "weights")
    nodes = [
        helper.make_node("Flatten", [IMAGES], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["before"]),
        *more,
        helper.make_node("LpNormalization", ["after"], [OUTPUTS[0]], axis=1),
        helper.make_node("Softmax", ["after"], [OUTPUTS[1]], axis=1),
    ]
    images = helper.make_tensor_value_info(IMAGES, TensorProto.FLOAT, ["n", 3, 4, 4])
    answers = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2]) for name in OUTPUTS]
    graph = helper.make_graph(nodes, "classifier", [images], answers, [weights, *numbers])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    about = {"model_key": "0" * 24, "classes": ["bolt", "nut"], "image_size": 4}
    helper.set_model_props(model, {ABOUT: json.dumps(about)})
    path.write_bytes(model.SerializeToString())
    return path


def test_a_network_without_an_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert PhotoNetwork.load(saved(tmp_path / "a.onnx", "harmless")).classes == ("bolt", "nut")
    monkeypatch.setattr(onnx_session, "MOST_S", 1.0)
    with pytest.raises(UserError, match=r"b\.onnx has no answer after 1 s"):
        PhotoNetwork.load(saved(tmp_path / "b.onnx", "endless"))


def test_a_network_of_any_size_is_refused(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_DATA)
    with pytest.raises(UserError, match="is damaged or no exported model"):
        PhotoNetwork.load(saved(tmp_path / "a.onnx", "immense"))
    assert resource.getrlimit(resource.RLIMIT_DATA) == before
    printed, megabytes = printed_and_peak_mb(LOAD, tmp_path / "a.onnx")
    assert "is damaged or no exported model" in printed and "\n" not in printed
    assert megabytes < 5000


def test_a_finder_without_an_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    more, numbers = endless()
    pictures = helper.make_tensor_value_info(PICTURES, TensorProto.FLOAT, ["n", 3, "h", "w"])
    answers = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in MAPS]
    nodes = [helper.make_node("Identity", [PICTURES], ["before"]), *more]
    nodes += [helper.make_node("Identity", ["after"], [name]) for name in MAPS]
    graph = helper.make_graph(nodes, "finder", [pictures], answers, numbers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (tmp_path / "finder.onnx").write_bytes(model.SerializeToString())
    (tmp_path / "finder.json").write_text(json.dumps({"image_size": 64, "threshold": 0.5}))
    monkeypatch.setattr(onnx_session, "MOST_S", 1.0)
    with pytest.raises(UserError, match="has no answer after 1 s"):
        Finder.load(tmp_path)
