"""Part ids: names that folders can have on every system, made of part numbers as companies write them."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence

from anyascii import anyascii

PART_ID = re.compile(r"[\w][\w.+-]{0,99}", re.ASCII)
RESERVED = {"renders.json", "con", "prn", "aux", "nul"}
RESERVED |= {f"{port}{number}" for port in ("com", "lpt") for number in range(10)}
"""What a part's folder cannot be called: a file that lies beside them, and devices of Windows, with any suffix."""
MOST_LETTERS = 80
"""Of an id that is made here; longer ones end in a hash of the whole."""


def part_id_fault(part_id: str) -> str:
    """Why `part_id` cannot name a folder on every system, with the remedy; empty when it can."""
    if not PART_ID.fullmatch(part_id):
        shown = part_id if len(part_id) <= 100 else f"{part_id[:100]}..."
        return (
            f"part_id {shown!r} cannot name a folder; use letters, digits, '_', '-', '+' and '.' only "
            "(no slash, no space), beginning with a letter, a digit or '_', at most 100"
        )
    name = part_id.lower()
    if part_id.endswith(".") or name in RESERVED or name.partition(".")[0] in RESERVED:
        return f"part_id {part_id!r} cannot name a folder on every system; use another"
    return ""


def folder_name(text: str) -> str:
    """`text` as the name of a folder: letters of other scripts in Latin ones, everything else that is no letter, digit
    or one of "_+.-" as a dash.

    >>> folder_name("АБВГ.301.002"), folder_name("M8 x 40 / DIN 912"), folder_name("con")
    ('ABVG.301.002', 'M8-x-40-DIN-912', '_con')
    """
    if not part_id_fault(text):
        return text
    latin = anyascii(text)
    name = re.sub(r"-?[^A-Za-z0-9_.+-]+-?", "-", latin).strip("-.+ ") or "part"
    if len(name) > MOST_LETTERS:
        name = f"{name[: MOST_LETTERS - 9].rstrip('-.')}-{_hash(text)}"
    return f"_{name}" if part_id_fault(name) else name


def make_ids(texts: Sequence[str]) -> list[str]:
    """An id for each of `texts`, which differ: the same for the same text wherever it stands among the others. Where
    several come to one id, those that had to be changed get a hash of their text.

    >>> make_ids(["A/1", "A 1", "A-1", "B"])
    ['A-1-a5b3d2', 'A-1-937bb4', 'A-1', 'B']
    """
    names = [folder_name(text) for text in texts]
    uses = Counter(name.lower() for name in names)
    exact = {text.lower() for text, name in zip(texts, names, strict=True) if text == name}
    ids, used = [], set()
    for text, name in zip(texts, names, strict=True):
        key = name.lower()
        if uses[key] > 1 and not (text == name and key not in used and key in exact):
            name = f"{name[:90]}-{_hash(text)}"
        used.add(name.lower())
        ids.append(name)
    return ids


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]
