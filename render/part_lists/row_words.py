"""Words that say what a row is (rows.yaml, and one beside the part list)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from cad2real.errors import UserError
from render.materials.letters import folded
from render.materials.plain_patterns import check_patterns
from render.materials.word_files import read_words
from render.part_lists.words import plain

ROWS = Path(__file__).with_name("rows.yaml")


class RowWords:
    """What the text of a row says of it."""

    def __init__(self, words: Mapping[str, Any]) -> None:
        self._totals = frozenset(map(plain, words["totals"]))
        self._totals_begin = frozenset(word.partition(" ")[0] for word in self._totals)
        self._charges = frozenset(map(plain, words["charges"]))
        self._recapitulations = tuple(map(plain, words["recapitulations"]))
        self._remarks = frozenset(map(plain, words["remarks"]))
        self._sections = {plain(word): kind for kind, listed in words["sections"].items() for word in listed}
        self._other_sheets = frozenset(map(plain, words["other_sheets"]))
        self._bought = frozenset(map(plain, words["bought"]["words"]))
        self._patterns = re.compile("|".join(words["bought"]["patterns"]))
        self.bought = lru_cache(maxsize=50_000)(self._is_bought)

    def is_total(self, text: str) -> bool:
        """Whether `text` heads a sum: it is such a word, or begins with one and a colon, a number or a unit follows.

        >>> words = read_row_words(None)
        >>> words.is_total("Total:"), words.is_total("Итого"), words.is_total("Bracket, total")
        (True, True, False)
        """
        found = plain(text)
        if found.partition(" ")[0].rstrip("0123456789.,$€£") not in self._totals_begin:
            return False  # as nearly every text: the rest takes long
        if found in self._totals:
            return True
        start, _, rest = text.partition(":")
        if rest.strip() and plain(start) in self._totals:
            return True
        first, _, more = found.partition(" ")
        if first in self._totals and more and len(more.split()) <= 5 and not any(map(str.isdigit, more)):
            return True
        return bool((number := re.match(r"(.*?)[\d.,\s$€£]+$", found)) and number[1].strip() in self._totals)

    def is_charge(self, text: str) -> bool:
        """Whether `text` is postage, a tax, a discount or the like."""
        found = re.sub(r"[\d.,%$€£ ]+$", "", plain(text.partition("(")[0].partition(":")[0]))
        return found in self._charges

    def is_remark(self, text: str) -> bool:
        """Whether `text` begins as remarks do ("Note: ..."), or is a whole sentence."""
        if self.begins_remark(text):
            return True
        return text.lstrip().startswith(("*", "※", "//")) or len(text.split()) > 12

    def begins_remark(self, text: str) -> bool:
        """Whether `text` is a word that heads remarks, or has it before a colon."""
        start, colon, _ = text.replace("：", ":").partition(":")
        return plain(text) in self._remarks or bool(colon and plain(start) in self._remarks)

    def is_recapitulation(self, text: str) -> bool:
        """Whether `text` heads a table that sums up those above it.

        >>> read_row_words(None).is_recapitulation("Recapitulation of: Gripper")
        True
        """
        found = plain(text)
        return any(found == word or found.startswith(f"{word} ") for word in self._recapitulations)

    def is_other_sheet(self, name: str) -> bool:
        """Whether a sheet of this name holds no parts of the machine."""
        return plain(name) in self._other_sheets

    def section(self, text: str) -> str | None:
        """What a heading says of the rows below: bought, spare, wear, documents or parts; None where it is no known
        heading.
        """
        return self._sections.get(plain(text.strip(" :")))

    def _is_bought(self, text: str) -> str:
        """Why `text` names a bought standard part; empty where it does not."""
        if plain(text) in self._bought:
            return f"{text.strip()!r}"
        found = self._patterns.search(folded(text))
        return f"{found[0].strip()!r} is a standard" if found else ""


def read_row_words(beside: Path | None) -> RowWords:
    """The words for rows, with those of `rows.yaml` in the folder `beside` where there is one. Raises UserError."""
    words = read_words(ROWS)
    own = beside / ROWS.name if beside else None
    if own is not None and own.is_file():
        try:
            more = read_words(own)
            check_patterns(own, more.get("bought", {}).get("patterns", ()))
            _add(words, more)
            return RowWords(words)
        except (KeyError, TypeError, AttributeError, re.error) as error:
            raise UserError(f"{own} has not the form of {ROWS.name} ({error}).", "See docs/inputs.md.") from None
    return RowWords(words)


def _add(words: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(words[key], dict):
            _add(words[key], value)
        elif not isinstance(value, list):
            raise TypeError(f"{key} is no list of words")
        else:
            words[key] = [*words[key], *value]
