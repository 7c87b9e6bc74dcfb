"""Headers of more than one row: groups above (merged, or written once), a second language, a row of units."""

from __future__ import annotations

import re

from render.part_lists.headers import OVERRULING, HeaderWords
from render.part_lists.words import one_line
from render.part_lists.workbooks import Sheet

MOST_ROWS = 3
_NUMBER = re.compile(r".*\d{2}.*|[-+]?\d[\d.,]*")
_UNIT = re.compile(r"[\[(<].{1,14}[\])>]|mm|cm|kg|g|m|pcs|stk|st|шт|мм|кг|€|\$|eur|usd|个|件", re.IGNORECASE)


def head_texts(sheet: Sheet, at: int, headers: HeaderWords) -> tuple[int, list[str]]:
    """The last row of the header that begins in row `at` (from 0), and the text above each column."""
    texts = [one_line(cell) for cell in sheet.rows[at]]
    spans = _spans(sheet, at)
    texts = _under_groups(sheet, at, texts, headers)
    last = at
    while last + 1 < min(len(sheet.rows), at + MOST_ROWS) and _goes_on(sheet.rows[last + 1], texts, headers):
        last += 1
        texts = _joined(texts, [one_line(cell) for cell in sheet.rows[last]], spans, headers)
    return last, texts


def _goes_on(row: list[str], above: list[str], headers: HeaderWords) -> bool:
    """Whether `row` belongs to the header above it, and is no row of the body."""
    cells = [(place, text) for place, cell in enumerate(row) if (text := one_line(cell))]
    if not cells or any(_NUMBER.fullmatch(text) or len(text) > 40 for _, text in cells):
        return False
    if all(_UNIT.fullmatch(text) for _, text in cells):
        return True
    known = sum(1 for _, text in cells if any(meaning.fit >= 0.85 for meaning in headers.meanings(text)))
    fills = sum(1 for place, _ in cells if place >= len(above) or not above[place])
    if len(cells) == 1:
        return known == 1 and fills == 1
    return known >= 0.6 * len(cells) and (known >= 2 or fills > 0)


def _joined(upper: list[str], lower: list[str], spans: dict[int, str], headers: HeaderWords) -> list[str]:
    joined = []
    for place in range(max(len(upper), len(lower))):
        above = upper[place] if place < len(upper) else ""
        below = lower[place] if place < len(lower) else ""
        if place in spans and below:
            joined.append(f"{spans[place]} {below}")
        elif above and below:
            known = headers.meanings(above)
            better = _UNIT.fullmatch(below) or (known and known[0].fit >= 0.6) or not headers.meanings(below)
            joined.append(above if better else below)
        else:
            joined.append(above or below)
    return joined


def _spans(sheet: Sheet, at: int) -> dict[int, str]:
    """The texts of cells in row `at` that are merged over several columns, by each of these."""
    found = {}
    for top, left, bottom, right in sheet.merged:
        if top <= at <= bottom and right > left and top < len(sheet.rows) and left < len(sheet.rows[top]):
            text = one_line(sheet.rows[top][left])
            found.update(dict.fromkeys(range(left, right + 1), text))
    return found


def _under_groups(sheet: Sheet, at: int, texts: list[str], headers: HeaderWords) -> list[str]:
    """`texts` with the groups of the row above, where they change what a column is: "supplier" over "number"."""
    width = sum(1 for text in texts if text)
    if at == 0 or width < 3:
        return texts
    spans = {
        place: text
        for place, text in _spans(sheet, at - 1).items()
        if list(_spans(sheet, at - 1).values()).count(text) <= 0.7 * width
    }
    overruling = {
        place
        for place, text in spans.items()
        if any(meaning.role in {*OVERRULING, "supplier_number"} for meaning in headers.meanings(text)[:1])
    }
    return [f"{spans[place]} {text}" if place in overruling and text else text for place, text in enumerate(texts)]
