"""The whole chain on any folder of CAD and labelled photos, outside DVC: how well does it recognise these parts?"""

from __future__ import annotations

import csv
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cad2real.errors import UserError
from cad2real.files import read_json, write_json, write_text
from cad2real.import_path import PYTHON
from cad2real.layout import Layout
from cad2real.params import load_params
from flows.benchmark.labelled import STAGES as LABELLED_STAGES
from flows.benchmark.labelled import draw, labelled_project, labelled_row
from flows.benchmark.table import FIGURES, MODEL_ROWS, UNSEEN
from flows.benchmark.unseen import STAGES as UNSEEN_STAGES
from flows.benchmark.unseen import Unseen, deployed_project, set_photos_apart, use_photos
from flows.environment import run_environment
from flows.params_file import change_params
from flows.pipeline import explain_failure, print_progress
from flows.processes import run_group
from photos.split import PhotoSet
from render.parts.company_list import count_parts

VIEW_BUDGET = 1600  # views of all parts together: about five minutes on two cores
FEWEST_VIEWS = 24
DEFAULTS = Path(__file__).with_name("params.yaml")
COMMANDS = {
    "catalogue": ["catalogue"],
    "render": ["render"],
    "find": ["train", "find", "--if-needed"],
    "photos": ["photos"],
    "probe": ["train", "probe"],
    "finetune": ["train", "finetune"],
    "adapt": ["train", "adapt"],
    "evaluate": ["evaluate"],
    "baselines": ["train", "baselines"],
    "index": ["index"],
    "report": ["report"],
}
OWN = frozenset({"params.yaml", "data", "split", "unseen", "finished.txt"})
OWN_PREFIXES = ("seed-", "labelled-", ".")
"""What lies in the folder of a benchmark."""
USERS_OWN = ("parts", "photos")
"""Of `data`: a benchmark leaves parts and photos where they are."""
StageRunner = Callable[[Path, str], None]


@dataclass(frozen=True)
class BenchmarkSpec:
    """What to measure: a part list, a folder of photos whose sub-folders (or box file) name the labels, a seed.

    `changes` are KEY=VALUE assignments to parameters. Paths may be relative to the working directory. `unseen` says
    which photos are set apart: nothing is adapted to them, and they are scored apart. `labelled`: numbers of labels a
    class that train, one run of training each.
    """

    parts: Path
    photos: Path
    boxes: Path | None = None
    seed: int = 0
    changes: Sequence[str] = field(default_factory=tuple)
    unseen: Unseen | None = None
    labelled: tuple[int, ...] = ()


def run_benchmark(spec: BenchmarkSpec, out: Path | None, runner: StageRunner | None = None) -> dict[str, Any]:
    """Runs every stage in the project folder `out` (None: a temporary one that is deleted) and returns the result.

    Renders that `out` holds already are kept where they are still right. Raises UserError when an input is missing or
    a stage fails.
    """
    if out is not None:
        check_folder(out)
    with _folder(out) as root:
        make_project(spec, root)
        photos = PhotoSet(spec.photos, spec.boxes, load_params(Layout(root).params).photos.boxes_on)
        split = set_photos_apart(photos, spec.unseen, root) if spec.unseen else None
        if split:
            use_photos(root, split.seen)
        seconds = _run_stages(root, tuple(COMMANDS), runner)
        result = collect_result(Layout(root), spec.seed, seconds)
        if split:
            result |= _unseen_result(deployed_project(root, split.unseen), spec.seed, runner)
            result["skipped"] += [skipped.as_dict() for skipped in split.skipped] + result.pop("unseen_skipped")
        if spec.labelled:
            result["labelled"] = _labelled_result(root, spec, runner)
        write_json(Layout(root).reports / "benchmark.json", result)
        return result


def _labelled_result(root: Path, spec: BenchmarkSpec, runner: StageRunner | None) -> list[dict[str, Any]]:
    """A row for no labels and for each number of them, all of the same photos."""
    classes = _read(Layout(root).reports / "evaluation.json").get("classes", [])
    drawn = draw(Layout(root).squares, classes, spec.labelled, spec.seed)
    rows = []
    for count in (0, *spec.labelled):
        print_progress(f"{count} labels a class")
        project = labelled_project(root, count, drawn)
        _run_stages(project, LABELLED_STAGES if count else LABELLED_STAGES[-1:], runner)
        rows.append(labelled_row(project, count, len(drawn.get(count, {}))))
    return rows


def _run_stages(root: Path, stages: Sequence[str], runner: StageRunner | None) -> dict[str, float]:
    """Runs them in the project `root`; the seconds that each took."""
    seconds: dict[str, float] = {}
    for number, stage in enumerate(stages, start=1):
        print_progress(f"[{number}/{len(stages)}] {stage}")
        started = time.monotonic()
        (runner or run_command)(root, stage)
        seconds[stage] = round(time.monotonic() - started, 2)
    return seconds


def _unseen_result(project: Path, seed: int, runner: StageRunner | None) -> dict[str, Any]:
    """The figures of the photos that were set apart, each with its name after `unseen_`."""
    print_progress("the photos that were set apart")
    result = collect_result(Layout(project), seed, _run_stages(project, UNSEEN_STAGES, runner))
    kept = (*FIGURES, "photos", "unlabelled_photos", "classes_without_cad", "seconds", "reason", "skipped")
    return {UNSEEN + name: result[name] for name in kept if name in result}


def check_folder(out: Path) -> None:
    """Raises UserError where `out` holds what no benchmark writes: it may be a project, whose params.yaml would go."""
    if out.exists() and not out.is_dir():
        raise UserError(f"{out} is not a folder.", "Choose another --out.")
    there = {entry.name for entry in out.iterdir()} if out.is_dir() else set()
    there |= {f"data/{name}" for name in USERS_OWN if (out / "data" / name).exists()}
    others = sorted(name for name in there if not (name in OWN or name.startswith(OWN_PREFIXES)))
    if others:
        raise UserError(f"{out} holds other files ({others[0]}).", "Choose a new or empty folder, or a benchmark's.")


@contextmanager
def _folder(out: Path | None) -> Iterator[Path]:
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        yield out.resolve()
        return
    temporary = Path(tempfile.mkdtemp(prefix="cad2real-benchmark-"))
    try:
        yield temporary.resolve()
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def make_project(spec: BenchmarkSpec, root: Path) -> None:
    """Writes the project's params.yaml at `root`; parts and photos stay where they are. Raises UserError."""
    if not spec.parts.is_file():
        raise UserError(f"{spec.parts}: no such part list.", "Name a csv file.")
    if not spec.photos.is_dir():
        raise UserError(f"{spec.photos}: no such folder of photos.", "Name the folder that holds the photos.")
    if spec.boxes is not None and not spec.boxes.exists():
        raise UserError(f"{spec.boxes}: no such box file.", "Correct the path, or leave --boxes out.")
    if not any(path.is_file() for path in spec.photos.rglob("*")):
        raise UserError(f"{spec.photos} holds no photo.", "Name the folder that holds the photos.")
    params = yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))
    for block in ("catalogue", "render", "photos", "train"):
        params.setdefault(block, {})
    params["catalogue"]["parts"] = str(spec.parts.absolute())
    params["photos"]["folder"] = str(spec.photos.absolute())
    params["photos"]["boxes"] = None if spec.boxes is None else str(spec.boxes.absolute())
    params["render"]["views"] = views_a_part(spec.parts, params["render"]["views"])
    params["render"]["seed"] = params["train"]["seed"] = spec.seed
    write_text(Layout(root).params, yaml.safe_dump(params, sort_keys=False, allow_unicode=True))
    change_params(Layout(root).params, spec.changes)


def views_a_part(parts: Path, most: int) -> int:
    """Views of each part: `most`, or fewer for a long part list, so that rendering stays minutes."""
    rows = count_parts(parts)
    return max(FEWEST_VIEWS, min(most, VIEW_BUDGET // max(1, rows)))


def run_command(root: Path, stage: str) -> None:
    """Runs the command of `stage` in `root` and prints its output. Raises StageError."""
    log = Layout(root).logs / f"{stage}.log"
    log.unlink(missing_ok=True)
    finished = run_group(
        [*PYTHON, "-m", "cad2real", *COMMANDS[stage]],
        root,
        log,
        lambda line: print_progress(f"    {line}"),
        run_environment(root),
    )
    if finished.exit_code != 0:
        raise explain_failure(stage, finished, log)


def collect_result(layout: Layout, seed: int, seconds: dict[str, float]) -> dict[str, Any]:
    """The result as one flat record; accuracies are shares in [0, 1], None where nothing could be scored."""
    evaluation = _read(layout.reports / "evaluation.json")
    retrieval = _read(layout.index / "retrieval.json")
    rows = evaluation | _read(layout.reports / "baselines.json")
    result: dict[str, Any] = {}
    for name in MODEL_ROWS:
        scores = rows.get(name, {})
        result[f"{name}_accuracy"] = scores.get("accuracy")
        result[f"{name}_accuracy_mean_per_class"] = scores.get("mean_per_class")
        result[f"{name}_mean_per_class"] = scores.get("mean_per_class")
        alone = scores.get("without_sizes", {})
        result[f"{name}_accuracy_without_sizes"] = alone.get("accuracy")
        result[f"{name}_mean_per_class_without_sizes"] = alone.get("mean_per_class")
    result["retrieval_top1"] = retrieval.get("top1")
    result["retrieval_top5"] = retrieval.get("top5")
    result["photos"] = evaluation.get("photos", 0)
    result["unlabelled_photos"] = evaluation.get("unlabelled_photos", 0)
    result["squares"] = _cut_by(layout.squares / "photos.csv")
    result["found"] = _found(layout)
    result["classes"] = len(evaluation.get("classes", []))
    result["parts"] = len(_read(layout.renders / "renders.json").get("parts", []))
    result["seed"] = seed
    result["seconds"] = seconds
    if "reason" in evaluation:
        result["reason"] = evaluation["reason"]
    result["classes_without_cad"] = evaluation.get("classes_without_cad", {})
    result["skipped"] = [
        *_read(layout.catalogue).get("skipped", []),
        *_read(layout.renders / "renders.json").get("failed", []),
        *_read_list(layout.squares / "skipped.json"),
    ]
    return result


def _cut_by(manifest: Path) -> dict[str, int]:
    """How many squares were cut by given boxes, by boxes that were found, and of whole photos."""
    return dict.fromkeys(("boxes", "found", "whole"), 0) | Counter(row["how"] for row in _rows(manifest))


def _found(layout: Layout) -> dict[str, int]:
    """How many photos were looked through, in how many of them parts were found, and how many parts."""
    looked = set(_read(layout.squares / "found.json").get("photos", {}))
    found = [row["photo"] for row in _rows(layout.squares / "photos.csv") if row["how"] == "found"]
    return {"looked_through": len(looked), "photos": len(set(found)), "parts": len(found)}


def _rows(manifest: Path) -> list[dict[str, str]]:
    if not manifest.exists():
        return []
    with manifest.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _read(path: Path) -> dict[str, Any]:
    content = read_json(path) if path.exists() else {}
    return content if isinstance(content, dict) else {}


def _read_list(path: Path) -> list[dict[str, str]]:
    content = read_json(path) if path.exists() else []
    return content if isinstance(content, list) else []
