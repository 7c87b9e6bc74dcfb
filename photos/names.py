"""Which photo of the folder a file of boxes means, whatever its author's folders were called."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from photos.annotations.row import BoxRow

UPLOAD_PREFIX = re.compile(r"^[0-9a-f]{8}-")
"""What Label Studio puts before the name of an uploaded file, in which it also replaces blanks."""


def named_rows(rows: Sequence[BoxRow], folder: Path, photos: Sequence[str]) -> list[BoxRow]:
    """`rows` with `image` as the photo's path in `folder`, where it is one of `photos`.

    A name holds as it is, relative to its file's folder or to `folder`. Else (absolute paths, also of Windows, web
    addresses, other cases and codings of letters, no extension) its end decides, if one photo alone ends so and no
    other name is closer to it. Of rows that name no photo the first a name is kept, with its fault.
    """
    index = _Index(folder, photos)
    wanted = dict.fromkeys((row.image, row.alias, row.base) for row in rows if row.image)
    found: dict[tuple[str, str, Path], str | None] = {key: index.exact(key[0], key[2]) for key in wanted}
    taken = {photo for photo in found.values() if photo}
    loose = {key: index.loose(key[0], key[1]) for key, photo in found.items() if photo is None}
    claims: defaultdict[str, set[str]] = defaultdict(set)
    for (image, _, _), ends in loose.items():
        if len(ends) == 1:
            claims[ends[0]].add(image)
    faults: dict[tuple[str, str, Path], str] = {}
    for key, ends in loose.items():
        if len(ends) > 1:
            several = ", ".join(ends[:3]) + (", ..." if len(ends) > 3 else "")
            faults[key] = f"may be any of {len(ends)} photos ({several}). Name the folder too."
        elif ends and ends[0] not in taken and len(claims[ends[0]]) == 1:
            found[key] = ends[0]
        elif ends:
            faults[key] = f"is not a photo in {folder}; {ends[0]} is named by others. Correct the name."
    return list(_with_names(rows, found, faults))


def _with_names(
    rows: Iterable[BoxRow],
    found: dict[tuple[str, str, Path], str | None],
    faults: dict[tuple[str, str, Path], str],
) -> Iterable[BoxRow]:
    said = set()
    for row in rows:
        key = (row.image, row.alias, row.base)
        photo = found.get(key)
        if photo is not None:
            yield replace(row, image=photo)
        elif not row.image:
            yield row
        elif row.image not in said:
            said.add(row.image)
            yield replace(row, fault=faults.get(key, ""))


class _Index:
    """The photos of a folder by the ends of their paths."""

    def __init__(self, folder: Path, photos: Sequence[str]) -> None:
        self.base = folder.resolve()
        self.folder = folder
        self.known = set(photos)
        self.folders = {_key(part) for photo in photos for part in photo.split("/")[:-1]}
        self.by_name: defaultdict[str, list[str]] = defaultdict(list)
        self.by_stem: defaultdict[str, list[str]] = defaultdict(list)
        self.by_path: defaultdict[str, list[str]] = defaultdict(list)  # without extension
        for photo in photos:
            name = PurePosixPath(photo).name
            self.by_name[_key(name)].append(photo)
            self.by_stem[_key(PurePosixPath(name).stem)].append(photo)
            self.by_path[PurePosixPath(photo).with_suffix("").as_posix()].append(photo)
        self._bases: dict[Path, Path] = {}

    def exact(self, image: str, base: Path) -> str | None:
        """The photo at this very path, relative to `base` or to the photo folder; its extension may be missing."""
        name = image.replace("\\", "/")
        for start in (base, self.folder):
            with suppress(OSError, ValueError):  # names that no file can have
                path = start / name
                # Only the folder is resolved: a photo that is a link keeps the name under which it was found.
                parent = self._bases.get(path.parent) or self._bases.setdefault(path.parent, path.parent.resolve())
                if parent.is_relative_to(self.base):
                    inside = (parent / path.name).relative_to(self.base).as_posix()
                    if inside in self.known:
                        return inside
                    if len(alike := self.by_path.get(inside, [])) == 1:
                        return alike[0]
        return None

    def loose(self, image: str, alias: str) -> list[str]:
        """The photos whose paths agree with the longest end of one of the names."""
        name = image.replace("\\", "/").rstrip("/")
        for tried in dict.fromkeys((name, unquote(name), alias)):
            parts = [part for part in tried.split("/") if part not in ("", ".")]
            if parts and ".." not in parts and (found := self._ends(parts)):
                return found
        return []

    def _ends(self, parts: list[str]) -> list[str]:
        last = parts[-1]
        plain = UPLOAD_PREFIX.sub("", last)
        candidates = (
            self.by_name.get(_key(last))
            or self.by_name.get(_key(plain))
            or (self._underscored(plain) if plain != last else [])
            or self.by_stem.get(_key(last))  # a name without extension
            or []
        )
        folders = [_key(part) for part in reversed(parts[:-1])]
        depths = {photo: _agreement(folders, photo) for photo in candidates}
        deepest = max(depths.values(), default=0)
        if deepest == 0 and folders and folders[0] in self.folders:
            return []  # it lies in a folder that is here too, and the photo does not
        return [photo for photo, depth in depths.items() if depth == deepest]

    def _underscored(self, name: str) -> list[str]:
        wanted = re.sub(r"[\W_]+", "_", _key(name))
        return [
            photo for key, photos in self.by_name.items() if re.sub(r"[\W_]+", "_", key) == wanted for photo in photos
        ]


def _agreement(folders: list[str], photo: str) -> int:
    """How many folders, from the last on, `photo` has in common with a name."""
    own = [_key(part) for part in reversed(photo.split("/")[:-1])]
    count = 0
    for mine, other in zip(own, folders, strict=False):
        if mine != other:
            break
        count += 1
    return count


def _key(name: str) -> str:
    """Equal for one name in other cases, and with its umlauts in one sign or in two."""
    return unicodedata.normalize("NFC", name).casefold()
