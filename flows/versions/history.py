"""`cad2real versions` lists the recorded runs, `cad2real checkout` brings the artifacts of one back."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cad2real.errors import DamagedFileError, UserError
from cad2real.files import atomic_file, read_json
from flows.dvc.commands import run_dvc
from flows.dvc.lock_file import FILE, locked_hashes, read_lock
from flows.pipeline import print_progress
from flows.project import project_lock
from flows.versions.record import FOLDER, read_run, version_folders
from flows.versions.sums import differing_files

SHORT = 7  # characters of a hash that are shown
DAMAGED = "damaged"
BROUGHT_BACK = (FILE, "params.yaml", "code.yaml")


@dataclass(frozen=True)
class Version:
    """A recorded run. Hashes are short; accuracies are shares in [0, 1], None where nothing was scored."""

    name: str
    parts: str
    photos: str
    code: str
    model: str
    source_only: float | None
    adapted: float | None


def list_versions(root: Path) -> list[Version]:
    """All recorded versions of the project at `root`, oldest first."""
    return [_version(folder) for folder in version_folders(root)]


def _version(folder: Path) -> Version:
    try:
        outs, deps = locked_hashes(folder / FILE)
    except DamagedFileError:
        return Version(folder.name, *(DAMAGED,) * 4, None, None)
    code = read_run(folder).get("code")
    metrics = _metrics(folder)
    return Version(
        folder.name,
        deps.get("data/parts", "-")[:SHORT],
        deps.get("data/photos", "-")[:SHORT],
        str(code.get("train", "-") if isinstance(code, dict) else "-")[:SHORT],
        outs.get("data/models/adapt", "-")[:SHORT],
        _share(metrics.get("source_only_accuracy")),
        _share(metrics.get("adapted_accuracy")),
    )


def _metrics(folder: Path) -> dict[str, Any]:
    """metrics.json of a version's folder; empty when it is missing or damaged, which `verify` says."""
    try:
        content = read_json(folder / "metrics.json")
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _share(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def find_version(root: Path, name: str) -> Version:
    """The version `name`, or the last one of that day or before it (2026-04-12), or `latest`."""
    versions = list_versions(root)
    if not versions:
        raise UserError("No run has been recorded yet.", "A run that changes something is: cad2real run")
    if name == "latest":
        return versions[-1]
    for version in versions:
        if version.name == name:
            return version
    day = name.replace("-", "")
    if len(day) == 8 and day.isdigit():
        if before := [version for version in versions if version.name[:8] <= day]:
            return before[-1]
        raise UserError(f"No run was recorded on {name} or before.", f"The first is {versions[0].name}.")
    raise UserError(
        f"There is no version {name!r}.", "`cad2real versions` lists them; a day (2026-04-12) and `latest` work too."
    )


def checkout(root: Path, name: str, *, force: bool) -> Version:
    """Brings back the artifacts, dvc.lock and params.yaml of a version. Raises UserError.

    Without `force`, work that no version holds (a changed params.yaml, artifacts made since) is not overwritten.
    Artifacts that are not in DVC's cache are fetched from the remote if there is one.
    """
    with project_lock(root):
        version = find_version(root, name)
        folder = root / FOLDER / version.name
        _refuse_damaged(folder)
        if not force:
            _refuse_to_lose_work(root)
        for file in BROUGHT_BACK:
            if (folder / file).exists():
                with atomic_file(root / file) as temporary:
                    shutil.copyfile(folder / file, temporary)
        missing = _dvc_checkout(root)
        if missing and run_dvc(root, "pull", "--quiet").returncode == 0:
            missing = _dvc_checkout(root)
        if missing:
            raise UserError(f"DVC does not have all artifacts of {version.name}: {missing}", "Are they in a remote?")
        if (folder / "metrics.json").exists():
            (root / "data" / "reports").mkdir(parents=True, exist_ok=True)
            with atomic_file(root / "data" / "reports" / "metrics.json") as temporary:
                shutil.copyfile(folder / "metrics.json", temporary)
    print_progress(f"artifacts and params.yaml are those of {version.name}")
    return version


def _refuse_damaged(folder: Path) -> None:
    """Raises UserError when what would be brought back from a version's folder is not what was recorded."""
    read_lock(folder / FILE)
    for path, what in differing_files(folder):
        if path.name in BROUGHT_BACK:
            raise UserError(f"{path} {what}.", "`cad2real verify --repair` mends it where the project has the same.")


def _refuse_to_lose_work(root: Path) -> None:
    for name in ("dvc.lock", "params.yaml"):
        current = root / name
        recorded = [folder / name for folder in (root / FOLDER).glob("*")]
        if current.exists() and all(
            not path.exists() or path.read_bytes() != current.read_bytes() for path in recorded
        ):
            raise UserError(f"{name} has changes that no version holds.", "Run first, or lose them with --force.")


def _dvc_checkout(root: Path) -> str:
    """Puts the artifacts of dvc.lock in place; returns the paths that DVC does not have, empty when it has all."""
    done = run_dvc(root, "checkout", "--force")
    if done.returncode == 0:
        return ""
    noise = ("ERROR", "Is your cache", "<http", "WARNING")
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip() and not line.startswith(noise)]
    return ", ".join(lines) or done.stderr.strip()
