"""Parts and views join an index, or leave it, without training: `cad2real index add` and `cad2real index remove`."""

from __future__ import annotations

import csv
import hashlib
import io
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from cad2real.errors import UserError
from cad2real.files import atomic_file, atomic_folder, write_text
from cad2real.import_path import PYTHON
from cad2real.layout import Layout
from cad2real.params import load_params
from photos.crop import Box
from photos.square import photo_square
from search.additions import PHOTO, AddedPart, Changes, one_at_a_time, read_changes, write_changes
from search.handicaps import with_handicaps
from search.index import DescribedRow, Index, IndexedPart, check_model, load_index, save_index
from search.model.embedding import Embedder
from search.model.torch_model import load_model
from search.places import DescribedPlace
from search.ranking import Floats
from search.renders import read_renders, with_looks
from search.stage import embed_views, shortened
from search.stores.publishing import publish

LIST = "part.csv"
BESIDE = {".mtl", ".bin", ".png", ".jpg"}
"""Files of the same name that a CAD file takes colours and triangles from."""


@dataclass(frozen=True)
class NewPart:
    """A part that is to be added: its CAD file and what a part list would say of it (empty: nothing)."""

    cad: Path
    part_id: str = ""
    label: str = ""
    name: str = ""
    units: str = ""
    material: str = ""
    surface: str = ""
    color: str = ""
    machine: str = ""
    assembly: str = ""
    position: str = ""


def add_part(layout: Layout, new: NewPart) -> Index:
    """Renders a part as the project renders its parts, and puts it into the index with the model as it is. Raises
    UserError for a part that is there already, one that cannot be rendered, or an index of another model.
    """
    with _changing(layout) as (index, changes):
        model = _model_of(layout, index)
        if not new.cad.is_file():
            raise UserError(f"{new.cad} does not exist.", "Name a CAD file, or a part that was removed.")
        new = replace(new, part_id=new.part_id or new.cad.stem)
        _refuse_known(layout, index, new.part_id)
        layout.added.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".new.", dir=layout.added) as name:
            folder = Path(name)
            part = _rendered(layout, new, folder)
            embeddings = model.embed_files([folder / row.view for row in part.views], "index")
            larger = _with_part(index, model, part.as_part(), embeddings, [row.view for row in part.views])
            shutil.rmtree(layout.added / part.part_id, ignore_errors=True)
            (folder / part.part_id).replace(layout.added / part.part_id)
        others = [one for one in changes.parts if one.part_id != part.part_id]
        removed = [one for one in changes.removed if one != part.part_id]
        _keep(layout, larger, changes.model_copy(update={"parts": [*others, part], "removed": removed}))
        return larger


def bring_back(layout: Layout, part_id: str) -> Index:
    """Puts a part of the part list that was removed by hand into the index again. Raises UserError where there is no
    such part.
    """
    with _changing(layout) as (index, changes):
        if part_id not in changes.removed:
            raise UserError(f"{part_id} is no CAD file and no part that was removed.", "Correct the path.")
        model = _model_of(layout, index)
        renders = with_looks(read_renders(layout.renders), layout.catalogue)
        numbers = [number for number, part in enumerate(renders.parts) if part.part_id == part_id]
        if not numbers:
            raise UserError(f"{part_id} has no renders any more.", "Add it by its CAD file.")
        views = [view for row, view in zip(renders.part_rows, renders.views, strict=True) if row == numbers[0]]
        views += [row.view for row in changes.photos if row.part_id == part_id]
        larger = _with_part(index, model, renders.parts[numbers[0]], embed_views(layout, model, views), views)
        left = [one for one in changes.removed if one != part_id]
        _keep(layout, larger, changes.model_copy(update={"removed": left}))
        return larger


def add_photo(layout: Layout, part_id: str, photo: Path, box: Box | None = None) -> Index:
    """Makes `photo`, cut by `box`, a further view of the part `part_id`. Raises UserError for what is no usable photo,
    for a part that is not in the index, and where the same view is there already.
    """
    with _changing(layout) as (index, changes):
        model = _model_of(layout, index)
        if part_id not in index.number_of:
            raise UserError(f"The index has no part {part_id}.", "Add it by its CAD file first.")
        params = load_params(layout.params).photos
        square = photo_square(photo, box, params.border, params.size)
        content = io.BytesIO()
        square.save(content, "PNG")
        digest = hashlib.blake2b(content.getvalue(), digest_size=6).hexdigest()
        row = DescribedRow(part_id=part_id, view=f"{part_id}/{PHOTO}{digest}.png")
        if row.view in index.view_names:
            raise UserError(f"{photo} is a view of {part_id} already.", "Take another photo.")
        embedding = model.embed_and_classify([square])[0]
        larger = index.with_rows(embedding, [index.number_of[part_id]], [row.view])
        larger = shortened(with_handicaps(larger, model.classes))
        with atomic_file(layout.added / row.view) as temporary:
            temporary.write_bytes(content.getvalue())
        _keep(layout, larger, changes.model_copy(update={"photos": [*changes.photos, row]}))
        return larger


def remove_part(layout: Layout, part_id: str) -> Index:
    """Takes a part out of the index: for good where it was added by hand, else until it is brought back. Raises
    UserError where it is not in it, or alone in it.
    """
    with _changing(layout) as (index, changes):
        number = index.number_of.get(part_id)
        if number is None:
            raise UserError(f"The index has no part {part_id}.", "`cad2real index` lists none; see /parts of the page.")
        if len(index.parts) == 1:
            raise UserError(f"{part_id} is the only part of the index.", "Add another one first.")
        smaller = shortened(index.only(np.arange(len(index.parts)) != number))
        by_hand = any(one.part_id == part_id for one in changes.parts)
        if by_hand:
            parts = [one for one in changes.parts if one.part_id != part_id]
            photos = [one for one in changes.photos if one.part_id != part_id]
            _keep(layout, smaller, changes.model_copy(update={"parts": parts, "photos": photos}))
            shutil.rmtree(layout.added / part_id, ignore_errors=True)
        else:
            _keep(layout, smaller, changes.model_copy(update={"removed": [*changes.removed, part_id]}))
        return smaller


@contextmanager
def _changing(layout: Layout) -> Iterator[tuple[Index, Changes]]:
    """The index and what was changed in it, while nobody else changes it."""
    with one_at_a_time(layout):
        yield load_index(layout.index), read_changes(layout)


def _model_of(layout: Layout, index: Index) -> Embedder:
    """The model that made `index`. Raises UserError when it is not there any more."""
    model = load_model(layout.models, index.model_stage)[1]
    check_model(index, model.key)
    return model


def _refuse_known(layout: Layout, index: Index, part_id: str) -> None:
    known = {part.casefold() for part in index.number_of}
    if part_id.casefold() in known:
        raise UserError(f"The index has a part {part_id} already.", "Name another --part-id, or remove that one first.")
    if (layout.renders / part_id).exists():
        raise UserError(f"{part_id} is in the part list.", f"Bring it back: cad2real index add {part_id}.")


def _rendered(layout: Layout, new: NewPart, folder: Path) -> AddedPart:
    """Renders `new` into `folder` by the render room's own command. Raises UserError when it cannot."""
    source = folder / "cad"
    source.mkdir()
    for file in (
        new.cad,
        *(other for other in sorted(new.cad.parent.glob(f"{new.cad.stem}.*")) if other.suffix in BESIDE),
    ):
        shutil.copy(file, source / file.name)
    row = {**new.__dict__, "file": new.cad.name}
    del row["cad"]
    table = io.StringIO()
    writer = csv.DictWriter(table, row)
    writer.writeheader()
    writer.writerow(row)
    write_text(source / LIST, table.getvalue())
    out = folder / "renders"
    command = ["render", "--parts", str(source.resolve() / LIST), "--out", str(out.resolve()), "--as-project"]
    ended = subprocess.run([*PYTHON, "-m", "cad2real", *command], cwd=layout.root, stdout=subprocess.DEVNULL)
    try:
        renders = read_renders(out) if ended.returncode == 0 else None
    except UserError:
        renders = None
    if renders is None:
        raise UserError(f"{new.cad} could not be rendered; the reason stands above.", "The index is as it was.")
    (out / new.part_id).replace(folder / new.part_id)
    shutil.rmtree(out)
    shutil.rmtree(source)
    part = renders.parts[0]
    said = {"material": new.material, "surface": new.surface, "color": new.color, "size_mm": list(part.size_mm)}
    within = [name for name in (new.machine, new.assembly) if name]
    places = [DescribedPlace(position=new.position, within=within)] if within or new.position else []
    views = [DescribedRow(part_id=part.part_id, view=view) for view in renders.views]
    return AddedPart(part_id=part.part_id, label=part.label, name=part.name, views=views, places=places, **said)


def _with_part(index: Index, model: Embedder, part: IndexedPart, embeddings: Floats, views: list[str]) -> Index:
    larger = index.with_rows(embeddings, [len(index.parts)] * len(views), views, [part])
    return shortened(with_handicaps(larger, model.classes))


def _keep(layout: Layout, index: Index, changes: Changes) -> None:
    """Writes what was changed, then the index, which a running server takes. Killed in between, the next
    `cad2real index` makes the index that `changes` say.
    """
    before = read_changes(layout)
    write_changes(layout, changes)
    try:
        _write(layout, index)
    except Exception:
        write_changes(layout, before)
        raise


def _write(layout: Layout, index: Index) -> None:
    with atomic_folder(layout.index) as folder:
        for file in sorted(layout.index.iterdir()):
            if file.is_file() and file.name not in {"index.json", "index.safetensors"}:
                shutil.copy(file, folder / file.name)
        save_index(folder, index)
        publish(layout, load_params(layout.params).search, index)
