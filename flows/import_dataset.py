"""`cad2real import NAME DIR`: an already downloaded public data set becomes a project without CAD.

Its renders (or drawings) are the labelled source, as if `cad2real render` had made them; its photos lie in folders that
are called as their classes.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import yaml
from PIL import Image

from cad2real.disk_errors import no_room
from cad2real.errors import Skipped, UserError
from cad2real.files import write_json, write_text
from cad2real.layout import Layout
from cad2real.progress import Progress
from flows.init_project import new_project
from flows.known_datasets import DATASETS, Dataset, Domain
from flows.params_file import change_params
from flows.project import MADE_OF_CAD

PICTURES = (".jpg", ".jpeg", ".png")
DEEP = 3  # folders below the one that is named, in which the domains may lie
LARGEST_SIDE_PX = 512  # of renders that have to be made square
PARAMS = ["photos.boxes=null", "photos.crop=whole", "train.size_prior=false"]
"""Whole photos; and no size in pixels means anything without a CAD part's size in millimetres."""


@dataclass(frozen=True)
class ImportedDataset:
    """What became of a data set: pictures of both domains, classes, and where counts are not those of all of it."""

    renders: int
    photos: int
    classes: int
    incomplete: Sequence[str]
    skipped: Sequence[Skipped]


def import_dataset(name: str, folder: Path, root: Path, source: str = "", target: str = "") -> ImportedDataset:
    """Makes `root` a project of the data set `name` that lies in `folder`; pictures are linked, or copied where they
    cannot be. `source` and `target` are domains. Raises UserError where one is not there or `root` is a project.
    """
    dataset = DATASETS.get(name)
    if dataset is None:
        raise UserError(f"{name} is no known data set.", f"Known are {', '.join(DATASETS)}.")
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder.", f"Name the folder in which {name} lies, unpacked.")
    source, target = source or dataset.source, target or dataset.target
    pictures, skipped = {}, []
    for domain in (source, target):
        pictures[domain], refused = _pictures(dataset, domain, folder)
        skipped += refused
    if source == target:
        raise UserError("Source and target are the same domain.", f"Choose two of {', '.join(dataset.domains)}.")
    if root.resolve().is_relative_to(folder.resolve()):
        raise UserError(f"{root} lies in {folder}.", "Make the project outside.")
    with new_project(root) as stages:
        renders, broken = _write_renders(pictures[source], Layout(root))
        for label, files in pictures[target].items():
            for number, file in enumerate(files):
                _link(file, root / "data" / "photos" / label / f"{number:06}{file.suffix.lower()}")
        _without_cad(stages, Layout(root).params)
    photos = sum(map(len, pictures[target].values()))
    incomplete = [
        f"{domain}: {count:,} pictures, {' or '.join(f'{full:,}' for full in dataset.domains[domain].counts)} expected"
        for domain, count in ((source, renders), (target, photos))
        if count not in dataset.domains[domain].counts
    ]
    if len(pictures[source]) != dataset.classes:
        incomplete.append(f"{len(pictures[source])} classes, {dataset.classes} expected")
    return ImportedDataset(renders, photos, len(pictures[source]), incomplete, [*skipped, *broken])


def _pictures(dataset: Dataset, name: str, folder: Path) -> tuple[dict[str, list[Path]], list[Skipped]]:
    """The pictures of a domain by class, both sorted. Links that lead out of `folder` are skipped."""
    if name not in dataset.domains:
        raise UserError(f"{dataset.title} has no domain {name!r}.", f"Choose of {', '.join(dataset.domains)}.")
    domain = dataset.domains[name]
    place = _place(folder, domain)
    if place is None:
        raise UserError(f"{folder} has no folder {domain.folder!r} with pictures.", f"Get it from {dataset.where}.")
    inside = folder.resolve()
    found: defaultdict[str, list[Path]] = defaultdict(list)
    skipped: list[Skipped] = []
    classes = _listed(place, domain, folder) if domain.list_file else {}
    for path in sorted(place.rglob("*")):
        if path.suffix.lower() not in PICTURES or not path.is_file():
            continue
        inner = path.relative_to(place)
        if not path.resolve().is_relative_to(inside):
            skipped.append(Skipped(inner.as_posix(), str(place), "is a link that leads out of the folder."))
            continue
        label = classes.get(inner.as_posix(), "") if domain.list_file else inner.parts[0]
        if not label or len(inner.parts) < 2:
            skipped.append(Skipped(inner.as_posix(), str(place), "belongs to no class."))
            continue
        found[label].append(path)
    return dict(sorted(found.items())), skipped


def _place(folder: Path, domain: Domain) -> Path | None:
    """The domain's folder, in `folder` or somewhat deeper, as archives unpack; blanks may be underlines."""
    wanted = {domain.folder, domain.folder.replace(" ", "_"), domain.folder.replace(" ", "")}
    level = [folder]
    for _ in range(DEEP):
        for place in level:
            for entry in sorted(place.iterdir()):
                if entry.name in wanted and entry.is_dir() and any(child.is_dir() for child in entry.iterdir()):
                    return entry
        level = [entry for place in level for entry in sorted(place.iterdir()) if entry.is_dir()]
    return None


def _listed(place: Path, domain: Domain, folder: Path) -> dict[str, str]:
    """The class of each picture by a list of names and numbers; the numbers are those of the sorted classes that other
    domains have in folders.
    """
    path = place / domain.list_file
    names = sorted(entry.name for entry in _classes_beside(place) if entry.is_dir())
    if not path.is_file() or not names:
        raise UserError(
            f"{place} needs {domain.list_file}, and the domain train beside it.", "It names the class of each picture."
        )
    found = {}
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        picture, _, value = line.strip().rpartition(" ")
        if not picture:
            continue
        if not value.isdecimal() or int(value) >= len(names):
            raise UserError(f"{path} row {number}: {value!r} is no class.", f"Copy it from {folder} again.")
        found[PurePosixPath(picture).as_posix()] = names[int(value)]
    return found


def _classes_beside(place: Path) -> list[Path]:
    train = place.parent / "train"
    return list(train.iterdir()) if train.is_dir() else []


def _write_renders(pictures: Mapping[str, Sequence[Path]], layout: Layout) -> tuple[int, list[Skipped]]:
    """Writes data/renders with one part a class; its count of pictures, and what cannot be opened."""
    contents: dict[str, str] = {}
    skipped: list[Skipped] = []
    count = 0
    with Progress("renders", sum(map(len, pictures.values())), "pictures") as progress:
        for label, files in pictures.items():
            part_id = _part_id(label, contents)
            folder = layout.renders / part_id
            folder.mkdir(parents=True, exist_ok=True)
            views: list[dict[str, str]] = []
            digest = hashlib.sha256()
            for file in files:
                view = f"view_{len(views):06}{file.suffix.lower()}"
                try:
                    view = _square(file, folder / view).name
                except (OSError, ValueError, Image.DecompressionBombError) as error:
                    if no_room(folder):
                        raise
                    skipped.append(Skipped(file.name, str(file.parent), f"cannot be read ({error})."))
                else:
                    views.append({"file": view})
                    with (folder / view).open("rb") as picture:
                        digest.update(f"{view}\0{hashlib.file_digest(picture, 'sha256').hexdigest()}\0".encode())
                progress.advance()
            write_json(folder / "part.json", {"part_id": part_id, "label": label, "name": label, "views": views})
            contents[part_id] = digest.hexdigest()
            count += len(views)
    failed = [fault.as_dict() for fault in skipped]
    write_json(layout.renders / "renders.json", {"parts": sorted(contents), "failed": failed, "contents": contents})
    write_json(layout.catalogue, {"parts": [], "skipped": []})
    return count, skipped


def _part_id(label: str, taken: Mapping[str, str]) -> str:
    part_id = re.sub(r"[^\w.-]+", "_", label).strip(".") or "class"
    while part_id in taken:
        part_id += "_"
    return part_id


def _square(file: Path, place: Path) -> Path:
    """A square render at `place`: the file itself, or a copy on a square of the colour of its border."""
    with Image.open(file, formats=("JPEG", "PNG")) as image:
        if image.width == image.height:
            image.verify()
            _link(file, place)
            return place
        image.draft("RGB", (LARGEST_SIDE_PX, LARGEST_SIDE_PX))
        image.thumbnail((LARGEST_SIDE_PX, LARGEST_SIDE_PX))
        side, cut_out = max(image.size), image.has_transparency_data
        picture = image.convert("RGBA" if cut_out else "RGB")
    edge = picture.resize((1, 1), Image.Resampling.BOX, box=(0, 0, picture.width, 1)).getpixel((0, 0))
    canvas = Image.new(picture.mode, (side, side), (0, 0, 0, 0) if cut_out else edge)  # type: ignore[arg-type]
    canvas.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    place = place.with_suffix(".png" if cut_out else ".jpg")
    canvas.save(place, quality=95)
    return place


def _link(file: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)  # of an import that was cut off
    try:
        os.link(file.resolve(), place)
    except OSError:  # another file system, or one without hard links
        shutil.copyfile(file, place)


def _without_cad(stages: Path, params: Path) -> None:
    """Takes the stages that need CAD out of the project, and sets what holds for photos of one thing each."""
    text = stages.read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    for stage in MADE_OF_CAD:
        del content["stages"][stage]
    head = "# A project of ready-made renders: without the stages that make them of CAD (cad2real import).\n"
    write_text(stages, head + yaml.safe_dump(content, sort_keys=False, width=120))
    change_params(params, PARAMS)
