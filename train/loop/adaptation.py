"""Stage 2: the loop in which renders and unlabelled photos train all layers; each epoch leaves a candidate."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F  # noqa: N812 - its name everywhere

from cad2real.errors import UserError
from cad2real.progress import Progress
from train.compute.compilation import compiler_watched
from train.compute.distributed import ALONE, World
from train.compute.out_of_memory import memory_watched
from train.data.datasets import SourceDomain, TargetDomain
from train.loop.checkpoint import Checkpoint, Run
from train.loop.divergence import refuse_divergence
from train.loop.label_shift import LabelShift
from train.loop.optimizer import parameter_groups
from train.loop.runner import Runner
from train.loop.schedule import Schedule
from train.loop.sharpness import climbed
from train.loop.step_images import Draw, MakeDraws, draws, made_ahead
from train.losses.teacher import make_teacher, update_teacher
from train.methods import METHODS
from train.methods.batch import Method, Setting, StepBatch
from train.networks.classifier import Classifier
from train.params import AdaptParams, MethodName, TrainParams
from train.sizes.size_prior import SizePrior

Tensor = torch.Tensor
GRADIENT_CLIP = 5.0


def adapt(
    network: Classifier,
    source: SourceDomain,
    target: TargetDomain,
    params: TrainParams,
    lanes: int,
    pace: float,
    on_epoch: Callable[[int, Classifier, dict[str, float]], SizePrior | None],
    checkpoint: Checkpoint | None = None,
    prior: SizePrior | None = None,
    name: str = "adapt",
    world: World = ALONE,
    shift: LabelShift | None = None,
    make_draws: MakeDraws = draws,
    shares: Tensor | None = None,
) -> None:
    """Trains `network` in place. After each epoch calls `on_epoch(epoch, averaged network, mean losses)`; the size
    prior that it returns corrects what the teacher says from then on. `pace` in (0, 1] multiplies the learning rates
    and the share of steps on renders only.
    Goes on where `checkpoint` ends, with the `prior` of its last epoch, and brings it up to date after each epoch.
    `name` is the stage's in messages. All processes of `world` train together, to the same weights; `params.batch_size`
    is that of all of them. `make_draws` gives the images of the steps. `shift`, which `on_epoch` may bring up to date,
    weighs the renders' losses. `shares` (c,): of the classes among the photos, as far as is known; see Setting.

    Raises UserError when a loss is not finite (it names the step and the loss), memory runs out, or another process of
    the world has ended.
    """
    stage = params.adapt
    if params.batch_size < world.size:
        raise UserError(
            f"train {name}: batch_size: {params.batch_size} cannot be shared by {world.size} processes.",
            "Raise train.batch_size in params.yaml, or start fewer processes.",
        )
    schedule = Schedule(params.epochs * params.steps_per_epoch, pace * stage.source_only_share)
    network.in_bfloat16 = params.precision == "bf16"
    methods = _methods(network, params, shares)
    own = [parameter for method in methods.values() for parameter in method.parameters()]
    climb = sum(method.climb for method in methods.values())
    groups = parameter_groups(network, own, stage, pace)
    home = network.mean.device
    optimizer = torch.optim.AdamW(groups, weight_decay=stage.weight_decay, fused=home.type == "cuda")
    rates = torch.optim.lr_scheduler.LambdaLR(optimizer, schedule.learning_rate)
    pieces, compiled = params.gradient_accumulation, params.torch_compile
    student = Runner(network, lanes, world, own, pieces, compiled)
    teacher = Runner(make_teacher(network).eval(), lanes, world, pieces=pieces, compiled=compiled)
    parts: dict[str, torch.nn.Module] = {str(name): method for name, method in methods.items()}
    if shift is not None:
        parts["label_shift"] = shift.to(home)
    run = Run(network, teacher.network, parts, optimizer, rates)
    done = checkpoint.restore(run, params.steps_per_epoch, world) if checkpoint else 0
    restyles = [method.restyle for method in methods.values()]
    steps = made_ahead(make_draws(source, target, params, schedule, restyles, rates.last_epoch, home))
    with (
        Progress(name, schedule.steps, "steps", rates.last_epoch) as progress,
        memory_watched(name, params.batch_size),
        compiler_watched(name, compiled),
    ):
        for epoch in range(done, params.epochs):
            sums: dict[str, float] = {}
            network.train()
            for _ in range(params.steps_per_epoch):
                draw = next(steps)
                if climb:
                    pooled = student.pooled(draw.images[: len(draw.labels)])
                    network.norm.meet(pooled, follow=False)  # renders alone, and the step's own pass comes yet
                    student.backward(_task(network, pooled, draw, stage, shift)[-1])
                with climbed(network.parameters(), climb):  # without SDAT there is no gradient yet: nothing moves
                    optimizer.zero_grad(set_to_none=True)
                    losses = step_losses(student, teacher, methods, draw, prior, stage, shift)
                    together = torch.stack(list(losses.values()))
                    student.backward(together.sum())
                    network.norm.part()
                norm = torch.nn.utils.clip_grad_norm_([*network.parameters(), *own], GRADIENT_CLIP)
                *each, slope = torch.cat([together, norm[None]]).tolist()  # a step waits for a GPU here alone
                values = dict(zip(losses, each, strict=True))
                refuse_divergence(name, progress.done, values, slope)
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
                rates.step()
                update_teacher(teacher.network, network, rates.last_epoch - 1, stage.teacher_momentum)
                for method, value in values.items():
                    sums[method] = sums.get(method, 0.0) + value
                progress.advance(note=" ".join(f"{method} {value:.2f}" for method, value in values.items()))
            means = {method: value / params.steps_per_epoch for method, value in sums.items()}
            prior = on_epoch(epoch, teacher.network, means)
            if checkpoint and world.leads:
                checkpoint.save(run, epoch + 1)


def _methods(network: Classifier, params: TrainParams, shares: Tensor | None) -> dict[MethodName, Method]:
    """The methods of `train.adapt.methods`, on the network's device."""
    sizes = network.head.in_features, network.head.out_features
    return {
        name: METHODS[name](Setting(*sizes, params.adapt, weight, params.seed, shares)).to(network.mean.device)
        for name, weight in params.adapt.methods.items()
    }


def _task(
    network: Classifier, pooled: Tensor, draw: Draw, stage: AdaptParams, shift: LabelShift | None
) -> tuple[Tensor, Tensor, Tensor]:
    """Features (n, d), logits (n, c) and cross-entropy of the renders, whose pooled features (n, d) are given."""
    feature = network.norm(pooled, "source")
    logits = network.head(feature)
    labels = draw.labels.to(logits.device)
    if shift is None:
        return feature, logits, F.cross_entropy(logits, labels, label_smoothing=stage.label_smoothing)
    losses = F.cross_entropy(logits, labels, label_smoothing=stage.label_smoothing, reduction="none")
    return feature, logits, shift(losses, labels)


def step_losses(
    student: Runner,
    teacher: Runner,
    methods: dict[MethodName, Method],
    draw: Draw,
    prior: SizePrior | None,
    stage: AdaptParams,
    shift: LabelShift | None = None,
) -> dict[str, Tensor]:
    """The weighted losses of a step by name: the source's, and those of the methods once the target trains."""
    network = student.network
    pooled = student.pooled(draw.images)
    network.norm.meet(pooled)
    n = len(draw.labels)
    feature, logits, task = _task(network, pooled[:n], draw, stage, shift)
    losses = {"source": task}
    if draw.weak is None:
        return losses
    probabilities = _taught(teacher, draw.weak, draw, prior)
    target_feature = network.norm(pooled[n:], "target", probabilities)
    batch = StepBatch(
        source_feature=feature,
        source_logits=logits,
        source_labels=draw.labels.to(logits.device),
        target_feature=target_feature,
        target_logits=network.head(target_feature),
        target_teacher=probabilities,
        weak=draw.weak,
        strong=draw.images[n:],
        head=network.head,
        look=partial(student.look, probabilities=probabilities),
        sized=prior is not None and draw.extents is not None,
        progress=draw.done,
    )
    ramp = Schedule.ramp(draw.done)
    for name, method in methods.items():
        loss = method.loss(batch)
        if loss is not None:
            losses[name] = ramp * stage.methods[name] * loss
    return losses


@torch.no_grad()
def _taught(teacher: Runner, weak: Tensor, draw: Draw, prior: SizePrior | None) -> Tensor:
    """What the teacher, corrected by sizes, says of weak views of photos: class probabilities (m, c)."""
    logits: Tensor = teacher.network.head(teacher.network.norm(teacher.pooled(weak), "target"))
    if prior is not None and draw.extents is not None:
        word, likelihood = (torch.from_numpy(said(draw.extents)) for said in (prior.word, prior.log_likelihood))
        logits = word.to(logits) * logits.log_softmax(dim=1) + likelihood.to(logits)
    return logits.softmax(dim=1)
