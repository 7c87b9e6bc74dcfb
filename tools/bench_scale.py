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

SIDE = 64  # of the simulated renders, and of what is kept of them
OUTLINE = [[12.34567, 2.34567, 0.12345]] * 60  # of a resting pose, as many points as a bolt's
NUMBERS = [[901.665902, 0.0, 256.0], [0.346663311, 0.683861338, -0.641995498], [0.82918394, 0.096539676, 0.550576138]]

type Measured = tuple[float, float, str]
"""Seconds, gigabytes of memory at the most (resident, with pages of mapped files), and a note."""


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
    seconds, kilobytes, note = ours.recv()
    process.join()
    return seconds, kilobytes / 1e6, note


def _report(pipe: Connection, work: Callable[..., str], given: tuple[object, ...]) -> None:
    import train.stages.probe  # noqa: F401 - imports are not measured

    started = time.monotonic()
    note = work(*given)
    pipe.send((time.monotonic() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1.024, note))


def list_renders(renders: Path) -> str:
    from train.data.datasets import held_out_views, list_views

    views, parts, _ = list_views(renders)
    return f"{held_out_views(views, parts, 0.15).sum():,} of {len(views):,} views held out"


def read_renders(renders: Path, cache: Path) -> str:
    from train.data.datasets import read_source

    read_source(renders, SIDE, 0.15, cache)
    return f"{sum(file.stat().st_size for file in cache.glob('*.npy')) / 1e9:.2f} GB kept"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", type=int, nargs="+", default=[1000])
    parser.add_argument("--views", type=int, default=32, help="a part")
    options = parser.parse_args()
    print("| parts | | seconds | GB of memory | |\n| ---: | --- | ---: | ---: | --- |")
    for parts in options.parts:
        folder = Path(tempfile.mkdtemp(prefix="cad2real-scale-"))
        try:
            write_renders(folder / "renders", parts, options.views)
            for name, work, given in (
                ("part.json read, views held out", list_renders, (folder / "renders",)),
                ("pictures decoded", read_renders, (folder / "renders", folder / "cache")),
                ("decoded pictures found again", read_renders, (folder / "renders", folder / "cache")),
            ):
                seconds, gigabytes, note = measured(work, *given)
                print(f"| {parts:,} | {name} | {seconds:.1f} | {gigabytes:.2f} | {note} |", flush=True)
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
