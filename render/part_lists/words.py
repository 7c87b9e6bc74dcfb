"""Words of part lists made comparable: case, accents, punctuation, widths of letters and blanks do not matter."""

from __future__ import annotations

import re
from functools import lru_cache

from render.materials.letters import CJK, folded

_NUMERO = re.compile(r"(?<!\w)n\. ?[º°]", re.IGNORECASE)
"""Spanish and Italian write N.º, others N°."""
_PUNCTUATION = re.compile(r"[^\w#$€£]+|_")
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
"""Marks of order, of breaks and of bytes, which web pages and programs leave in cells, and nobody sees."""
_BETWEEN_CJK = re.compile(rf"(?<={CJK.pattern}) (?={CJK.pattern})")


@lru_cache(maxsize=200_000)
def plain(text: str) -> str:
    """`text` in lower case without accents and punctuation, its words one blank apart, those in Chinese letters none.

    >>> plain(" Part-No.: "), plain("Désignation"), plain("序  号"), plain("N° (Stück)"), plain("N.º de pieza")
    ('part no', 'designation', '序号', 'no stuck', 'no de pieza')
    """
    text = _NUMERO.sub("no ", text) if not text.isascii() else text
    words = " ".join(_PUNCTUATION.sub(" ", folded(text).replace("#", " # ")).split())
    return words if words.isascii() else _BETWEEN_CJK.sub("", words)


def visible(text: str) -> str:
    r"""`text` without the signs in it that nobody sees.

    >>> visible("\ufeffA-\u200b100")
    'A-100'
    """
    return text if text.isascii() else _INVISIBLE.sub("", text)


def one_line(text: str) -> str:
    r"""`text` with every run of blanks and line breaks as one blank.

    >>> one_line(" Hex\n bolt ")
    'Hex bolt'
    """
    return text if text.isalnum() else " ".join(text.split())
