"""What a step of the adaptation asks of a GPU: copies, waits of the host, kernels, and how long each stream is busy.

    python -m tools.train_speed.step_profile [--network NAME:SIZE] [--batch N] [--steps N]

In a project folder with renders and squares. Without a GPU it counts what there is to count and says so.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from unittest.mock import patch

import torch
from torch.profiler import ProfilerActivity, profile

from cad2real.layout import Layout
from cad2real.params import load_params
from tools.bench_train import domains, with_network
from tools.train_speed import our_loop as loop
from tools.train_speed.clock import WARM_UP, WARM_UP_GPU, now
from train.compute.device import default_device
from train.loop.step_images import StepImages, prefetched

CALLS = ("LaunchKernel", "LaunchKernelExC", "MemcpyAsync", "StreamSynchronize", "EventSynchronize", "DeviceSynchronize")
COUNTED = {*(f"cuda{call}" for call in CALLS), "aten::_local_scalar_dense", "aten::nonzero"}
TOP = 12


def profiled_steps(network: str, batch: int, steps: int) -> tuple[profile, float]:
    """The profile of `steps` steps after the warm-up, and their seconds."""
    layout, device = Layout(), default_device()
    params = with_network(load_params(layout.params).train, network, batch)
    source, target = domains(layout, params)
    on_gpu = device.type == "cuda"
    profiler = profile(activities=[ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if on_gpu else [])])
    first = WARM_UP_GPU if on_gpu else WARM_UP
    wall: list[float] = []

    def watched(items: Iterator[StepImages], device: torch.device) -> Iterator[StepImages]:
        for number, images in enumerate(prefetched(items, device)):
            if number in (first, first + steps):
                wall.append(now(device))
                if number == first:
                    profiler.start()
                    wall[-1] = time.monotonic()
                else:
                    profiler.stop()
            yield images

    with patch.object(loop, "prefetched", watched):
        loop.our_loop(params, source, target, steps + 2)
    return profiler, wall[1] - wall[0]


def report(profiler: profile, seconds: float, steps: int) -> None:
    counted = {event.key: event.count / steps for event in profiler.key_averages()}
    for name, count in counted.items():
        if name in COUNTED or name.startswith("Memcpy"):
            print(f"{name:40} {count:8.1f} a step")
    streams: dict[int, Counter[str]] = {}
    for event in profiler.events() or []:
        if event.device_type == torch.autograd.DeviceType.CUDA:
            of_stream = streams.setdefault(getattr(event, "device_resource_id", 0), Counter())
            of_stream[event.name[:90]] += event.time_range.elapsed_us() / 1000 / steps
    print(f"step {1000 * seconds / steps:.2f} ms under the profiler")
    for stream, kernels in streams.items():
        print(f"stream {stream}: {sum(kernels.values()):.2f} ms a step")
        for name, milliseconds in kernels.most_common(TOP):
            print(f"    {milliseconds:7.3f} ms  {name}")
    if not streams:
        print("no GPU: nothing is copied or waited for")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", default="vit_base_patch16_224:224", metavar="NAME:SIZE")
    parser.add_argument("--batch", type=int, default=64, help="images of each domain")
    parser.add_argument("--steps", type=int, default=8)
    asked = parser.parse_args()
    report(*profiled_steps(asked.network, asked.batch, asked.steps), asked.steps)


if __name__ == "__main__":
    main()
