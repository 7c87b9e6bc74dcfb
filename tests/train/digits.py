"""Real digits (8 x 8) as renders, the same hand's others under another light as photos, and a tiny network for them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

from train.loop.parallel_network import ParallelNetwork
from train.loop.sharpness import perturbed_weights
from train.loop.step_images import StepImages
from train.loop.task import AdaptationTask
from train.losses.teacher import make_teacher
from train.methods import METHODS
from train.methods.batch import Setting
from train.networks.classifier import Classifier
from train.params import AdaptParams

CLASSES, FEATURES, BATCH, STEPS = 10, 32, 64, 150


@dataclass(frozen=True)
class Digits:
    """`source` (n, 3, 8, 8) with `labels` (n,), and `target` (m, 3, 8, 8) with `truth` (m,), which only scores."""

    source: Tensor
    labels: Tensor
    target: Tensor
    truth: Tensor


def digits() -> Digits:
    """Half of the digits as they are; the others fainter, brighter behind, and noisy."""
    data = load_digits()
    images = torch.from_numpy(data.images).float().div(16).unsqueeze(1).repeat(1, 3, 1, 1)
    labels = torch.from_numpy(data.target).long()
    rng = torch.Generator().manual_seed(0)
    order = torch.randperm(len(images), generator=rng)
    ours, theirs = order[::2], order[1::2]
    photos = 0.25 + 0.55 * images[theirs] + 0.1 * torch.randn(images[theirs].shape, generator=rng)
    return Digits(images[ours], labels[ours], photos.clamp(0, 1), labels[theirs])


@torch.no_grad()
def accuracy(task: AdaptationTask, data: Digits) -> float:
    """On the target, in evaluation mode."""
    network = task.student.network.eval()
    logits = network(data.target, "target")[1]
    network.train()
    return float((logits.argmax(1) == data.truth).float().mean())


def digit_images(data: Digits, rng: np.random.Generator, progress: float, batch: int = BATCH) -> StepImages:
    """A step's images; the strong view is noisier than the weak one."""
    rows = rng.choice(len(data.source), batch, replace=False)
    others = rng.choice(len(data.target), batch, replace=False)
    weak = data.target[others]
    strong = weak + 0.1 * torch.from_numpy(rng.normal(size=weak.shape)).float()
    return StepImages(torch.cat([data.source[rows], strong]), data.labels[rows], weak, None, progress)


def task(data: Digits, methods: dict[str, float], separate: bool = True) -> AdaptationTask:
    """A small network before the first step, with `methods`; photos have statistics of their own if `separate`."""
    torch.manual_seed(0)
    backbone = nn.Sequential(nn.Flatten(), nn.Linear(192, 64), nn.ReLU(), nn.Linear(64, FEATURES))
    network = Classifier(backbone, FEATURES, CLASSES, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)).train()
    network.norm.target_statistics = "own" if separate else "source"
    measure(network, data)
    stage = AdaptParams(methods=methods)  # type: ignore[arg-type]
    made = {name: METHODS[name](Setting(FEATURES, CLASSES, stage, weight, 0)) for name, weight in methods.items()}  # type: ignore[index]
    student, teacher = ParallelNetwork(network, 1), ParallelNetwork(make_teacher(network).eval(), 1)
    return AdaptationTask(student, teacher, made, stage.label_smoothing)


def train(data: Digits, methods: dict[str, float], separate: bool = False, steps: int = STEPS) -> AdaptationTask:
    """Trains a small network with `methods`; with none it is the source-only network."""
    return trained(task(data, methods, separate), data, steps)


def trained(
    made: AdaptationTask, data: Digits, steps: int = STEPS, rate: float = 3e-3, seed: int = 0
) -> AdaptationTask:
    """`made`, after `steps` steps."""
    student, network = made.student, made.student.network
    optimizer = torch.optim.AdamW([*network.parameters(), *made.method_parameters], lr=rate)
    rng = np.random.default_rng(seed)
    for step in range(steps):
        images = digit_images(data, rng, step / steps)
        for restyle in made.restyles:
            renders = restyle(images.images[:BATCH], images.weak)
            images = replace(images, images=torch.cat([renders, images.images[BATCH:]]))
        if made.sam_rho:
            student.backward(made.source_loss(images))
        with perturbed_weights(network.parameters(), made.sam_rho):
            optimizer.zero_grad()
            student.backward(torch.stack(list(made.losses(images).values())).sum())
        optimizer.step()
        optimizer.zero_grad()
        made.update_teacher(step, 0.9)
    measure(network, data)
    return made


@torch.no_grad()
def measure(network: Classifier, data: Digits) -> None:
    """Sets the statistics of both domains, as the stage does before the first and after each epoch."""
    network.norm.set_source(network.pooled_features(network.backbone, data.source), data.labels)
    network.norm.align(network.pooled_features(network.backbone, data.target), network.head)
