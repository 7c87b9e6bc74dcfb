"""Makes a project folder ready for a run: sets up DVC (with or without git), makes folders, checks parameters."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from contextlib import contextmanager
from pathlib import Path

import yaml
from filelock import BaseFileLock, FileLock, Timeout

from cad2real.errors import UserError
from cad2real.files import atomic_file, sweep_of_killed, write_text
from cad2real.layout import Layout
from cad2real.params import Params, load_params
from flows.dvc import code_versions
from flows.dvc.commands import run_dvc
from flows.dvc.locks import remove_stale_locks
from flows.dvc.passed_over import INPUTS
from flows.dvc.transfer_errors import transfer_error
from flows.environment import DVC_CACHE
from flows.stages import read_stages

# dvc.yaml watches these folders, so what the stages read has to lie in them.
PARTS, PHOTOS, FEEDBACK = INPUTS
FILES = ("params.yaml", "dvc.yaml", "dvc.lock", "code.yaml", "prefect.yaml", ".gitignore", ".dvcignore")
"""What a run, a checkout or `init` writes into the project's own folder."""
STARTER = Path(__file__).with_name("starter")
MADE_OF_CAD = ("catalogue", "render")
"""Stages that a project of ready-made renders has not."""
QUIET_CORE = "    analytics = false\n    autostage = false\n    check_update = false\n"


def prepare(root: Path) -> Params:
    """Checks the project at `root`, sets up what is missing and returns its parameters. Raises UserError."""
    read_stages(root)
    params = load_params(Layout(root).params)
    sweep_of_killed_runs(root)
    _add_blocks(root)
    _say_what_is_new(root)
    _check_inside(root, "catalogue.parts", params.catalogue.parts, PARTS)
    _check_inside(root, "photos.folder", params.photos.folder, PHOTOS)
    if params.photos.boxes is not None:
        _check_inside(root, "photos.boxes", params.photos.boxes, PHOTOS)
    for folder in INPUTS:
        _make_folder(root / folder)
    code_versions.refresh(root)
    set_up_dvc(root)
    return params


def sweep_of_killed_runs(root: Path) -> None:
    """Deletes the temporary files that processes which were killed left in the project at `root`: in its own folder
    those of its files alone, for others may work there too. Renders and squares have locks and sweep by themselves.
    """
    sweep_of_killed(root, *FILES)
    layout = Layout(root)
    others = (root / ".dvc", root / "versions", root / PARTS)
    for folder in (*others, layout.data, layout.cache, layout.models, layout.reports):
        sweep_of_killed(folder)


def _add_blocks(root: Path) -> None:
    """DVC records the blocks that a stage reads, so they have to be there, if only empty: a project made before a block
    came gets it with its defaults. Raises UserError where it cannot be added.
    """
    path = Layout(root).params
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    stages = yaml.safe_load((root / "dvc.yaml").read_text(encoding="utf-8"))["stages"].values()
    required = {block for stage in stages for block in stage.get("params", []) if isinstance(block, str)}
    present = yaml.safe_load(text) or {}
    missing = sorted(required & set(Params.model_fields) - set(present))
    if not missing:
        return
    blocks: dict[str, dict[str, object]] = {block: {} for block in missing}
    added = "".join(f"{block}: {{}}\n" for block in missing)
    longer = text + ("" if not text or text.endswith("\n") else "\n") + added
    try:
        fits = yaml.safe_load(longer) == present | blocks
    except yaml.YAMLError:
        fits = False
    if not fits:  # for example all of it in braces
        lines = ", ".join(f"`{line}`" for line in added.splitlines())
        raise UserError(f"{path} lacks {lines}.", "Add these lines: an empty block has its defaults.")
    write_text(path, longer)
    print(f"{path}: added {', '.join(added.splitlines())}, which has its defaults.", file=sys.stderr)


def _say_what_is_new(root: Path) -> None:
    """A project's dvc.yaml is its own; one that was made before a stage came, or read a file, goes on without it, and
    hears of it.
    """
    own, known = _commands(root), _commands(STARTER)
    if "render" not in own:  # its renders came ready-made
        known = {name: stage for name, stage in known.items() if name not in MADE_OF_CAD}
    if own.keys() < known.keys():
        new = ", ".join(sorted(known.keys() - own.keys()))
        print(
            f"{root / 'dvc.yaml'} was made before the stage {new}, which is left out."
            " To have it, copy the dvc.yaml that `cad2real init NEW` makes.",
            file=sys.stderr,
        )
    for name, (command, read) in known.items():
        own_command, own_read = own.get(name, ("", set()))
        if own_command != command or read <= own_read:  # a command of one's own depends on what it likes
            continue
        print(
            f"{root / 'dvc.yaml'}: the stage {name} does not name {', '.join(sorted(read - own_read))}, which it"
            " depends on in this version: a change there runs nothing. Name it, or copy the dvc.yaml that"
            " `cad2real init NEW` makes.",
            file=sys.stderr,
        )


def _commands(root: Path) -> dict[str, tuple[str, set[str]]]:
    """Each stage's command, and the files and parameters that dvc.yaml says it depends on, but for its code."""
    stages = yaml.safe_load((root / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    return {
        name: (
            str(stage.get("cmd")),
            {each for key in ("deps", "params") for each in stage.get(key) or [] if isinstance(each, str)},
        )
        for name, stage in stages.items()
    }


def _make_folder(path: Path) -> None:
    """Makes the folder `path` if it is not there. Raises UserError for a link that leads nowhere, and for a file."""
    if path.is_symlink() and not path.exists():
        raise UserError(
            f"{path} is a link that leads nowhere ({path.readlink()}).",
            "Is a drive missing? Bring it back, or make a folder in the link's place.",
        )
    if path.exists() and not path.is_dir():
        raise UserError(f"{path} is a file, and has to be a folder.", "Rename the file.")
    path.mkdir(parents=True, exist_ok=True)


def _check_inside(root: Path, key: str, value: str, folder: Path) -> None:
    if not (root / value).resolve().is_relative_to((root / folder).resolve()):
        raise UserError(
            f"params.yaml: {key} is {value!r}, which is not in {folder}/, where DVC watches for changes.",
            f"Put the files into {folder}/ (or a link to their folder in its place), or use `cad2real benchmark`, "
            "which takes any folder.",
        )


def is_in_git(root: Path) -> bool:
    """Whether `root` lies in a repository that git works with: it refuses one of another user in a folder above, and
    DVC would fail over it.
    """
    if not any((folder / ".git").exists() for folder in (root.resolve(), *root.resolve().parents)):
        return False
    if shutil.which("git") is None:
        return True
    asked = subprocess.run(["git", "rev-parse", "--git-dir"], cwd=root, capture_output=True, stdin=subprocess.DEVNULL)
    return asked.returncode == 0


def set_up_dvc(root: Path) -> None:
    """Sets up DVC in `root` if it is not, or if its settings expect a git repository that is not there."""
    local = root / ".dvc" / "config.local"
    if not (root / ".dvc").is_dir():
        scm = ["--no-scm"] if not is_in_git(root) else [] if (root / ".git").exists() else ["--subdir"]
        try:
            _checked_dvc(root, "init", "--quiet", *scm)
        except UserError:
            shutil.rmtree(root / ".dvc", ignore_errors=True)  # half made, the next run would take it as it is
            raise
        config = root / ".dvc" / "config"
        text = _text(config)
        config.write_text((text if "[core]" in text else f"{text}[core]\n") + QUIET_CORE, encoding="utf-8")
    wanted = {"site_cache_dir": str((root / DVC_CACHE).resolve())}  # for people who call `dvc` themselves
    if not is_in_git(root) and "no_scm" not in _text(root / ".dvc" / "config"):
        wanted["no_scm"] = "true"  # for example a downloaded archive of a repository
    _set_core(local, wanted)


def _set_core(path: Path, values: dict[str, str]) -> None:
    """Puts `values` into the section core of DVC's settings `path`, where they are not as wanted. Raises UserError."""
    settings = ConfigParser(interpolation=None, strict=False)
    try:
        settings.read_string(_text(path))
    except ConfigParserError as error:
        raise UserError(f"{path} cannot be read: {error.message}", "Mend or delete it.") from None
    present = dict(settings["core"]) if "core" in settings else {}
    if present != present | values:
        settings["core"] = present | values
        with atomic_file(path) as temporary, temporary.open("w", encoding="utf-8") as file:
            settings.write(file)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _checked_dvc(root: Path, *arguments: str) -> None:
    done = run_dvc(root, *arguments)
    if done.returncode != 0:
        raise UserError(f"`dvc {' '.join(arguments)}` failed in {root.resolve()}: {transfer_error(done.stderr)}", "")


@contextmanager
def project_lock(root: Path) -> Iterator[None]:
    """Held by a run, so that two never work on one project. Raises UserError with the id of the process that holds it.

    The operating system releases it when that process ends, however it ends.
    """
    lock, holder = _lock(root)
    try:
        lock.acquire()
    except Timeout:
        raise UserError(
            f"Another run is at work on this project (process {_text(holder).strip() or 'unknown'}).",
            "Wait until it has ended, or end it.",
        ) from None
    try:
        holder.write_text(f"{os.getpid()}\n", encoding="utf-8")
        remove_stale_locks(root)
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def running_process(root: Path) -> str | None:
    """The process id of the run that is at work on the project, None if there is none. Makes no files."""
    if not _lock_file(root).exists():
        return None
    lock, holder = _lock(root)
    try:
        with lock:
            return None
    except Timeout:
        return _text(holder).strip() or "unknown"


def _lock(root: Path) -> tuple[BaseFileLock, Path]:
    path = _lock_file(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path, timeout=0.5), path.with_suffix(".pid")


def _lock_file(root: Path) -> Path:
    return Layout(root).logs / "run.lock"
