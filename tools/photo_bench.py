"""How fast photos become squares: images a second, memory, and the ratio to a plain loop over Pillow on one core.

    python -m tools.photo_bench --photos 64

Both ways several times in one run: the ratio means something on a machine that others use as well.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

SIZE = (4000, 3000)
SQUARE_PX = 512
SCENES = 6
ROUNDS = 3


def photos(folder: Path, count: int) -> None:
    """`count` JPEGs of 12 megapixels with the detail of photos (about 3 MB each)."""
    rng = np.random.default_rng(0)
    scenes = []
    for _ in range(SCENES):
        coarse = Image.fromarray(rng.integers(0, 255, (60, 80, 3), np.uint8)).resize(SIZE, Image.Resampling.BICUBIC)
        grain = Image.fromarray(rng.integers(96, 160, (SIZE[1] // 2, SIZE[0] // 2, 3), np.uint8)).resize(SIZE)
        scenes.append(Image.blend(coarse, grain, 0.2))
    for number in range(count):
        place = folder / f"part {number % 4}" / f"{number:05}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        scenes[number % SCENES].save(place, quality=90, comment=f"photo {number}")


def plain_loop(folder: Path, out: Path) -> None:
    """What one would write by hand: open, turn upright, pad to a square, shrink, save."""
    out.mkdir()
    for number, path in enumerate(sorted(folder.rglob("*.jpg"))):
        with Image.open(path) as image:
            square = ImageOps.pad(ImageOps.exif_transpose(image).convert("RGB"), (SQUARE_PX, SQUARE_PX))
            square.save(out / f"{number}.jpg", quality=95, subsampling=0)


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock and of all cores, without the start of Python, and the most memory of the process."""

    seconds: float
    cpu_seconds: float
    megabytes: float


def cost(call: str, folder: Path, out: Path) -> Cost:
    """What `call` (an expression with `folder` and `out`) takes in a process of its own."""
    code = (
        "import json, resource, sys, time; from pathlib import Path; from photos.stage import make_squares;"
        "from tools.photo_bench import SQUARE_PX, plain_loop; folder, out = map(Path, sys.argv[1:]);"
        f"clock, cpu = time.perf_counter(), time.process_time(); {call};"
        "most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3;"
        "print(json.dumps([time.perf_counter() - clock, time.process_time() - cpu, most]))"
    )
    done = subprocess.run([sys.executable, "-c", code, folder, out], capture_output=True, text=True, check=True)
    return Cost(*json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=64)
    count = parser.parse_args().photos
    by_hand, as_stage = "plain_loop(folder, out)", "make_squares(folder, None, 'shift', SQUARE_PX, out)"
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        photos(root / "photos", count)
        plain = [cost(by_hand, root / "photos", root / f"plain{number}") for number in range(ROUNDS)]
        ours = [cost(as_stage, root / "photos", root / f"ours{number}") for number in range(ROUNDS)]
        kept = cost(as_stage, root / "photos", root / "ours0")
    cores = os.process_cpu_count() or 1
    ratios = [before.seconds / after.seconds for before, after in zip(plain, ours, strict=True)]
    most = max(one.megabytes for one in ours)
    result = {
        "photos": count,
        "cores": cores,
        "images_per_second": statistics.median(count / one.seconds for one in ours),
        "ratio_to_plain_loop": statistics.median(ratios),
        "ratios": ratios,
        "cpu_milliseconds": statistics.median(1000 * one.cpu_seconds / count for one in ours),
        "cpu_milliseconds_plain": statistics.median(1000 * one.cpu_seconds / count for one in plain),
        "megabytes": most,
        "megabytes_a_worker": most / min(16, cores),
        "seconds_if_nothing_changed": kept.seconds,
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
