"""YOLO's text files, one a photo: class and box (middle, width, height) or outline, in shares of the photo.

The classes' names stand in data.yaml, classes.txt, obj.names or _darknet.labels, beside the text files or above them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cad2real.errors import UserError
from cad2real.plain_yaml import plain_yaml
from photos.annotations.files import Content, read_content
from photos.annotations.row import Annotations, BoxRow, around, label_of, numbers, pairs
from photos.crop import Box

NAME = "YOLO txt"
LISTS = ("classes.txt", "obj.names", "_darknet.labels")
MAX_BYTES = 10_000_000
UP = 3  # folders above a text file that are searched for names
LOOKED_AT = 20  # lines that tell whether a text is one of YOLO's


class Names:
    """The classes' names of text files, read once a folder."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[list[str] | None, bool]] = {}

    def of(self, folder: Path) -> tuple[list[str] | None, bool]:
        """The names for text files in `folder`, None where nobody says; and whether boxes are followed by points."""
        if folder not in self._known:
            self._known[folder] = self._look(folder)
        return self._known[folder]

    def _look(self, folder: Path) -> tuple[list[str] | None, bool]:
        here = folder.resolve()
        for place in [here, *here.parents][: UP + 1]:
            for name in ("data.yaml", "dataset.yaml", "data.yml"):
                if (place / name).is_file() and (found := _from_yaml(place / name)) is not None:
                    return found
            for name in LISTS:
                if (place / name).is_file():
                    lines = read_content(place / name).text.splitlines()
                    return [label_of(line) for line in lines if line.strip()], False
        return None, False


def fits(content: Content) -> bool:
    """Whether every line is a class and shares; an empty file is none, as nothing tells it from any other."""
    if content.path.suffix.lower() != ".txt" or content.path.name in LISTS:
        return False
    lines = [line.split() for line in content.text[:100_000].splitlines() if line.strip()][:LOOKED_AT]
    return bool(lines) and all(map(_is_box, lines))


def read(content: Content, names: Names | None = None) -> Annotations:
    folder = content.path.parent
    named, has_points = (names or Names()).of(folder)
    rows = []
    for number, line in enumerate(content.text.splitlines(), start=1):
        if not line.strip():
            continue
        where = f"{content.path} row {number}"
        box, fault, label = None, "", None if named is None else ""
        try:
            first, *values = numbers(line.split())
            if named is not None and not (first.is_integer() and 0 <= first < len(named)):
                fault = f"class {first:g} has no name among the {len(named)} that there are."
            else:
                label = None if named is None else label_of(named[int(first)])
                box = _box(values, has_points)
        except ValueError:
            fault = f"{line[:60]!r} is no class and box."
        rows.append(BoxRow(content.path.stem, label, box, where, fault, _photos_folder(folder), shares=True))
    notes = [] if named is not None or not rows else ["no data.yaml or classes.txt names the classes: folders do"]
    return Annotations(NAME, rows, named or [], empty=not rows, notes=notes)


def _is_box(words: list[str]) -> bool:
    try:
        first, *shares = numbers(words)
    except ValueError:
        return False
    return first.is_integer() and first >= 0 and len(shares) >= 4 and all(-0.5 <= share <= 1.5 for share in shares[:4])


def _box(values: list[float], has_points: bool) -> Box:
    # Four values are a box, five one with its score; an even number from six on an outline.
    if len(values) in (4, 5) or has_points:
        x, y, width, height = values[:4]
        return Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    return around(pairs(values[: len(values) - len(values) % 2]))


def _photos_folder(folder: Path) -> Path:
    """Photos lie in `images` where text files lie in `labels`, in the same sub-folder; else beside them."""
    parts = list(folder.parts)
    for place in range(len(parts) - 1, -1, -1):
        if parts[place] == "labels":
            other = Path(*parts[:place], "images", *parts[place + 1 :])
            return other if other.is_dir() else folder
    return folder


def _from_yaml(path: Path) -> tuple[list[str], bool] | None:
    try:
        if path.stat().st_size > MAX_BYTES:
            return None
        value: Any = plain_yaml(read_content(path).text)
        names = value["names"]
    except (UserError, OSError, ValueError, KeyError, TypeError):
        return None
    if isinstance(names, dict):
        numbered = {int(number): name for number, name in names.items() if str(number).isdecimal()}
        names = [numbered.get(number) for number in range(min(max(numbered, default=-1) + 1, 100_000))]
    return [label_of(name) for name in names], "kpt_shape" in value
