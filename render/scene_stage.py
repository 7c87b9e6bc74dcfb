"""A whole run of scenes: parts to a folder of labelled pictures. Finished scenes are kept, failures listed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cad2real.errors import Skipped, UserError
from cad2real.files import TEMPORARY_SUFFIX, sweep_temporaries, write_json
from cad2real.progress import Progress
from render.farm import local_farm
from render.farm.queue import FarmEvents
from render.folder_lock import folder_lock
from render.job import SceneJob
from render.parts.catalogue import Part
from render.scenes.bop import write_bop
from render.scenes.coco import write_coco
from render.scenes.finished import SCENES, FinishedScene, finished_scene
from render.scenes.settings import SceneSettings
from render.scenes.yolo import write_yolo

MODELS = "models"
LIMIT_S = 900.0
"""After which a renderer that has not finished a scene is taken to hang, on a slow and busy machine."""
FORMATS = {"coco": "coco.json", "yolo": "yolo", "bop": "bop"}
"""What scenes are exported as, and where."""
BYTES_PER_PIXEL = 6.0
"""Of a scene's four pictures."""


@dataclass(frozen=True)
class SceneRun:
    """Which scenes are rendered, and by whom: `count` of them from number 0 on, drawn from `parts` (files below
    `root`), by `workers` processes ("auto": what the machine carries); what Blender prints goes to `logs`.
    """

    parts: tuple[Part, ...]
    root: Path
    settings: SceneSettings
    count: int
    logs: Path
    workers: int | str = "auto"
    device: str = "auto"


@dataclass(frozen=True)
class SceneOutcome:
    """What a run did: scenes rendered now, those that were there, those that failed, and all that there are."""

    rendered: int
    reused: int
    failed: tuple[Skipped, ...]
    scenes: tuple[FinishedScene, ...]

    @property
    def parts(self) -> int:
        """Parts in all scenes together."""
        return sum(len(one.scene.parts) for one in self.scenes)

    @property
    def left_out(self) -> int:
        """Parts that were drawn and lie in no scene: they found no room, or did not come to rest."""
        return sum(one.scene.left_out for one in self.scenes)


def render_scenes(run: SceneRun, out: Path) -> SceneOutcome:
    """Renders the scenes of `run` into out/scenes and removes those that are not among them. What is there already, of
    the same parts and settings, is kept. Raises UserError when another run holds the folder, when `out` holds something
    else, when the disk is too full or every scene fails.
    """
    folder = out / SCENES
    _check(out, run)
    folder.mkdir(parents=True, exist_ok=True)
    with folder_lock(out):
        sweep_temporaries(folder)
        key = run.settings.key(run.parts)
        wanted = [folder / f"{number:06d}" for number in range(run.count)]
        for old in sorted(folder.iterdir()):
            if old not in wanted and (old / "scene.json").is_file():
                shutil.rmtree(old)
        for old in sorted((out / MODELS).glob("*")):  # of other parts or settings
            if old.name != key[:16]:
                shutil.rmtree(old)
        stale = [number for number, place in enumerate(wanted) if finished_scene(place, key) is None]
        failed = _render(run, stale, key, folder) if stale else ()
        scenes = tuple(scene for place in wanted if (scene := finished_scene(place, key)))
        write_json(out / "failed.json", [item.as_dict() for item in failed])
    if not scenes:
        first = f"None of the {run.count} scene(s) could be rendered; the first: {failed[0]}"
        raise UserError(first, f"See {run.logs}.")
    return SceneOutcome(len(stale) - len(failed), run.count - len(stale), failed, scenes)


def checked_formats(text: str) -> list[str]:
    """The formats in `text`, with commas between. Raises UserError for others.

    >>> checked_formats("coco, bop")
    ['coco', 'bop']
    """
    wanted = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in FORMATS]
    if unknown or not wanted:
        raise UserError(f"--formats {text!r} is not known.", f"Choose of: {', '.join(FORMATS)}.")
    return wanted


def export_scenes(scenes: Sequence[FinishedScene], out: Path, formats: Sequence[str]) -> None:
    """Writes the finished scenes of `out` in `formats`, of FORMATS."""
    if "coco" in formats:
        write_coco(scenes, out / FORMATS["coco"])
    if "yolo" in formats:
        write_yolo(scenes, out / FORMATS["yolo"])
    if "bop" in formats and scenes:
        write_bop(scenes, out / MODELS / scenes[0].scene.key[:16], out / FORMATS["bop"])


def _render(run: SceneRun, numbers: Sequence[int], key: str, folder: Path) -> tuple[Skipped, ...]:
    failed: list[Skipped] = []
    count = local_farm.worker_count(run.workers, len(numbers), run.device)
    threads = max(1, (os.process_cpu_count() or 1) // count)
    jobs = [
        SceneJob(
            number, run.parts, run.root.resolve(), run.settings, key, threads,
            folder / f".{number:06d}{TEMPORARY_SUFFIX}", folder.parent / MODELS / key[:16], run.device,
        )
        for number in numbers
    ]  # fmt: skip
    with Progress("scenes", len(jobs), "scenes") as progress:

        def scene_done(job: SceneJob, device: str) -> None:
            final = folder / job.name
            shutil.rmtree(final, ignore_errors=True)
            job.folder.replace(final)

        def scene_lost(job: SceneJob, reason: str) -> None:
            shutil.rmtree(job.folder, ignore_errors=True)
            shutil.rmtree(folder / job.name, ignore_errors=True)
            progress.failures += 1
            failed.append(Skipped(f"scene {job.name}", "", reason))

        events = FarmEvents[SceneJob](lambda job: progress.advance(), scene_done, scene_lost)
        local_farm.run(jobs, count, run.logs, LIMIT_S, events)
    return tuple(failed)


def check_folder(out: Path) -> None:
    """Raises UserError where `out` holds what is not of scenes."""
    if out.exists() and not out.is_dir():
        raise UserError(f"{out} is not a folder.", "Choose another --out.")
    own = (SCENES, MODELS, "logs", "failed.json", *FORMATS.values())
    there = sorted(entry.name for entry in out.iterdir()) if out.is_dir() else []
    if any(name not in own and not name.startswith(".") for name in there):
        raise UserError(f"{out} holds other files.", "Choose a new or empty folder.")


def _check(out: Path, run: SceneRun) -> None:
    check_folder(out)
    place = next(folder for folder in (out, *out.resolve().parents) if folder.is_dir())
    need = run.count * run.settings.width * run.settings.height * BYTES_PER_PIXEL
    if shutil.disk_usage(place).free < need:
        raise UserError(f"{place} has too little room: the scenes may need {need / 1e6:,.0f} MB.", "Free some space.")
