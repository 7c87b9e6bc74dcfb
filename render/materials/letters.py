"""Letters made comparable: case, accents and widths do not matter."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af]")
"""One letter of Chinese, Japanese or Korean, which are written without blanks between words."""
_SIGNS = str.maketrans({"°": "o", "º": "o", "ß": "ss", "ø": "o", "æ": "ae", "ł": "l", "ё": "е", "‐": "-", "‑": "-"})


@lru_cache(maxsize=200_000)
def folded(text: str) -> str:
    """`text` in lower case, its letters without accents and of usual width; punctuation and blanks stay.

    >>> folded("Größe, Désignation"), folded("ＳＵＳ３０４"), folded("Ёлочный")
    ('grosse, designation', 'sus304', 'елочныи')
    """
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", text.translate(_SIGNS)).casefold().translate(_SIGNS)
    letters: list[str] = []
    for char in unicodedata.normalize("NFD", text):
        # Marks of kana (a voiced sound) make other letters; those of Latin and Cyrillic do not matter.
        if unicodedata.category(char) == "Mn" and not (letters and "\u3040" <= letters[-1] <= "\u30ff"):
            continue
        letters.append(char)
    return unicodedata.normalize("NFC", "".join(letters))
