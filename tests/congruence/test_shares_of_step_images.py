"""Images of training steps made by one process, and each process's own shares of them put together: the same, to the
bit, whatever is drawn for them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.train.methods.test_methods_adapt import SIZE, domains
from train.compute.distributed import World
from train.data.augmentations import Noise
from train.data.labelled import LabelledPhotos
from train.data.own_rows import own_rows
from train.loop.schedule import Schedule
from train.loop.step_images import step_images
from train.params import TrainParams

SCHEDULE = Schedule(steps=4, source_only_share=0.3)
SOME = "flip", "recolour", "highlights", "shadow", "grey", "blur", "low_resolution", "augmix", "jpeg", "erase"
ALL_CHANGES = {f"{name}_p": 0.5 for name in SOME} | {"noise": 1.0, "perspective": 0.1, "stretch": 1.2}
PLAIN = TrainParams(image_size=SIZE, batch_size=5)
EVERYTHING = TrainParams.model_validate(
    PLAIN.model_dump()
    | {"source_augment": ALL_CHANGES, "background": {"photos": 1.0}, "target_augment": {"flip_p": 0.5}}
)


@pytest.mark.parametrize("params", [PLAIN, EVERYTHING], ids=["usual", "everything"])
@pytest.mark.parametrize("size", [2, 3, 5])
@pytest.mark.parametrize("labelled", [0, 4])
def test_shares_put_together_are_the_whole(size: int, params: TrainParams, labelled: int) -> None:
    source, target = domains()
    labels = np.arange(labelled) % len(source.classes)
    source = replace(source, labelled_photos=LabelledPhotos(target.images[:labelled], labels))
    behind = np.random.default_rng(1).integers(0, 255, (4, 3, SIZE, SIZE), dtype=np.uint8)
    source = replace(source, background_photos=replace(source.background_photos, images=behind))
    given = (source, target, params, SCHEDULE, [])
    whole = list(step_images(*given))
    shares = [list(step_images(*given, world=World(rank, size))) for rank in range(size)]
    for number, step in enumerate(whole):
        parts = [share[number] for share in shares]
        assert torch.equal(torch.cat([part.images for part in parts]), step.images)
        assert all(torch.equal(part.labels, step.labels) and part.total == step.total for part in parts)
        assert (step.photo_labels is None) == (labelled == 0 or step.weak is None)
        if step.photo_labels is not None:
            assert len(step.photo_labels) == labelled and set(step.photo_labels.tolist()) <= set(labels.tolist())
            assert step.total == len(step.labels) + step.photos + labelled
        assert max(len(part.images) for part in parts) <= -(-step.total // size)
        if step.weak is not None:
            assert torch.equal(torch.cat([part.weak for part in parts if part.weak is not None]), step.weak)


def test_renders_that_get_the_look_of_photos_are_made_whole() -> None:
    def darker(renders: torch.Tensor, photos: torch.Tensor) -> torch.Tensor:
        return renders * photos.mean()

    own = list(step_images(*domains(), PLAIN, SCHEDULE, [darker], world=World(1, 2)))
    assert all(len(step.images) == step.total for step in own)


def test_noise_that_a_device_makes_is_that_of_the_whole_batch() -> None:
    noise = Noise(torch.rand(6, 1, 1, 1), None, seed=3, images=6)
    images = torch.rand(6, 3, 8, 8)
    shares = [own_rows(noise, first, first + 2)(images[first : first + 2]) for first in (0, 2, 4)]
    assert torch.equal(torch.cat(shares), noise(images))
