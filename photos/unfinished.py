"""Squares of a run that did not end: kept beside the folder of squares, so that the next run goes on from there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from cad2real.errors import UserError
from photos.duplicates import Print, read_prints, write_prints
from photos.manifest import SquareRow, read_manifest, write_manifest

EVERY = 200
"""Photos after which the squares made so far are kept: a killed run loses half a minute's work."""


class Unfinished:
    """The folder beside `out` in which a run keeps what it has made. It is gone when a run has ended well."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._folder = out.with_name(f".{out.name}.unfinished")

    def squares(self) -> dict[str, tuple[Path, SquareRow]]:
        """The squares that are there, of `out` and of a run that did not end, by content key: file and row."""
        return {**_squares(self._folder), **_squares(self._out)}

    def prints(self) -> dict[str, Print]:
        """The prints of their photos, by the photos' sha256."""
        return {**read_prints(self._folder), **read_prints(self._out)}

    def keep(self, target: Path, rows: Sequence[SquareRow], prints: Mapping[str, Print]) -> None:
        """Keeps the squares of `rows`, which lie in `target`, and `prints` of photos; what was kept before stays."""
        self._folder.mkdir(exist_ok=True)
        kept = {key: row for key, (_, row) in _squares(self._folder).items()}
        for row in rows:
            if row.content_key not in kept:
                name = f"{row.content_key}.jpg"  # numbers in names are those of one run
                (self._folder / name).unlink(missing_ok=True)
                link(target / row.square, self._folder / name)
                kept[row.content_key] = replace(row, square=name)
        before = read_prints(self._folder)
        write_prints(self._folder, before | {one.sha256: one for one in prints.values()})
        write_manifest(self._folder, list(kept.values()))

    def end(self) -> None:
        """Drops what was kept: the run has ended well."""
        shutil.rmtree(self._folder, ignore_errors=True)


def link(before: Path, after: Path) -> None:
    """Makes `after` the same file as `before`, or a copy where that cannot be."""
    try:
        os.link(before.resolve(), after)
    except OSError:  # another file system, or one without hard links
        shutil.copyfile(before, after)


def _squares(folder: Path) -> dict[str, tuple[Path, SquareRow]]:
    try:
        rows = read_manifest(folder)
    except UserError:
        return {}
    return {row.content_key: (folder / row.square, row) for row in rows if (folder / row.square).is_file()}
