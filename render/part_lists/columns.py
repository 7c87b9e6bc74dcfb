"""Which column is what: the header's words and the cells' looks together, each role given to one column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from render.part_lists.contents import Contents
from render.part_lists.headers import HeaderWords, Meaning

ONCE = (
    "part_number", "name", "description", "quantity", "position", "material", "surface", "color", "level", "path",
    "parent", "file", "standard", "unit", "spare", "revision", "supplier_number",
)  # fmt: skip
"""Roles that one column of a table has; all others may be several columns'."""
OTHERS = {"description": ("name", 0.85), "name": ("description", 0.6)}
"""Words of one role that may also mean another, and how well."""
FOR_WANT = {
    "material": (("part_number", 0.5), ("name", 0.5)),
    "kind": (("name", 0.4), ("level", 0.2)),
    "assembly": (("kind", 0.9), ("name", 0.4), ("level", 0.2)),
    "size": (("name", 0.35),),
    "unit": (("quantity", 0.6), ("price", 0.65)),
}
"""What a header may mean besides, where the cells say so: SAP calls its part numbers "Material",
lists of makers have prices under "Unit", and "bought" under "Assembly".
"""
HEADER_WEIGHT, FLOOR = 2.0, 0.55


@dataclass(frozen=True)
class Column:
    """One column: its place from 0, header, role ("" where it has none), why, and how sure that is (0-1)."""

    index: int
    header: str
    role: str
    why: str
    sure: float

    @property
    def letter(self) -> str:
        """As spreadsheets call it: A, B, ... AA."""
        letters, rest = "", self.index + 1
        while rest:
            rest, digit = divmod(rest - 1, 26)
            letters = chr(65 + digit) + letters
        return letters


def content_fit(role: str, seen: Contents) -> float:
    """How well cells fit a role, from about -1 (not at all) to 1."""
    if not seen.count:
        return -0.35
    few = min(1.0, seen.count / 4)  # of one or two cells little can be said
    text = seen.letters * (1 - seen.link)
    fits = {
        "part_number": 0.7 * seen.code + 0.4 * (seen.unique - 0.5) - 0.6 * max(0, seen.words - 1.5) / 3
        - 0.8 * seen.counting * (seen.ordinal + seen.dotted >= 0.9) - 0.8 * seen.link - 0.4 * seen.price
        - 0.7 * seen.material * (1 - seen.code) - 0.5 * (seen.quantity > 0.9 and seen.unique < 0.5),
        "name": 0.8 * text - 0.5 + 0.25 * min(seen.words, 3) / 3 + 0.3 * (seen.unique - 0.3) - 0.4 * seen.number
        - 0.6 * seen.material * (seen.unique < 0.6) - 0.6 * seen.link - 0.5 * seen.flag - 0.4 * seen.unit,
        "description": 0.6 * text - 0.3 + 0.2 * min(seen.words, 4) / 4 - 0.4 * seen.number - 0.3 * seen.link,
        "quantity": 0.9 * seen.quantity - 0.3 - 0.5 * seen.price - 0.8 * seen.zero - 0.5 * (seen.dotted > 0.5)
        - 0.8 * (seen.letters > 0.6 and seen.quantity < 0.5)
        - 1.2 * (seen.counting > 0.95 and seen.count > 3 and seen.unique > 0.95),
        "position": 0.9 * seen.counting + 0.4 * max(seen.ordinal, seen.dotted, seen.number) - 0.6
        - 0.9 * (seen.letters > 0.5) + 0.2 * (seen.unique > 0.9) - 0.6 * (seen.unique < 0.3),
        "material": 1.4 * seen.material - 0.7 - 0.5 * seen.link,
        "surface": 1.2 * max(seen.surface, seen.color * 0.6) - 0.3 - 0.4 * seen.link - 0.3 * seen.number,
        "color": 1.3 * seen.color - 0.5,
        "level": 0.8 * seen.level - 0.5 + 0.3 * (seen.unique < 0.5) - 0.8 * (seen.counting > 0.9 and seen.count > 5),
        "file": 1.2 * seen.cad_file - 0.2 + 0.3 * seen.code,
        "path": 0.9 * seen.path - 0.3,
        "unit": 1.2 * seen.unit - 0.4,
        "spare": 0.8 * seen.flag - 0.3,
        "link": 1.2 * seen.link - 0.3,
        "price": 0.6 * max(seen.price, seen.number) - 0.2,
        "weight": 0.5 * max(seen.number, seen.quantity) - 0.2,
        "supplier_number": 0.4 * seen.code,
        "parent": 0.3 * seen.code,
        "kind": 0.5 * seen.procured - 0.1,
    }  # fmt: skip
    return few * max(-1.0, min(1.0, fits.get(role, 0.0)))


def assign(
    headers: Sequence[Sequence[Meaning]], texts: Sequence[str], seen: Sequence[Contents], taken: Mapping[int, str]
) -> list[Column]:
    """The role of every column: as a whole the best, each role of ONCE at most once.

    `taken`: roles by a column's place that the user has given.
    """
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    count = len(headers)
    options = [_options(headers[at], seen[at]) for at in range(count)]
    scores = np.zeros((count, len(ONCE) + count))
    besides: list[str] = []
    for at in range(count):
        for number, role in enumerate(ONCE):
            # Of two alike the left one; one that the user gave away is nobody's.
            scores[at, number] = options[at].get(role, -9.0) - 0.01 * at
            if at in taken or role in taken.values():
                scores[at, number] = 99.0 if taken.get(at) == role else -9.0
        rest = {role: score for role, score in options[at].items() if role not in ONCE}
        besides.append(max(rest, key=lambda role: rest[role]) if rest else "")
        scores[at, len(ONCE) + at] = max(rest.values(), default=FLOOR) if at not in taken else 0.0
        scores[at, len(ONCE) : len(ONCE) + at] = scores[at, len(ONCE) + at + 1 :] = -9.0
    columns = []
    for at, place in zip(*linear_sum_assignment(scores, maximize=True), strict=True):
        role = ONCE[place] if place < len(ONCE) else taken.get(int(at), besides[at])
        fit = next((meaning.fit for meaning in headers[at] if meaning.role == role), 0.0)
        score = float(scores[at, place])
        second = max((other for name, other in options[at].items() if name != role), default=0.0)
        sure = 1.0 if at in taken else round(max(0.05, min(0.99, 0.5 + 0.2 * (score - max(second, FLOOR)))), 2)
        why = "as params.yaml says" if at in taken else _why(role, fit, texts[at], seen[at])
        columns.append(Column(int(at), texts[at], role, why, sure if role else 0.0))
    return _named(columns)


def _named(columns: list[Column]) -> list[Column]:
    """Without a name a description is the name."""
    if any(column.role == "name" for column in columns):
        return columns
    return [replace(column, role="name") if column.role == "description" else column for column in columns]


def _options(meanings: Sequence[Meaning], seen: Contents) -> dict[str, float]:
    """What a column may be, by what its header means, with a score of header and cells."""
    fits: dict[str, float] = {}
    for meaning in meanings:
        fits[meaning.role] = max(fits.get(meaning.role, 0), meaning.fit)
        if meaning.role in OTHERS:
            other, share = OTHERS[meaning.role]
            fits[other] = max(fits.get(other, 0), meaning.fit * share)
        for other, share in FOR_WANT.get(meaning.role, ()):
            fits.setdefault(other, meaning.fit * share)
    counts = seen.count > 3 and seen.counting > 0.95 and seen.low > 0.9
    if counts and fits.keys() & {"name", "part_number"}:
        fits.setdefault("position", 0.8)  # "Article" over 1, 2, 3
    return {role: HEADER_WEIGHT * fit + content_fit(role, seen) for role, fit in fits.items()}


def by_contents(seen: Contents) -> tuple[Meaning, ...]:
    """What a column without a header may be, by its cells alone."""
    roles = ("part_number", "name", "quantity", "position", "material", "link", "file", "unit", "price")
    fits = {role: content_fit(role, seen) for role in roles}
    return tuple(Meaning(role, 0.2 + 0.3 * fit) for role, fit in fits.items() if fit > 0.25)


def meanings_of(texts: Sequence[str], words: HeaderWords) -> list[tuple[Meaning, ...]]:
    """What the header of each column may mean."""
    return [words.meanings(text) if text else () for text in texts]


def _why(role: str, fit: float, header: str, seen: Contents) -> str:
    if not role:
        return "its header is no known word" if header else "no header"
    said = "by its cells" if fit == 0 else "its header says so" if fit >= 0.9 else "its header says so in part"
    looks = {
        "part_number": (seen.code, "look like numbers of parts"),
        "name": (seen.letters, "are words"),
        "quantity": (seen.quantity, "are quantities"),
        "position": (seen.counting, "count up"),
        "material": (seen.material, "name materials"),
        "surface": (seen.surface, "name surfaces"),
        "color": (seen.color, "name colours"),
    }
    if role in looks and seen.count:
        share, what = looks[role]
        said += f"; {share:.0%} of its cells {what}"
    return said
