"""How fast photos become squares: images a second, memory, and the ratio to a plain loop over Pillow on one core.

    python -m tools.photo_bench --photos 64

Both ways in turn, several times, in one run: the ratio means something on a machine that others use as well.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
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


def ours(folder: Path, out: Path) -> int:
    """`cad2real photos` in a process of its own, on all cores: the most memory that it took, in bytes."""
    code = (
        "import resource, sys; from pathlib import Path; from photos.stage import make_squares;"
        f"make_squares(Path(sys.argv[1]), None, 'shift', {SQUARE_PX}, Path(sys.argv[2]));"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    command = [sys.executable, "-c", code, str(folder), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout.split()[-1]) * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=64)
    count = parser.parse_args().photos
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        photos(root / "photos", count)
        ratios, speeds, memory = [], [], 0
        for number in range(ROUNDS):
            started = time.perf_counter()
            plain_loop(root / "photos", root / f"plain{number}")
            middle = time.perf_counter()
            memory = max(memory, ours(root / "photos", root / f"ours{number}"))
            end = time.perf_counter()
            ratios.append((middle - started) / (end - middle))
            speeds.append(count / (end - middle))
        started = time.perf_counter()
        ours(root / "photos", root / "ours0")
        kept = time.perf_counter() - started
        cores = os.process_cpu_count() or 1
        print(
            json.dumps(
                {
                    "photos": count,
                    "cores": cores,
                    "images_per_second": round(statistics.median(speeds), 2),
                    "ratio_to_plain_loop": round(statistics.median(ratios), 2),
                    "ratios": [round(ratio, 2) for ratio in ratios],
                    "megabytes_a_worker": round(memory / 1e6 / min(16, cores)),
                    "megabytes": round(memory / 1e6),
                    "seconds_if_nothing_changed": round(kept, 2),
                },
                indent=1,
            )
        )


if __name__ == "__main__":
    main()
