"""Bytes to text: marks at the start first, then UTF-8, then the older encodings that spreadsheets and CAD still
write.
"""

from __future__ import annotations

import codecs
import re
import unicodedata

from render.materials.letters import CJK
from render.part_lists.headers import HeaderWords
from render.part_lists.likely_letters import COMMON_PAIRS, likely_letters

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
OLDER = (
    "cp1252", "cp1251", "gb18030", "cp932", "big5", "euc_kr", "cp1250", "koi8_r", "cp866", "mac_roman", "euc_jp",
    "cp850", "iso8859_5", "mac_cyrillic",
)  # fmt: skip
"""Without a mark and not UTF-8; the first one where nothing speaks for another."""
SAMPLE = 200_000
WORD = 8
"""Points for a known word, as for so many letters as people write them."""
_CELL_ENDS = re.compile(r"[,;\t|\r\n\"]+")
_JAPANESE_MAIL = (b"\x1b$B", b"\x1b$@")


def decode(raw: bytes, headers: HeaderWords) -> tuple[str, str]:
    r"""The text of `raw` and the encoding it was read with. Bytes that mean nothing in it become U+FFFD.

    Words of `headers` decide between encodings that all fit, then how likely the letters are, then what
    charset-normalizer finds (between those of Chinese, Japanese and Korean), then their order.
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
    if sample.isascii() and any(mark in sample for mark in _JAPANESE_MAIL):
        return raw.decode("iso2022_jp", errors="replace"), "iso2022_jp"
    if _fits(raw, "utf-8"):
        return raw.decode("utf-8"), "utf-8"
    if _is_damaged_utf8(sample):
        return raw.decode("utf-8", errors="replace"), "utf-8 with damaged bytes"
    scores = {encoding: _score(sample, encoding, headers) for encoding in OLDER}
    best = max(scores.values())
    tied = [encoding for encoding in OLDER if scores[encoding] == best]
    pairs = [encoding for encoding in tied if encoding in COMMON_PAIRS and encoding != "euc_jp"]
    encoding = (_most_likely(sample, pairs) if len(pairs) > 1 and tied[0] in pairs else None) or tied[0]
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


def _is_damaged_utf8(sample: bytes) -> bool:
    """Whether `sample` is UTF-8 but for a few bytes: cut off, or two files in one. Letters of other encodings form its
    sequences by chance only.
    """
    text = sample.decode("utf-8", errors="replace")
    letters = sum(1 for char in text if not char.isascii() and unicodedata.category(char)[0] == "L")
    damaged = text.rstrip("\ufffd").count("\ufffd")
    return letters > 2 * damaged


def _score(sample: bytes, encoding: str, headers: HeaderWords) -> int:
    """How much speaks for `encoding`: words beyond ASCII that are known as headers, and letters as people write them;
    -1,000,000 where the bytes do not fit.
    """
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(sample)  # the sample may end within a letter
    except UnicodeDecodeError:
        return -1_000_000
    cells = {cell.strip() for cell in _CELL_ENDS.split(text[:50_000])}
    known = sum(1 for cell in cells if not cell.isascii() and _has_letters(cell) and headers.knows(cell))
    return WORD * known + likely_letters(text, encoding)


def _has_letters(cell: str) -> bool:
    """Whether `cell` has letters enough to be no known word by chance."""
    return sum(map(str.isalpha, cell)) >= (2 if CJK.search(cell) else 3)


def _most_likely(sample: bytes, encodings: list[str]) -> str | None:
    from charset_normalizer import from_bytes

    found = from_bytes(sample, cp_isolation=encodings, enable_fallback=False).best()
    return found.encoding if found is not None and found.encoding in encodings else None
