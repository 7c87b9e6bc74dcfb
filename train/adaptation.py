"""Stage 2: the loop in which renders and unlabelled photos train all layers; each epoch leaves a candidate."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere

from cad2real.errors import UserError
from cad2real.progress import Progress
from train import batches
from train.backbones import block_parameters
from train.datasets import SourceDomain, TargetDomain
from train.lanes import Lanes
from train.losses.teacher import make_teacher, update_teacher
from train.methods import METHODS
from train.methods.batch import Method, Setting, StepBatch
from train.network import Classifier
from train.params import AdaptParams, MethodName, TrainParams
from train.size_prior import SizePrior

Tensor = torch.Tensor
WARM_UP = 0.05  # share of the run in which learning rates rise from 0
GRADIENT_CLIP = 5.0


@dataclass(frozen=True)
class Schedule:
    """What depends on the progress of the run, counted in steps but given as shares, so that short runs get it all."""

    steps: int
    source_only_share: float

    def learning_rate(self, step: int) -> float:
        """Factor on the learning rate: linear warm-up, then half a cosine to 0."""
        progress = (step + 1) / self.steps
        if progress < WARM_UP:
            return progress / WARM_UP
        return 0.5 * (1 + math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP)))

    def adaptation(self, step: int) -> float:
        """Share of the adaptation phase that is done; below 0 before it begins."""
        return (step / self.steps - self.source_only_share) / (1 - self.source_only_share)

    @staticmethod
    def ramp(progress: float) -> float:
        """Weight of the adaptation losses: 2 / (1 + e^(-10 p)) - 1 (Ganin et al., JMLR 2016)."""
        return 2 / (1 + math.exp(-10 * progress)) - 1


def adapt(
    network: Classifier,
    source: SourceDomain,
    target: TargetDomain,
    params: TrainParams,
    lanes: int,
    pace: float,
    on_epoch: Callable[[int, Classifier, dict[str, float]], SizePrior | None],
) -> None:
    """Trains `network` in place. After each epoch calls `on_epoch(epoch, averaged network, mean losses)`; the size
    prior that it returns corrects what the teacher says from then on. `pace` in (0, 1] multiplies the learning rates.

    Raises UserError when a loss is not finite: it names the step and the loss.
    """
    stage = params.adapt
    schedule = Schedule(params.epochs * params.steps_per_epoch, stage.source_only_share)
    setting = Setting(network.head.in_features, network.head.out_features, stage, params.seed)
    methods = {name: METHODS[name](setting) for name in stage.methods}
    own = [parameter for method in methods.values() for parameter in method.parameters()]
    for block in block_parameters(network.backbone)[: stage.frozen_blocks]:
        for parameter in block:
            parameter.requires_grad_(False)
    optimizer = torch.optim.AdamW(
        [
            {
                "params": [p for p in network.backbone.parameters() if p.requires_grad],
                "lr": pace * stage.backbone_learning_rate,
            },
            {"params": [*network.head.parameters(), *own], "lr": pace * stage.head_learning_rate},
        ],
        weight_decay=stage.weight_decay,
    )
    rates = torch.optim.lr_scheduler.LambdaLR(optimizer, schedule.learning_rate)
    teacher = make_teacher(network).eval()
    student_lanes = Lanes(network.backbone, lanes)
    teacher_lanes = Lanes(teacher.backbone, lanes)
    draws = _draws(source, target, params, schedule)
    prior: SizePrior | None = None
    with Progress("adapt", schedule.steps, "steps") as progress:
        for epoch in range(params.epochs):
            sums: dict[str, float] = {}
            network.train()
            for _ in range(params.steps_per_epoch):
                losses = _step(network, student_lanes, teacher, teacher_lanes, methods, next(draws), prior, stage)
                total = torch.stack(list(losses.values())).sum()
                if not torch.isfinite(total):
                    broken = ", ".join(name for name, loss in losses.items() if not torch.isfinite(loss))
                    raise UserError(
                        f"train adapt: the loss {broken} is not finite at step {progress.done}.",
                        "Lower the learning rates or that method's weight in params.yaml.",
                    )
                torch.nn.utils.clip_grad_norm_([*network.parameters(), *own], GRADIENT_CLIP)
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
                rates.step()
                update_teacher(teacher, network, rates.last_epoch - 1, stage.teacher_momentum)
                for name, loss in losses.items():
                    sums[name] = sums.get(name, 0.0) + loss.item()
                progress.advance(note=" ".join(f"{name} {loss.item():.2f}" for name, loss in losses.items()))
            prior = on_epoch(epoch, teacher, {name: value / params.steps_per_epoch for name, value in sums.items()})


@dataclass(frozen=True)
class Draw:
    """Images of one step: `images` holds augmented renders and then strong target views, `labels` the renders' classes,
    `weak` weak views of the same photos (None while only the source trains), `extents` their sizes, `done` the
    adaptation's progress.
    """

    images: Tensor
    labels: Tensor
    weak: Tensor | None
    extents: npt.NDArray[np.float64] | None
    done: float


def _draws(source: SourceDomain, target: TargetDomain, params: TrainParams, schedule: Schedule) -> Iterator[Draw]:
    """The draws of all steps, the same for the same seed."""
    rng = torch.Generator().manual_seed(params.seed)
    shuffle = np.random.default_rng(params.seed)
    trained = np.flatnonzero(~source.held_out)
    source_rows = batches.balanced_rows(source.labels[trained], params.batch_size, shuffle)
    target_rows = batches.shuffled_rows(len(target.images), params.batch_size, shuffle) if len(target.images) else None
    for step in range(schedule.steps):
        rows = trained[next(source_rows)]
        labels = torch.from_numpy(source.labels[rows])
        images = batches.source_view(
            batches.as_float(source.images, rows),
            params.image_size,
            params.source_augment,
            params.background,
            target.images,
            rng,
        )
        done = schedule.adaptation(step)
        if done < 0 or target_rows is None:
            yield Draw(images, labels, None, None, done)
            continue
        rows = next(target_rows)
        photos = batches.as_float(target.images, rows)
        weak = batches.target_view(photos, params.image_size, params.target_augment, rng)
        strong = batches.strong_target_view(
            photos, params.image_size, params.target_augment, params.source_augment, rng
        )
        yield Draw(torch.cat([images, strong]), labels, weak, target.extents[rows], done)


def _step(
    network: Classifier,
    student_lanes: Lanes,
    teacher: Classifier,
    teacher_lanes: Lanes,
    methods: dict[MethodName, Method],
    draw: Draw,
    prior: SizePrior | None,
    stage: AdaptParams,
) -> dict[str, Tensor]:
    """One forward and backward pass; returns the weighted losses by name."""
    labels = draw.labels.to(network.mean.device)
    joined, outputs = student_lanes.forward(draw.images, network.pooled_by)
    n = len(labels)
    feature = network.norm(joined[:n], "source")
    logits = network.head(feature)
    losses = {"source": F.cross_entropy(logits, labels, label_smoothing=stage.label_smoothing)}
    if draw.weak is not None:
        with torch.no_grad():
            taught = teacher_lanes.map_images(draw.weak, teacher.pooled_by)
            logits_taught = teacher.head(teacher.norm(taught, "target"))
            if prior is not None and draw.extents is not None:
                likelihood = torch.from_numpy(prior.log_likelihood(draw.extents))
                logits_taught = logits_taught.log_softmax(dim=1) + likelihood.to(logits_taught)
            probabilities = logits_taught.softmax(dim=1)
        target_feature = network.norm(joined[n:], "target", probabilities)
        target_logits = network.head(target_feature)
        batch = StepBatch(feature, logits, labels, target_feature, target_logits, probabilities, draw.done)
        ramp = Schedule.ramp(draw.done)
        for name, method in methods.items():
            losses[name] = ramp * stage.methods[name] * method.loss(batch)
    torch.autograd.backward(torch.stack(list(losses.values())).sum())
    student_lanes.backward(joined, outputs)
    return losses
