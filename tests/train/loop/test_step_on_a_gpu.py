"""What only a GPU can show of a training step: images of the CPU's draws, order across streams, copies and waits, and
the precision of training, selection and use.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.profiler import ProfilerActivity, profile

from tests.train.methods.test_methods_adapt import CLASSES, SIZE, STRENGTHS, domains
from train.compute.copies import ReadLater, moved
from train.compute.device import computes_in_bfloat16
from train.data.augmentations import Noise
from train.loop import adaptation
from train.loop.adaptation import Adaptation, adapt
from train.loop.schedule import Schedule
from train.loop.step_images import StepImages, prefetched, step_images
from train.methods import FOR_VISION_TRANSFORMERS, METHODS
from train.model import Model, save_model
from train.networks.classifier import Classifier
from train.networks.new_network import new_network
from train.params import AdaptParams, TrainParams

pytestmark = pytest.mark.cuda
if not torch.cuda.is_available():
    pytest.skip("no GPU", allow_module_level=True)

PARAMS = TrainParams(image_size=SIZE, batch_size=8)
HERE = torch.device("cpu")
SCHEDULE = Schedule(steps=6, source_only_share=0.0)


def made(device: str) -> list[StepImages]:
    there = torch.device(device)
    return list(prefetched(step_images(*domains(), PARAMS, SCHEDULE, [], device=there), there))


def test_images_are_those_of_the_cpu_but_for_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where both devices use the same noise: each draws its own, and what is drawn after it differs."""
    draw = Noise.draw
    monkeypatch.setattr(Noise, "draw", lambda shape, strength, rng, device: draw(shape, strength, rng, HERE))
    for here, there in zip(made("cpu"), made("cuda"), strict=True):
        assert there.images.is_cuda and there.labels.is_cuda and there.weak is not None and here.weak is not None
        assert torch.equal(there.labels.cpu(), here.labels)
        for ours, theirs in ((there.images, here.images), (there.weak, here.weak)):
            assert (ours.cpu() - theirs).abs().quantile(0.99) < 1e-3


def test_images_are_complete_when_the_step_reads_them() -> None:
    """The thread that makes them only asks for their kernels: the step's stream must wait for these."""
    there = torch.device("cuda")
    alone = [step.images.cpu() for step in step_images(*domains(), PARAMS, SCHEDULE, [], device=there)]
    for _ in range(5):
        ahead = []
        for step in prefetched(step_images(*domains(), PARAMS, SCHEDULE, [], device=there), there):
            ahead.append((step.images * 1.0).clone())
        assert all(torch.equal(ours.cpu(), theirs) for ours, theirs in zip(ahead, alone, strict=True))


def test_what_is_moved_and_read_is_what_was_there() -> None:
    tree = (torch.arange(5), ["text", torch.rand(3, 2)], torch.zeros(0, 4), torch.tensor(7, dtype=torch.uint8))
    there = moved(tree, torch.device("cuda"))
    assert torch.equal(there[0].cpu(), tree[0]) and torch.equal(there[1][1].cpu(), tree[1][1])
    assert there[2].shape == (0, 4) and int(there[3]) == 7
    assert ReadLater(torch.arange(3.0, device="cuda") + 1).values() == [1.0, 2.0, 3.0]


def trained(params: TrainParams) -> tuple[Classifier, dict[str, float]]:
    torch.manual_seed(0)
    network = new_network("test_efficientnet", "random", CLASSES, SIZE)
    seen: list[dict[str, float]] = []
    adapt(Adaptation(network, *domains(), params), lambda epoch, averaged, losses: seen.append(losses))
    return network, seen[-1]


def test_a_step_copies_at_most_four_times_and_waits_once() -> None:
    steps = 20
    params = replace_(PARAMS, epochs=1, steps_per_epoch=steps)
    trained(params)  # warm
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as profiler:
        trained(params)
    counted = {event.key: event.count for event in profiler.key_averages()}
    to_the_device = sum(count for name, count in counted.items() if "HtoD" in name)
    waits = counted.get("cudaEventSynchronize", 0)
    network = sum(1 for _ in new_network("test_efficientnet", "random", CLASSES, SIZE).state_dict())
    assert to_the_device <= 4 * steps + 2 * network + 60  # the network and the methods' own move once
    assert waits <= steps + 2


@pytest.mark.parametrize("name", [name for name in METHODS if name not in {"bnm", "bsp", *FOR_VISION_TRANSFORMERS}])
def test_no_method_stops_the_gpu(name: str) -> None:
    """But for singular values (bnm, bsp): cuSOLVER looks whether they have converged."""
    stage = AdaptParams(methods={name: STRENGTHS.get(name, 1.0)}, source_only_share=0.0, fall_back=False)
    params = PARAMS.model_copy(update={"adapt": stage, "epochs": 1, "steps_per_epoch": 3})
    trained(params)  # first uses make their own things
    torch.manual_seed(0)
    network = new_network("test_efficientnet", "random", CLASSES, SIZE)
    run = Adaptation(network, *domains(), params)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adaptation, "prefetched", _then_strict)
        try:
            adapt(run, lambda epoch, averaged, losses: None)
        finally:
            torch.cuda.set_sync_debug_mode("default")


def _then_strict(items: Iterator[StepImages], device: torch.device) -> Iterator[StepImages]:
    """The steps' images; from the first on whatever stops the GPU is an error."""
    for images in prefetched(items, device):
        torch.cuda.set_sync_debug_mode("error")
        yield images
    torch.cuda.set_sync_debug_mode("default")


def replace_(params: TrainParams, **changes: object) -> TrainParams:
    stage = AdaptParams(source_only_share=0.0, fall_back=False)
    return params.model_copy(update={"adapt": stage, **changes})


def test_a_run_repeats_itself_to_rounding() -> None:
    params = replace_(PARAMS, epochs=1, steps_per_epoch=5, precision="float32")
    first, second = trained(params)[1], trained(params)[1]
    assert all(abs(first[name] - second[name]) < 1e-3 * max(1.0, abs(first[name])) for name in first)


def test_a_model_computes_as_it_was_chosen(tmp_path: Path) -> None:
    for precision in ("auto", "float32"):
        params = replace_(PARAMS, epochs=1, steps_per_epoch=2, precision=precision)
        network, _ = trained(params)
        assert network.in_bfloat16 == (precision == "auto" and computes_in_bfloat16("auto"))
        description = {"classes": ["a", "b", "c"], "backbone": "test_efficientnet", "image_size": SIZE, "rotations": 1}
        save_model(tmp_path / precision, network.eval(), description | {"parameters": params.model_dump(mode="json")})
        again = Model.load(tmp_path / precision)
        assert again.network.in_bfloat16 == network.in_bfloat16
        pictures = np.random.default_rng(0).integers(0, 256, (6, 3, SIZE, SIZE), dtype=np.uint8)
        ours = Model(network, again.description, "").probabilities(pictures)
        assert np.allclose(ours, again.probabilities(pictures), atol=1e-6)
