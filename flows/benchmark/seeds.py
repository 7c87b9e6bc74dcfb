"""The benchmark with several seeds: how much of a figure is chance."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

from cad2real.files import read_json, write_text
from cad2real.layout import Layout
from flows.benchmark.measure import BenchmarkSpec, StageRunner, check_folder, make_project, run_benchmark
from flows.benchmark.table import FIGURES, UNSEEN
from flows.dvc.code_versions import ROOMS, code_version
from flows.pipeline import print_progress
from render.parts.company_list import input_files

FINISHED = "finished.txt"


def run_seeds(spec: BenchmarkSpec, count: int, out: Path | None, runner: StageRunner | None = None) -> dict[str, Any]:
    """Runs `spec` with `count` seeds from its own on, each in out/seed-N, and returns mean, least and greatest of each
    figure (None where nothing could be scored) beside the runs' own results.

    A seed that is finished in `out` is not run again unless parameters, parts, photos, boxes or the code have changed.
    """
    runs = []
    if out is not None:
        check_folder(out)
    for seed in range(spec.seed, spec.seed + count):
        print_progress(f"seed {seed}")
        folder = None if out is None else out / f"seed-{seed}"
        runs.append(_run(replace(spec, seed=seed), folder, runner))
    names = FIGURES if spec.unseen is None else (*FIGURES, *(UNSEEN + name for name in FIGURES))
    return {"seeds": [run["seed"] for run in runs], **{name: _summary(runs, name) for name in names}, "runs": runs}


def _run(spec: BenchmarkSpec, folder: Path | None, runner: StageRunner | None) -> dict[str, Any]:
    if folder is None:
        return run_benchmark(spec, None, runner)
    folder.mkdir(parents=True, exist_ok=True)
    make_project(spec, folder)
    key, finished = _key(spec, folder), folder / FINISHED
    report = Layout(folder).reports / "benchmark.json"
    if finished.is_file() and finished.read_text(encoding="utf-8") == key and report.is_file():
        print_progress(f"    finished before, in {folder}")
        known: dict[str, Any] = read_json(report)
        return known
    finished.unlink(missing_ok=True)
    result = run_benchmark(spec, folder, runner)
    write_text(finished, key)
    return result


def _key(spec: BenchmarkSpec, folder: Path) -> str:
    """A name for what the result depends on: parameters and code by content, other files by size and time."""
    digest = hashlib.sha256(Layout(folder).params.read_bytes())
    digest.update(repr((spec.unseen, spec.labelled)).encode())
    for room in ROOMS:
        digest.update(code_version(room).encode())
    for path in sorted(_inputs(spec)):
        if path.is_file():
            stat = path.stat()
            digest.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\0".encode())
    return digest.hexdigest()


def _inputs(spec: BenchmarkSpec) -> Iterator[Path]:
    yield spec.parts
    if spec.boxes is not None:
        yield spec.boxes
    yield from spec.photos.rglob("*")
    if spec.unseen and spec.unseen.folder:
        yield from spec.unseen.folder.rglob("*")
    yield from input_files(spec.parts)


def _summary(runs: list[dict[str, Any]], name: str) -> dict[str, float] | None:
    values = [run[name] for run in runs if run[name] is not None]
    if not values:
        return None
    return {"mean": mean(values), "least": min(values), "greatest": max(values)}
