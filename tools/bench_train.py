"""What training costs, in one run on the same renders, photos, networks and losses: our loop against the usual one.

    python tools/bench_train.py [--steps N] [--networks NAME:SIZE ...] [--batch N]

In a project folder with renders and squares. Both loops train all layers on cross-entropy + CDAN + MCC and batches of
the same size. Without --networks: that of params.yaml; where there is a GPU also a ViT-B/16 at 224 and a SwinV2-B at
192 pixels with 64 + 64 images. Those that are named have random weights, and compute in bfloat16 on a GPU.
Printed, and written to data/reports/bench_train.json: images a second of the usual loop, of ours, of ours with the
blocks frozen that params.yaml freezes, with images at hand (losses and optimiser, no images to make) and of the network
alone (forward and backward pass of the same images, the teacher's pass included), and their ratios; the share of its
time that each waits for data; peak memory of a GPU; and what an epoch of the linear probe costs on cached
features and through the frozen network. Each in a process of its own: what ran before leaves threads and memory behind
(on a GPU machine our loop made 1,499 images a second after the usual one, and 2,104 by itself).
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import torch

from cad2real.errors import UserError
from cad2real.files import write_json
from cad2real.layout import Layout
from cad2real.params import load_params
from tools.train_speed.clock import Speed
from tools.train_speed.network_alone import network_alone
from tools.train_speed.our_loop import images_at_hand, our_loop
from tools.train_speed.probe_epochs import probe_epochs
from tools.train_speed.usual_loop import usual_loop
from train.compute.device import computes_in_bfloat16
from train.data.datasets import SourceDomain, TargetDomain, read_source, read_target
from train.params import TrainParams
from train.stages.source_domain import cache_size

ON_A_GPU = ("vit_base_patch16_224:224", "swinv2_base_window12_192:192")


def with_network(params: TrainParams, named: str, batch: int) -> TrainParams:
    """`params` for a network NAME:SIZE of random weights. Raises UserError."""
    name, _, size = named.partition(":")
    if not size.isdigit():
        raise UserError(f"--networks {named}: no picture size.", "Write NAME:SIZE, as vit_base_patch16_224:224.")
    changes = {"backbone": name, "weights": "random", "image_size": int(size), "precision": "auto"}
    return params.model_copy(update={**changes, "batch_size": batch})


def domains(layout: Layout, params: TrainParams) -> tuple[SourceDomain, TargetDomain]:
    source = read_source(layout.renders, cache_size(params), params.held_out_share, layout.cache)
    return source, read_target(layout.squares, cache_size(params), layout.cache)


def apart[T](measure: Callable[..., T], *arguments: object) -> T:
    """`measure(*arguments)` in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(measure, *arguments).result()


def ours(layout: Layout, params: TrainParams, steps: int, frozen_blocks: int = 0) -> Speed:
    return our_loop(params, *domains(layout, params), steps, frozen_blocks)


def at_hand(layout: Layout, params: TrainParams, steps: int) -> Speed:
    return images_at_hand(params, *domains(layout, params), steps)


def probe(layout: Layout, params: TrainParams) -> dict[str, float]:
    return probe_epochs(params, domains(layout, params)[0])


def compiled(layout: Layout, params: TrainParams, steps: int) -> dict[str, Any]:
    """Our loop without and with torch.compile."""
    plain = apart(ours, layout, params, steps)
    quick = apart(ours, layout, params.model_copy(update={"torch_compile": True}), steps)
    gain = round(quick.images_a_second / plain.images_a_second, 2)
    return {"backbone": params.backbone, "ours": plain.as_dict(), "ours_compiled": quick.as_dict(), "gain": gain}


def measured(layout: Layout, params: TrainParams, steps: int) -> dict[str, Any]:
    """All figures of one network."""
    source, target = domains(layout, params)  # decoded once, for all processes
    if not len(target.images):
        raise UserError(f"{layout.squares} has no photos.", "Run `cad2real photos` in a project with photos.")
    classes, frozen_blocks = len(source.classes), params.adapt.frozen_blocks
    usual = apart(usual_loop, layout, params, classes, steps)
    own = apart(ours, layout, params, steps)
    frozen = apart(ours, layout, params, steps, frozen_blocks)
    own_at_hand = apart(at_hand, layout, params, steps)
    alone = apart(network_alone, params, classes, steps)
    return {
        "backbone": params.backbone,
        "image_size": params.image_size,
        "batch": params.batch_size,
        "precision": "bf16" if computes_in_bfloat16(params.precision) else "float32",
        "usual": usual.as_dict(),
        "ours": own.as_dict(),
        "ours_with_frozen_blocks": frozen.as_dict() | {"frozen_blocks": frozen_blocks},
        "images_at_hand": own_at_hand.as_dict(),
        "network_alone": alone.as_dict(),
        "times_the_usual": round(own.images_a_second / usual.images_a_second, 2),
        "times_the_usual_with_frozen_blocks": round(frozen.images_a_second / usual.images_a_second, 2),
        "share_of_images_at_hand": round(own.images_a_second / own_at_hand.images_a_second, 3),
        "share_of_network_alone": round(own.images_a_second / alone.images_a_second, 3),
        "probe": apart(probe, layout, params),
    }


def machine() -> str:
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    return f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, {gpu}, torch {torch.__version__}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=100 if torch.cuda.is_available() else 20)
    parser.add_argument("--networks", nargs="+", default=[], metavar="NAME:SIZE")
    parser.add_argument("--compiled", action="store_true", help="only the gain of torch.compile, which takes minutes")
    parser.add_argument("--batch", type=int, default=64, help="images of each domain, for --networks")
    asked = parser.parse_args()
    layout = Layout()
    params = load_params(layout.params).train
    try:
        wanted = [with_network(params, named, asked.batch) for named in asked.networks]
        if not wanted:
            more = ON_A_GPU if torch.cuda.is_available() else ()
            wanted = [params, *(with_network(params, named, asked.batch) for named in more)]
        networks: list[dict[str, Any]] = []
        for each in wanted:
            networks.append((compiled if asked.compiled else measured)(layout, each, asked.steps))
            report = layout.reports / ("bench_compiled.json" if asked.compiled else "bench_train.json")
            write_json(report, {"machine": machine(), "networks": networks})
            for name, value in networks[-1].items():
                print(f"{name:34} {value}")
    except UserError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
