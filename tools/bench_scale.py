"""What training asks of disk, memory and processors beside the network as the number of parts grows, on simulated data.

    python tools/bench_scale.py --parts 1000 10000

Renders are small noisy pictures with part.json files of the usual size; features are drawn around one centre a class.
Each line is measured in a process of its own, so that its peak of memory is its own.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from PIL import Image

DIMENSION, APART = 1280, 0.15  # of the simulated features; distance of the classes' centres
SIDE = 64  # of the simulated renders, and of what is kept of them
OUTLINE = [[12.34567, 2.34567, 0.12345]] * 60  # of a resting pose, as many points as a bolt's
NUMBERS = [[901.665902, 0.0, 256.0], [0.346663311, 0.683861338, -0.641995498], [0.82918394, 0.096539676, 0.550576138]]

type Measured = tuple[float, float, float, str]
"""Seconds on the clock and of processor time, gigabytes of memory at the most (resident, with imports, which take 0.6,
and pages of mapped files), and a note.
"""


def write_renders(folder: Path, parts: int, views: int) -> None:
    """A folder of renders as the render stage leaves it; no two pictures are equal."""
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, (SIDE, SIDE, 4), dtype=np.uint8)
    names = [f"view_{number:03}.png" for number in range(views)]
    described = [
        {"file": name, "sampler": "resting", "intrinsics": NUMBERS, "extrinsics": [[*row, 0.2] for row in NUMBERS],
         "environment": "interior", "environment_rotation_deg": 71.965, "environment_strength": 0.9859,
         "box": [19, 25, 237, 231], "seed": 0}
        for name in names
    ]  # fmt: skip
    outlines = [{"probability": 0.25, "points_mm": OUTLINE}] * 4
    for number in range(parts):
        part = folder / f"part_{number:06}"
        part.mkdir(parents=True)
        head = {"part_id": part.name, "label": f"class_{number:06}", "size": 512, "resting_outlines": outlines}
        (part / "part.json").write_text(json.dumps({**head, "views": described}, indent=1))
        for view, name in enumerate(names):
            colours[0, 0] = number % 256, number // 256 % 256, view, 255
            Image.fromarray(colours[: SIDE // 4]).save(part / name, compress_level=0)


def measured(work: Callable[..., str], *given: object) -> Measured:
    """What `work(*given)` takes in a process of its own; it returns the note."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_report, args=(theirs, work, given))
    process.start()
    theirs.close()
    result: Measured = ours.recv()
    process.join()
    return result


def _report(pipe: Connection, work: Callable[..., str], given: tuple[object, ...]) -> None:
    import train.stages.probe  # noqa: F401 - imports are not measured

    started, used = time.monotonic(), time.process_time()
    note = work(*given)
    clock, used = time.monotonic() - started, time.process_time() - used
    pipe.send((clock, used, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1.024e-6, note))


def list_renders(renders: Path) -> str:
    from train.data.datasets import held_out_views, list_views

    views, parts, _ = list_views(renders)
    return f"{held_out_views(views, parts, 0.15).sum():,} of {len(views):,} views held out"


def read_renders(renders: Path, cache: Path) -> str:
    from train.data.datasets import read_source

    read_source(renders, SIDE, 0.15, cache)
    return f"{sum(file.stat().st_size for file in cache.glob('*.npy')) / 1e9:.2f} GB kept"


def fit_head(classes: int, rows: int, most_steps: int) -> str:
    """Logistic regression on features whose spread falls off from direction to direction, as a network's does."""
    import torch

    from train.networks import multinomial

    multinomial.MOST_STEPS = most_steps
    rng = torch.Generator().manual_seed(0)
    falling = torch.arange(1, DIMENSION + 1).float().rsqrt()
    centres = torch.randn(classes, DIMENSION, generator=rng) * falling
    labels = torch.arange(classes).repeat(rows)
    features = torch.randn(len(labels), DIMENSION, generator=rng).mul_(falling).add_(centres[labels], alpha=APART)
    unseen = torch.randn(classes, DIMENSION, generator=rng) * falling + APART * centres
    mean, spread = features.mean(0), features.std(0)
    features.sub_(mean).div_(spread)
    started, passes = time.process_time(), []
    piece = multinomial._piece
    multinomial._piece = lambda x, *others: passes.append(len(x)) or piece(x, *others)
    weight, bias = multinomial.fit_multinomial(features, labels, classes, 0.01)
    seconds, count = time.process_time() - started, sum(passes) / len(labels)
    right = ((unseen - mean) / spread @ weight.T + bias).argmax(1) == torch.arange(classes)
    known = f"{right.float().mean():.3f} of unseen ones right"
    return f"{len(labels):,} rows, {count:.0f} passes of {seconds / count:.1f} CPU-s, {known}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", type=int, nargs="+", default=[1000])
    parser.add_argument("--views", type=int, default=32, help="a part")
    parser.add_argument("--rows", type=int, default=108, help="features a part: 32 views, less those held out, 4 draws")
    parser.add_argument("--steps", type=int, default=500, help="of the head at the most")
    options = parser.parse_args()
    print("| parts | | seconds | CPU-s | GB of memory | |\n| ---: | --- | ---: | ---: | ---: | --- |")
    for parts in options.parts:
        folder = Path(tempfile.mkdtemp(prefix="cad2real-scale-"))
        try:
            write_renders(folder / "renders", parts, options.views)
            for name, work, given in (
                ("part.json read, views held out", list_renders, (folder / "renders",)),
                ("pictures decoded", read_renders, (folder / "renders", folder / "cache")),
                ("decoded pictures found again", read_renders, (folder / "renders", folder / "cache")),
                ("the head fitted", fit_head, (parts, options.rows, options.steps)),
            ):
                clock, used, gigabytes, note = measured(work, *given)
                print(f"| {parts:,} | {name} | {clock:.1f} | {used:.1f} | {gigabytes:.2f} | {note} |", flush=True)
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
