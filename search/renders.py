"""The rendered parts of a project, and what its catalogue says of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from cad2real.errors import DamagedFileError, UserError
from cad2real.files import read_json
from search.index import IndexedPart
from search.places import places_of


@dataclass(frozen=True)
class Renders:
    """The rendered parts; `views[i]`, relative to the folder, shows `parts[part_rows[i]]`."""

    parts: tuple[IndexedPart, ...]
    part_rows: tuple[int, ...]
    views: tuple[str, ...]


def read_renders(folder: Path) -> Renders:
    """The parts of renders.json and their views. Raises UserError when there are none."""
    remedy = "Run `cad2real render`."
    parts: list[IndexedPart] = []
    part_rows: list[int] = []
    views: list[str] = []
    try:
        for part_id in read_json(folder / "renders.json", "parts")["parts"]:
            part = read_json(folder / part_id / "part.json", "part_id", "label", "name", "views")
            for view in part["views"]:
                views.append(f"{part_id}/{view['file']}")
                part_rows.append(len(parts))
            size = tuple(round(float(side), 2) for side in part.get("size_mm", ()))
            parts.append(IndexedPart(part["part_id"], part["label"], part["name"], size_mm=size))
    except FileNotFoundError as error:
        raise UserError(f"{error.filename} is missing.", remedy) from None
    except DamagedFileError:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{folder} is damaged ({error}).", remedy) from None
    if not views:
        raise UserError(f"{folder} holds no rendered part.", "Mend the part list, then run `cad2real render`.")
    root = folder.resolve()
    for view in views:
        if not (folder / view).resolve().is_relative_to(root):
            raise UserError(f"{folder} names the view {view}, which lies outside.", remedy)
    return Renders(tuple(parts), tuple(part_rows), tuple(views))


def catalogue_parts(catalogue: Path) -> list[IndexedPart]:
    """What the catalogue says of its parts; nothing where it is not there or damaged."""
    try:
        return [
            IndexedPart(
                str(part["part_id"]),
                str(part["label"]),
                str(part["name"]),
                str(part["material"]),
                str(part["surface"]),
                str(part["color"]),
                tuple(round(float(side), 2) for side in part.get("size_mm") or ()),
                places=places_of(part.get("places") or ()),
            )
            for part in read_json(catalogue, "parts")["parts"]
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []


def with_looks(renders: Renders, catalogue: Path) -> Renders:
    """The same with what the catalogue says of each part's look and places, as far as it is there."""
    said = {part.part_id: part for part in catalogue_parts(catalogue)}
    parts = [
        replace(part, material=own.material, surface=own.surface, color=own.color, places=own.places)
        if (own := said.get(part.part_id)) is not None
        else part
        for part in renders.parts
    ]
    return replace(renders, parts=tuple(parts))
