"""Files among the inputs that DVC cannot read, and over which it would fail: .dvcignore names them, so that it passes
over them, and the stages, which look for themselves, list them with their reasons.

A link that leads nowhere, a pipe, a file without rights or a name that is no text is one bad photo or part; without
this it would stop all of them. The list in .dvcignore is made anew before DVC looks: what heals is taken out again.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from cad2real.errors import UserError
from cad2real.files import atomic_file

FILE = ".dvcignore"
INPUTS = (Path("data/parts"), Path("data/photos"), Path("data/feedback"))
"""The folders of which users say what lies in them; DVC hashes all of it."""
FIRST = "# What DVC cannot read (links that lead nowhere, say). Written by `cad2real run` before each stage:"
LAST = "# End of what DVC cannot read."
MOST = 1000
"""Patterns; DVC tries each on every file, and takes twenty seconds a stage with three times as many."""
SHOWN = 3
_BLOCK = re.compile(rf"^{re.escape(FIRST)}\n(?:/data/.*\n)*(?:{re.escape(LAST)}\n)?", re.MULTILINE)
_UNWRITABLE = {"\n": "[\t-\x0b]", "\r": "[\x0c-\x0e]"}
"""A pattern ends with its line: these two letters are named by a range, with one beside them that names never have."""
_NO_TEXT = "[! -\ud7ff\ue000-\U0010ffff]"
"""Bytes that are no text cannot be written either: whatever is no letter."""


def pass_over_unreadable(root: Path) -> list[Path]:
    """Makes .dvcignore of the project at `root` name what DVC cannot read among the inputs, and returns these paths, a
    folder of nothing else as one. Writes nothing where that has not changed. Raises UserError where they are too many.
    """
    paths = [path for folder in INPUTS for path in _unreadable(root, folder)]
    if len(paths) > MOST:
        raise UserError(
            f"{len(paths):,} files cannot be read, {paths[0]} and others: they are links that lead nowhere, or no"
            " files, or you may not read them.",
            "Is a drive missing? Bring it back, or take them away.",
        )
    file = root / FILE
    before = file.read_bytes().decode(errors="surrogateescape") if file.exists() else ""
    after = _BLOCK.sub("", before)
    if paths:
        after += "" if after.endswith("\n") or not after else "\n"
        after += "".join(f"{line}\n" for line in (FIRST, *map(_pattern, paths), LAST))
    if after != before or not file.exists():  # a stage depends on it
        with atomic_file(file) as temporary:
            temporary.write_bytes(after.encode(errors="surrogateescape"))
    return paths


def said(paths: list[Path]) -> str:
    """A line for people about what DVC passes over."""
    names = ", ".join(_printable(path) for path in paths[:SHOWN]) + (", ..." if len(paths) > SHOWN else "")
    return f"DVC cannot read, and passes over: {names}. Their stages list them with the reasons."


def is_readable(path: Path) -> bool:
    """Whether DVC can read the file or folder `path`: not a link that leads nowhere or in a circle, a pipe or the like,
    something without the right to read it, or a name that is no text.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) and os.access(path, os.R_OK) and _printable(path) == str(path)


def _unreadable(root: Path, folder: Path) -> Iterator[Path]:
    """What below `folder` (relative to `root`) DVC cannot read, relative to `root`, sorted."""
    if (root / folder).is_dir():
        _, paths = _looked_through(root, folder)
        yield from paths


def _looked_through(root: Path, folder: Path) -> tuple[bool, list[Path]]:
    """Whether anything below `folder` can be read, and what cannot; a folder below in which nothing can is one path."""
    found: list[Path] = []
    is_any = False
    try:
        entries = sorted(os.scandir(root / folder), key=lambda entry: entry.name)
    except OSError:  # DVC passes over a folder without rights by itself
        return True, []
    for entry in entries:
        path = folder / entry.name
        if not is_readable(root / path):
            found.append(path)
        elif entry.is_dir(follow_symlinks=False):
            below_is_any, below = _looked_through(root, path)
            is_any |= below_is_any
            found += below if below_is_any or not below else [path]
        else:
            is_any = True
    return is_any, found


def _pattern(path: Path) -> str:
    r"""The line of .dvcignore, which is read as git reads .gitignore, that names `path` and nothing else.

    >>> print(_pattern(Path("data/photos/nut [1].jpg")))
    /data/photos/nut \[1].jpg
    >>> print(_pattern(Path("data/photos/1.jpg ")))  # DVC cuts blanks off
    /data/photos/1.jpg[ ]
    """
    name = path.as_posix()
    text = "".join(_UNWRITABLE.get(letter) or (f"\\{letter}" if letter in "\\*?[" else letter) for letter in name)
    text = f"{text[:-1]}[{text[-1]}]" if text[-1].isspace() else text
    return "/" + re.sub("[\ud800-\udfff]", _NO_TEXT, text)


def _printable(path: Path) -> str:
    return os.fsencode(path).decode(errors="backslashreplace")
