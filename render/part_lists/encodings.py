"""Bytes to text: marks at the start first, then UTF-8, then the older encodings that spreadsheets and CAD still
write.
"""

from __future__ import annotations

import codecs
import re

from render.part_lists.headers import HeaderWords

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
OLDER = ("cp1252", "cp1251", "gb18030", "cp932", "big5", "euc_kr", "cp1250", "koi8_r", "cp866", "mac_roman", "euc_jp")
"""Without a mark and not UTF-8; the first one where nothing speaks for another."""
BY_WORDS_ONLY = ("cp1250", "mac_roman")
"""So like the first one that only words that are known speak for them."""
SAMPLE = 200_000
_CELL_ENDS = re.compile(r"[,;\t|\r\n\"]+")


def decode(raw: bytes, headers: HeaderWords) -> tuple[str, str]:
    r"""The text of `raw` and the encoding it was read with. Bytes that mean nothing in it become U+FFFD.

    Words of `headers` decide between encodings that all fit, else what charset-normalizer finds most likely.
    Raises ValueError for what is no text.

    >>> from render.part_lists.headers import read_headers
    >>> decode("Поз.;Наименование\n1;Вал".encode("cp1251"), read_headers(None))[1]
    'cp1251'
    """
    for mark, encoding in MARKS:
        if raw.startswith(mark):
            return raw.decode(encoding, errors="replace"), encoding
    sample = raw[:SAMPLE]
    if b"\0" in sample:
        return _without_mark(raw)
    if _fits(raw, "utf-8"):
        return raw.decode("utf-8"), "utf-8"
    scores = {encoding: _score(sample, encoding, headers) for encoding in OLDER}
    best = max(scores.values())
    tied = [encoding for encoding in OLDER if scores[encoding] == best]
    if best <= 0:
        tied = [encoding for encoding in tied if encoding not in BY_WORDS_ONLY] or tied
    encoding = tied[0] if best > 0 else _most_likely(sample, tied) or tied[0]
    return raw.decode(encoding, errors="replace"), encoding


def _without_mark(raw: bytes) -> tuple[str, str]:
    """UTF-16 without its mark has a zero byte in every second place, on one side."""
    even, odd = raw[:SAMPLE:2].count(0), raw[1:SAMPLE:2].count(0)
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    length = min(len(raw), SAMPLE) // 2
    if max(even, odd) < 0.2 * length or min(even, odd) > 0.05 * length:
        raise ValueError("it is not text")
    return raw.decode(encoding, errors="replace"), encoding


def _fits(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _score(sample: bytes, encoding: str, headers: HeaderWords) -> int:
    """How many words that are known as headers the text has beyond ASCII; -1 where the bytes do not fit."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(sample)  # the sample may end within a letter
    except UnicodeDecodeError:
        return -1
    cells = {cell.strip() for cell in _CELL_ENDS.split(text[:50_000])}
    return sum(1 for cell in cells if not cell.isascii() and headers.knows(cell))


def _most_likely(sample: bytes, encodings: list[str]) -> str | None:
    from charset_normalizer import from_bytes

    found = from_bytes(sample, cp_isolation=encodings, enable_fallback=False).best()
    return found.encoding if found is not None and found.encoding in encodings else None
