"""The finder's training: composites in, an averaged network out. Killed, it goes on from its last checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import nn

from cad2real.progress import Progress
from photos.finder.look import MULTIPLE, SCALES, Network, Sighting, look, looks
from train.compute.device import default_device
from train.find.composites import Composite, Sources, composite
from train.find.losses import finder_losses
from train.find.network import FinderNetwork, new_finder_network
from train.find.scores import FoundBoxes
from train.find.targets import targets
from train.find_params import FindParams
from train.loop.checkpoint import Checkpoint, TrainingState
from train.loop.divergence import refuse_divergence
from train.loop.schedule import Schedule
from train.losses.teacher import TeacherUpdate, make_teacher
from train.params import TrainParams

ENCODER_RATE, DECODER_RATE, WEIGHT_DECAY, CLIP = 1e-3, 3e-3, 0.01, 5.0
FROZEN_BLOCKS = 2  # the stem and what follows at half of the size: edges, at a fifth of a step's cost
COARSE_STEPS = 3  # one of so many steps is of small pictures
MOMENTUM = 0.98  # of the averaged network
STEPS_A_CHECKPOINT = 50
HELD_OUT = 2**32  # numbers of composites from here on never train
HELD_OUT_PICTURES = 64
MAKERS = 2  # threads that make composites


@dataclass(frozen=True)
class FinderRun:
    """What a run trains on: `sources` with the renders that train, the `train` and `find` blocks, where it is
    kept.
    """

    sources: Sources
    params: TrainParams
    find: FindParams
    checkpoint: Path


def train_finder(run: FinderRun) -> FinderNetwork:
    """The network with its averaged weights after all steps. Raises UserError where a loss is no longer finite."""
    find = run.find
    network, first = new_finder_network(run.params.backbone, run.params.weights, find.image_size, run.params.seed)
    network.trained_from(first, FROZEN_BLOCKS)
    state, device = new_state(network, find.steps)
    update = TeacherUpdate(state.teacher, network)
    checkpoint = Checkpoint(run.checkpoint)
    done = checkpoint.restore(state, STEPS_A_CHECKPOINT) * STEPS_A_CHECKPOINT
    with Progress("train find", find.steps, "steps", done) as progress:
        for step, batch in enumerate(_batches(run, done), start=done):
            losses = step_on(state, batch, step, device)
            update(step, MOMENTUM)
            if (step + 1) % STEPS_A_CHECKPOINT == 0:
                checkpoint.save(state, (step + 1) // STEPS_A_CHECKPOINT)
            progress.advance(note=" ".join(f"{name} {value:.3f}" for name, value in losses.items()))
    network.load_state_dict(state.teacher.state_dict())
    return network.eval()


def new_state(network: FinderNetwork, steps: int, rate: float = 1.0) -> tuple[TrainingState, torch.device]:
    """What trains `network` for `steps`, at `rate` times the usual learning rates, and where: what is frozen stays."""
    device = default_device()
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    decoder = [*network.decoder.parameters(), *network.head.parameters()]
    encoder = [parameter for parameter in network.encoder.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(
        [*rate_groups(encoder, rate * ENCODER_RATE), *rate_groups(decoder, rate * DECODER_RATE)]
    )
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, Schedule(steps, 0.0).learning_rate)
    return TrainingState(network, make_teacher(network), {}, optimizer, scheduler), device


def rate_groups(parameters: list[nn.Parameter], rate: float) -> list[dict[str, Any]]:
    """Parameters with their learning rate; what does not multiply features (biases, normalisation) does not decay."""
    multiply = [parameter for parameter in parameters if parameter.ndim > 1]
    others = [parameter for parameter in parameters if parameter.ndim <= 1]
    return [
        {"params": multiply, "lr": rate, "weight_decay": WEIGHT_DECAY},
        {"params": others, "lr": rate, "weight_decay": 0.0},
    ]


def step_on(state: TrainingState, batch: list[Composite], step: int, device: torch.device) -> dict[str, float]:
    """One step of the network on a batch; the losses by name."""
    pictures = torch.from_numpy(np.stack([one.picture for one in batch])).to(device).float().div_(255)
    wanted = targets(batch)
    losses = finder_losses(state.network(pictures.contiguous(memory_format=torch.channels_last)), wanted.to(device))
    state.optimizer.zero_grad(set_to_none=True)
    torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]
    trained = [parameter for group in state.optimizer.param_groups for parameter in group["params"]]
    norm = float(torch.nn.utils.clip_grad_norm_(trained, CLIP))
    values = {name: float(loss.detach()) for name, loss in losses.items()}
    refuse_divergence("find", step, values, norm)
    state.optimizer.step()
    state.scheduler.step()
    return values


def pictures_of_step(find: FindParams, step: int) -> tuple[int, range]:
    """The side and the numbers of the pictures of a step. The network looks at photos coarsely, too: every third step
    is of twice as many pictures of that size, for half of the work.
    """
    scale = looks(find.image_size)[0]
    coarse = scale < 1 and step % COARSE_STEPS == COARSE_STEPS - 1
    side = int(find.image_size * scale) // MULTIPLE * MULTIPLE if coarse else find.image_size
    first = step * 2 * find.batch_size
    return side, range(first, first + find.batch_size * (2 if coarse else 1))


def _batches(run: FinderRun, done: int) -> Iterator[list[Composite]]:
    """The batches of the steps from `done`, made beside the steps, one ahead."""

    def start(step: int) -> list[Future[Composite]]:
        side, numbers = pictures_of_step(run.find, step)
        return [pool.submit(composite, run.sources, side, run.params.seed, number) for number in numbers]

    with ThreadPoolExecutor(MAKERS) as pool:
        ahead = start(done)
        for step in range(done, run.find.steps):
            ready, ahead = ahead, start(step + 1) if step + 1 < run.find.steps else []
            yield [future.result() for future in ready]


def found_in_held_out(network: Network, sources: Sources, image_size: int, seed: int) -> list[FoundBoxes]:
    """What `network` finds in composites of `sources`, with views that never trained, beside what is there. They are as
    large as the network looks at photos.
    """
    found = []
    for number in range(HELD_OUT_PICTURES):
        one = composite(sources, SCALES[-1] * image_size, seed, HELD_OUT + number)
        seen = look(network, Image.fromarray(one.picture.transpose(1, 2, 0)), image_size)
        found.append(found_boxes(seen, one.boxes))
    return found


def found_boxes(seen: list[Sighting], true: npt.NDArray[np.float32]) -> FoundBoxes:
    """What was seen in a picture beside the boxes (t, 4) that are there, to be scored."""
    boxes = np.array([one.box for one in seen], np.float32).reshape(-1, 4)
    return FoundBoxes(boxes, np.array([one.score for one in seen], np.float32), true)
