"""What an epoch of the linear probe costs: through the frozen network, as people write it, and on cached features."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere

from tools.train_speed.clock import now
from train.compute.device import default_device
from train.data.datasets import SourceDomain
from train.networks.inference import Inference
from train.networks.new_network import new_network
from train.params import TrainParams

IMAGES = 256


def probe_epochs(params: TrainParams, source: SourceDomain) -> dict[str, float]:
    """Seconds of both for IMAGES renders, and their ratio."""
    device = default_device()
    network = new_network(params.backbone, params.weights, len(source.classes), params.image_size).to(device)
    images = torch.from_numpy(source.images[:IMAGES, :3]).float() / 255
    images = F.interpolate(images, params.image_size)
    labels = torch.from_numpy(source.labels[:IMAGES]).to(device)
    inference = Inference(network, 1)
    inference.pooled([images[: params.batch_size]])  # warm
    started = now(device)
    features = inference.pooled(torch.split(images, params.batch_size)).to(device)
    through = now(device) - started
    optimizer = torch.optim.SGD(network.head.parameters(), 1e-3, momentum=0.9)

    def epoch() -> float:
        started = now(device)
        for rows in torch.split(torch.randperm(len(features)), params.batch_size):
            loss = F.cross_entropy(network.head(features[rows]), labels[rows])
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            optimizer.step()
        return now(device) - started

    epoch()  # warm
    cached = epoch()
    return {
        "epoch_through_network_s": round(through + cached, 3),
        "epoch_on_cached_features_s": round(cached, 4),
        "ratio": round((through + cached) / cached, 1),
    }
