"""`cad2real status`: what is stale and why, the last run, the model in use, disk use, what was skipped."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from cad2real.files import read_json
from cad2real.layout import Layout
from flows.dvc.code_versions import changed_rooms
from flows.dvc.locks import remove_stale_locks
from flows.project import running_process
from flows.schedule.next_run import next_run
from flows.stages import stale_stages
from flows.versions.history import list_versions
from flows.versions.promote import CURRENT

SHOWN_SKIPPED = 5


def status_lines(root: Path) -> list[str]:
    """The status of the project at `root` for people. Raises UserError when it is no project."""
    layout = Layout(root)
    process = running_process(root)
    if process is None:
        remove_stale_locks(root)
    stale = stale_stages(root)
    lines = [f"stale: {stage} ({', '.join(reasons)})" for stage, reasons in stale.items()]
    if rooms := changed_rooms(root):
        lines.append(f"stale: what was made by older code of {', '.join(rooms)} (cad2real was updated)")
    lines = lines or ["up to date"]
    if process is not None:
        lines.append(f"running now: process {process}")
    lines.append(_last_version(root))
    if (moment := next_run(root)) is not None:
        lines.append(f"next run: {moment:%Y-%m-%d %H:%M} ({moment.tzinfo})")
    lines.append(_model(layout))
    lines += _skipped(layout)
    sizes = {"renders": layout.renders, "squares": layout.squares, "models": layout.models, "index": layout.index}
    sizes |= {"caches": layout.cache, "logs": layout.logs, "DVC's cache (all versions)": root / ".dvc" / "cache"}
    used = [f"{name} {_size(folder)}" for name, folder in sizes.items() if folder.exists()]
    lines.append(f"disk: {', '.join(used) or 'nothing yet'}")
    return lines


def _last_version(root: Path) -> str:
    versions = list_versions(root)
    if not versions:
        return "last recorded run: none"
    last = versions[-1]
    if last.adapted is None:
        return f"last recorded run: {last.name}, nothing was scored"
    before = "" if last.source_only is None else f" (source only {last.source_only:.1%})"
    return f"last recorded run: {last.name}, accuracy {last.adapted:.1%}{before}; {len(versions)} in all"


def _model(layout: Layout) -> str:
    """The model in use, and the last one that was trained, where that is another one."""
    current = layout.models / CURRENT
    promoted = f"model in use: {current.resolve().name}, {_summary(current)}" if _summary(current) else ""
    summaries = {name: _summary(layout.models / name) for name in ("adapt", "probe")}
    trained = next((f"{name}, {summary}" for name, summary in summaries.items() if summary), "")
    if not promoted:
        return f"model: {trained or 'none yet'}"
    return f"{promoted}; last trained: {trained}" if trained else promoted


def _summary(folder: Path) -> str:
    """Backbone and number of classes of the model in `folder`, empty when there is none."""
    description = _read(folder / "model.json")
    return f"{description.get('backbone')}, {len(description.get('classes', []))} classes" if description else ""


def _skipped(layout: Layout) -> list[str]:
    """Parts and photos that the stages left out, with their reasons."""
    catalogue, renders = _read(layout.catalogue), _read(layout.renders / "renders.json")
    photos = _read(layout.squares / "skipped.json")
    faults: list[dict[str, str]] = [
        *catalogue.get("skipped", []),
        *renders.get("failed", []),
        *(photos.get("skipped", []) if isinstance(photos, dict) else photos),
    ]
    lines = [f"skipped: {fault['thing']}: {fault['reason']}" for fault in faults[:SHOWN_SKIPPED]]
    if len(faults) > SHOWN_SKIPPED:
        lines.append(f"skipped: {len(faults) - SHOWN_SKIPPED} more, see the report")
    return lines


def _read(path: Path) -> Any:
    try:
        return read_json(path)
    except (OSError, ValueError):
        return {}


def _size(folder: Path) -> str:
    size = _bytes(folder)
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def _bytes(folder: Path) -> int:
    """Of all files below; links count as nothing, and so does what a run removes meanwhile."""
    size = 0
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                is_folder = entry.is_dir(follow_symlinks=False)
                size += _bytes(Path(entry.path)) if is_folder else entry.stat(follow_symlinks=False).st_size
    return size
