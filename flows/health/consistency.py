"""Checks that hashes cannot make: whether pictures decode, and whether renders, model and index fit together."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path

from cad2real.errors import UserError
from cad2real.files import read_json
from cad2real.layout import Layout

DAMAGE = (OSError, ValueError, KeyError, TypeError, AttributeError)  # of a file that is not what its format says


def consistency_faults(root: Path) -> Iterator[tuple[str, str]]:
    """Pairs of a path relative to `root` and what is wrong with it."""
    layout = Layout(root)
    for check in (_renders, _squares, _models, _index):
        for path, what in check(layout):
            yield path.relative_to(root).as_posix(), what


def _renders(layout: Layout) -> Iterator[tuple[Path, str]]:
    if not layout.renders.is_dir():
        return
    path = layout.renders / "renders.json"
    try:
        parts = [layout.renders / part for part in read_json(path, "parts")["parts"]]
    except DAMAGE as error:
        yield path, _damaged(path, error)
        parts = sorted(layout.renders.glob("[!.]*/"))
    for part in parts:
        yield from _part(part / "part.json")


def _part(path: Path) -> Iterator[tuple[Path, str]]:
    if not path.is_file():
        yield path, "missing, although renders.json lists the part"
        return
    try:
        views = [path.parent / view["file"] for view in read_json(path, "views")["views"]]
    except DAMAGE as error:
        yield path, _damaged(path, error)
        views = sorted(path.parent.glob("[!.]*.png"))
    for view in views:
        yield from _picture(view)


def _squares(layout: Layout) -> Iterator[tuple[Path, str]]:
    path = layout.squares / "photos.csv"
    if path.is_file():
        try:
            with path.open(encoding="utf-8", newline="") as file:
                rows = csv.DictReader(file)
                if "square" not in (rows.fieldnames or ()):
                    raise ValueError("it has no column square")
                squares = [layout.squares / row["square"] for row in rows]
        except (*DAMAGE, csv.Error) as error:
            yield path, _damaged(path, error)
            return
        for square in squares:
            yield from _picture(square)


def _damaged(path: Path, error: Exception) -> str:
    reason = error.what.removeprefix(f"{path} ") if isinstance(error, UserError) else f"is damaged ({error!r})"
    return f"{reason.removesuffix('.')}; its stage makes it again, with --force"


def _picture(path: Path) -> Iterator[tuple[Path, str]]:
    from PIL import Image

    try:
        with Image.open(path) as picture:
            picture.load()
    except FileNotFoundError:
        yield path, "listed but missing"
    except Exception as error:  # each decoder has its own
        yield path, f"does not decode: {error}"


def _models(layout: Layout) -> Iterator[tuple[Path, str]]:
    from safetensors import SafetensorError, safe_open

    # With promoted models: DVC does not know those.
    for folder in (*layout.models.glob("[!.]*"), *layout.models.glob("promoted/*")):
        path = folder / "model.safetensors"
        if folder.name in ("promoted", "current") or not folder.is_dir():
            continue
        if folder.name == "find":
            yield from _finder(folder)
            continue
        try:
            read_json(folder / "model.json")
            with safe_open(path, framework="numpy") as tensors:
                for name in tensors.keys():  # noqa: SIM118 - it is no dictionary
                    tensors.get_tensor(name)
        except (OSError, ValueError, SafetensorError) as error:
            yield path, f"the model does not load: {error}"
    current = layout.models / "current"
    if current.is_symlink() and not (current / "model.safetensors").is_file():
        yield current, "points at no model"


def _finder(folder: Path) -> Iterator[tuple[Path, str]]:
    """What finds parts in photos, or the reason why the project has none."""
    try:
        needed = "not_needed" not in read_json(folder / "finder.json")
        if needed and not (folder / "finder.onnx").stat().st_size:
            yield folder / "finder.onnx", "is empty"
    except (OSError, ValueError) as error:
        yield folder, f"the finder does not load: {error}"


def _index(layout: Layout) -> Iterator[tuple[Path, str]]:
    if (layout.index / "index.json").is_file():
        try:
            index = read_json(layout.index / "index.json", "rows", "model_stage")
            views, model = [row["view"] for row in index["rows"]], layout.models / index["model_stage"]
        except DAMAGE as error:
            yield layout.index / "index.json", _damaged(layout.index / "index.json", error)
        else:
            there = (layout.renders, layout.added)
            if gone := [view for view in views if not any((folder / view).is_file() for folder in there)]:
                yield layout.index / "index.json", f"lists {gone[0]}, which is not in data/renders"
            yield from _index_of(layout.index, model)
    for folder in layout.models.glob("promoted/*"):
        if (folder / "index" / "index.json").is_file():
            yield from _index_of(folder / "index", folder)


def _index_of(index: Path, model: Path) -> Iterator[tuple[Path, str]]:
    """The index carries the hash of the model that made it, and a row of numbers for every view."""
    from safetensors import SafetensorError, safe_open

    try:
        description = read_json(index / "index.json", "model_key", "rows")
    except DAMAGE as error:
        yield index / "index.json", _damaged(index / "index.json", error)
        return
    weights = model / "model.safetensors"
    if (
        weights.is_file()
        and hashlib.blake2b(weights.read_bytes(), digest_size=12).hexdigest() != description["model_key"]
    ):
        yield index / "index.json", f"was made by another model than {model.name}, or one of the two is damaged"
    try:
        with safe_open(index / "index.safetensors", framework="numpy") as tensors:
            rows = {tensors.get_tensor(name).shape[0] for name in tensors.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        yield index / "index.safetensors", f"does not load: {error}"
        return
    if rows != {len(description["rows"])}:
        yield index / "index.safetensors", f"has {sorted(rows)} rows, but index.json lists {len(description['rows'])}"
