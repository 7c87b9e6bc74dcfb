"""What people changed in the index by hand, kept in data/added so that the next `cad2real index` makes it again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel, ValidationError

from cad2real.errors import UserError
from cad2real.files import write_json
from cad2real.layout import Layout
from search.index import STRICT, DescribedPart, DescribedRow
from search.renders import Renders

CHANGES, PHOTO = "added.json", "photo_"


class AddedPart(DescribedPart):
    """A part that was added without retraining, with its renders in data/added/<part_id>/."""

    views: list[DescribedRow]


class Changes(BaseModel):
    """data/added/added.json. `parts`: with renders of their own; `photos`: further views of parts, by row; `removed`:
    ids of parts that stay out of the index although the part list has them.
    """

    model_config = STRICT
    parts: list[AddedPart] = []
    photos: list[DescribedRow] = []
    removed: list[str] = []


@dataclass(frozen=True)
class Changed:
    """The renders that an index is made of, after the changes by hand; `photos`: rows that follow those of `renders`,
    which are photos: the number of the part and the view.
    """

    renders: Renders
    photos: tuple[tuple[int, str], ...]


def read_changes(layout: Layout) -> Changes:
    """What was changed, nothing where nothing was. Raises UserError when it is damaged."""
    path = layout.added / CHANGES
    try:
        return Changes.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Changes()
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or CHANGES
        remedy = f"Mend it, or delete {layout.added} and add the parts again."
        raise UserError(f"{path} is damaged ({where}: {first['msg']}).", remedy) from None


def write_changes(layout: Layout, changes: Changes) -> None:
    """Keeps `changes`, whole or not at all."""
    write_json(layout.added / CHANGES, changes.model_dump(exclude_defaults=True))


@contextmanager
def one_at_a_time(layout: Layout) -> Iterator[None]:
    """Keeps two commands from changing the index at once. Raises UserError while another one does."""
    from filelock import FileLock, Timeout

    layout.data.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(layout.data / ".index.lock").acquire(timeout=0):
            yield
    except Timeout:
        raise UserError("Another command is changing the index.", "Wait until it ends, then try again.") from None


def with_changes(renders: Renders, changes: Changes) -> Changed:
    """`renders` without the removed parts and with the added ones behind them; what was added and is in the part list
    by now is left out, for the renders show it.
    """
    listed = {part.part_id for part in renders.parts}
    gone = set(changes.removed)
    kept = [number for number, part in enumerate(renders.parts) if part.part_id not in gone]
    place = {number: new for new, number in enumerate(kept)}
    rows = [(place[part], view) for part, view in zip(renders.part_rows, renders.views, strict=True) if part in place]
    parts = [renders.parts[number] for number in kept]
    for added in changes.parts:
        if added.part_id not in listed | gone:
            rows += [(len(parts), row.view) for row in added.views]
            parts.append(added.as_part())
    numbers = {part.part_id: number for number, part in enumerate(parts)}
    photos = tuple((numbers[row.part_id], row.view) for row in changes.photos if row.part_id in numbers)
    made = replace(
        renders, parts=tuple(parts), part_rows=tuple(part for part, _ in rows), views=tuple(view for _, view in rows)
    )
    return Changed(made, photos)


def tell(renders: Renders, changes: Changes) -> None:
    """Says on standard error what of the index was changed by hand: nobody shall wonder why a part is there, or not."""
    listed = {part.part_id for part in renders.parts}
    for part in changes.parts:
        if part.part_id in listed:
            print(f"note: {part.part_id} was added by hand and is in the part list by now.", file=sys.stderr)
        else:
            print(f"note: {part.part_id} was added by hand: the model has not learned it.", file=sys.stderr)
    for part_id in sorted(listed & set(changes.removed)):
        print(f"note: {part_id} was removed by hand: `cad2real index add {part_id}` brings it back.", file=sys.stderr)


def view_path(layout: Layout, view: str) -> Path:
    """The picture of an index's `view`: a render of the part list's, or one that was added by hand."""
    path = layout.renders / view
    return path if path.is_file() else layout.added / view


def is_photo(view: str) -> bool:
    """Whether a view of an index is a photo that was added by hand, not a render."""
    return view.rpartition("/")[2].startswith(PHOTO)
