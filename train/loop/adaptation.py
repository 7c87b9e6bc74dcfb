"""Stage 2: the loop in which renders and unlabelled photos train all layers.

Each step:

1. Augmented renders, strong views of photos and weak views of the same photos are made (`step_images`). In the first
   part of the run there are renders only.
2. The student sees renders and strong views in one forward pass; the mean teacher sees the weak views. The losses are
   the renders' cross-entropy and the weighted loss of each method, which ramps up (`task`).
3. With SDAT the losses are taken at weights that are perturbed along the gradient of the renders' loss (`sharpness`).
4. Gradients are clipped; AdamW and its schedule take a step; the teacher follows as the student's moving average.

After each epoch the teacher is what a caller may keep.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass

import torch
from torch import Tensor

from cad2real.errors import UserError
from cad2real.progress import Progress
from train.compute.compilation import explain_compiler_errors
from train.compute.copies import ReadLater
from train.compute.device import computes_in_bfloat16, replica_count
from train.compute.distributed import ALONE, World
from train.compute.out_of_memory import explain_out_of_memory
from train.compute.side_stream import ahead_of_side_streams
from train.data.datasets import SourceDomain, TargetDomain
from train.loop.checkpoint import Checkpoint, TrainingState
from train.loop.course import Course, EpochEnd, Limits
from train.loop.label_shift import LabelShift
from train.loop.loss_log import LossLog, StepLosses
from train.loop.optimizer import freeze_blocks, parameter_groups
from train.loop.parallel_network import ParallelNetwork
from train.loop.schedule import OpenSchedule, Schedule
from train.loop.sharpness import perturbed_weights
from train.loop.step_images import MakeStepImages, StepImages, prefetched, step_images
from train.loop.task import AdaptationTask
from train.losses.averaging import momentum_in_run
from train.losses.teacher import make_teacher
from train.methods import METHODS
from train.methods.batch import Method, Setting
from train.networks.classifier import Classifier
from train.params import TrainParams
from train.sizes.size_prior import SizePrior

GRADIENT_CLIP = 5.0

type OnEpoch = Callable[[int, Classifier, dict[str, float]], EpochEnd | None]
"""Called after each epoch with its number (from 0), the averaged network (the teacher) and the mean losses by name.
Returns what follows from it, None for nothing.
"""


@dataclass(frozen=True)
class Adaptation:
    """A run of the loop: all that its result depends on.

    `network` is trained in place. `params.batch_size` is that of all processes of `world` together, which train to the
    same weights. `learning_rate_scale` in (0, 1] multiplies the learning rates and the share of steps on renders only.
    `label_shift` weighs the renders' losses; `class_shares` (c,) are those of the classes among the photos, as far as
    they are known (see `Setting`). `make_images` gives the images of the steps. `stage` names the run in messages.
    """

    network: Classifier
    source: SourceDomain
    target: TargetDomain
    params: TrainParams
    stage: str = "adapt"
    learning_rate_scale: float = 1.0
    label_shift: LabelShift | None = None
    class_shares: Tensor | None = None
    make_images: MakeStepImages = step_images
    world: World = ALONE

    def new_course(self) -> Course:
        """The course of the run before its first step: of the length that `train.epochs` says, or open."""
        epochs, epoch_steps, stage = self.params.epochs, self.params.steps_per_epoch, self.params.adapt
        renders_only = self.learning_rate_scale * stage.source_only_share
        if epochs != "auto":
            return Course(Schedule(epochs * epoch_steps, renders_only))
        photos = len(self.target.images) > 0
        most = max(1, stage.most_steps // epoch_steps)
        seconds = None if stage.most_minutes is None else 60 * stage.most_minutes
        adapt_from = 0 if photos and not stage.source_only_share else None
        schedule = OpenSchedule(most * epoch_steps, adapt_from, ramp_steps=epoch_steps)
        return Course(schedule, Limits(epoch_steps, most, max(1, round(renders_only * most)), seconds, photos))


def adapt(
    run: Adaptation,
    on_epoch: OnEpoch,
    checkpoint: Checkpoint | None = None,
    size_prior: SizePrior | None = None,
) -> Course:
    """Trains `run.network` in place; returns the run's course, which says why it ended. Goes on where `checkpoint`
    ends, with the `size_prior` of its last epoch, and brings it up to date after each epoch.

    Raises UserError when a loss is not finite (it names the step and the loss), memory runs out, or another process of
    the world has ended.
    """
    params, world, course = run.params, run.world, run.new_course()
    if params.batch_size < world.size:
        raise UserError(
            f"train {run.stage}: batch_size: {params.batch_size} cannot be shared by {world.size} processes.",
            "Raise train.batch_size in params.yaml, or start fewer processes.",
        )
    task = new_task(run)
    state = _initial_state(run, task, course)
    epoch = checkpoint.restore(state, params.steps_per_epoch, world) if checkpoint else 0
    device = run.network.mean.device
    batches = _batches(run, task, course, state.steps_done)
    with (
        ahead_of_side_streams(device),
        Progress(run.stage, course.schedule.steps, "steps", state.steps_done) as progress,
        explain_out_of_memory(run.stage, params.batch_size),
        explain_compiler_errors(run.stage, params.torch_compile),
    ):
        while state.steps_done < course.schedule.steps:
            log, began = LossLog(run.stage, progress), time.monotonic()
            run.network.train()
            try:
                for _ in range(params.steps_per_epoch):
                    _step(run, task, state, next(batches), size_prior, log)
            except RuntimeError:
                log.means()  # raises, where the step before has diverged and that is what broke this one
                raise
            end = on_epoch(epoch, task.teacher.network, log.means()) or EpochEnd()
            size_prior, epoch = end.size_prior, epoch + 1
            seconds = world.broadcast_from_lead(lambda: time.monotonic() - began)  # noqa: B023 - called at once
            if course.hear(state.steps_done, end.evidence, seconds):
                state.set_learning_rates()
                progress.total = course.schedule.steps
                batches.close()
                batches = _batches(run, task, course, state.steps_done)
                _say_what_is_next(run, course, state.steps_done)
            if checkpoint and world.leads:
                checkpoint.save(state, epoch)
        batches.close()
    return course


def _batches(run: Adaptation, task: AdaptationTask, course: Course, first: int) -> Generator[StepImages]:
    """The images of the steps from `first` on, made ahead."""
    device = run.network.mean.device
    wanted = run.source, run.target, run.params, course.schedule, task.restyles, first, device, run.world
    return prefetched(run.make_images(*wanted), device)


def _say_what_is_next(run: Adaptation, course: Course, steps: int) -> None:
    if not run.world.leads:
        return
    if reason := course.why(f"train.{run.stage}"):
        left = course.schedule.steps - steps
        print(f"train {run.stage}: {reason} after {steps} steps; {left} more with falling rates.", file=sys.stderr)
    else:
        print(f"train {run.stage}: photos join after {steps} steps on renders.", file=sys.stderr)


def _step(
    run: Adaptation,
    task: AdaptationTask,
    state: TrainingState,
    images: StepImages,
    size_prior: SizePrior | None,
    log: LossLog,
) -> None:
    """One step of the optimiser. Its losses go into `log`, which is the only place where a step waits for a GPU: until
    it is done with the step before. Raises DivergedError, on a CPU before any weight has changed.
    """
    network, optimizer = run.network, state.optimizer
    if task.sam_rho:
        task.student.backward(task.source_loss(images))
    with perturbed_weights(state.network_parameters, task.sam_rho):  # without SDAT there is no gradient: nothing moves
        optimizer.zero_grad(set_to_none=True)
        losses = task.losses(images, size_prior)
        stacked = torch.stack(list(losses.values()))
        task.student.backward(stacked.sum())
        network.norm.clear_batch_statistics()
    gradient_norm = torch.nn.utils.clip_grad_norm_(state.trained_parameters, GRADIENT_CLIP)
    values = ReadLater(torch.cat([stacked, gradient_norm[None]]))
    log.add(StepLosses(state.steps_done, tuple(losses), values))
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    state.scheduler.step()
    momentum = momentum_in_run(run.params.adapt.teacher_momentum, state.steps_done)
    task.update_teacher(state.steps_done - 1, momentum)


def new_task(run: Adaptation) -> AdaptationTask:
    """The run's task before the first step: its teacher is a copy of the network, its methods are those of
    `train.adapt.methods`.
    """
    network, params = run.network, run.params
    network.in_bfloat16 = computes_in_bfloat16(params.precision)
    prepare(network, params)
    freeze_blocks(network, params.adapt.frozen_blocks)  # before replicas and teacher are copied from it
    methods = new_methods(run)
    method_parameters = [parameter for method in methods.values() for parameter in method.parameters()]
    count, pieces, compiled = replica_count(), params.gradient_accumulation, params.torch_compile
    student = ParallelNetwork(network, count, run.world, method_parameters, pieces, compiled)
    teacher = ParallelNetwork(make_teacher(network).eval(), count, run.world, pieces=pieces, compiled=compiled)
    shift = None if run.label_shift is None else run.label_shift.to(network.mean.device)
    return AdaptationTask(student, teacher, methods, params.adapt.label_smoothing, shift)


def prepare(network: Classifier, params: TrainParams) -> None:
    """What the methods change in the network before its first step; a network that they have changed stays as it is.
    Raises UserError where one of them cannot work with it.
    """
    for name in params.adapt.methods:
        METHODS[name].prepare(network, params.seed)


def new_methods(run: Adaptation) -> dict[str, Method]:
    """The methods of `train.adapt.methods` by name, on the network's device."""
    network, params = run.network, run.params
    sizes = network.head.in_features, network.head.out_features
    return {
        name: METHODS[name](Setting(*sizes, params.adapt, weight, params.seed, run.class_shares)).to(
            network.mean.device
        )
        for name, weight in params.adapt.methods.items()
    }


def _initial_state(run: Adaptation, task: AdaptationTask, course: Course) -> TrainingState:
    """Everything that steps change, with a new optimiser; rates follow the course."""
    network, params = run.network, run.params.adapt
    groups = parameter_groups(network, task.method_parameters, params, run.learning_rate_scale)
    fused = network.mean.device.type == "cuda"
    optimizer = torch.optim.AdamW(groups, fused=fused)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: course.schedule.learning_rate(step))
    modules: dict[str, torch.nn.Module] = {**task.methods, "course": course}
    if task.label_shift is not None:
        modules["label_shift"] = task.label_shift
    return TrainingState(network, task.teacher.network, modules, optimizer, scheduler)
