"""What the cells of a column look like: a header proves nothing, its cells decide with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from render.materials.material_words import MaterialWords
from render.part_lists.quantities import is_nothing, is_quantity
from render.part_lists.words import one_line, plain

SAMPLE = 300
"""Cells of a column that are looked at, spread over all of it."""

_NUMBER = re.compile(r"[-+]?\d[\d .,']*")
_ZERO = re.compile(r"[0.,]+")
_DOTTED = re.compile(r"\d{1,4}(?:[.\-/]\d{1,4}){1,9}\.?")
_ORDINAL = re.compile(r"[A-Za-zА-Яа-я]{0,2}\d{1,5}[a-zа-я]?\.?|\(\d{1,4}\)")
_CODE = re.compile(
    r"(?=[^\d]*\d)(?:\w*[.\-/_+#]*\d|[A-ZА-Я]{1,5}(?![a-zа-я])|\w+[.\-/_])[\w.\-/+()#]*"
    r"(?: (?:\w*\d[\w.\-/+]*|[A-ZА-Я]{1,4})){0,3}"
)
_LINK = re.compile(r"https?://|www\.|\w\.(?:com|de|org|net|cn)\b")
_PRICE = re.compile(r"[$€£¥₽]|(?:usd|eur|руб|rub|元)\b|^\d+[.,]\d{2}$", re.IGNORECASE)
_CAD_FILE = re.compile(
    r"\.(?:stl|ste?p|sld\w{3}|ipt|iam|obj|3mf|f3d|fcstd|igs|iges|scad|dxf|par|prt|catpart|x_t|glb|ply)$", re.I
)
_LEVEL = re.compile(r"[.\- >+]*\d{1,2}")
_FLAG = re.compile(
    r"[xXеeEvVjJyYnNдДнНтТ是否有无○●✓✔√*/ ]{1,3}|yes|no|ja|nein|oui|non|да|нет|true|false|0|1|si|sí", re.I
)
_UNITS = frozenset(
    plain(unit)
    for line in (
        "pcs pc pce ea each piece pieces set sets pair m mm cm kg g l ml ft in u un nr",
        "st stk stück stueck paar satz rolle roll pz cad ud uds pièce шт м кг компл л мм к-т",
        "个 件 套 只 米 根 片 台 對 对 本 枚 式 组 組 ヶ個 個 set",
    )
    for unit in line.split()
)
_PROCURED = frozenset(
    word
    for line in (
        "make buy made bought purchased purchase printed print manufactured machined fabricated fabrication custom",
        "cots inhouse vendor stock standard toolbox kaufteil fertigungsteil eigenfertigung fremdbezug normteil zukauf",
        "achat fabrique comprado fabricado acquisto покупное собственное 自制 外购 自製 外購 製作 購入 市販",
    )
    for word in line.split()
)
"""Words for how a part comes about, which tell a column of kinds from one of shops."""


@dataclass(frozen=True)
class Contents:
    """Shares (0-1) of the filled cells of a column that look so; `filled` of all its cells. `counting`: they count
    up.
    """

    filled: float
    count: int = 0
    unique: float = 0.0
    number: float = 0.0
    quantity: float = 0.0
    zero: float = 0.0
    counting: float = 0.0
    dotted: float = 0.0
    ordinal: float = 0.0
    low: float = 0.0
    code: float = 0.0
    words: float = 0.0
    letters: float = 0.0
    link: float = 0.0
    price: float = 0.0
    cad_file: float = 0.0
    path: float = 0.0
    level: float = 0.0
    flag: float = 0.0
    unit: float = 0.0
    material: float = 0.0
    surface: float = 0.0
    color: float = 0.0
    procured: float = 0.0


def sampled[T](items: Sequence[T], most: int = SAMPLE) -> Sequence[T]:
    """At most `most` of `items`, spread over all of them."""
    if len(items) <= most:
        return items
    return [items[at * len(items) // most] for at in range(most)]


def look_at(cells: Sequence[str], materials: MaterialWords) -> Contents:
    """What `cells`, the body of one column, look like."""
    values = [one_line(cell) for cell in cells]
    filled = [value for value in values if not is_nothing(value)]
    if not filled:
        return Contents(0.0)
    some = sampled(filled)

    def share(fits: Callable[[str], object]) -> float:
        return sum(1 for value in some if fits(value)) / len(some)

    guesses = [materials.guess(value) for value in some if len(value) < 80]
    return Contents(
        filled=len(filled) / len(values),
        count=len(filled),
        unique=len(set(filled)) / len(filled),
        number=share(_NUMBER.fullmatch),
        quantity=share(is_quantity),
        zero=share(_ZERO.fullmatch),
        counting=_counting(filled),
        dotted=share(_DOTTED.fullmatch),
        ordinal=share(_ORDINAL.fullmatch),
        low=share(lambda value: value.isdecimal() and int(value[:9]) <= 2 * len(filled) + 10),
        code=share(_is_code),
        words=sum(min(len(value.split()), 6) for value in some) / len(some),
        letters=share(lambda value: sum(map(str.isalpha, value)) >= max(2, 0.4 * len(value))),
        link=share(_LINK.search),
        price=share(_PRICE.search),
        cad_file=share(_CAD_FILE.search),
        path=share(lambda value: value.count("/") + value.count("\\") >= 1 and " / " not in value),
        level=share(_LEVEL.fullmatch),
        flag=share(_FLAG.fullmatch),
        unit=share(lambda value: plain(value) in _UNITS),
        material=sum(1 for guess in guesses if guess.material) / len(some),
        surface=sum(1 for guess in guesses if guess.surface) / len(some),
        color=sum(1 for guess in guesses if guess.color) / len(some),
        procured=share(
            lambda value: any(word in _PROCURED for word in plain(value).split()) or plain(value) in _PROCURED
        ),
    )


def _is_code(value: str) -> bool:
    """Whether `value` may be a part number: letters, digits and signs in one or a few short groups."""
    return bool(_CODE.fullmatch(value)) and len(value) <= 40


def _counting(values: Sequence[str]) -> float:
    """The share of steps by which the column counts up: 1, 2, 3 or 10, 20, 30 or 1, 1.1, 1.2, 2."""
    numbers = [tuple(map(int, re.findall(r"\d{1,9}", value)[:8])) for value in values[:2000]]
    numbers = [number for number in numbers if number]
    if len(numbers) < 2 or len(numbers) < 0.7 * min(len(values), 2000):
        return 0.0
    steps = sum(1 for before, after in pairwise(numbers) if before < after)
    return steps / (len(numbers) - 1)
