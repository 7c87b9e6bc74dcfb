"""Networks with TensorFlow's padding answer the same as ONNX files, in which no step of its own pads a picture."""

from __future__ import annotations

import io
import warnings

import numpy as np
import onnx
import onnxruntime
import pytest
import timm
import torch
from timm.layers import Conv2dSame
from torch import nn

from train.networks.same_padding import fix_padding


def written(network: nn.Module, example: torch.Tensor, sides_may_change: bool = False) -> bytes:
    content = io.BytesIO()
    axes = {0: "n"} | ({2: "h", 3: "w"} if sides_may_change else {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (example,),
            content,  # type: ignore[arg-type] # this exporter takes files
            dynamo=False,
            opset_version=17,
            input_names=["images"],
            output_names=["maps"],
            dynamic_axes={"images": axes},
        )
    return content.getvalue()


def answers(content: bytes, images: torch.Tensor) -> np.ndarray:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"images": images.numpy()})[0])


def small(name: str) -> nn.Module:
    torch.manual_seed(0)
    return timm.create_model(name, num_classes=5).eval()


@pytest.mark.parametrize("size", [64, 112, 91])  # 112 is odd at the last stride, 91 at the first
def test_a_network_answers_as_before_and_as_onnx(size: int) -> None:
    network = small("tf_efficientnet_lite0")
    assert any(isinstance(layer, Conv2dSame) for layer in network.modules())
    images = torch.rand(2, 3, size, size)
    with torch.no_grad():
        before = network(images)
        fix_padding(network, images)
        assert torch.equal(network(images), before)
    content = written(network, images)
    assert "Pad" not in {node.op_type for node in onnx.load_from_string(content).graph.node}
    for some in (images, images[:1]):
        with torch.no_grad():
            assert np.allclose(answers(content, some), network(some).numpy(), atol=1e-5)


def test_uneven_pictures_and_layers_with_and_without_bias() -> None:
    torch.manual_seed(0)
    layers = nn.Sequential(
        Conv2dSame(3, 8, 5, stride=2, bias=True), Conv2dSame(8, 8, 3, stride=1, dilation=2, groups=4, bias=False)
    ).eval()
    images = torch.rand(1, 3, 17, 30)
    with torch.no_grad():
        before = layers(images)
    fix_padding(layers, images)
    assert np.allclose(answers(written(layers, images), images), before.numpy(), atol=1e-5)


def test_one_file_serves_all_multiples_of_what_the_network_shrinks_by() -> None:
    network = small("tf_efficientnet_lite0")
    plain = small("tf_efficientnet_lite0")
    fix_padding(network, torch.zeros(1, 3, 96, 160))
    content = written(network, torch.zeros(1, 3, 96, 160), sides_may_change=True)
    for height, width in ((32, 64), (64, 32), (160, 96)):
        images = torch.rand(1, 3, height, width)
        with torch.no_grad():
            assert np.allclose(answers(content, images), plain(images).numpy(), atol=1e-5)


def test_a_network_without_such_layers_stays_as_it_is() -> None:
    network = small("test_vit")
    names = [type(layer) for layer in network.modules()]
    fix_padding(network, torch.zeros(1, 3, 160, 160))
    assert [type(layer) for layer in network.modules()] == names
