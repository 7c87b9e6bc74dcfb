"""The loop that people write: what the examples of adaptation libraries do.

Image folders that are decoded and changed by Pillow and torchvision for every batch, a data loader with worker
processes for each domain, timm's network as it comes, all layers trained with PyTorch's own threads.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere
from PIL import Image
from torch.utils.data import DataLoader, Dataset, RandomSampler
from torchvision.transforms import v2

from cad2real.layout import Layout
from tools.train_speed.clock import Clock, Speed
from train.compute.device import computes_in_bfloat16, default_device
from train.losses.cdan import conditional_adversarial_loss
from train.losses.discriminator import DomainDiscriminator
from train.losses.mcc import minimum_class_confusion
from train.networks.backbones import create_backbone, feature_width, normalisation
from train.params import TrainParams

MOST_WORKERS = 8  # a domain


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


def shuffled(folder: Folder, batch: int, steps: int, device: torch.device) -> Iterator[list[torch.Tensor]]:
    """Shuffled batches for `steps` steps from one start of the worker processes, however small the folder is."""
    cores = len(os.sched_getaffinity(0))
    return iter(
        DataLoader(
            folder,
            batch,
            sampler=RandomSampler(folder, replacement=True, num_samples=batch * steps),
            num_workers=max(2, min(MOST_WORKERS, cores // 2)),
            pin_memory=device.type == "cuda",
        )
    )


def usual_loop(layout: Layout, params: TrainParams, classes: int, steps: int) -> Speed:
    """What `steps` steps of it cost after the warm-up."""
    parts = sorted(path for path in layout.renders.iterdir() if path.is_dir() and not path.name.startswith("."))
    renders = [
        (file, number % classes) for number, part in enumerate(parts) for file in sorted(part.glob("view_*.png"))
    ]
    photos = [(file, 0) for file in sorted(layout.squares.glob("*.jpg"))]
    for_renders, for_photos = usual_transforms(params.image_size)
    device = default_device()
    clock = Clock(device)
    loaders = [
        shuffled(folder, params.batch_size, clock.warm_up + steps, device)
        for folder in (Folder(renders, for_renders), Folder(photos, for_photos))
    ]
    backbone = create_backbone(params.backbone, params.weights, params.image_size).to(device)
    mean, std = (torch.tensor(colours, device=device).view(1, 3, 1, 1) for colours in normalisation(backbone))
    width = feature_width(backbone)
    head = torch.nn.Linear(width, classes).to(device)
    discriminator = DomainDiscriminator(width * classes, 256).to(device)
    optimizer = torch.optim.AdamW([*backbone.parameters(), *head.parameters(), *discriminator.parameters()], 1e-5)
    backbone.train()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    for _ in range(clock.warm_up + steps):
        with clock.waiting():
            (images, labels), (unlabelled, _) = (next(loader) for loader in loaders)
        both = torch.cat([each.to(device, non_blocking=True) for each in (images, unlabelled)])
        with torch.autocast(device.type, torch.bfloat16, enabled=computes_in_bfloat16(params.precision)):
            pooled = backbone((both - mean) / std)
        feature, target = pooled.float().split(len(images))
        logits, target_logits = head(feature), head(target)
        loss = F.cross_entropy(logits, labels.to(device)) + minimum_class_confusion(target_logits, 2.5)
        loss = loss + conditional_adversarial_loss(discriminator, feature, logits, target, target_logits, 1.0)
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimizer.step()
        clock.step()
    return clock.speed(2 * params.batch_size)
