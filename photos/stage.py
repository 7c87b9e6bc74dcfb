"""The photos stage: a folder of raw photos becomes a folder of squares, a manifest and a list of what was skipped."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from cad2real.errors import Skipped, UserError
from cad2real.files import atomic_folder, write_json
from cad2real.progress import Progress
from photos.boxes import read_boxes
from photos.find import Wanted, find_photos, wanted_squares
from photos.manifest import MANIFEST, SKIPPED, SquareRow, content_key, read_manifest, square_row, write_manifest
from photos.params import Border
from photos.square import photo_squares

WORKERS = min(16, os.process_cpu_count() or 1)  # threads: Pillow lets go of the interpreter while it decodes
MAX_BYTES = 2_000_000_000  # no photo of 150 megapixels is larger
STEM_LENGTH = 40


@dataclass(frozen=True)
class Outcome:
    """What became of a folder of photos."""

    photos: int
    rows: list[SquareRow]
    skipped: list[Skipped]
    reused: int


@dataclass(frozen=True)
class _Job:
    """One photo: `names` are the file names of its squares, one for each of `wanted`."""

    photo: str
    wanted: list[Wanted]
    names: list[str]


def make_squares(folder: Path, boxes: Path | None, border: Border, size: int, out: Path) -> Outcome:
    """Writes `out`: squares of `size` x `size` pixels of all photos below `folder`, photos.csv and skipped.json.

    Squares that `out` already holds for the same photo, box and parameters are kept. Raises UserError when `folder` or
    `boxes` is missing or `out` holds something else.
    """
    check_folders(folder, out)
    rows = read_boxes(boxes) if boxes else []
    photos, skipped = find_photos(folder)
    wanted, unusable = wanted_squares(photos, folder, rows, boxes)
    skipped += unusable
    old = _old_squares(out)
    reused = 0
    made: list[SquareRow] = []
    with atomic_folder(out) as target, Progress("photos", len(wanted), "photos") as progress:
        with ThreadPoolExecutor(WORKERS) as pool:
            try:
                jobs = _jobs(wanted)
                for done, faults, count in pool.map(lambda job: _process(job, folder, border, size, old, target), jobs):
                    made += done
                    skipped += faults
                    reused += count
                    progress.failures = len(skipped)
                    progress.advance()
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        write_manifest(target, made)
        write_json(target / SKIPPED, [fault.as_dict() for fault in skipped])
    return Outcome(len(photos), made, skipped, reused)


def check_folders(folder: Path, out: Path) -> None:
    """Raises UserError unless `folder` can be read and `out` can be replaced without loss."""
    if not folder.is_dir():
        raise UserError(f"{folder}: no such photo folder.", "Correct the path.")
    source, target = folder.resolve(), out.resolve()
    if target.is_relative_to(source) or source.is_relative_to(target):
        raise UserError(f"The output {out} and the photo folder {folder} lie in each other.", "Choose another output.")
    if out.exists() and not out.is_dir():
        raise UserError(f"{out} is not a folder.", "Choose another output.")
    if out.is_dir() and any(out.iterdir()) and not (out / MANIFEST).exists():
        raise UserError(f"{out} holds files that are not squares and would be lost.", "Choose a new or empty folder.")


def _jobs(wanted: dict[str, list[Wanted]]) -> list[_Job]:
    """Squares are numbered through, so that equal names in different folders cannot collide."""
    digits = max(5, len(str(sum(len(squares) for squares in wanted.values()))))
    jobs: list[_Job] = []
    number = 0
    for photo, squares in wanted.items():
        stem = re.sub(r"[^\w.-]+", "_", Path(photo).stem)[:STEM_LENGTH]
        names = [f"{number + step:0{digits}}_{stem}.jpg" for step in range(len(squares))]
        jobs.append(_Job(photo, squares, names))
        number += len(squares)
    return jobs


def _process(
    job: _Job, folder: Path, border: Border, size: int, old: dict[str, tuple[Path, SquareRow]], target: Path
) -> tuple[list[SquareRow], list[Skipped], int]:
    """Makes or keeps the squares of one photo. Returns their rows, what was skipped, and how many were kept."""
    path = folder / job.photo
    try:
        if path.stat().st_size > MAX_BYTES:
            reason = f"is larger than {MAX_BYTES // 1_000_000} MB. Scale it down."
            return [], [Skipped(job.photo, job.wanted[0].where, reason)], 0
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return [], [Skipped(job.photo, str(folder), f"cannot be read ({error.strerror}). Check its rights.")], 0
    keys = [content_key(sha256, wanted.box, border, size) for wanted in job.wanted]
    if all(key in old for key in keys):
        rows = []
        for wanted, name, key in zip(job.wanted, job.names, keys, strict=True):
            file_before, row = old[key]
            _link(file_before, target / name)
            rows.append(replace(row, square=name, photo=job.photo, label=wanted.label))
        return rows, [], len(rows)
    try:
        results = photo_squares(path, [wanted.box for wanted in job.wanted], border, size)
    except UserError as error:
        return [], [Skipped(job.photo, job.wanted[0].where, str(error))], 0
    except MemoryError:
        return [], [Skipped(job.photo, job.wanted[0].where, "takes more memory than there is. Scale it down.")], 0
    made: list[SquareRow] = []
    faults: list[Skipped] = []
    for wanted, name, key, result in zip(job.wanted, job.names, keys, results, strict=True):
        if isinstance(result, UserError):
            faults.append(Skipped(job.photo, wanted.where, str(result)))
            continue
        crop, image = result
        image.save(target / name, "JPEG", quality=95, subsampling=0)
        made.append(square_row(name, job.photo, wanted.label, wanted.box, crop, key))
    return made, faults, 0


def _old_squares(out: Path) -> dict[str, tuple[Path, SquareRow]]:
    try:
        return {row.content_key: (out / row.square, row) for row in read_manifest(out) if (out / row.square).is_file()}
    except UserError:
        return {}


def _link(before: Path, after: Path) -> None:
    try:
        os.link(before.resolve(), after)
    except OSError:  # another file system, or one without hard links
        shutil.copyfile(before, after)
