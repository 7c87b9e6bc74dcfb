"""What a run costs besides its work as the number of parts grows: placeholder views, real DVC.

    python tools/bench_runs.py --parts 100 1000

For each number of parts: the first run, a run with nothing changed, and a run with one part changed, in seconds. The
render stage is a stand-in that writes 32 small files a part and keeps those that are there.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from flows.pipeline import execute, run_stages
from flows.project import prepare
from flows.stages import read_stages, stale_stages

VIEWS = 32
RENDER = f"""
import pathlib
for line in pathlib.Path("data/parts/parts.csv").read_text().split():
    part, color = line.split(",")
    folder = pathlib.Path("data/renders") / part
    mark = folder / "part.json"
    if not mark.exists() or mark.read_text() != color:
        folder.mkdir(parents=True, exist_ok=True)
        for view in range({VIEWS}):
            (folder / f"view_{{view:03}}.png").write_text(f"{{part}} {{color}} {{view}}" * 20)
        mark.write_text(color)
"""
STAGES = """\
stages:
  render:
    cmd: python render.py
    deps: [data/parts]
    params: [render]
    outs:
      - data/renders: {persist: true}
  photos:
    cmd: echo photos > data/squares.txt
    deps: [data/photos]
    outs: [data/squares.txt]
  adapt:
    cmd: ls data/renders | sort | md5sum > data/model.txt && cat data/renders/part_0/part.json >> data/model.txt
    deps: [data/renders, data/squares.txt]
    outs: [data/model.txt]
"""


def run(root: Path) -> float:
    """Seconds of a run without Prefect."""
    started = time.monotonic()
    prepare(root)
    if stale := list(stale_stages(root)):
        run_stages(root, read_stages(root), stale=stale, force=False, logs=root / "data" / "logs", runner=execute)
    return time.monotonic() - started


def measure(parts: int, root: Path) -> list[float]:
    """Seconds of the first run, of one with nothing changed and of one with one part changed."""
    (root / "data" / "parts").mkdir(parents=True)
    (root / "data" / "photos").mkdir()
    (root / "data" / "photos" / "photo.jpg").write_text("photo")
    (root / "params.yaml").write_text("render: {}\n")
    (root / "dvc.yaml").write_text(STAGES)
    (root / "render.py").write_text(RENDER)
    rows = [f"part_{number},red" for number in range(parts)]
    (root / "data" / "parts" / "parts.csv").write_text("\n".join(rows))
    seconds = [run(root), run(root)]
    (root / "data" / "parts" / "parts.csv").write_text("\n".join(["part_0,blue", *rows[1:]]))
    return [*seconds, run(root)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", type=int, nargs="+", default=[100, 1000])
    options = parser.parse_args()
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    results = []
    for parts in options.parts:
        with tempfile.TemporaryDirectory(prefix="cad2real-bench-") as folder:
            results.append((parts, measure(parts, Path(folder) / "project")))
    print(f"{'parts':>6}{'views':>9}{'first run':>12}{'no change':>12}{'one part':>12}")
    for parts, (first, none, one) in results:
        print(f"{parts:>6}{parts * VIEWS:>9}{first:>10.1f} s{none:>10.1f} s{one:>10.1f} s")


if __name__ == "__main__":
    main()
