"""From renders to photos: the trained finder goes on with pictures made of unlabelled photos, beside composites.

What its average sees in the photos is asked anew every round (self-training with a mean teacher). Neither labels nor
boxes of photos are read.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from cad2real.progress import Progress
from photos.finder.finder import onnx_network
from train.find.composites import Composite, composite
from train.find.export import onnx_of
from train.find.network import FinderNetwork
from train.find.photo_scenes import PhotoScene, photo_composite, photo_scene
from train.find.training import MAKERS, MOMENTUM, FinderRun, new_state, pictures_of_step, step_on
from train.loop.checkpoint import Checkpoint
from train.losses.teacher import TeacherUpdate

UInt8 = npt.NDArray[np.uint8]

SHARE = 3  # of the training's steps: one third as many follow
ROUND = 50  # steps between two looks at the photos
MOST_PHOTOS = 80  # that are looked at in a round
RATE = 0.5  # of the learning rates that training begins with
TRAINED = 50  # updates that the average counts as made: what is trained already is no random start
PHOTOS, COMPOSITES = 2**33, 2**34  # numbers of pictures from here on


def adapted_finder(run: FinderRun, trained: FinderNetwork, photos: UInt8, threshold: float) -> FinderNetwork:
    """The average of `trained`, which goes on training itself, over steps with `photos` (m, 3, s, s), which were made
    square. `threshold`: score from which it is taken at its word. Killed, it goes on from its last whole round; its
    checkpoint is `run.checkpoint`. Raises UserError where a loss is no longer finite.
    """
    steps = max(1, run.find.steps // SHARE)
    state, device = new_state(trained, steps, RATE)
    averaged: FinderNetwork = state.teacher  # type: ignore[assignment]
    update = TeacherUpdate(averaged, state.network)
    checkpoint = Checkpoint(run.checkpoint)
    done = checkpoint.restore(state, ROUND) * ROUND
    with Progress("train find, photos", steps, "steps", done) as progress:
        for first in range(done, steps, ROUND):
            last = min(steps, first + ROUND)
            scenes = _scenes(averaged, run, photos, threshold, first // ROUND)
            for step, batch in enumerate(_batches(run, scenes, first, last), start=first):
                losses = step_on(state, batch, step, device)
                update(TRAINED + step, MOMENTUM)
                progress.advance(note=" ".join(f"{name} {value:.3f}" for name, value in losses.items()))
            if last == first + ROUND:
                checkpoint.save(state, last // ROUND)
    return averaged.eval()


def _scenes(network: FinderNetwork, run: FinderRun, photos: UInt8, threshold: float, number: int) -> list[PhotoScene]:
    rng = np.random.default_rng([run.params.seed, number])
    some = np.sort(rng.permutation(len(photos))[:MOST_PHOTOS])
    # As a file, which sees the same twice as fast; a copy, as exporting moves the network to the CPU.
    look_through = onnx_network(onnx_of(copy.deepcopy(network)))
    return [photo_scene(look_through, photos[one], run.find.image_size, threshold) for one in some]


def _batches(run: FinderRun, scenes: list[PhotoScene], first: int, last: int) -> Iterator[list[Composite]]:
    """Batches of the steps from `first` to `last`: half composites, half photos."""
    sources, seed = run.sources, run.params.seed

    def start(step: int) -> list[Future[Composite]]:
        side, numbers = pictures_of_step(run.find, step)
        half = len(numbers) // 2
        made = [pool.submit(composite, sources, side, seed, COMPOSITES + number) for number in numbers[:half]]
        return made + [
            pool.submit(photo_composite, scenes, sources, side, seed, PHOTOS + number) for number in numbers[half:]
        ]

    with ThreadPoolExecutor(MAKERS) as pool:
        ahead = start(first)
        for step in range(first, last):
            ready, ahead = ahead, start(step + 1) if step + 1 < last else []
            yield [future.result() for future in ready]
