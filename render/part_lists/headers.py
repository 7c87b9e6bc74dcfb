"""What the words above a column mean: the vocabulary of headers (headers.yaml, and one beside the part list)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property, lru_cache
from pathlib import Path

from cad2real.errors import UserError
from render.materials.letters import CJK
from render.materials.word_files import read_words
from render.part_lists.words import plain

HEADERS = Path(__file__).with_name("headers.yaml")
MOST_LETTERS = 80
"""A header is a word or a few."""

_LATIN = re.compile(r"[A-Za-z][A-Za-z .'#]*")
OVERRULING = ("price", "weight", "link", "supplier", "other")
"""Where one of their words stands in a header, the rest only says of what: a unit price is no unit."""
_OVERRULING_WORDS = frozenset(
    plain(word)
    for line in (
        "price cost costs usd eur $ € £ weight mass url link supplier vendor manufacturer manufacturers mfr mfg",
        "distributor mcmaster amazon aliexpress digikey misumi mouser ordered stock date pack received",
        "preis kosten gewicht masse lieferant lieferanten hersteller bestellt lager prix cout poids lien fournisseur",
        "fabricant precio coste costo peso enlace proveedor prezzo fornitore",
        "цена стоимость вес масса поставщик производитель",
    )
    for word in line.split()
)


@dataclass(frozen=True)
class Meaning:
    """What a header may mean: the role of its column, and how well the words fit (0-1)."""

    role: str
    fit: float


class HeaderWords:
    """The vocabulary of headers: `meanings` of the words above a column."""

    def __init__(self, words: Mapping[str, Mapping[str, list[str]]]) -> None:
        self.roles = tuple(words)
        self._roles_of: dict[str, list[str]] = {}
        for role, languages in words.items():
            for phrases in languages.values():
                for phrase in phrases:
                    roles = self._roles_of.setdefault(plain(phrase) or phrase, [])
                    if role not in roles:
                        roles.append(role)
        self.meanings = lru_cache(maxsize=100_000)(self._meanings)

    @cached_property
    def _joined(self) -> dict[str, list[str]]:
        """Phrases without their blanks: "partnumber" and "part number" are one."""
        joined: dict[str, list[str]] = {}
        for phrase, roles in self._roles_of.items():
            if len(phrase) > 3:
                joined.setdefault(phrase.replace(" ", ""), roles)
        return joined

    @cached_property
    def _alike(self) -> dict[str, list[str]]:
        """Long phrases by their first letter, which people get right."""
        alike: dict[str, list[str]] = {}
        for phrase in sorted(self._roles_of):
            if len(phrase) >= 6 and not CJK.search(phrase):
                alike.setdefault(phrase[0], []).append(phrase)
        return alike

    def knows(self, text: str) -> bool:
        """Whether `text` is a header as it stands."""
        return plain(text) in self._roles_of

    def _meanings(self, text: str) -> tuple[Meaning, ...]:
        """What `text` may mean as a header, best first; empty where it is none that is known.

        >>> [meaning.role for meaning in read_headers(None).meanings("Teile-Nr.")][0]
        'part_number'
        """
        if not text or len(text) > MOST_LETTERS:
            return ()
        whole = plain(text)
        found: dict[str, float] = {}
        for candidate, fit in ((whole, 1.0), (plain(text.partition("(")[0].partition("[")[0]), 0.95)):
            for role in self._roles_of.get(candidate, ()) or self._joined.get(candidate.replace(" ", ""), ()):
                found[role] = max(found.get(role, 0), fit)
        parts = text.replace("|", "/").replace("\n", "/").split("/")  # one word in two languages, or two words
        if CJK.search(text) and _LATIN.search(text):
            parts += [_LATIN.sub(" ", text), " ".join(_LATIN.findall(text))]
        for number, part in enumerate(parts):
            for role in self._roles_of.get(plain(part), ()):
                found[role] = max(found.get(role, 0), 0.9 if number == 0 or len(parts) > 2 else 0.75)
        if not found:
            found = self._inside(whole) or self._misspelt(whole)
        found = self._overruled(whole, found)
        return tuple(Meaning(role, fit) for role, fit in sorted(found.items(), key=lambda item: -item[1]))

    def _inside(self, text: str) -> dict[str, float]:
        """The longest phrases within `text`: of several the last, as "part" in "name of part" says less."""
        found: dict[str, float] = {}
        if CJK.search(text):
            for length in range(len(text), 1, -1):
                for start in range(len(text) - length, -1, -1):
                    for role in self._roles_of.get(text[start : start + length], ()):
                        found.setdefault(role, 0.45 + 0.5 * length / len(text))
                if found:
                    return found
        words = text.split()
        if len(words) > 8:
            return {}
        for length in range(min(4, len(words)), 0, -1):
            for start in range(len(words) - length, -1, -1):
                phrase = " ".join(words[start : start + length])
                if len(phrase) < 3:
                    continue
                for role in self._roles_of.get(phrase, ()):
                    found.setdefault(role, 0.4 + 0.5 * length / len(words))
            if found:
                return found
        return {}

    def _misspelt(self, text: str) -> dict[str, float]:
        if len(text) < 6 or CJK.search(text) or len(text.split()) > 3 or any(map(str.isdigit, text)):
            return {}
        close = get_close_matches(text, self._alike.get(text[0], ()), 1, 0.85)
        return dict.fromkeys(self._roles_of[close[0]], 0.7) if close else {}

    def _overruled(self, text: str, found: dict[str, float]) -> dict[str, float]:
        words = set(text.split())
        if text in self._roles_of or not words & _OVERRULING_WORDS:
            return found
        roles = {role for word in words & _OVERRULING_WORDS for role in self._roles_of.get(word, ("other",))}
        if "supplier" in roles and "link" not in roles and found.keys() & {"part_number", "name", "position"}:
            return {"supplier_number": 0.9}
        kept = {role: 0.85 for role in OVERRULING if role in roles}
        return kept or {"other": 0.8}


def read_headers(beside: Path | None) -> HeaderWords:
    """The vocabulary of headers, with the file `headers.yaml` in the folder `beside` where there is one.

    Raises UserError where that file has a role that is not known.
    """
    words = {role: {language: list(phrases) for language, phrases in by.items()} for role, by in _shipped().items()}
    own = beside / HEADERS.name if beside else None
    if own is not None and own.is_file():
        for role, languages in read_words(own).items():
            if role not in words:
                raise UserError(f"{own}: {role!r} is no role of a column.", f"Use {', '.join(words)}.")
            lists = languages.values() if isinstance(languages, dict) else [None]
            if not all(isinstance(item, list) and all(isinstance(word, str) for word in item) for item in lists):
                raise UserError(f"{own}: {role} has not the form {{de: [word, word]}}.", "See docs/inputs.md.")
            for language, phrases in languages.items():
                words[role].setdefault(language, []).extend(phrases)
    return HeaderWords(words)


@lru_cache(maxsize=1)
def _shipped() -> dict[str, dict[str, list[str]]]:
    return read_words(HEADERS)
