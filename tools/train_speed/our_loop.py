"""Our loop (`train.loop.adaptation.adapt`), and the same with images that are there already."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from unittest.mock import patch

import torch

from tools.train_speed.clock import Clock, Speed
from train.compute.device import default_device
from train.data.datasets import SourceDomain, TargetDomain
from train.loop import adaptation
from train.loop.adaptation import Adaptation
from train.loop.step_images import MakeStepImages, StepImages, prefetched, step_images
from train.networks.classifier import Classifier
from train.networks.new_network import new_network
from train.params import TrainParams


def our_loop(
    params: TrainParams,
    source: SourceDomain,
    target: TargetDomain,
    steps: int,
    frozen_blocks: int = 0,
    make_images: MakeStepImages = step_images,
) -> Speed:
    """What `steps` steps cost after the warm-up. Each also asks the mean teacher about weak views of the photos."""
    wanted_losses = {"methods": {"cdan": 0.1, "mcc": 1.0}, "source_only_share": 0.0}
    stage = params.adapt.model_copy(update=wanted_losses | {"frozen_blocks": frozen_blocks})
    clock = Clock(default_device())
    wanted = params.model_copy(update={"adapt": stage, "epochs": 1, "steps_per_epoch": clock.warm_up + steps})
    network = new_network(params.backbone, params.weights, len(source.classes), params.image_size).to(default_device())
    speeds: list[Speed] = []

    def timed(items: Iterator[StepImages], device: torch.device) -> Iterator[StepImages]:
        """The images of the steps; the loop asks for a step's when it has finished the one before."""
        batches = prefetched(items, device)
        for _ in range(wanted.steps_per_epoch):
            with clock.waiting():
                images = next(batches)
            yield images
            clock.step()

    def on_epoch(epoch: int, averaged: Classifier, losses: dict[str, float]) -> None:
        clock.step()  # the last step was not followed by another question
        speeds.append(clock.speed(2 * params.batch_size))

    with patch.object(adaptation, "prefetched", timed):
        adaptation.adapt(Adaptation(network, source, target, wanted, make_images=make_images), on_epoch)
    return speeds[0]


def images_at_hand(params: TrainParams, source: SourceDomain, target: TargetDomain, steps: int) -> Speed:
    """The same steps on the images of the first one, over and over: what the network alone, with losses and optimiser,
    can do.
    """
    return our_loop(params, source, target, steps, make_images=lambda *arguments: repeat(next(step_images(*arguments))))
