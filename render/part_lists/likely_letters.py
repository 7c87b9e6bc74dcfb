"""How likely a text is what people wrote, by its letters beyond ASCII: bytes that are read with a wrong encoding show
signs within words, capitals after small letters, alphabets mixed and letters that are hardly used.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

USUAL_SIGNS = frozenset("Øø°±µ×²³½¼¾€£–—„“”’‚‘…®™•·№º«»≤≥¹㎜" + "、。・（），：；．／「」％")
"""Of drawings and lists, as they stand beside numbers and words."""
USUAL_LATIN = frozenset(
    "äöüÄÖÜßéèêëàâçùûîïôœñáíóúÉÈÊÀÂÇÎÔÑÁÍÓÚÅåæÆõãÃÕìòĄĆĘŁŃŚŹŻąćęłńśźżČĎĚŇŘŠŤŮÝŽčďěňřšťůýžŐŰőűşŞğĞİı"
)
USUAL_CYRILLIC = re.compile(r"[а-яА-ЯёЁіІїЇєЄґҐ]")
COMMON_PAIRS = {
    "gb18030": (0xB0, 0xD7), "big5": (0xA4, 0xC6), "euc_kr": (0xB0, 0xC8), "cp932": (0x82, 0x97),
    "euc_jp": (0xA4, 0xCF),
}  # fmt: skip
"""First bytes of the letters that are used most, which these encodings have in rows of their own."""
TRAILED_BY_ASCII = ("cp932", "big5")
"""Whose common letters may have a letter of ASCII as their second byte."""
KANA_IN = ("cp932", "euc_jp")
_RUN = re.compile(r"[^\W\d_]+|[^\x00-\x7f]")
_TWO_WORDS = re.compile(r"(?<=[a-z\xdf-\xff])(?=[A-Z][a-z\xdf-\xff])")
_ONE_CASE = ("LATIN", "CYRILLIC", "GREEK")
_PAIRED = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL")


def likely_letters(text: str, encoding: str) -> int:
    """A score of `text` as decoded from `encoding`: a point for every byte of a letter or sign beyond ASCII that
    stands as people write, one less for every other.

    >>> likely_letters("Gehäuse Ø8", "cp1252"), likely_letters("Geh„use 8", "cp1252")
    (2, -1)
    """
    score = 0
    for run in _RUN.finditer(text):
        found = run[0]
        if found.isascii():
            continue
        if not found[0].isalpha() or found in USUAL_SIGNS:
            before, after = text[max(0, run.start() - 1) : run.start()], text[run.end() : run.end() + 1]
            fits = found in USUAL_SIGNS and not _is_within(found, before, after)
            score += len(found.encode(encoding, "replace")) * (1 if fits else -1)
            continue
        for word in _TWO_WORDS.split(found):
            score += _word(word, encoding)
    return score


def _is_within(sign: str, before: str, after: str) -> bool:
    """Whether a sign stands where a letter must: between two, or as a quote that opens after one, closes before one."""
    if before.isalpha() and after.isalpha():
        return sign not in "’–·"
    return (before.isalpha() and sign in "‚„“«") or (after.isalpha() and sign in "”»…™")


def _word(word: str, encoding: str) -> int:
    letters = [letter for letter in word if not letter.isascii()]
    size = sum(len(letter.encode(encoding, "replace")) for letter in letters)
    alphabets = {_alphabet(letter) for letter in word}
    if alphabets & {*_PAIRED}:
        # One of small Latin letters in a word with these is bytes that formed a pair by chance.
        if re.search(r"[a-z]", word) or alphabets - {*_PAIRED, "LATIN"}:
            return -size
        return sum(_pair(letter, encoding) for letter in letters)
    if len(alphabets) > 1 or not alphabets <= {*_ONE_CASE}:
        return -size if len(letters) < 4 or alphabets != {"HALFWIDTH"} else size // 2
    if not (word.islower() or word.isupper() or (word[0].isupper() and word[1:].islower())):
        return -size
    if alphabets == {"LATIN"}:
        accents_only = len(letters) > 2 and 2 * len(letters) > len(word)
        return -size if accents_only else sum(1 if letter in USUAL_LATIN else -1 for letter in letters)
    if alphabets == {"CYRILLIC"}:
        return 0 if len(word) == 1 else sum(1 if USUAL_CYRILLIC.match(letter) else -1 for letter in letters)
    return size


def _pair(letter: str, encoding: str) -> int:
    if encoding not in COMMON_PAIRS or (_alphabet(letter).endswith("KANA") and encoding not in KANA_IN):
        return -2
    low, high = COMMON_PAIRS[encoding]
    first, second = letter.encode(encoding, "replace")[:2]
    return 2 if low <= first <= high and (second > 0xA0 or encoding in TRAILED_BY_ASCII) else 0


@lru_cache(maxsize=20_000)
def _alphabet(letter: str) -> str:
    return unicodedata.name(letter, "?").partition(" ")[0].partition("-")[0]
