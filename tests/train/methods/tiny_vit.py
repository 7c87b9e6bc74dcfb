"""A tiny vision transformer for the digits of `tests.train.digits`, before the first step."""

from __future__ import annotations

import torch
from timm.models.vision_transformer import VisionTransformer

from tests.train.digits import CLASSES, Digits, measure
from train.loop.adaptation import prepare
from train.loop.parallel_network import ParallelNetwork
from train.loop.task import AdaptationTask
from train.losses.teacher import make_teacher
from train.methods import METHODS
from train.methods.batch import Setting
from train.networks.classifier import Classifier
from train.params import AdaptParams, TrainParams

WIDTH = 32


def tiny_vit(size: int = 8, patch: int = 2) -> VisionTransformer:
    return VisionTransformer(img_size=size, patch_size=patch, embed_dim=WIDTH, depth=3, num_heads=2, num_classes=0)


def vit_task(data: Digits, methods: dict[str, float], seed: int = 0) -> AdaptationTask:
    """Photos have statistics of their own."""
    torch.manual_seed(seed)
    network = Classifier(tiny_vit().eval(), WIDTH, CLASSES, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)).train()
    stage = AdaptParams(methods=methods)  # type: ignore[arg-type]
    prepare(network, TrainParams(adapt=stage, seed=seed))
    measure(network, data)
    made = {name: METHODS[name](Setting(WIDTH, CLASSES, stage, weight, seed)) for name, weight in methods.items()}  # type: ignore[index]
    student, teacher = ParallelNetwork(network, 1), ParallelNetwork(make_teacher(network).eval(), 1)
    return AdaptationTask(student, teacher, made, stage.label_smoothing)
