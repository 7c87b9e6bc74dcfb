"""What `cad2real run` costs besides rendering and training as the number of parts grows.

    python tools/bench_runs.py --parts 100 1000 5000

A project of that many parts with 32 placeholder views each goes through the real stages, DVC and Prefect; only
rendering and training are replaced (tools/placeholder_stage.py). Seconds on the clock and of processor time of: the
first run, a run with nothing changed, one with another material for one part, one with one CAD file more.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import trimesh
from PIL import Image

from flows.init_project import init_project

PLACEHOLDERS = Path(__file__).with_name("placeholder_stage.py")
PLACEHOLDER_STAGES = {"render": "render", "train probe": "probe", "train adapt": "adapt", "evaluate": "evaluate",
            "index": "index"}  # fmt: skip
RUNS = ("first run", "no change", "one material", "one CAD more")

Row = dict[str, str]


def make_project(root: Path, parts: int) -> list[Row]:
    """A project of `parts` small boxes, no two of them equal; returns its part list."""
    init_project(root)
    stages = (root / "dvc.yaml").read_text(encoding="utf-8")
    for command, name in PLACEHOLDER_STAGES.items():
        stages = re.sub(
            rf"cmd: cad2real {command}$", f"cmd: {sys.executable} {PLACEHOLDERS} {name}", stages, flags=re.M
        )
    (root / "dvc.yaml").write_text(stages, encoding="utf-8")
    params = root / "params.yaml"
    small = re.sub(r"\bsize: 512\b", "size: 64", params.read_text(encoding="utf-8"))  # what placeholders need
    params.write_text(small.replace("image_size: 128", "image_size: 32"), encoding="utf-8")
    Image.new("RGB", (64, 64)).save(root / "data" / "photos" / "photo.jpg")
    return [add_part(root, number) for number in range(parts)]


def add_part(root: Path, number: int) -> Row:
    name = f"part_{number:06}"
    trimesh.creation.box((10, 20, 10 + number / 1000)).export(root / "data" / "parts" / f"{name}.stl")
    return {"part_id": name, "file": f"{name}.stl", "material": "steel"}


def write_list(root: Path, rows: list[Row]) -> None:
    with (root / "data" / "parts" / "parts.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def run(root: Path) -> tuple[float, float]:
    """Seconds on the clock and of processor time of `cad2real run`."""
    started, used = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-m", "cad2real", "run"], cwd=root, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - started, now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime


def measure(parts: int, root: Path) -> list[tuple[float, float]]:
    """What each of `RUNS` costs in a new project."""
    rows = make_project(root, parts)
    write_list(root, rows)
    costs = [run(root), run(root)]
    rows[0]["material"] = "brass"
    write_list(root, rows)
    costs.append(run(root))
    write_list(root, [*rows, add_part(root, parts)])
    return [*costs, run(root)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", type=int, nargs="+", default=[100, 1000])
    options = parser.parse_args()
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])
    print(f"{'parts':>6}" + "".join(f"{name:>22}" for name in RUNS) + "   (seconds: clock / processor)")
    for parts in options.parts:
        with tempfile.TemporaryDirectory(prefix="cad2real-bench-") as folder:
            costs = measure(parts, Path(folder) / "project")
        print(f"{parts:>6}" + "".join(f"{clock:>13.1f} /{used:>7.1f}" for clock, used in costs), flush=True)


if __name__ == "__main__":
    main()
