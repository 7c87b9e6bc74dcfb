"""Our loop (`train.loop.adaptation.adapt`), and the same with images that are there already."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from unittest.mock import patch

from tools.train_speed.clock import Clock, Speed
from train.data.datasets import SourceDomain, TargetDomain
from train.loop import adaptation
from train.loop.step_images import Draw, MakeDraws, draws
from train.model import new_network
from train.networks.classifier import Classifier
from train.networks.inference import device, lane_count
from train.params import TrainParams


def our_loop(
    params: TrainParams,
    source: SourceDomain,
    target: TargetDomain,
    steps: int,
    frozen_blocks: int = 0,
    make_draws: MakeDraws = draws,
) -> Speed:
    """What `steps` steps cost after the warm-up. Each also asks the mean teacher about weak views of the photos."""
    wanted_losses = {"methods": {"cdan": 0.1, "mcc": 1.0}, "source_only_share": 0.0}
    stage = params.adapt.model_copy(update=wanted_losses | {"frozen_blocks": frozen_blocks})
    clock = Clock(device())
    wanted = params.model_copy(update={"adapt": stage, "epochs": 1, "steps_per_epoch": clock.warm_up + steps})
    network = new_network(params.backbone, params.weights, len(source.classes), params.image_size).to(device())
    speeds: list[Speed] = []
    ahead = adaptation.made_ahead

    def watched(items: Iterator[Draw]) -> Iterator[Draw]:
        """The draws; the loop asks for one when it has done with the one before."""
        coming = ahead(items)
        for _ in range(wanted.steps_per_epoch):
            with clock.waiting():
                draw = next(coming)
            yield draw
            clock.step()

    def on_epoch(epoch: int, averaged: Classifier, losses: dict[str, float]) -> None:
        clock.step()  # the last draw was not followed by another question
        speeds.append(clock.speed(2 * params.batch_size))

    with patch.object(adaptation, "made_ahead", watched):
        adaptation.adapt(network, source, target, wanted, lane_count(), 1.0, on_epoch, make_draws=make_draws)
    return speeds[0]


def images_at_hand(params: TrainParams, source: SourceDomain, target: TargetDomain, steps: int) -> Speed:
    """The same steps on the images of the first one, over and over: what the network alone, with losses and optimiser,
    can do.
    """
    return our_loop(params, source, target, steps, make_draws=lambda *asked: repeat(next(draws(*asked))))
