"""The photos stage: a folder of raw photos becomes a folder of squares, a manifest and a list of what was skipped."""

from __future__ import annotations

import hashlib
import os
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from cad2real.errors import Skipped, UserError
from cad2real.files import atomic_folder, write_json
from cad2real.progress import Progress
from photos.boxes import given_boxes
from photos.duplicates import Print, print_of, same_photos, write_duplicates
from photos.feedback_photos import feedback_squares
from photos.find import Wanted, find_photos, wanted_squares
from photos.learned import LabelMode, tell_apart
from photos.looking import Looking
from photos.manifest import (
    MANIFEST,
    SKIPPED,
    SquareRow,
    content_key,
    score_text,
    square_row,
    write_manifest,
)
from photos.opening import open_photo
from photos.params import Border, BoxesOn
from photos.square import squares_of
from photos.unfinished import EVERY, Unfinished, link

WORKERS = min(16, os.process_cpu_count() or 1)  # threads: Pillow lets go of the interpreter while it decodes
MAX_BYTES = 2_000_000_000  # no photo of 150 megapixels is larger
STEM_LENGTH = 40


@dataclass(frozen=True)
class Training:
    """Which labels train (see `photos.learned`), and the log of the served page whose photos train too (None: none)."""

    labels: LabelMode = "none"
    feedback: Path | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a folder of photos. `nothing_found`: those that were looked through in vain, and stay whole;
    `boxes` say how the boxes were read, `notes` what else people should know.
    """

    photos: int
    rows: list[SquareRow]
    skipped: list[Skipped]
    reused: int
    nothing_found: list[str] = field(default_factory=list)
    boxes: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Job:
    """One photo: what it was asked for, and the number of its first square as it stands in file names."""

    photo: str
    wanted: list[Wanted]
    number: str


@dataclass(frozen=True)
class _Work:
    """What all photos of a folder are made into squares by: their `folder`, the parameters, what looks through those
    without boxes (None: they are used whole), the squares that are there, where the new ones go, and what is known of
    each photo to tell whether it is there twice.
    """

    folder: Path
    border: Border
    size: int
    looking: Looking | None
    old: dict[str, tuple[Path, SquareRow]]
    target: Path
    old_prints: dict[str, Print]
    prints: dict[str, Print] = field(default_factory=dict)

    def prints_so_far(self) -> dict[str, Print]:
        """A copy, for other threads add to `prints`."""
        return dict(self.prints)


def make_squares(  # 8 parameters: what goes in, how it is cut, what becomes of its labels
    folder: Path,
    boxes: Path | None,
    border: Border,
    size: int,
    out: Path,
    looking: Looking | None = None,
    boxes_on: BoxesOn = "auto",
    training: Training = Training(),
) -> Outcome:
    """Writes `out`: squares of `size` x `size` pixels of all photos below `folder`, photos.csv, labels.json and
    skipped.json.

    `boxes` is a file or a folder in any format that `photos.annotations` knows. A photo without a row in it is looked
    through with `looking`, or used whole without it. Squares that `out` already holds for the same photo, box and
    parameters are kept. Raises UserError when `folder` or `boxes` is missing or `out` holds something else.
    """
    check_folders(folder, out)
    photos, skipped = find_photos(folder)
    given = given_boxes(boxes, folder, photos, boxes_on)
    wanted, unusable = wanted_squares(photos, folder, given.rows)
    skipped += [*given.skipped, *unusable]
    if looking:
        looking.remember(out)
    unfinished = Unfinished(out)
    with atomic_folder(out) as target, Progress("photos", len(wanted), "photos") as progress:
        work = _Work(folder, border, size, looking, unfinished.squares(), target, unfinished.prints())
        progress.failures = len(skipped)
        made, faults, reused = _make_all(_jobs(wanted), work, unfinished, progress)
        skipped += faults
        made = _without_repeats(made, same_photos(work.prints))
        notes = write_duplicates(target, work.prints, _labels(made))
        named, faults = feedback_squares(training.feedback, border, size, target) if training.feedback else ([], [])
        learned = tell_apart(made, work.prints, training.labels, folder, named)
        made, notes = learned.rows, [*notes, *filter(None, [learned.note()])]
        skipped += [*faults, *learned.skipped]
        write_manifest(target, made)
        learned.write(target, training.labels, training.feedback is not None)
        write_json(target / SKIPPED, [fault.as_dict() for fault in skipped])
        if looking:
            looking.write(target)
    unfinished.end()
    in_vain = [row.photo for row in made if row.how == "whole" and looking and row.photo in looking.seen]
    return Outcome(len(photos), made, skipped, reused, in_vain, given.notes, notes)


def _make_all(
    jobs: list[_Job], work: _Work, unfinished: Unfinished, progress: Progress
) -> tuple[list[SquareRow], list[Skipped], int]:
    """Makes or keeps the squares of all photos, and keeps what is made where it can be found after an interruption."""
    made: list[SquareRow] = []
    skipped: list[Skipped] = []
    reused = kept = 0
    with ThreadPoolExecutor(WORKERS) as pool:
        try:
            for at, (done, faults, count) in enumerate(pool.map(lambda job: _process(job, work), jobs), start=1):
                made += done
                skipped += faults
                reused += count
                progress.failures += len(faults)
                progress.advance()
                if at % EVERY == 0 and len(made) - reused > kept:
                    kept = len(made) - reused
                    unfinished.keep(work.target, made, work.prints_so_far())
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            if len(made) > reused:
                with suppress(OSError, UserError):  # what interrupted this counts, a full disk say
                    unfinished.keep(work.target, made, work.prints_so_far())
            raise
    return made, skipped, reused


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
        jobs.append(_Job(photo, squares, f"{number:0{digits}}"))
        number += len(squares)
    return jobs


def _names(job: _Job, wanted: list[Wanted]) -> list[str]:
    """The file names of a photo's squares. What was found beyond the first has the number of the photo's first square
    and one of its own.
    """
    stem = re.sub(r"[^\w.-]+", "_", Path(job.photo).stem)[:STEM_LENGTH]
    first, digits = int(job.number), len(job.number)
    if wanted[0].how == "found":
        return [f"{job.number}{f'.{step}' if step else ''}_{stem}.jpg" for step in range(len(wanted))]
    return [f"{first + step:0{digits}}_{stem}.jpg" for step in range(len(wanted))]


def _process(job: _Job, work: _Work) -> tuple[list[SquareRow], list[Skipped], int]:
    """Makes or keeps the squares of one photo. Returns their rows, what was skipped, and how many were kept."""
    path = work.folder / job.photo
    try:
        if path.stat().st_size > MAX_BYTES:
            reason = f"is larger than {MAX_BYTES // 1_000_000} MB. Scale it down."
            return [], [Skipped(job.photo, job.wanted[0].where, reason)], 0
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return [], [Skipped(job.photo, str(work.folder), f"cannot be read ({error.strerror}). Check its rights.")], 0
    try:
        wanted = job.wanted
        if work.looking and wanted[0].how == "whole":
            wanted = work.looking.wanted(path, sha256, wanted[0], job.photo)
        return _squares(job, wanted, sha256, work)
    except UserError as error:
        return [], [Skipped(job.photo, job.wanted[0].where, str(error))], 0
    except MemoryError:
        return [], [Skipped(job.photo, job.wanted[0].where, "takes more memory than there is. Scale it down.")], 0


def _squares(job: _Job, wanted: list[Wanted], sha256: str, work: _Work) -> tuple[list[SquareRow], list[Skipped], int]:
    """The squares `wanted` of one photo, kept where all are there. Raises UserError when the photo cannot be used."""
    names = _names(job, wanted)
    keys = [content_key(sha256, one.box, work.border, work.size) for one in wanted]
    if sha256 in work.old_prints and all(key in work.old for key in keys):
        work.prints[job.photo] = work.old_prints[sha256]
        rows = []
        for one, name, key in zip(wanted, names, keys, strict=True):
            file_before, row = work.old[key]
            link(file_before, work.target / name)
            row = replace(row, square=name, photo=job.photo, label=one.label)
            rows.append(replace(row, how=one.how, score=score_text(one)))
        return rows, [], len(rows)
    with open_photo(work.folder / job.photo) as photo:
        results, picture = squares_of(photo, [one.box for one in wanted], work.border, work.size)
    if picture is not None:
        work.prints[job.photo] = print_of(sha256, picture)
    made: list[SquareRow] = []
    faults: list[Skipped] = []
    for one, name, key, result in zip(wanted, names, keys, results, strict=True):
        if isinstance(result, UserError):
            faults.append(Skipped(job.photo, one.where, str(result)))
            continue
        crop, image = result
        image.save(work.target / name, "JPEG", quality=95, subsampling=0)
        made.append(square_row(name, job.photo, one, crop, key))
    return made, faults, 0


def _without_repeats(rows: list[SquareRow], originals: dict[str, str]) -> list[SquareRow]:
    """`rows` with `duplicate_of` where the original photo has the same square."""
    cuts = {(row.photo, row.crop_x, row.crop_y, row.crop_side) for row in rows}
    marked = []
    for row in rows:
        original = originals.get(row.photo, "")
        is_there = (original, row.crop_x, row.crop_y, row.crop_side) in cuts
        marked.append(replace(row, duplicate_of=original if is_there else ""))
    return marked


def _labels(rows: list[SquareRow]) -> dict[str, set[str]]:
    labels: dict[str, set[str]] = {}
    for row in rows:
        labels.setdefault(row.photo, set()).update({row.label} - {""})
    return labels
