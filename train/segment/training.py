"""Two trainings, one after the other: on composites of renders, then with photos. Killed, each goes on from its last
checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from segmentation_models_pytorch.losses import DiceLoss
from torch import Tensor
from torch.nn import functional

from cad2real.progress import Progress
from train.compute.device import default_device
from train.find.adaptation import COMPOSITES, PHOTOS, RATE, SHARE, TRAINED
from train.find.training import (
    CLIP,
    DECODER_RATE,
    ENCODER_RATE,
    MAKERS,
    MOMENTUM,
    STEPS_A_CHECKPOINT,
    rate_groups,
)
from train.loop.checkpoint import Checkpoint, TrainingState
from train.loop.divergence import refuse_divergence
from train.loop.schedule import Schedule
from train.losses.self_training import IGNORED
from train.losses.teacher import TeacherUpdate, make_teacher
from train.params import TrainParams
from train.segment.methods import MAP_METHODS
from train.segment.methods.batch import MapBatch, MapMethod, MapSetting
from train.segment.network import SegmentationNetwork, new_segmentation_network
from train.segment.pictures import LabelledSources, PhotoPiece, as_tensor, labelled_composite, photo_piece
from train.segment_params import SegmentParams

UInt8 = npt.NDArray[np.uint8]

OWN_RATE = 1e-3
"""Learning rate of the methods' own networks. ADVENT's discriminator has 1e-4, for a thousand times as many steps."""


@dataclass(frozen=True)
class SegmentRun:
    """What a run trains on: `labelled` renders that train, the number of `classes` with that of what is no part, the
    blocks `train` and `segment`, and the `folder` of its checkpoints.
    """

    labelled: LabelledSources
    classes: int
    params: TrainParams
    segment: SegmentParams
    folder: Path


@dataclass(frozen=True)
class Made:
    """The pictures of a step: composites with their class maps, pieces of photos (none in the first training)."""

    composites: list[tuple[UInt8, npt.NDArray[np.int64]]]
    photos: list[PhotoPiece]


def trained_on_renders(run: SegmentRun) -> SegmentationNetwork:
    """The averaged network after all steps on composites. Raises UserError where a loss is no longer finite."""
    segment, params = run.segment, run.params
    network = new_segmentation_network(params.backbone, params.weights, segment.image_size, run.classes, params.seed)
    return _trained(run, network, "train segment", None)


def adapted(run: SegmentRun, trained: SegmentationNetwork, photos: UInt8) -> SegmentationNetwork:
    """The average of `trained`, which goes on training itself, over a third as many steps with `photos` (m, 3, s, s)
    and the methods of the block `segment`. Raises UserError where a loss is no longer finite.
    """
    return _trained(run, trained, "train segment, photos", photos)


def _trained(run: SegmentRun, network: SegmentationNetwork, title: str, photos: UInt8 | None) -> SegmentationNetwork:
    steps = run.segment.steps if photos is None else max(1, run.segment.steps // SHARE)
    names: dict[str, float] = {} if photos is None else dict(run.segment.methods.items())
    setting = MapSetting(run.classes, network.level_channels, run.params.seed)
    methods = {name: MAP_METHODS[name](setting) for name in names}
    state, device = _new_state(network, methods, steps, 1.0 if photos is None else RATE)
    averaged: SegmentationNetwork = state.teacher  # type: ignore[assignment]
    update = TeacherUpdate(averaged, network)
    checkpoint = Checkpoint(run.folder / ("run.safetensors" if photos is None else "photos.safetensors"))
    done = checkpoint.restore(state, STEPS_A_CHECKPOINT) * STEPS_A_CHECKPOINT
    made_before = 0 if photos is None else TRAINED
    with Progress(title, steps, "steps", done) as progress:
        for step, made in enumerate(_made(run, photos, done, steps), start=done):
            losses = step_on(state, _batch(run, state, made, step, steps, device), names)
            update(made_before + step, MOMENTUM)
            if (step + 1) % STEPS_A_CHECKPOINT == 0:
                checkpoint.save(state, (step + 1) // STEPS_A_CHECKPOINT)
            progress.advance(note=" ".join(f"{name} {value:.3f}" for name, value in losses.items()))
    return averaged.eval()


def _new_state(
    network: SegmentationNetwork, methods: dict[str, MapMethod], steps: int, rate: float
) -> tuple[TrainingState, torch.device]:
    device = default_device()
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    for method in methods.values():
        method.to(device)
    decoder = [*network.decoder.parameters(), *network.head.parameters()]
    encoder = [parameter for parameter in network.encoder.parameters() if parameter.requires_grad]
    groups = [*rate_groups(encoder, rate * ENCODER_RATE), *rate_groups(decoder, rate * DECODER_RATE)]
    own = [parameter for method in methods.values() for parameter in method.parameters()]
    if own:
        groups.append({"params": own, "lr": OWN_RATE, "weight_decay": 0.0})
    optimizer = torch.optim.AdamW(groups)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, Schedule(steps, 0.0).learning_rate)
    return TrainingState(network, make_teacher(network), methods, optimizer, scheduler), device


def _made(run: SegmentRun, photos: UInt8 | None, done: int, steps: int) -> Iterator[Made]:
    """The pictures of the steps from `done`, made beside the steps, one ahead."""
    size, seed, batch = run.segment.image_size, run.params.seed, run.segment.batch_size

    def start(step: int) -> tuple[list[Future[Any]], list[Future[PhotoPiece]]]:
        first, before = (0, 0) if photos is None else (batch // 2, COMPOSITES)
        numbers = range(step * batch, (step + 1) * batch)
        composites = [
            pool.submit(labelled_composite, run.labelled, size, seed, before + number) for number in numbers[first:]
        ]
        if photos is None:
            return composites, []
        return composites, [pool.submit(photo_piece, photos, size, seed, PHOTOS + number) for number in numbers[:first]]

    with ThreadPoolExecutor(MAKERS) as pool:
        ahead = start(done) if done < steps else ([], [])
        for step in range(done, steps):
            ready, ahead = ahead, start(step + 1) if step + 1 < steps else ([], [])
            yield Made([one.result() for one in ready[0]], [one.result() for one in ready[1]])


def _batch(run: SegmentRun, state: TrainingState, made: Made, step: int, steps: int, device: torch.device) -> MapBatch:
    network: SegmentationNetwork = state.network  # type: ignore[assignment]
    pictures = as_tensor([picture for picture, _ in made.composites], device)
    labels = torch.from_numpy(np.stack([classes for _, classes in made.composites])).to(device)
    none = pictures[:0]
    return MapBatch(
        pictures=pictures,
        labels=labels,
        source=network(pictures),
        weak=as_tensor([piece.weak for piece in made.photos], device) if made.photos else none,
        strong=as_tensor([piece.strong for piece in made.photos], device) if made.photos else none,
        network=network,
        teacher=state.teacher,
        progress=step / steps,
        key=(run.params.seed, step),
    )


def source_losses(logits: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """Cross-entropy of logits (n, C, h, w) with labels (n, h, w), mean over the pixels that are asked for, and the mean
    Dice loss of the classes that are there (Milletari et al., 3DV 2016), in which small parts count as the ground does.
    """
    asked = (labels != IGNORED).sum().clamp_min(1)
    cross = functional.cross_entropy(logits, labels, ignore_index=IGNORED, reduction="sum") / asked
    return {"cross_entropy": cross, "dice": DiceLoss("multiclass", ignore_index=IGNORED)(logits, labels)}


def step_on(state: TrainingState, batch: MapBatch, weights: Mapping[str, float]) -> dict[str, float]:
    """One step of the network on a batch, with methods by their `weights`; the losses by name."""
    losses = source_losses(batch.source.logits, batch.labels)
    for name, method in state.methods.items():
        losses |= method.losses(batch, weights[name])  # type: ignore[operator]
    state.optimizer.zero_grad(set_to_none=True)
    torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
    # The methods' own networks are left out: a discriminator's gradient is not to shorten the network's.
    norm = float(torch.nn.utils.clip_grad_norm_(state.network.parameters(), CLIP))
    values = {name: float(loss.detach()) for name, loss in losses.items()}
    refuse_divergence("segment", batch.key[1], values, norm)
    state.optimizer.step()
    state.scheduler.step()
    return values
