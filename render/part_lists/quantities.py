"""Quantities as people write them: what was understood beside what stands there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_FRACTIONS = {"½": 0.5, "¼": 0.25, "¾": 0.75, "⅓": 1 / 3}
_NUMBER = r"\d+(?:[ ']\d{3})*(?:[.,]\d+)?(?:e[+-]?\d{1,4}(?!\w))?"
MOST = 1e9
"""More is no count of parts."""
_WRITTEN = re.compile(
    rf"^(?P<about>[~≈<>≥≤+±]|ca\.?|approx\.?|about|min\.?|max\.?|около|约|約|x|×|х|qty:?|\()?\s*(?P<number>{_NUMBER})\s*"
    rf"(?:(?P<range>-|–|to|bis|/|\.\.\.?|à)\s*(?P<second>{_NUMBER}))?\s*(?P<rest>.{{0,40}})$",
    re.IGNORECASE | re.DOTALL,
)
_FRACTION = re.compile(r"^(\d+)\s*/\s*(\d+)$")
_GOES_ON = re.compile(r"[-./:]\d")
"""More numbers after a range: a day or a time."""
_EMPTY = re.compile(r"[\s\-–—_.?]*")
_COUNTED = re.compile(r"[a-zа-яё\"'″′㎜]|[\u3040-\u9fff]", re.IGNORECASE)


@dataclass(frozen=True)
class Quantity:
    """`written` as in the list; `value` as understood (None: not at all), `unit` as written, "" for pieces;
    `is_exact`: it says one number and no more.
    """

    written: str
    value: float | None
    unit: str = ""
    is_exact: bool = True


@lru_cache(maxsize=20_000)
def read_quantity(text: str) -> Quantity:
    """What a cell of quantities says.

    >>> read_quantity("~30").value, read_quantity("1 pair"), read_quantity("2,5 m").value
    (30, Quantity(written='1 pair', value=1, unit='pair', is_exact=True), 2.5)
    >>> read_quantity("as required").value is None, read_quantity("4x").value, read_quantity("1.000").value
    (True, 4, 1)
    """
    written = " ".join(text.split())
    for sign, value in _FRACTIONS.items():
        if written.endswith(sign):
            whole = written.removesuffix(sign).strip()
            return Quantity(written, value + (int(whole) if whole.isdecimal() and len(whole) < 9 else 0))
    if found := _FRACTION.match(written):
        over, under = int(found[1][:9]), int(found[2][:9])
        if over < under <= 16:
            return Quantity(written, over / under, is_exact=False)
    found = _WRITTEN.match(written)
    if found is None:
        return Quantity(written, None, is_exact=False)
    value = _number(found["second"] or found["number"]) if found["range"] != "/" else _number(found["number"])
    if value > MOST or _GOES_ON.match(found["rest"]):
        return Quantity(written, None, is_exact=False)
    rest = found["rest"].strip(" .)(xX×х*,;")
    exact = found["range"] is None and found["about"] in {None, "x", "X", "×", "х"}
    if rest and not _COUNTED.match(rest):
        return Quantity(written, value, is_exact=False)
    return Quantity(written, value, rest, exact)


def is_quantity(text: str) -> bool:
    """Whether `text` may be a quantity: it has a number first, and is short."""
    return len(text) <= 24 and read_quantity(text).value is not None


def is_nothing(text: str) -> bool:
    """Whether `text` stands for no value.

    >>> is_nothing(" - "), is_nothing("0")
    (True, False)
    """
    return bool(_EMPTY.fullmatch(text))


def _number(text: str) -> float:
    """`text` as a number: 1,5 and 1.5 are the same, 1 000 is a thousand."""
    value = float(re.sub(r"[ ']", "", text).replace(",", "."))
    return int(value) if value.is_integer() and value <= MOST else value
