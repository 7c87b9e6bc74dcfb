"""A whole run: parts to a folder of renders. Finished parts are kept, changed ones rendered again, lost ones told."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cad2real.errors import Skipped, UserError
from cad2real.files import TEMPORARY_SUFFIX, sweep_temporaries, write_json
from cad2real.progress import Progress
from render.farm import local_farm, ray_farm
from render.farm.content_hashes import content_hashes
from render.farm.queue import Events
from render.farm.ray_cluster import Cluster
from render.job import Job
from render.parts.catalogue import Part
from render.views.description import Shot, content_key
from render.views.file_sizes import view_bytes
from render.views.quality import PRESETS

SECONDS_PER_VIEW = 120.0
SECONDS_PER_MEGASAMPLE = 4.0
SECONDS_PER_MILLION_TRIANGLES = 300.0
"""Of the time limit for one view, on a slow and busy machine."""


@dataclass(frozen=True)
class Outcome:
    """What a run did: ids rendered now, ids kept from before, parts lost, devices used."""

    rendered: tuple[str, ...]
    kept: tuple[str, ...]
    failed: tuple[Skipped, ...]
    devices: tuple[str, ...]


def render_parts(
    parts: list[Part],
    root: Path,
    shot: Shot,
    out: Path,
    logs: Path,
    workers: int | str,
    device: str = "auto",
    cluster: Cluster | None = None,
) -> Outcome:
    """Renders `parts` (files relative to `root`) into `out`, and removes renders of parts that are not among them.

    On the Ray cluster if one is given, else on this machine. Raises UserError when another run holds the folder, the
    disk is too full or every part is lost.
    """
    out.mkdir(parents=True, exist_ok=True)
    with _only_run(out):
        sweep_temporaries(out)
        _drop_strangers(out, {part.part_id for part in parts})
        keys = {part.part_id: content_key(part, shot) for part in parts}
        wanted = [part for part in parts if _finished_key(out / part.part_id) != keys[part.part_id]]
        kept = tuple(part.part_id for part in parts if part not in wanted)
        failed, devices = _render(wanted, root, shot, out, logs, workers, device, cluster) if wanted else ((), set())
        lost = {item.thing for item in failed}
        rendered = tuple(part.part_id for part in wanted if part.part_id not in lost)
        there = sorted((*rendered, *kept))
        contents = content_hashes(out, there, _beside(out, "contents.json"))
        failures = [item.as_dict() for item in failed]
        write_json(out / "renders.json", {"parts": there, "failed": failures, "contents": contents})
    if parts and not rendered and not kept:
        raise UserError(f"None of the {len(parts)} part(s) could be rendered; the first: {failed[0]}", f"See {logs}.")
    return Outcome(rendered, kept, failed, tuple(sorted(devices)))


def _slenderness(part: Part) -> float:
    """Longest side over the middle one. Compact parts fill the picture and take longest: rendered first, they leave no
    worker alone with one at the end.
    """
    _, middle, longest = sorted(part.size_mm)
    return longest / max(middle, 1e-9 * longest, 1e-12)


def _render(
    parts: list[Part],
    root: Path,
    shot: Shot,
    out: Path,
    logs: Path,
    workers: int | str,
    device: str,
    cluster: Cluster | None,
) -> tuple[tuple[Skipped, ...], set[str]]:
    _check_space(out, len(parts) * shot.views * view_bytes(shot.size, shot.outputs, shot.background))
    count = local_farm.worker_count(workers, len(parts), device)
    threads = max(1, (os.process_cpu_count() or 1) // count)
    jobs = [
        Job(part, (root / part.file).resolve(), shot, threads, out / f".{part.part_id}{TEMPORARY_SUFFIX}", device)
        for part in sorted(parts, key=_slenderness)
    ]
    failed: list[Skipped] = []
    devices: set[str] = set()
    counted: dict[str, int] = {}
    with Progress("render", len(parts) * shot.views, "views") as progress:

        def view(job: Job) -> None:
            counted[job.part.part_id] = counted.get(job.part.part_id, 0) + 1
            progress.advance()

        def done(job: Job, on: str) -> None:
            devices.add(on)
            final = out / job.part.part_id
            shutil.rmtree(final, ignore_errors=True)
            job.folder.replace(final)

        def lost(job: Job, reason: str) -> None:
            shutil.rmtree(job.folder, ignore_errors=True)
            # Pictures of how the part was before would pass for current ones.
            shutil.rmtree(out / job.part.part_id, ignore_errors=True)
            progress.failures += 1
            failed.append(Skipped(job.part.part_id, job.part.file, reason))

        samples = PRESETS[shot.quality].samples * shot.size**2 / 1e6
        loading = SECONDS_PER_MILLION_TRIANGLES * max(part.triangles for part in parts) / 1e6
        limit = SECONDS_PER_VIEW + SECONDS_PER_MEGASAMPLE * samples + loading
        events = Events(view, done, lost)
        if cluster is None:
            local_farm.run(jobs, count, logs, limit, events)
        else:
            ray_farm.run(jobs, workers, cluster, logs, limit, events)
    return tuple(failed), devices


@contextmanager
def _only_run(out: Path) -> Iterator[None]:
    """Holds the folder. The lock lies beside it, for all inside is output; the system frees it when we die."""
    from filelock import FileLock, Timeout

    lock = FileLock(_beside(out, "lock"))
    try:
        with lock.acquire(timeout=0):
            yield
    except Timeout:
        raise UserError(
            f"Another run is rendering into {out}.", "Wait until it ends, or render into another folder."
        ) from None


def _beside(out: Path, name: str) -> Path:
    return out.resolve().parent / f".{out.resolve().name}.{name}"


def _finished_key(folder: Path) -> str | None:
    """The content key of a part that is rendered completely, else None."""
    try:
        described = json.loads((folder / "part.json").read_text(encoding="utf-8"))
        complete = all((folder / view["file"]).is_file() for view in described["views"])
        return str(described["content_key"]) if complete else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _drop_strangers(out: Path, part_ids: set[str]) -> None:
    """Removes renders of parts that left the catalogue; folders that are not renders are left alone."""
    for folder in out.iterdir():
        if folder.name not in part_ids and (folder / "part.json").is_file():
            shutil.rmtree(folder)


def _check_space(out: Path, need: float) -> None:
    free = shutil.disk_usage(out).free
    if free < need:
        raise UserError(
            f"{out} has {free / 1e9:.1f} GB free, but the renders may need {need / 1e9:.1f} GB.",
            "Free some space, or render fewer or smaller views.",
        )
