"""Parts by what somebody types, or what is read in a photo: a number, a name, or a piece of either."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from search.index import Index
from search.part_filter import EVERY_PART, PartFilter

EXACT, BEGINS, CONTAINS = "exact", "begins", "contains"
LEAST_READ = 3  # letters of a number that is read in a photo: shorter ones stand in every text


@dataclass(frozen=True)
class Named:
    """A part that a text names: its `number` in the index, and `how`: exactly, by how it begins, by words in it."""

    number: int
    how: str


def named_parts(index: Index, text: str, wanted: PartFilter = EVERY_PART) -> list[Named]:
    """The parts that `wanted` lets pass and whose id, name or label is `text`, begins with it or has all its words in
    it; in that order, and else in that of the index. An empty text finds all.
    """
    asked = text.strip().casefold()
    found: dict[str, list[Named]] = {EXACT: [], BEGINS: [], CONTAINS: []}
    for number, part in enumerate(index.parts):
        if not wanted.passes(part):
            continue
        names = [name.casefold() for name in (part.part_id, part.name, part.label) if name]
        everything = " ".join(names)
        if not asked or asked in names or _bare(asked) in map(_bare, names):
            found[EXACT].append(Named(number, EXACT))
        elif any(name.startswith(asked) for name in names):
            found[BEGINS].append(Named(number, BEGINS))
        elif all(word in everything for word in asked.split()):
            found[CONTAINS].append(Named(number, CONTAINS))
    return [one for how in found.values() for one in how]


def parts_in_text(index: Index, texts: Iterable[str], wanted: PartFilter = EVERY_PART) -> list[tuple[Named, str]]:
    """The parts that texts of a photo name, with the text: those first whose id, or name, a text is or has in it as a
    word (of an address, of a list of fields); then those whose id begins with a text.

    >>> from search.index import IndexedPart
    >>> parts = (IndexedPart("M8-40", "bolt", ""), IndexedPart("M8-40-A", "bolt", ""))
    >>> index = Index(None, parts, None, (), "adapt", "key")
    >>> [(named.number, named.how) for named, _ in parts_in_text(index, ["https://shop.example/p/m8-40?x=1"])]
    [(0, 'exact')]
    >>> [(named.number, named.how) for named, _ in parts_in_text(index, ["M8-4"])]
    [(0, 'begins'), (1, 'begins')]
    """
    exact: dict[int, tuple[Named, str]] = {}
    begins: dict[int, tuple[Named, str]] = {}
    passing = [(number, part) for number, part in enumerate(index.parts) if wanted.passes(part)]
    for text in texts:
        whole = text.strip().casefold()
        words = {whole, *re.split(r"[\s/?&=;:,|()\[\]<>\"']+", whole)}
        for number, part in passing:
            part_id, name = part.part_id.casefold(), part.name.casefold()
            is_word = len(part_id) >= LEAST_READ and part_id in words
            if is_word or whole in (part_id, name) or _bare(whole) == _bare(part_id):
                exact.setdefault(number, (Named(number, EXACT), text))
            elif len(whole) >= LEAST_READ and part_id.startswith(whole):
                begins.setdefault(number, (Named(number, BEGINS), text))
    return [*exact.values(), *(one for number, one in begins.items() if number not in exact)]


def _bare(text: str) -> str:
    """Letters and digits alone: numbers are written with spaces, dashes and dots, or without. Of a text that has none,
    the text itself.
    """
    return "".join(filter(str.isalnum, text)) or text
