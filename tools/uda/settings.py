"""The one configuration of the check, the same for both pairs, and the rows of its table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from train.augment_params import AugmentParams, BackgroundParams, TargetAugmentParams
from train.methods import FOR_VISION_TRANSFORMERS
from train.params import AdaptParams, MethodName, TrainParams

type Methods = dict[MethodName, float]

# Numbers other than 1: what they are is in docs/reference/methods.md.
WEIGHTS: Methods = {"afn": 0.05, "bsp": 0.0001, "coral": 10.0, "fda": 0.01, "sdat": 0.05}
BEST: Methods = {"information_maximisation": 1.0, "self_training": 1.0, "mic": 1.0}
NO_METHOD = "none"
EPOCH_STEPS = 60
SHORT = 2  # epochs: enough to see a method fail
LONG: tuple[tuple[Methods, int], ...] = (({"dann": 1.0}, 48), (BEST, 72))  # enough to see how far these get

# Digits stay upright, and a strong zoom makes MNIST's, which have a margin, as large as those of USPS, which have none.
SOURCE_VIEWS = AugmentParams(
    scale=(1.25, 1.8),
    rotation_deg=12.0,
    stretch=1.25,
    shift=0.03,
    perspective=0.0,
    jitter=0.4,
    grey_p=0.1,
    recolour_p=0.7,
    blur_p=0.1,
    low_resolution_p=0.1,
    noise=0.2,
    highlights_p=0.0,
    shadow_p=0.0,
    erase_p=0.1,
)
TARGET_VIEWS = TargetAugmentParams(scale=(0.9, 1.1), rotation_deg=10.0, shift=0.04, jitter=0.3)


@dataclass(frozen=True)
class Row:
    """Methods of one row of the table, the epochs of EPOCH_STEPS steps that they get, and the learning rate."""

    methods: Methods
    epochs: int
    rate: float = 1e-3


def rows() -> dict[str, Row]:
    """What is run, by the name in the table: each method alone, none, and for long DANN and the best
    combination.
    """
    alone: dict[str, Row] = {
        name: Row({name: WEIGHTS.get(name, 1.0)}, SHORT)
        for name in get_args(MethodName)
        if name not in FOR_VISION_TRANSFORMERS
    }
    long = {
        f"{' + '.join(methods)}, {epochs * EPOCH_STEPS:,} steps": Row(methods, epochs, 4e-3) for methods, epochs in LONG
    }
    return {**alone, NO_METHOD: Row({}, SHORT), **long}


def source_params(seed: int) -> TrainParams:
    """Of the source-only network: 14 epochs of 50 steps, from random weights, without a look at the target."""
    return _params(seed, 14, 50, {}, rate=2e-3)


def adapt_params(seed: int, row: Row) -> TrainParams:
    """Of an adaptation that starts from the source-only network."""
    return _params(seed, row.epochs, EPOCH_STEPS, row.methods, row.rate)


def _params(seed: int, epochs: int, steps: int, methods: Methods, rate: float) -> TrainParams:
    stage = AdaptParams(
        methods=methods,
        backbone_learning_rate=rate,
        head_learning_rate=rate,
        frozen_blocks=0,
        source_only_share=0.0,
        fall_back=False,  # the table shows what a method does, also where it fails
        target_statistics="own",
    )
    return TrainParams(
        image_size=32,
        batch_size=64,
        epochs=epochs,
        steps_per_epoch=steps,
        seed=seed,
        rotations=1,
        size_prior=False,
        source_augment=SOURCE_VIEWS,
        target_augment=TARGET_VIEWS,
        background=BackgroundParams(colour=1.0, gradient=1.0, target=2.0),
        adapt=stage,
    )
