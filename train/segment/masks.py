"""The masks of photos as files: a PNG each, and all of them as COCO."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import numpy as np

from cad2real.errors import Skipped, UserError
from cad2real.files import atomic_folder, write_json
from cad2real.progress import Progress
from photos.find import find_photos, printable
from photos.opening import open_photo
from train.losses.classmix import BACKGROUND
from train.segment.coco import as_coco
from train.segment.model import Segmenter
from train.segment.palette import mask_image
from train.segment.prediction import ClassMap

MASKS, COCO = "masks", "masks.json"
LONGEST = 60
"""Characters of a mask's name, which may take four bytes each; a file's name has at most 255."""


@dataclass
class Written:
    """How many `photos` have a mask, the `shares` of their pixels that show each class but what is no part, and what
    was skipped.
    """

    photos: int = 0
    shares: dict[str, float] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)


def write_masks(segmenter: Segmenter, paths: Sequence[Path], out: Path) -> Written:
    """Writes the masks of photos and of folders of photos as one folder `out` that appears whole: masks/*.png, named
    after the photo and its folders, and masks.json, in which `file_name` is the photo as it was named and `mask` its
    PNG. What cannot be used is `Skipped`.

    Raises UserError when `out` is no folder of masks, or none can be made.
    """
    _refuse_other_folder(out)
    wanted, skipped = _wanted(paths)
    written, counts, names = Written(skipped=skipped), Counter[int](), {}
    with atomic_folder(out) as temporary:
        (temporary / MASKS).mkdir()

        def made() -> Iterator[tuple[str, ClassMap]]:
            with Progress("segment predict", len(wanted), "photos") as progress:
                for name, path in wanted.items():
                    try:
                        with open_photo(path) as photo:
                            found = segmenter.segment(photo.read())
                    except (UserError, MemoryError) as error:
                        reason = str(error) or "is too large for the memory that is left."
                        written.skipped.append(Skipped(printable(path), "", reason))
                        progress.failures += 1
                    else:
                        names[printable(path)] = f"{MASKS}/{name}"
                        mask_image(found).save(temporary / MASKS / name, optimize=True)
                        numbers, pixels = np.unique(found, return_counts=True)
                        counts.update(dict(zip(numbers.tolist(), pixels.tolist(), strict=True)))
                        written.photos += 1
                        yield printable(path), found
                    progress.advance()

        content = as_coco(made(), segmenter.classes.names)
        for image in content["images"]:
            image["mask"] = names[image["file_name"]]
        content["skipped"] = [fault.as_dict() for fault in written.skipped]
        write_json(temporary / COCO, content)
        if not written.photos:
            listed = "".join(f"\n  {fault}" for fault in written.skipped)
            raise UserError(f"no mask could be made.{listed}", "")
    total = sum(counts.values())
    written.shares = {
        segmenter.classes.names[number]: pixels / total
        for number, pixels in counts.most_common()
        if number != BACKGROUND
    }
    return written


def _refuse_other_folder(out: Path) -> None:
    """What is there is replaced, which may be masks of before and nothing else."""
    if out.exists() and not (out.is_dir() and ((out / COCO).is_file() or not any(out.iterdir()))):
        raise UserError(f"{out} is there and holds no masks.", "Name another --out, or delete it.")


def _wanted(paths: Sequence[Path]) -> tuple[dict[str, Path], list[Skipped]]:
    """The name of each mask with its photo, once. Photos of one name in several places get a number."""
    found: dict[str, Path] = {}
    known: set[Path] = set()
    skipped: list[Skipped] = []

    def add(path: Path, name: str) -> None:
        if path in known:
            return
        known.add(path)
        stem = printable(Path(name)).replace("/", "_")[:LONGEST]
        numbered = (f"{stem}_{number}" if number > 1 else stem for number in count(1))
        found[next(each for each in (f"{one}.png" for one in numbered) if each not in found)] = path

    for path in dict.fromkeys(paths):
        if path.is_dir():
            names, faults = find_photos(path)
            for name in names:
                add(path / name, str(Path(name).with_suffix("")))
            skipped += [Skipped(f"{printable(path)}/{fault.thing}", "", fault.reason) for fault in faults]
            if not names and not faults:
                skipped.append(Skipped(printable(path), "", "holds no photos. Name another folder."))
        elif not path.is_file():
            skipped.append(Skipped(printable(path), "", "does not exist. Correct its name."))
        else:
            add(path, path.stem)
    return found, skipped
