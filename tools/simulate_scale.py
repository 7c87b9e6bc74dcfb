"""What a catalogue of many parts costs: hours of processors and cards, gigabytes, files and nodes.

    python tools/simulate_scale.py --parts 1000 10000 1000000 --cpu_s_per_view 2.0 --nodes 1 4 100

Arithmetic from measured figures, and a small simulation of the render farm (parts of different cost, renderers and
nodes that die, each lost part tried once more). Every figure is an option; what has not been measured is marked.
"""

from __future__ import annotations

import argparse
import dataclasses
import heapq
import math
import random
from dataclasses import dataclass, field


def figure(default: float, source: str) -> float:
    """A field with where its value comes from."""
    value: float = field(default=default, metadata={"source": source})
    return value


@dataclass(frozen=True)
class Figures:
    views: int = 32
    cpu_s_per_view: float = figure(2.0, "measured: 1.5 to 2.5 CPU-s for a draft view of 512 px")
    cpu_s_per_part: float = figure(1.0, "measured: loading, meshing and dressing a STEP part of 25,000 triangles")
    spread: float = figure(0.5, "assumed: standard deviation of the logarithm of a part's cost")
    card_s_per_view: float = figure(0.15, "ASSUMED, not measured: a draft view on one graphics card")
    bytes_per_view: float = figure(145_000, "measured: a PNG of 512 px")
    cache_bytes_per_view: float = figure(4 * 192**2, "exact: decoded RGBA at 1.5 times 128 px, uint8")
    decode_s_per_view: float = figure(0.0064, "measured: CPU-s to decode and shrink a PNG of 512 px")
    draws: float = figure(4 * 0.85 + 0.15, "exact: features a view, 4 draws of those that train and one of the others")
    feature_bytes: float = figure(4 * 1280, "exact: 1,280 numbers of 4 bytes")
    head_passes: float = figure(12, "measured: passes over the features until a head of 1,000 classes is fitted")
    cpu_flops: float = figure(56e9, "measured: floating point operations a CPU-second in the head's fit")
    head_state_numbers: float = figure(28, "exact: float64 numbers of L-BFGS a weight")
    batch: int = 32
    steps_per_epoch: int = 40
    index_bytes_per_view: float = figure(4 * 1280, "exact: 1,280 numbers of 4 bytes")
    file_write_s: float = figure(9 / 3264, "measured: DVC takes up 3,264 new PNGs in 9 s")
    file_check_s: float = figure(1.7 / 29_700, "measured: 29,700 more unchanged files cost a run 1.7 CPU-s")
    passes: float = figure(5, "assumed: how often training sees each view (fewer for very many)")
    cpu_images_per_s: float = figure(40, "measured: training at 128 px, EfficientNet-Lite0, one core")
    card_images_per_s: float = figure(1500, "ASSUMED, not measured: training at 224 px, ViT-B, one card")
    cores_per_node: int = 64
    worker_deaths: float = figure(0.001, "assumed: share of parts whose renderer dies")
    node_deaths_per_hour: float = figure(0.0005, "assumed: of each node")
    shard_parts: int = 10_000


@dataclass(frozen=True)
class Rendered:
    """What the simulated farm came to: hours on the clock, share of the cores' time used, parts retried and lost."""

    hours: float
    busy: float
    retried: int
    lost: int


def simulate(parts: int, nodes: int, figures: Figures, seed: int = 0) -> Rendered:
    """The render farm: the next free core takes the next part; a part that is lost goes back once."""
    rng = random.Random(seed)
    mean = figures.cpu_s_per_part + figures.views * figures.cpu_s_per_view
    location = math.log(mean) - figures.spread**2 / 2
    cores = nodes * figures.cores_per_node
    free = [0.0] * cores
    again: list[int] = []
    worked, retried, lost = 0.0, 0, 0
    for turn, count in enumerate((parts, None)):
        for _ in range(len(again) if count is None else count):
            start = heapq.heappop(free)
            cost = rng.lognormvariate(location, figures.spread)
            dies = figures.worker_deaths + figures.node_deaths_per_hour * cost / 3600
            if rng.random() < dies:
                cost *= rng.random()
                retried, lost = (retried + 1, lost) if turn == 0 else (retried, lost + 1)
                if turn == 0:
                    again.append(1)
            worked += cost
            heapq.heappush(free, start + cost)
    seconds = max(free)
    return Rendered(seconds / 3600, worked / (seconds * cores), retried, lost)


def plan(parts: int, nodes: int, figures: Figures) -> dict[str, str]:
    """The rows of the table for one catalogue."""
    views = parts * figures.views
    files = views + parts
    shards = math.ceil(parts / figures.shard_parts)
    classes = parts // shards  # of one project, and of its model
    features = views / shards * figures.draws
    weights = classes * figures.feature_bytes / 4
    head_flops = 4 * features * weights * figures.head_passes
    head_bytes = features * figures.feature_bytes + weights * 8 * figures.head_state_numbers
    farm = simulate(parts, nodes, figures)
    seen = views * figures.passes
    gigabytes = views * figures.bytes_per_view / 1e9
    cpu_hours = (views * figures.cpu_s_per_view + parts * figures.cpu_s_per_part) / 3600
    return {
        "views": f"{views:,}",
        "files of renders": f"{files:,}",
        "renders, CPU hours": f"{cpu_hours:,.0f}",
        "or renders, GPU hours (assumed)": f"{views * figures.card_s_per_view / 3600:,.0f}",
        f"nodes of {figures.cores_per_node} cores": f"{nodes:,}",
        "hours on the clock (simulated)": f"{farm.hours:,.1f}",
        "cores busy (simulated)": f"{farm.busy:.0%}",
        "parts retried / lost (simulated)": f"{farm.retried:,} / {farm.lost:,}",
        "renders, GB": f"{gigabytes:,.0f}",
        "with DVC's copy, GB": f"{2 * gigabytes:,.0f}",
        "decoded pictures, GB": f"{views * figures.cache_bytes_per_view / 1e9:,.0f}",
        "decoded, CPU hours": f"{views * figures.decode_s_per_view / 3600:,.1f}",
        "features of the renders, GB": f"{shards * features * figures.feature_bytes / 1e9:,.1f}",
        "index, GB": f"{views * figures.index_bytes_per_view / 1e9:,.1f}",
        f"projects of {figures.shard_parts:,} parts": f"{shards:,}",
        "DVC, first time, hours a project": f"{files / shards * figures.file_write_s / 3600:,.2f}",
        "DVC, nothing new, minutes a project": f"{files / shards * figures.file_check_s / 60:,.1f}",
        "head of a project, CPU hours": f"{head_flops / figures.cpu_flops / 3600:,.1f}",
        "memory for the head, GB": f"{head_bytes / 1e9:,.1f}",
        "steps an epoch": f"{max(figures.steps_per_epoch, math.ceil(2 * classes / figures.batch)):,}",
        "training, GPU hours (assumed)": f"{seen / figures.card_images_per_s / 3600:,.1f}",
        "or training lite0, CPU hours": f"{seen / figures.cpu_images_per_s / 3600:,.0f}",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", type=int, nargs="+", default=[1_000, 10_000, 1_000_000])
    parser.add_argument("--nodes", type=int, nargs="+", default=[1, 1, 20], help="for each number of parts")
    for item in dataclasses.fields(Figures):
        kind = type(item.default)
        parser.add_argument(f"--{item.name}", type=kind, default=item.default, help=item.metadata.get("source"))
    options = vars(parser.parse_args())
    parts, nodes = options.pop("parts"), options.pop("nodes")
    if len(parts) != len(nodes):
        parser.error("--nodes needs one number for each of --parts")
    figures = Figures(**options)
    columns = [plan(count, machines, figures) for count, machines in zip(parts, nodes, strict=True)]
    print("| | " + " | ".join(f"{count:,} parts" for count in parts) + " |")
    print("| --- |" + " ---: |" * len(parts))
    for name in columns[0]:
        print(f"| {name} | " + " | ".join(column[name] for column in columns) + " |")


if __name__ == "__main__":
    main()
