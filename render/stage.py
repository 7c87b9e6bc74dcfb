"""A whole run: parts to a folder of renders. Finished parts are kept, changed ones rendered again, failures listed."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from cad2real.errors import Skipped, UserError
from cad2real.files import TEMPORARY_SUFFIX, read_json, sweep_temporaries, write_json
from cad2real.progress import Progress
from render.farm import local_farm, ray_farm
from render.farm.content_hashes import content_hashes
from render.farm.queue import FarmEvents
from render.farm.ray_cluster import Cluster
from render.folder_lock import beside, folder_lock
from render.job import Job
from render.parts.catalogue import Part
from render.views.description import content_key
from render.views.file_sizes import view_bytes
from render.views.quality import QUALITY_PRESETS
from render.views.settings import RenderSettings

SECONDS_PER_VIEW = 120.0
SECONDS_PER_MEGASAMPLE = 4.0
SECONDS_PER_MILLION_TRIANGLES = 300.0
"""Of the time limit for one view, on a slow and busy machine."""


@dataclass(frozen=True)
class FarmOptions:
    """Who renders: `workers` renderer processes ("auto": what the machine carries) on `device` ("auto", "cpu", "gpu"),
    on this machine or on the Ray cluster if one is given. What Blender prints goes to the folder `logs`.
    """

    logs: Path
    workers: int | str = "auto"
    device: str = "auto"
    cluster: Cluster | None = None


@dataclass(frozen=True)
class Outcome:
    """What a run did: ids rendered now, ids that were already there, parts that failed, devices used."""

    rendered: tuple[str, ...]
    reused: tuple[str, ...]
    failed: tuple[Skipped, ...]
    devices: tuple[str, ...]


def render_parts(parts: list[Part], root: Path, settings: RenderSettings, out: Path, farm: FarmOptions) -> Outcome:
    """Renders `parts` (files relative to `root`) into `out`, and removes renders of parts that are not among them.

    What `out` already holds for the same part and settings is kept. Raises UserError when another run holds the folder,
    the disk is too full or every part fails. Processes are spawned: a script calls this under
    `if __name__ == "__main__":`.
    """
    out.mkdir(parents=True, exist_ok=True)
    with folder_lock(out):
        sweep_temporaries(out)
        _remove_unlisted(out, {part.part_id for part in parts})
        keys = {part.part_id: content_key(part, settings) for part in parts}
        stale = [part for part in parts if _finished_key(out / part.part_id) != keys[part.part_id]]
        reused = tuple(part.part_id for part in parts if part not in stale)
        failed, devices = _render(stale, root, settings, out, farm) if stale else ((), set())
        failed_ids = {item.thing for item in failed}
        rendered = tuple(part.part_id for part in stale if part.part_id not in failed_ids)
        finished = sorted((*rendered, *reused))
        contents = content_hashes(out, finished, beside(out, "contents.json"))
        failures = [item.as_dict() for item in failed]
        write_json(out / "renders.json", {"parts": finished, "failed": failures, "contents": contents})
    if parts and not rendered and not reused:
        raise UserError(
            f"None of the {len(parts)} part(s) could be rendered; the first: {failed[0]}", f"See {farm.logs}."
        )
    return Outcome(rendered, reused, failed, tuple(sorted(devices)))


def _render(
    parts: list[Part], root: Path, settings: RenderSettings, out: Path, farm: FarmOptions
) -> tuple[tuple[Skipped, ...], set[str]]:
    """Renders all `parts`; returns those that failed and the devices used."""
    _check_space(out, len(parts) * settings.views * view_bytes(settings.size, settings.outputs, settings.background))
    failed: list[Skipped] = []
    devices: set[str] = set()
    with Progress("render", len(parts) * settings.views, "views") as progress:

        def view_done(job: Job) -> None:
            progress.advance()

        def part_done(job: Job, device: str) -> None:
            devices.add(device)
            final = out / job.part.part_id
            shutil.rmtree(final, ignore_errors=True)
            job.folder.replace(final)

        def part_lost(job: Job, reason: str) -> None:
            shutil.rmtree(job.folder, ignore_errors=True)
            # Pictures of how the part was before would pass for current ones.
            shutil.rmtree(out / job.part.part_id, ignore_errors=True)
            progress.failures += 1
            failed.append(Skipped(job.part.part_id, job.part.file, reason))

        _run_farm(parts, root, settings, out, farm, FarmEvents(view_done, part_done, part_lost))
    return tuple(failed), devices


def _run_farm(
    parts: list[Part], root: Path, settings: RenderSettings, out: Path, farm: FarmOptions, events: FarmEvents[Job]
) -> None:
    count = local_farm.worker_count(farm.workers, len(parts), farm.device)
    threads = max(1, (os.process_cpu_count() or 1) // count)
    jobs = [
        Job(
            part,
            (root / part.file).resolve(),
            settings,
            threads,
            out / f".{part.part_id}{TEMPORARY_SUFFIX}",
            farm.device,
        )
        for part in sorted(parts, key=_slenderness)
    ]
    limit = _view_limit_s(parts, settings)
    if farm.cluster is None:
        local_farm.run(jobs, count, farm.logs, limit, events)
    else:
        ray_farm.run(jobs, farm.workers, farm.cluster, farm.logs, limit, events)


def _slenderness(part: Part) -> float:
    """Longest side over the middle one. Compact parts fill the picture and take longest: rendered first, they leave no
    worker alone with one at the end.
    """
    _, middle, longest = sorted(part.size_mm)
    return longest / max(middle, 1e-9 * longest, 1e-12)


def _view_limit_s(parts: list[Part], settings: RenderSettings) -> float:
    """Seconds after which a renderer without a finished view is taken to hang; the first view includes the loading."""
    samples = QUALITY_PRESETS[settings.quality].samples * settings.size**2 / 1e6
    loading = SECONDS_PER_MILLION_TRIANGLES * max(part.triangles for part in parts) / 1e6
    return SECONDS_PER_VIEW + SECONDS_PER_MEGASAMPLE * samples + loading


def _finished_key(folder: Path) -> str | None:
    """The content key of a part that is rendered completely, else None."""
    try:
        described = read_json(folder / "part.json")
        complete = all((folder / view["file"]).is_file() for view in described["views"])
        return str(described["content_key"]) if complete else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _remove_unlisted(out: Path, part_ids: set[str]) -> None:
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
