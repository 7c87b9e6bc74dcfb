"""Records a run that changed something: a version with all that is needed to bring its artifacts back.

A version is the small folder versions/<name>/: dvc.lock (the hashes of all artifacts), params.yaml, metrics.json and
run.json. Git, if the project lies in a repository, gets a commit of these and of dvc.lock and params.yaml.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import cad2real
from cad2real.files import atomic_folder, read_json, write_json
from flows.dvc.cache import DIRECTORY, keep_folder_list
from flows.dvc.code_versions import ROOMS, code_version
from flows.dvc.commands import run_dvc
from flows.dvc.lock_file import locked_hashes
from flows.dvc.transfer_errors import transfer_error
from flows.pipeline import StageResult, print_progress
from flows.versions.sums import write_sums

FOLDER = "versions"
RUN = "run.json"
# Copied into a version, where they exist.
COPIED_FILES = ("dvc.lock", "params.yaml", "code.yaml", "data/reports/metrics.json")

COMMITTED_FILES = ("dvc.lock", "params.yaml", "code.yaml", "dvc.yaml", ".dvcignore")


def version_folders(root: Path) -> list[Path]:
    """The folders of all versions, in the order in which they were recorded, whatever the clock said then."""
    folders = [path for path in (root / FOLDER).glob("[!.]*") if (path / "dvc.lock").is_file()]
    return sorted(folders, key=lambda folder: (_sequence(folder), folder.name))


def new_version_name(root: Path, started: datetime) -> str:
    """A version's name: the time, and a number where a clock that was set back makes it one that is there already."""
    name = started.strftime("%Y%m%d-%H%M%S")
    names = [name, *(f"{name}-{number}" for number in range(2, 1000))]
    return next(free for free in names if not (root / FOLDER / free).exists())


def _sequence(folder: Path) -> int:
    number = read_run(folder).get("sequence")
    return number if isinstance(number, int) else 0  # of an earlier release: by name, before all others


def record_run(root: Path, name: str, started: datetime, results: Sequence[StageResult], *, commit: bool) -> None:
    """Writes versions/<name>/, commits it to git if wanted and possible, pushes to the DVC remote if there is one.

    What cannot be committed or pushed is printed and does not fail the run.
    """
    folder = root / FOLDER / name
    with atomic_folder(folder) as target:
        for file in COPIED_FILES:
            if (root / file).exists():
                shutil.copyfile(root / file, target / Path(file).name)
        write_json(target / RUN, _summary(root, name, started, results))
        write_sums(target)
    keep_input_lists(root)
    print_progress(f"recorded as version {name}")
    for message in (commit_run(root, name) if commit else "", push(root)):
        if message:
            print_progress(message)


def keep_input_lists(root: Path) -> None:
    """Puts the lists of the input folders' files and hashes into DVC's cache, so that `verify` can name a file."""
    outs, deps = locked_hashes(root / "dvc.lock")
    for path, digest in deps.items():
        if path.startswith("data/") and path not in outs and digest.endswith(DIRECTORY):
            keep_folder_list(root, root / path, digest)


def _summary(root: Path, name: str, started: datetime, results: Sequence[StageResult]) -> dict[str, Any]:
    outs, deps = locked_hashes(root / "dvc.lock")
    return {
        "version": name,
        "sequence": 1 + max(map(_sequence, version_folders(root)), default=0),
        "started": started.isoformat(timespec="seconds"),
        "stages": [asdict(result) | {"seconds": round(result.seconds, 1)} for result in results],
        "data": {path: deps.get(path) for path in ("data/parts", "data/photos")},
        "artifacts": outs,
        "code": {"cad2real": cad2real.__version__} | {room: code_version(room) for room in ROOMS},
    }


def commit_run(root: Path, name: str) -> str:
    """Commits the version and the files that led to it, nothing else. Returns a line with what it did or
    why it did not; empty outside of git.
    """
    if shutil.which("git") is None or _git(root, "rev-parse", "--git-dir").returncode != 0:
        return ""
    if _git(root, "symbolic-ref", "--quiet", "HEAD").returncode != 0:
        return "not committed to git: no branch is checked out (detached HEAD)"
    git_folder = root / _git(root, "rev-parse", "--git-dir").stdout.strip()
    under_way = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")
    if any((git_folder / name).exists() for name in under_way):
        return "not committed to git: a merge or rebase is under way"
    present = [path for path in COMMITTED_FILES if (root / path).exists()]
    files = [*present, f"{FOLDER}/{name}"]
    added = _git(root, "add", "--force", "--intent-to-add", "--", *files)
    # --only takes these files as they are and leaves whatever else the user has staged alone.
    done = _git(root, "commit", "--quiet", "--no-verify", "--only", "-m", f"cad2real run {name}", "--", *files)
    if added.returncode != 0 or done.returncode != 0:
        lines = (added.stderr + done.stderr + done.stdout).strip().splitlines() or ["no reason given"]
        return f"not committed to git: {lines[-1]}"
    return "committed to git"


def committed_file(root: Path, path: Path) -> bytes | None:
    """The content of a file of the project as git has it, None where it has none."""
    if shutil.which("git") is None:
        return None
    place = f"HEAD:./{path.relative_to(root).as_posix()}"
    done = subprocess.run(["git", "show", place], cwd=root, capture_output=True, stdin=subprocess.DEVNULL)
    return done.stdout if done.returncode == 0 else None


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, stdin=subprocess.DEVNULL)


def push(root: Path) -> str:
    """Sends the artifacts to the project's default DVC remote; empty without one, else a line with the outcome."""
    configs = [root / ".dvc" / name for name in ("config", "config.local")]
    if not any("remote" in config.read_text(encoding="utf-8") for config in configs if config.exists()):
        return ""
    setting = run_dvc(root, "config", "core.remote")
    if setting.returncode != 0 or not setting.stdout.strip():
        return ""
    remote = setting.stdout.strip()
    done = run_dvc(root, "push")
    if done.returncode == 0:
        return f"artifacts pushed to the remote {remote}"
    return f"not pushed to the remote {remote}: {transfer_error(done.stderr)} (later: dvc push)"


def read_run(folder: Path) -> dict[str, Any]:
    """run.json of a version's folder; empty when it is missing or damaged."""
    try:
        content = read_json(folder / RUN)
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
