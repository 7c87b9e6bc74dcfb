"""What training costs, in one run on the same renders, photos, network and losses: our loop against the usual one.

    python tools/bench_train.py          # in a project folder with renders and squares

The usual loop is what the examples of adaptation libraries do: image folders that are decoded and changed by Pillow for
every batch, a data loader with worker processes for each domain, all layers trained with PyTorch's own threads. Both
loops minimise cross-entropy + CDAN + MCC on batches of the same size. Printed, and written to
data/reports/bench_train.json: images a second of both, the share of its time that our loop waits for data, and what an
epoch of the linear probe costs on cached features and through the frozen network.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from cad2real.files import write_json
from cad2real.layout import Layout
from cad2real.params import load_params
from train import adaptation
from train.datasets import SourceDomain, TargetDomain, read_source, read_target
from train.draws import Draw
from train.inference import Inference, lane_count
from train.losses.cdan import conditional_adversarial_loss
from train.losses.discriminator import DomainDiscriminator
from train.losses.mcc import minimum_class_confusion
from train.model import new_network
from train.network import Classifier
from train.params import TrainParams
from train.stages.source import cache_size

WARM_UP = 4


class Folder(Dataset[tuple[torch.Tensor, int]]):
    """Image files, decoded and changed anew each time they are asked for."""

    def __init__(self, files: list[tuple[Path, int]], transform: v2.Transform) -> None:
        self.files, self.transform = files, transform

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, number: int) -> tuple[torch.Tensor, int]:
        path, label = self.files[number]
        with Image.open(path) as picture:
            return self.transform(picture.convert("RGB")), label


def usual_transforms(size: int) -> tuple[v2.Transform, v2.Transform]:
    """SynthNet's: random resized crop, flip and AugMix for renders, only a resize for photos."""
    end = [v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True)]
    source = [v2.RandomResizedCrop(size, (0.7, 1.0)), v2.RandomHorizontalFlip(), v2.AugMix()]
    return v2.Compose([*source, *end]), v2.Compose([v2.Resize((size, size)), *end])


def endless(loader: DataLoader[tuple[torch.Tensor, int]]) -> Iterator[list[torch.Tensor]]:
    while True:
        yield from loader


def usual_loop(layout: Layout, params: TrainParams, classes: int, steps: int) -> dict[str, float]:
    """Seconds of `steps` steps of the usual loop after WARM_UP, and images a second."""
    parts = sorted(path for path in layout.renders.iterdir() if path.is_dir() and not path.name.startswith("."))
    renders = [
        (file, number % classes) for number, part in enumerate(parts) for file in sorted(part.glob("view_*.png"))
    ]
    photos = [(file, 0) for file in sorted(layout.squares.glob("*.jpg"))]
    for_renders, for_photos = usual_transforms(params.image_size)
    loaders = [
        endless(DataLoader(folder, params.batch_size, shuffle=True, drop_last=True, num_workers=2))
        for folder in (Folder(renders, for_renders), Folder(photos, for_photos))
    ]
    network = new_network(params.backbone, params.weights, classes, params.image_size)
    discriminator = DomainDiscriminator(network.head.in_features * classes, 256)
    optimizer = torch.optim.AdamW([*network.parameters(), *discriminator.parameters()], 1e-5)
    network.train()
    torch.set_num_threads(os.process_cpu_count() or 1)
    started = waited = 0.0
    for step in range(WARM_UP + steps):
        if step == WARM_UP:
            started, waited = time.monotonic(), 0.0
        asked = time.monotonic()
        (images, labels), (unlabelled, _) = (next(loader) for loader in loaders)
        waited += time.monotonic() - asked
        pooled = network.pooled_by(network.backbone, torch.cat([images, unlabelled]))
        feature = network.norm(pooled[: len(images)], "source")
        target = network.norm(pooled[len(images) :], "target")
        logits, target_logits = network.head(feature), network.head(target)
        loss = F.cross_entropy(logits, labels) + minimum_class_confusion(target_logits, 2.5)
        loss = loss + conditional_adversarial_loss(discriminator, feature, logits, target, target_logits, 1.0)
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimizer.step()
    return _rate(time.monotonic() - started, waited, steps, params)


def our_loop(params: TrainParams, source: SourceDomain, target: TargetDomain, steps: int) -> dict[str, float]:
    """The same of `train.adaptation.adapt`, whose step besides asks the mean teacher about weak views of the photos."""
    waited = 0.0
    asked_at: list[float] = []
    real = vars(adaptation)["made_ahead"]

    def watched(draws: Iterator[Draw]) -> Iterator[Draw]:
        nonlocal waited
        ahead = real(draws)
        while True:
            asked = time.monotonic()
            draw = next(ahead, None)
            if draw is None:
                return
            asked_at.append(asked)
            if len(asked_at) > WARM_UP:
                waited += time.monotonic() - asked
            yield draw

    vars(adaptation)["made_ahead"] = watched
    stage = params.adapt.model_copy(update={"methods": {"cdan": 0.1, "mcc": 1.0}, "source_only_share": 0.0})
    wanted = params.model_copy(update={"adapt": stage, "epochs": 1, "steps_per_epoch": WARM_UP + steps})
    network = new_network(params.backbone, params.weights, len(source.classes), params.image_size)
    ended = 0.0

    def on_epoch(epoch: int, averaged: Classifier, losses: dict[str, float]) -> None:
        nonlocal ended
        ended = time.monotonic()

    adaptation.adapt(network, source, target, wanted, lane_count(), 1.0, on_epoch)
    vars(adaptation)["made_ahead"] = real
    return _rate(ended - asked_at[WARM_UP], waited, steps, params)


def _rate(seconds: float, waited: float, steps: int, params: TrainParams) -> dict[str, float]:
    images = 2 * params.batch_size * steps
    return {"images_a_second": round(images / seconds, 1), "data_wait": round(waited / seconds, 3)}


def probe_epochs(params: TrainParams, source: SourceDomain) -> dict[str, float]:
    """Seconds of an epoch of the linear probe: through the frozen network, and on cached features."""
    network = new_network(params.backbone, params.weights, len(source.classes), params.image_size)
    images = torch.from_numpy(source.images[:, :3]).float() / 255
    images = F.interpolate(images[:256], params.image_size)
    labels = torch.from_numpy(source.labels[:256])
    started = time.monotonic()
    features = Inference(network, 1).pooled(torch.split(images, params.batch_size))
    through = time.monotonic() - started
    optimizer = torch.optim.SGD(network.head.parameters(), 1e-3, momentum=0.9)
    started = time.monotonic()
    for rows in torch.split(torch.randperm(len(features)), params.batch_size):
        loss = F.cross_entropy(network.head(features[rows]), labels[rows])
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimizer.step()
    cached = time.monotonic() - started
    return {"epoch_through_network_s": round(through + cached, 3), "epoch_on_cached_features_s": round(cached, 4)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=20)
    steps = parser.parse_args().steps
    layout = Layout()
    params = load_params(layout.params).train
    source = read_source(layout.renders, cache_size(params), params.held_out_share, layout.cache)
    target = read_target(layout.squares, cache_size(params), layout.cache)
    # Lanes set PyTorch to one thread for good, so the usual loop goes first.
    usual = usual_loop(layout, params, len(source.classes), steps)
    ours = our_loop(params, source, target, steps)
    probe = probe_epochs(params, source)
    report: dict[str, Any] = {
        "usual": usual,
        "ours": ours,
        "ratio": round(ours["images_a_second"] / usual["images_a_second"], 2),
        "probe": probe | {"ratio": round(probe["epoch_through_network_s"] / probe["epoch_on_cached_features_s"], 1)},
        "image_size": params.image_size,
        "batch": params.batch_size,
        "backbone": params.backbone,
    }
    write_json(layout.reports / "bench_train.json", report)
    for name, value in report.items():
        print(f"{name:12} {value}")


if __name__ == "__main__":
    main()
