"""Raw words of part lists ("6061 Aluminum, Anodized, 3mm", "Сталь 45", "不锈钢") to material, surface and colour.

The rules are those of vocabulary.yaml and of a file of the same name beside the part list. What fits no rule is said
to be unknown; it never becomes a metal that it may not be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from cad2real.errors import UserError
from render.materials.colors import RAL
from render.materials.letters import CJK, folded
from render.materials.plain_patterns import check_patterns
from render.materials.word_files import read_words

VOCABULARY = Path(__file__).with_name("vocabulary.yaml")
MAX_LETTERS = 200
"""Longer texts are no names of materials; patterns are not tried on them."""

UNKNOWN = "unknown"
"""What rules say of metals that have no look."""
DYED = ("anodized", "hardcoated", "powder coated")
"""Surfaces in any colour; black oxide is no black paint."""
CLEAR = ("plexiglas", "plastic", "silicone")

_MARKS = re.compile(r"\((?:ss|sn|tm|r)\)")
"""What SolidWorks appends to names of its materials: (SS) is no stainless steel."""
_MEETING = re.compile(rf"(?<={CJK.pattern})(?=[a-z0-9])|(?<=[a-z0-9])(?={CJK.pattern})")
_COATED = re.compile(r"[ -]{0,2}(?:coated|coating|filled|lined|plated|beschichtet|gefullt|beschichtung)")
_RAL = re.compile(r"(?<!\w)ral ?-?(\d{4})(?!\d)")
_HEX = re.compile(r"#[0-9a-f]{6}(?!\w)")
_TAKEN = " | "


@dataclass(frozen=True)
class Guess:
    """What words say: canonical `material`, `surface` and `color` (empty: nothing said), the `rule` that each came
    from, and whether the words are `unknown`: something is said, but not understood.
    """

    material: str = ""
    surface: str = ""
    color: str = ""
    rule: str = ""
    unknown: bool = False


@dataclass(frozen=True)
class Entry:
    """One rule: what its words and patterns mean."""

    means: str
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None = None
    general_of: tuple[str, ...] = ()
    implies: str = ""
    unsure: bool = False
    colors: tuple[tuple[str, str], ...] = ()


class MaterialWords:
    """The rules, most special first; `guess` applies them to the words of one part."""

    def __init__(self, files: Sequence[Mapping[str, Any]]) -> None:
        nothing = [file["says_nothing"] for file in files if "says_nothing" in file]
        words = [word for item in nothing for word in item.get("words", ())]
        self._nothing = {_bare(word) for word in words}
        self._empty = _either([pattern for item in nothing for pattern in item.get("patterns", ())])
        self._standards = _either([item["standards"] for item in nothing if "standards" in item])
        self._materials = [_entry(item, "material") for file in files for item in file.get("materials", ())]
        self._surfaces = [_entry(item, "surface") for file in files for item in file.get("surfaces", ())]
        self._colors = [
            _entry({"color": color, "words": words}, "color")
            for file in files
            for color, words in file.get("colors", {}).items()
        ]
        self.guess = lru_cache(maxsize=100_000)(self._guess)
        self._read = lru_cache(maxsize=100_000)(self._one)

    def _guess(self, material: str, surface: str = "", color: str = "") -> Guess:
        """What the words of a part in its columns of material, surface and colour say together.

        >>> words = read_vocabulary(None)
        >>> guess = words.guess("6061 Aluminum, Anodized, 3mm", "", "black")
        >>> guess.material, guess.surface, guess.color
        ('aluminium', 'anodized', 'black')
        >>> words.guess("Unobtainium").unknown
        True
        """
        main = self._read(material)
        finish, tint = self._read(surface), self._read(color)
        rules = [guess.rule for guess in (main, finish, tint) if guess.rule]
        said = main.material or ("" if main.unknown else finish.material or tint.material)
        return Guess(
            said,
            finish.surface or main.surface or tint.surface,
            tint.color or finish.color or main.color,
            "; ".join(rules),
            main.unknown,
        )

    def _one(self, text: str) -> Guess:
        raw = " ".join(text.split())
        bare = _spaced(_MARKS.sub(" ", folded(raw).replace("_", " ")).strip(" .,;:"))
        if len(bare) > MAX_LETTERS:
            return Guess(unknown=True)
        if not bare or self._says_nothing(bare):
            return Guess(rule=f"{raw!r} says nothing" if raw else "")
        left = self._standards.sub(_TAKEN, bare) if self._standards else bare
        if self._says_nothing(left.replace("|", " ").strip(" .,;:")):
            return Guess(rule=f"{raw!r} names a standard, no material")
        code, left = _color_code(left)  # first: RAL 7035 and 5005 are no aluminium
        material, left, unsure = self._material(left)
        if material == UNKNOWN:
            return Guess(unknown=True)
        surface, color, implied, left = self._surface(left)
        color = code or self._color(left, color)[0]
        if not material and implied:
            material, by = implied, f"implied by {surface}"
        else:
            by = "word"
        if color == "transparent" and material not in CLEAR:
            color = "natural" if material else color
        said = " ".join(filter(None, (material, surface, color)))
        if not said and not unsure:
            return Guess(unknown=True)
        return Guess(material, surface, color, f"{raw!r} -> {said or 'metal, of which kind is not said'} ({by})")

    def _says_nothing(self, text: str) -> bool:
        return _bare(text) in self._nothing or bool(self._empty and self._empty.fullmatch(text))

    def _material(self, text: str) -> tuple[str, str, bool]:
        """The material written first, the text without all that name one, whether a word was for any metal."""
        found: list[tuple[int, Entry]] = []
        coated: list[tuple[int, Entry]] = []
        for entry in self._materials:
            if entry.unless and entry.unless.search(text):
                continue
            while match := entry.pattern.search(text):
                if match.end() == match.start():
                    break
                of = coated if _COATED.match(text, match.end()) else found
                of.append((match.start(), entry))
                # The same length, so that places stay comparable.
                text = text[: match.start()] + "|" * (match.end() - match.start()) + text[match.end() :]
        sure = sorted((item for item in found or coated if not item[1].unsure), key=lambda item: item[0])
        if not sure:
            return "", text, bool(found) and not re.search(r"\w", text)
        first = sure[0][1]
        kinds = [entry.means for _, entry in sure if entry.means in first.general_of]
        return (kinds[0] if kinds else first.means), text, False

    def _surface(self, text: str) -> tuple[str, str, str, str]:
        """The surface, the colour and the material that its words imply, the text without them."""
        surface = color = implied = ""
        for entry in self._surfaces:
            while (match := entry.pattern.search(text)) and match.end() > match.start():
                word = match[0]
                color = color or next((meaning for part, meaning in entry.colors if part in word), "")
                if not surface:
                    surface, implied = entry.means, entry.implies
                if entry.means in DYED:
                    color = color or self._color(_split(word), "")[0]
                text = text[: match.start()] + _TAKEN + text[match.end() :]
        return surface, color, implied, text

    def _color(self, text: str, color: str) -> tuple[str, str]:
        for entry in self._colors:
            if (match := entry.pattern.search(text)) and not color:
                return entry.means, text[: match.start()] + _TAKEN + text[match.end() :]
        return color, text


def read_vocabulary(beside: Path | None) -> MaterialWords:
    """The rules, those of `vocabulary.yaml` in the folder `beside` first where there is one. Raises UserError."""
    own = beside / VOCABULARY.name if beside else None
    if own is None or not own.is_file():
        return _shipped()
    try:
        words = read_words(own)
        check_patterns(own, _patterns(words))
        return MaterialWords([words, read_words(VOCABULARY)])
    except (KeyError, TypeError, AttributeError, re.error) as error:
        raise UserError(f"{own} has not the form of a vocabulary ({error}).", "See docs/inputs.md.") from None


def _patterns(words: Mapping[str, Any]) -> Iterator[str]:
    """All patterns of a vocabulary."""
    for items in words.values():
        for item in items if isinstance(items, list) else [items]:
            yield from (*item.get("patterns", ()), *item.get("not", ()))
            yield from [item["standards"]] if "standards" in item else []


@lru_cache(maxsize=1)
def _shipped() -> MaterialWords:
    return MaterialWords([read_words(VOCABULARY)])


def _entry(item: Mapping[str, Any], key: str) -> Entry:
    words = sorted((folded(word) for word in item.get("words", ())), key=len, reverse=True)
    patterns = [*item.get("patterns", ()), *_grouped(words)]
    return Entry(
        item[key],
        _either(patterns) or re.compile(r"(?!)"),
        _either(item.get("not", ())),
        tuple(item.get("general_of", ())),
        item.get("implies", ""),
        item.get("unsure") == "true",
        tuple(item.get("colors", {}).items()),
    )


def _grouped(words: list[str]) -> Iterator[str]:
    """Patterns of whole words; those in Chinese letters, which know no blanks, anywhere."""
    for word in map(_spaced, words):
        pattern = r"[ ,-]*".join(map(re.escape, re.split(r"[ _-]+", word)))
        start = "" if CJK.match(word) else r"(?<![\w])"
        end = "" if CJK.match(word[-1]) else r"(?![\w])"
        yield f"{start}{pattern}{end}"


def _either(patterns: Sequence[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns)) if patterns else None


def _color_code(text: str) -> tuple[str, str]:
    """The RAL number or #rrggbb in `text`, and the text without it."""
    if (ral := _RAL.search(text)) and int(ral[1]) in RAL:
        return f"ral {ral[1]}", text.replace(ral[0], _TAKEN)
    code = _HEX.search(text)
    return (code[0], text.replace(code[0], _TAKEN)) if code else ("", text)


def _bare(text: str) -> str:
    return re.sub(r"[\s_/.-]+", " ", folded(text)).strip()


def _spaced(text: str) -> str:
    """`text` with a blank wherever Chinese and other letters meet: both are letters, so that words would not end there.

    >>> _spaced("pa66黑色")
    'pa66 黑色'
    """
    return _MEETING.sub(" ", text)


def _split(word: str) -> str:
    """A compound such as "schwarzeloxiert" with its colour apart."""
    return re.sub(r"(schwarz|natur|farblos|blau|rot|gold|gelb)(?=\w)", r"\1 ", word)
