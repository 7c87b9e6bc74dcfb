r"""Strings of STEP files: what stands between their quotes, as people see it.

Letters beyond ASCII are written as `\X2\00E4\X0\`, `\X\E4` or `\S\d`; many programs write bytes of the encoding of
their machine instead.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_ESCAPE = re.compile(
    r"\\X2\\([0-9A-Fa-f]*)\\X0\\|\\X4\\([0-9A-Fa-f]*)\\X0\\|\\X\\([0-9A-Fa-f]{2})|\\S\\(.)|\\P[A-I]\\|\\(\\)|''|\\N\\"
)
_HIGH = re.compile(rb"[\x80-\xff]+")


def decode_strings(raw: Sequence[bytes]) -> list[str]:
    r"""The texts of `raw`, strings of one file without their quotes; bytes beyond ASCII are read in the one encoding
    that fits all of them.

    >>> decode_strings([rb"W\X2\00E4\X0\lzlager", b"Welle ''A''", "Вал".encode("cp1251")])
    ['Wälzlager', "Welle 'A'", 'Вал']
    """
    joined = [b" ".join(text.split()) for text in raw]
    encoding = _encoding(b" ".join(text for text in joined if not text.isascii()))
    return [_ESCAPE.sub(_letters, text.decode(encoding, errors="replace")).strip() for text in joined]


def _encoding(sample: bytes) -> str:
    """The encoding of names, which are too few for statistics of a language: by where their bytes lie."""
    if _fits(sample, "utf-8"):
        return "utf-8"
    if re.search(rb"[\x81-\x84\x88-\x9f]", sample) and _fits(sample, "cp932"):
        return "cp932"
    runs = _HIGH.findall(sample)
    high = b"".join(runs)
    if len(high) < 1.7 * len(runs):
        return "cp1252"  # single letters with accents in words of others
    leads = [byte for run in runs for byte in run[::2]]
    common = sum(0xB0 <= byte <= 0xD7 for byte in leads)  # the level of GB 2312 that everyday signs are in
    if _fits(sample, "gb18030") and common > 0.7 * len(leads) and all(len(run) % 2 == 0 for run in runs):
        return "gb18030"
    return "cp1251" if _fits(sample, "cp1251") else "latin-1"


def _fits(sample: bytes, encoding: str) -> bool:
    try:
        sample.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _letters(match: re.Match[str]) -> str:
    two, four, one, shifted, backslash = match.groups()
    try:
        if two is not None:
            return bytes.fromhex(two).decode("utf-16-be", errors="replace")
        if four is not None:
            return bytes.fromhex(four).decode("utf-32-be", errors="replace")
    except ValueError:
        return ""
    if one is not None:
        return bytes.fromhex(one).decode("latin-1")
    if shifted is not None:
        return chr(ord(shifted) + 128) if ord(shifted) < 128 else shifted
    if backslash is not None:
        return "\\"
    return "'" if match[0] == "''" else ""
