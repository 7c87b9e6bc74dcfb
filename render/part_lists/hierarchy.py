"""Assemblies and their parts: from levels, dotted positions, paths, parents or indented names."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from render.part_lists.rows import PartRow
from render.part_lists.words import plain

MOST_LEVELS = 30
ENOUGH = 0.6
"""The share of rows that need a level, a position or a path for these to make a tree."""
LISTED = 0.3
"""The share of dotted positions whose parent has to be listed; that of others may be a heading."""
_DOTTED = re.compile(r"\d+(?:[.\-]\d+)*\.?")


def find_parents(rows: Sequence[PartRow]) -> tuple[list[int | None], str]:
    """For every row the place of its assembly in `rows` (None: none), and by what that was told ("": there is no
    tree).
    """
    for way, find in WAYS.items():
        parents = find(rows)
        if parents is not None and any(parent is not None for parent in parents):
            return parents, way
    return [None] * len(rows), ""


def _by_parent(rows: Sequence[PartRow]) -> list[int | None] | None:
    """A column names each row's assembly."""
    if not any(row.get("parent") for row in rows):
        return None
    places: dict[str, int] = {}
    for at, row in enumerate(rows):
        for role in ("part_number", "name"):
            if row.get(role):
                places.setdefault(plain(row.get(role)), at)
    parents = [places.get(plain(row.get("parent"))) if row.get("parent") else None for row in rows]
    return _acyclic([None if parent == at else parent for at, parent in enumerate(parents)])


def _by_level(rows: Sequence[PartRow]) -> list[int | None] | None:
    """A column of levels: 1, 2, 3 or .1, ..2 or 1.2.1."""
    texts = [row.get("level") for row in rows]
    if sum(1 for text in texts if text) < ENOUGH * len(rows):
        return None
    levels = []
    for text in texts:
        numbers = re.findall(r"\d{1,6}", text)
        dots = len(text) - len(text.lstrip(".-+> "))
        levels.append(len(numbers) if len(numbers) > 1 else int(numbers[0]) if numbers else dots)
    if len(set(levels)) < 2 or max(levels) > MOST_LEVELS:
        return None
    return _nearest_above(levels)


def _by_position(rows: Sequence[PartRow]) -> list[int | None] | None:
    """Positions with dots: 1.2.1 belongs to 1.2, where that is listed."""
    positions = [row.get("position").rstrip(".").replace("-", ".") for row in rows]
    if sum(1 for text in positions if _DOTTED.fullmatch(text)) < ENOUGH * len(rows):
        return None
    listed: dict[str, int] = {}
    parents: list[int | None] = []
    dotted = found = 0
    for at, text in enumerate(positions):
        above = text.rpartition(".")[0]
        parent = listed.get(above) if above else None
        dotted += bool(above)
        found += parent is not None
        parents.append(parent)
        if text:
            listed[text] = at  # the last one above: a second list begins with 1 again
    return parents if dotted and found >= LISTED * dotted else None


def _by_path(rows: Sequence[PartRow]) -> list[int | None] | None:
    """Paths of a browser: Machine/Frame:1/Plate:2."""
    paths = [row.get("path") for row in rows]
    if sum(1 for path in paths if path) < ENOUGH * len(rows):
        return None
    listed: dict[tuple[str, ...], int] = {}
    parents: list[int | None] = []
    for at, path in enumerate(paths):
        steps = tuple(
            re.sub(r"[:<(]\d+[>)]?$", "", step).strip().lower() for step in re.split(r"[/\\|>+]", path) if step.strip()
        )
        own = plain(rows[at].get("name"))
        if steps and own and plain(steps[-1]) != own and plain(rows[at].get("part_number")) != plain(steps[-1]):
            steps = (*steps, own)  # the path says where the part is, not which it is
        parents.append(listed.get(steps[:-1]))
        listed.setdefault(steps, at)
    return parents


def _by_indent(rows: Sequence[PartRow]) -> list[int | None] | None:
    """Names that begin further to the right."""
    indents = [row.indent for row in rows]
    steps = sorted(set(indents))
    if len(steps) < 2 or len(steps) > MOST_LEVELS or indents[0] != steps[0]:
        return None
    if sum(1 for indent in indents if indent > steps[0]) < 2:
        return None
    return _nearest_above([steps.index(indent) for indent in indents])


def _nearest_above(levels: Sequence[int]) -> list[int | None]:
    parents: list[int | None] = []
    open_: list[int] = []
    for at, level in enumerate(levels):
        while open_ and levels[open_[-1]] >= level:
            open_.pop()
        parents.append(open_[-1] if open_ else None)
        open_.append(at)
    return parents


def _acyclic(parents: list[int | None]) -> list[int | None]:
    """`parents` without those that would make a part its own assembly."""
    state = [0] * len(parents)  # 1: on the way, 2: its way ends
    for start in range(len(parents)):
        way, at = [], start
        while state[at] == 0:
            state[at] = 1
            way.append(at)
            parent = parents[at]
            if parent is None:
                break
            if state[parent] == 1:
                parents[at] = None
                break
            at = parent
        for step in way:
            state[step] = 2
    return parents


WAYS: dict[str, Callable[[Sequence[PartRow]], list[int | None] | None]] = {
    "the column of parents": _by_parent,
    "the column of levels": _by_level,
    "dotted positions": _by_position,
    "paths": _by_path,
    "indented names": _by_indent,
}
